"""Follows references to the instances they mean: through modules, inputs, outputs, for_each and count.

Where a reference ends is `scanner.collect.terraform.terminals`; here, which instance of that block it is. Values known
only after apply have no other trace in a plan than these references.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from scanner.collect.terraform.address import Key
from scanner.collect.terraform.configuration import Block, ConfigurationIndex, Place, references
from scanner.collect.terraform.expressions import expression_at
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.terminals import Asking, Terminal, Terminals
from scanner.collect.terraform.values import State, leaf

MOST_CANDIDATES = 25
"""Beyond this many, a set of candidates is only counted."""


class Picked(Struct, frozen=True):
    """The instances that a terminal can mean, and how sure that is."""

    instances: tuple[Instance, ...]
    how: str
    """`exact`, `index-matched` or `candidates`."""
    too_many: int = 0


class Found(Struct):
    """What an attribute refers to: instances with the attribute named of each, and what could not be followed."""

    instances: list[tuple[Instance, str | None]] = field(default_factory=list)
    how: set[str] = field(default_factory=set)
    literals: list[Any] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    key_names: list[str] = field(default_factory=list)
    """Ids and aliases by which data sources look a key up."""
    too_many: int = 0
    """Candidates of a block with more instances than can be listed; they are not among `instances`."""

    @property
    def certainty(self) -> str:
        """One word for the whole."""
        if self.opaque:
            return "opaque"
        if len(self.instances) > 1 or "candidates" in self.how or self.too_many:
            return "candidates"
        return "index-matched" if "index-matched" in self.how else "exact"


SAME_KEY = {
    ("managed", "aws_kms_alias"): "target_key_id",
    ("data", "aws_kms_alias"): "name",
    ("data", "aws_kms_key"): "key_id",
}
"""Blocks that only name a key, and the attribute by which they do."""


class Resolver:
    """Answers, for one document, which instances an attribute refers to."""

    def __init__(self, configuration: ConfigurationIndex, instances: Iterable[Instance]) -> None:
        self.configuration = configuration
        self._blocks: dict[Block, list[Instance]] = defaultdict(list)
        self._keyed: dict[tuple[Block, Any, Key], Instance] = {}
        for instance in instances:
            self._blocks[instance.block].append(instance)
            self._keyed[instance.block, instance.module, instance.key] = instance
        self._repeated = {
            instance.block[0][: depth + 1]
            for instance in self._keyed.values()
            for depth, (_, key) in enumerate(instance.module)
            if key is not None
        }
        self._terminals = Terminals(configuration)
        self._rest: dict[tuple[Block, Any], Picked] = {}

    def expression(self, instance: Instance, path: str, at: tuple[int | str, ...] = ()) -> Any:
        """The expression that the author wrote for an attribute, or None."""
        return expression_at(self.configuration.expressions(instance.block), instance.after, path, at)

    def follow(self, instance: Instance, expression: Any, wanted: frozenset[str] | None) -> Found:
        """What `expression`, written in the block of `instance`, refers to; `wanted` None accepts any resource."""
        found = Found()
        self._follow(instance, expression, wanted, found, set())
        unknown = [(one, name) for one, name in found.instances if _is_unknown(one, name)]
        if unknown:  # only an unknown part can make the whole unknown
            found.instances = unknown
        found.instances = list({one.address: (one, name) for one, name in found.instances}.values())
        return found

    def reach(self, one: Instance, attribute: str | None, wanted: frozenset[str] | None) -> Found:
        """The same for an attribute of an instance that is known already."""
        found = Found(how={"exact"})
        self._accept(one, attribute, wanted, found, set())
        return found

    def _follow(
        self, asking: Instance, expression: Any, wanted: frozenset[str] | None, found: Found, seen: set[Any]
    ) -> None:
        mark = (asking.address, id(expression))
        if expression is None or mark in seen:
            return
        seen.add(mark)
        for terminal in self._ends(asking, expression):
            if terminal.block is None:
                _keep_other(terminal, found)
                continue
            picked = self._pick(asking, terminal)
            if not picked.instances and terminal.block not in self._blocks:
                continue  # an instance that count or for_each made none of
            found.how.add(picked.how)
            found.too_many += picked.too_many
            for one in picked.instances:
                self._accept(one, terminal.attribute, wanted, found, seen)

    def _accept(
        self, one: Instance, attribute: str | None, wanted: frozenset[str] | None, found: Found, seen: set[Any]
    ) -> None:
        via = SAME_KEY.get((one.mode, one.type))
        if one.mode == "managed" and (one.type in wanted if wanted is not None else via is None):
            found.instances.append((one, attribute))
            return
        name = via if via is not None and (wanted is None or "aws_kms_key" in wanted) else attribute
        if name is None:
            return
        stated = leaf(one, name)
        if stated.state is State.VALUE:
            (found.key_names if name == via and one.mode == "data" else found.literals).append(stated.value)
        elif stated.state is State.UNKNOWN:
            expression = self.expression(one, name)
            if expression is None:
                found.opaque.append(f"{one.address}.{name}")
            self._follow(one, expression, wanted, found, seen)

    def data_sources(self, instance: Instance, expression: Any, kind: str) -> list[Instance] | None:
        """The data source instances of one type that an expression comes to; None if anything else takes part.

        Nulls and switches (`var.policy`, not given; `var.create`, true) choose among them, and are no part of it.
        """
        found: dict[str, Instance] = {}
        for end in self._ends(instance, expression):
            if end.block is None and _only_chooses(end):
                continue
            if end.block is None or end.block[1:3] != ("data", kind) or end.attribute not in ("json", None):
                return None
            picked = self._pick(instance, end)
            if len(picked.instances) != 1:
                return None
            found[picked.instances[0].address] = picked.instances[0]
        return list(found.values())

    def is_known(self, instance: Instance, expression: Any) -> bool:
        """Whether everything that an expression refers to is known now, so that its value is too."""
        if not references(expression):
            return isinstance(expression, dict) and "constant_value" in expression
        return all(self._is_known(instance, end) for end in self._ends(instance, expression))

    def _is_known(self, instance: Instance, end: Terminal) -> bool:
        if end.block is None:
            return end.opaque is None and (end.null or end.literal is not None)
        if end.block not in self._blocks:
            return end.block in self.configuration.blocks  # count or for_each made no instance of it
        picked = self._pick(instance, end)
        return bool(picked.instances) and all(
            end.attribute in (one.after or {}) and not _is_unknown(one, end.attribute) for one in picked.instances
        )

    def literals(self, place: Place, expression: Any) -> list[Any]:
        """Constants that an expression of a module comes to, through its variables."""
        ends = self._terminals.of(Asking(place, None), expression) if expression is not None else ()
        return [end.literal for end in ends if end.literal is not None]

    def _ends(self, asking: Instance, expression: Any) -> tuple[Terminal, ...]:
        block = self.configuration.blocks.get(asking.block)
        return self._terminals.of(Asking(asking.block[0], block.for_each_expression if block else None), expression)

    # --- which instance of a block -------------------------------------------------------------

    def _pick(self, asking: Instance, terminal: Terminal) -> Picked:
        block = terminal.block
        assert block is not None
        all_of_it = self._blocks.get(block, [])
        if len(all_of_it) <= 1:
            return Picked(tuple(all_of_it), "exact")
        pins = dict(terminal.pins)
        path, settled = self._module_of(asking, block[0], pins)
        if settled and (terminal.wants is not None or (block, path, None) in self._keyed):
            exact = self._keyed.get((block, path, terminal.wants))
            return Picked((exact,) if exact else (), "exact")
        for hint in _hints(asking, terminal):
            filled = tuple((call, hint if key is _FREE else key) for call, key in path)
            for key in (hint, None):
                if (one := self._keyed.get((block, filled, key))) is not None:
                    return Picked((one,), "index-matched")
        if (block, path) not in self._rest:
            self._rest[block, path] = _listed([one for one in all_of_it if _agrees(one.module, path)])
        return self._rest[block, path]

    def _module_of(
        self, asking: Instance, place: Place, pins: dict[int, Key]
    ) -> tuple[tuple[tuple[str, Any], ...], bool]:
        """The module path that a reference means: keys shared with the asking instance, pinned ones, and free ones."""
        path: list[tuple[str, Any]] = []
        shared = True
        for depth, call in enumerate(place):
            shared = shared and depth < len(asking.module) and asking.module[depth][0] == call
            otherwise = _FREE if self._is_repeated(place[: depth + 1]) else None
            path.append((call, asking.module[depth][1] if shared else pins.get(depth, otherwise)))
        free = any(key is _FREE for _, key in path)
        return tuple(path), not free

    def _is_repeated(self, place: Place) -> bool:
        """Whether a module call has count or for_each; a plan leaves out a for_each of functions (`toset([...])`)."""
        if place in self._repeated:
            return True
        parent = self.configuration.modules.get(place[:-1])
        call = parent.calls.get(place[-1]) if parent else None
        return call is None or bool(call.count_expression or call.for_each_expression)


def _listed(candidates: list[Instance]) -> Picked:
    """Candidates, unless they are so many that a list of them would say nothing."""
    if len(candidates) > MOST_CANDIDATES:
        return Picked((), "candidates", len(candidates))
    return Picked(tuple(candidates), "exact" if len(candidates) == 1 else "candidates")


_FREE: Any = object()
"""A module key that the reference leaves open."""


def _agrees(module: tuple[tuple[str, Key], ...], path: tuple[tuple[str, Any], ...]) -> bool:
    return all(key is _FREE or key == own for (_, own), (_, key) in zip(module, path, strict=True))


def _hints(asking: Instance, terminal: Terminal) -> list[Key]:
    """Keys that the target may have: the one asked for, else the asking instance's own and those of its modules."""
    if terminal.wants is not None:
        return [terminal.wants]
    keys: list[Key] = []
    if terminal.by_own_key:
        keys = [asking.key, *(key for _, key in reversed(asking.module))]
        if terminal.table is not None:
            named = [terminal.table.get(str(key)) for key in keys]
            keys = [name for name in named if isinstance(name, (str, int)) and not isinstance(name, bool)]
    elif len(terminal.options) == 1:
        keys = [terminal.options[0]]
    return [key for key in keys if key is not None]


def _only_chooses(end: Terminal) -> bool:
    """Whether a known value can be no part of a text: null, empty or a boolean."""
    return end.null or (end.literal is not None and (isinstance(end.literal, bool) or end.literal in ("", [], {})))


def _keep_other(terminal: Terminal, found: Found) -> None:
    if terminal.opaque is not None:
        found.opaque.append(terminal.opaque)
    elif terminal.literal is not None:
        found.literals.append(terminal.literal)


def _is_unknown(one: Instance, attribute: str | None) -> bool:
    if attribute is None:
        return one.action in ("create", "replace")
    return leaf(one, attribute).state is State.UNKNOWN
