"""Which data classes a resource is in: declared by the settings, then flowing along lineage.

A class never comes from guessing. It starts where a selector of the settings matches (tags, account, OU,
name, type) and flows from a source to its copies (`derived_from`), to where data is sent
(`replicates_to`) and from a database to the secret that opens it (`unlocks`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct, field

from scanner.graph.relations import Relations, reachable
from scanner.model.settings import DataClass, Selector
from scanner.model.unknown import Partial, Unknown

if TYPE_CHECKING:
    from scanner.graph.thin import Thin


class Placed(Struct, frozen=True):
    """What selectors look at: one resource or key."""

    id: str
    label: str
    account: str
    type: str
    name: str
    tags: Mapping[str, str] | Unknown
    ou_path: tuple[str, ...] | Unknown = ()


class Scope(Struct):
    """Data classes by node: how each came into scope, and where a tag or link that was not read leaves it open."""

    paths: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    open: dict[str, str] = field(default_factory=dict)
    """Node to the reason why it may be in further classes."""
    declared: dict[str, tuple[str, ...] | Partial[str]] = field(default_factory=dict)
    """Node to the classes that it declares itself, where there are any or may be."""

    def classes(self, node: str) -> tuple[str, ...] | Partial[str]:
        """The data classes of a node, sorted."""
        return self._relation(node, sorted(self.paths.get(node, ())))

    def lines(self, node: str) -> tuple[str, ...] | Partial[str]:
        """One line per data class: how the node came into it."""
        paths = self.paths.get(node, {})
        return self._relation(node, [f"{name}: {paths[name]}" for name in sorted(paths)])

    def _relation(self, node: str, known: Iterable[str]) -> tuple[str, ...] | Partial[str]:
        reason = self.open.get(node)
        return tuple(known) if reason is None else Partial(tuple(known), reason)


Present = Mapping[str, tuple[str, str]] | Unknown
"""Lower-case tag name to the name and value as they are written."""


def declared(placed: Placed, classes: Iterable[DataClass]) -> Iterator[tuple[str, str | None, str | None]]:
    """(class, why it matches, why that cannot be told) for every class that does or may match."""
    tags = _present(placed.tags)
    for data_class in classes:
        why, doubt = _first(_selects(selector, placed, tags) for selector in data_class.selectors)
        if why or doubt:
            yield data_class.name, why, doubt


def _present(tags: Mapping[str, str] | Unknown) -> Present:
    return tags if isinstance(tags, Unknown) else {name.lower(): (name, value) for name, value in tags.items()}


def _first(answers: Iterable[str | Unknown | None]) -> tuple[str | None, str | None]:
    """The first match, else the last doubt."""
    doubt: str | None = None
    for answer in answers:
        if isinstance(answer, str):
            return answer, None
        if answer is not None:
            doubt = answer.reason
    return None, doubt


def _selects(selector: Selector, placed: Placed, tags: Present) -> str | Unknown | None:
    """Why the selector matches, Unknown when a part of it was not read, None when it does not match."""
    tagged = _tags(selector, tags)
    if tagged is None:
        return None
    because = [] if isinstance(tagged, Unknown) or not tagged else [tagged]
    plain = (
        (selector.accounts, placed.account, "account"),
        (selector.names, placed.name, "name"),
        (selector.types, placed.type, "type"),
    )
    for patterns, value, word in plain:
        if patterns and not _like(patterns, (value,)):
            return None
        if patterns:
            because.append(f"{word} {value}")
    unit = _unit(selector, placed)
    if unit is None or isinstance(unit, Unknown):
        return unit
    return tagged if isinstance(tagged, Unknown) else " and ".join(filter(None, (*because, unit))) or None


def _unit(selector: Selector, placed: Placed) -> str | Unknown | None:
    """The organizational unit that matches; "" when the selector names none."""
    if not selector.organizational_units:
        return ""
    if isinstance(placed.ou_path, Unknown):
        return placed.ou_path
    hit = _like(selector.organizational_units, placed.ou_path)
    return None if hit is None else f"organizational unit {hit}"


def _tags(selector: Selector, present: Present) -> str | Unknown | None:
    """The tags that match, names and values compared without case; "" when the selector names none."""
    if not selector.tags:
        return ""
    if isinstance(present, Unknown):
        return present
    hits = []
    for name, pattern in selector.tags.items():
        found = present.get(name.lower())
        if found is None or not fnmatchcase(found[1].lower(), pattern.lower()):
            return None
        hits.append(f"tag {found[0]}={found[1]}")
    return " and ".join(hits)


def _like(patterns: Iterable[str], values: Iterable[str]) -> str | None:
    return next((value for value in values for pattern in patterns if fnmatchcase(value, pattern)), None)


def spread(nodes: Iterable[Placed], classes: tuple[DataClass, ...], relations: Relations) -> Scope:
    """The data classes of every node, declared ones first, then along the flows of data."""
    scope = Scope()
    labels: dict[str, str] = {}
    for placed in nodes:
        labels[placed.id] = placed.label
        for name, why, doubt in declared(placed, classes):
            if why:
                scope.paths[placed.id][name] = f"{why} on {placed.label}"
            elif doubt:
                scope.open[placed.id] = doubt
    scope.declared = {node: scope.classes(node) for node in {*scope.paths, *scope.open}}
    flows = _flows(relations)
    _flow(scope, flows, labels)
    return scope


FLOWS = (("derived_from", True), ("replicates_to", False), ("unlocks", True))
"""Relations along which data moves, and whether against the direction of the edge."""


def _flows(relations: Relations) -> tuple[Thin, ...]:
    """The directions in which data, and so scope, moves; none where nothing is related so."""
    moving = [(verb, backwards) for verb, backwards in FLOWS if relations.has(verb)]
    if not moving:
        return ()
    from scanner.graph.thin import Thin

    flow = Thin()
    for verb, backwards in moving:
        for source, target in relations[verb].edges():
            flow.add_edge(*((target, source) if backwards else (source, target)))
    return (flow,)


def _flow(scope: Scope, flows: tuple[Thin, ...], labels: Mapping[str, str]) -> None:
    for start in [node for node in scope.paths if _flows_on(flows, node)]:
        for name, path in list(scope.paths[start].items()):
            for node, before in reachable(flows, start).items():
                if before is not None and name not in scope.paths[node]:
                    origin = scope.paths[before].get(name, path)
                    scope.paths[node][name] = f"{origin} -> {labels.get(node, node)}"
    for start in [node for node in scope.open if _flows_on(flows, node)]:
        for node in reachable(flows, start):
            scope.open.setdefault(node, scope.open[start])


def _flows_on(flows: tuple[Thin, ...], node: str) -> bool:
    return any(graph._succ.get(node) for graph in flows)
