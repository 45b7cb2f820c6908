"""Follows references to the instances they mean: through modules, inputs, outputs, for_each and count.

What a reference means is worked out once per expression (`Terminal`s, memoised); which instance of a block it is,
once per asking instance. Values known only after apply have no other trace in a plan than these references.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scanner.collect.terraform.address import Index, Key, Step, drop_prefixes
from scanner.collect.terraform.configuration import Block, ConfigurationIndex, Place, constant, references
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.values import State, expression_at, leaf

IGNORED = frozenset({"path", "terraform", "count", "self"})
"""References that never hold a key or another resource."""


MOST_CANDIDATES = 25
"""Beyond this many, a set of candidates is only counted."""


class Terminal(NamedTuple):
    """Where a reference ends: a block with the attribute asked for, a literal, or something that cannot be followed."""

    block: Block | None = None
    attribute: str | None = None
    wants: Key = None
    """A literal instance key in the reference."""
    pins: tuple[tuple[int, Key], ...] = ()
    """Literal keys of module calls on the way, by depth."""
    literal: Any = None
    opaque: str | None = None


class Picked(NamedTuple):
    """The instances that a terminal can mean, and how sure that is."""

    instances: tuple[Instance, ...]
    how: str
    """`exact`, `index-matched` or `candidates`."""
    too_many: int = 0


@dataclass(slots=True)
class Found:
    """What an attribute refers to: instances with the attribute named of each, and what could not be followed."""

    instances: list[tuple[Instance, str | None]] = field(default_factory=list)
    how: set[str] = field(default_factory=set)
    literals: list[Any] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
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


class _Asking(NamedTuple):
    """Where an expression stands: its module and what the block around it iterates over."""

    place: Place
    iterates: Any


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
        self._terminals: dict[tuple[int, int, Place], tuple[Terminal, ...]] = {}
        self._rest: dict[tuple[Block, Any], Picked] = {}

    def expression(self, instance: Instance, path: str, at: tuple[int | str, ...] = ()) -> Any:
        """The expression that the author wrote for an attribute, or None."""
        return expression_at(self.configuration.expressions(instance.block), path, at)

    def follow(self, instance: Instance, expression: Any, wanted: frozenset[str] | None) -> Found:
        """What `expression`, written in the block of `instance`, refers to; `wanted` None accepts any resource."""
        found = Found()
        self._follow(instance, expression, wanted, found, set())
        unknown = [(one, name) for one, name in found.instances if _is_unknown(one, name)]
        if unknown:  # only an unknown part can make the whole unknown
            found.instances = unknown
        found.instances = list({one.address: (one, name) for one, name in found.instances}.values())
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
            found.literals.append(stated.value)
        elif stated.state is State.UNKNOWN:
            expression = self.expression(one, name)
            if expression is None:
                found.opaque.append(f"{one.address}.{name}")
            self._follow(one, expression, wanted, found, seen)

    def data_sources(self, instance: Instance, expression: Any, kind: str) -> list[Instance] | None:
        """The data source instances of one type that an expression comes to; None if anything else takes part."""
        found: dict[str, Instance] = {}
        for end in self._ends(instance, expression):
            if end.block is None or end.block[1:3] != ("data", kind) or end.attribute not in ("json", None):
                return None
            picked = self._pick(instance, end)
            if len(picked.instances) != 1:
                return None
            found[picked.instances[0].address] = picked.instances[0]
        return list(found.values())

    def literals(self, place: Place, expression: Any) -> list[Any]:
        """Constants that an expression of a module comes to, through its variables."""
        ends = self._terminals_of(_Asking(place, None), expression) if expression is not None else ()
        return [end.literal for end in ends if end.literal is not None]

    # --- what a reference means, whichever instance asks ---------------------------------------

    def _ends(self, asking: Instance, expression: Any) -> tuple[Terminal, ...]:
        block = self.configuration.blocks.get(asking.block)
        return self._terminals_of(_Asking(asking.block[0], block.for_each_expression if block else None), expression)

    def _terminals_of(self, asking: _Asking, expression: Any) -> tuple[Terminal, ...]:
        mark = (id(expression), id(asking.iterates), asking.place)
        if mark not in self._terminals:
            self._terminals[mark] = ()  # a reference in a ring adds nothing
            listed = drop_prefixes(references(expression))
            found = {repr(end): end for steps in listed for end in self._end(asking, steps)}
            value = constant(expression)
            ends = tuple(found.values())
            self._terminals[mark] = (*ends, Terminal(literal=value)) if value is not None else ends
        return self._terminals[mark]

    def _end(self, asking: _Asking, steps: tuple[Step, ...]) -> Iterator[Terminal]:
        head, name = steps[0], steps[1] if len(steps) > 1 else None
        if head in IGNORED or not isinstance(name, str):
            return
        if head == "var":
            yield from self._input(asking.place, name, steps[2:])
        elif head == "module":
            yield from self._output(asking.place, name, steps[2:])
        elif head == "each":
            if name == "value":
                yield from self._terminals_of(asking._replace(iterates=None), asking.iterates)
        elif head == "local":
            yield from self._local(asking, name)
        else:
            mode, rest = ("data", steps[1:]) if head == "data" else ("managed", steps)
            yield from _block_end(asking.place, mode, rest)

    def _input(self, place: Place, name: str, rest: tuple[Step, ...]) -> Iterator[Terminal]:
        module = self.configuration.modules.get(place)
        if not place:
            value = self.configuration.inputs.get(name)
            default = (module.variables.get(name) if module else None) or {}
            value = value if value is not None else default.get("default") if isinstance(default, dict) else None
            yield Terminal(literal=_at(value, rest))
            return
        parent = self.configuration.modules.get(place[:-1])
        call = parent.calls.get(place[-1]) if parent else None
        expression = (call.expressions or {}).get(name) if call else None
        if call is not None and expression is not None:
            expression, rest = _inner(expression, rest)
            ends = self._terminals_of(_Asking(place[:-1], call.for_each_expression), expression)
            yield from (_with_index(end, rest) for end in ends)
        elif module is not None and isinstance(stated := module.variables.get(name), dict):
            yield Terminal(literal=_at(stated.get("default"), rest))

    def _output(self, place: Place, call: str, rest: tuple[Step, ...]) -> Iterator[Terminal]:
        child = (*place, call)
        module = self.configuration.modules.get(child)
        pins: tuple[tuple[int, Key], ...] = ()
        if rest and isinstance(rest[0], Index):
            pins = ((len(place), rest[0].key),) if rest[0].key is not None else ()
            rest = rest[1:]
        if module is None:
            yield Terminal(opaque=f"module.{call}, whose configuration is not in the plan")
            return
        name = rest[0] if rest and isinstance(rest[0], str) else None
        outputs = [module.outputs.get(name)] if name is not None else list(module.outputs.values())
        for output in outputs:
            expression = output.get("expression") if isinstance(output, dict) else None
            for end in self._terminals_of(_Asking(child, None), expression):
                yield _with_index(end, rest[1:])._replace(pins=(*pins, *end.pins))

    def _local(self, asking: _Asking, name: str) -> Iterator[Terminal]:
        module = self.configuration.modules.get(asking.place)
        listed = module.locals.get(name) if module else None
        if listed is None:
            yield Terminal(opaque=f"local.{name}, which a plan does not hold (give `--source DIR`)")
            return
        yield from self._terminals_of(asking, {"references": listed} if listed else None)

    # --- which instance of a block -------------------------------------------------------------

    def _pick(self, asking: Instance, terminal: Terminal) -> Picked:
        block = terminal.block
        assert block is not None
        all_of_it = self._blocks.get(block, [])
        if len(all_of_it) <= 1:
            return Picked(tuple(all_of_it), "exact")
        pins = dict(terminal.pins)
        path, settled = _module_of(asking, block[0], pins)
        if settled and (terminal.wants is not None or (block, path, None) in self._keyed):
            exact = self._keyed.get((block, path, terminal.wants))
            return Picked((exact,) if exact else (), "exact")
        hints = [terminal.wants] if terminal.wants is not None else _hints(asking)
        for hint in hints:
            filled = tuple((call, hint if key is _FREE else key) for call, key in path)
            for key in (hint, None):
                if (one := self._keyed.get((block, filled, key))) is not None:
                    return Picked((one,), "index-matched")
        if (block, path) not in self._rest:
            self._rest[block, path] = _listed([one for one in all_of_it if _agrees(one.module, path)])
        return self._rest[block, path]


def _listed(candidates: list[Instance]) -> Picked:
    """Candidates, unless they are so many that a list of them would say nothing."""
    if len(candidates) > MOST_CANDIDATES:
        return Picked((), "candidates", len(candidates))
    return Picked(tuple(candidates), "exact" if len(candidates) == 1 else "candidates")


_FREE: Any = object()
"""A module key that the reference leaves open."""


def _module_of(asking: Instance, place: Place, pins: dict[int, Key]) -> tuple[tuple[tuple[str, Any], ...], bool]:
    """The module path that a reference means: keys shared with the asking instance, pinned ones, and free ones."""
    path: list[tuple[str, Any]] = []
    shared = True
    for depth, call in enumerate(place):
        shared = shared and depth < len(asking.module) and asking.module[depth][0] == call
        path.append((call, asking.module[depth][1] if shared else pins.get(depth, _FREE)))
    free = any(key is _FREE for _, key in path)
    return tuple(path), not free


def _agrees(module: tuple[tuple[str, Key], ...], path: tuple[tuple[str, Any], ...]) -> bool:
    return all(key is _FREE or key == own for (_, own), (_, key) in zip(module, path, strict=True))


def _hints(asking: Instance) -> list[Key]:
    """Keys that the target probably shares: the asking instance's own, then those of its modules, inmost first."""
    keys = [asking.key, *(key for _, key in reversed(asking.module))]
    return [key for key in keys if key is not None]


def _block_end(place: Place, mode: str, steps: tuple[Step, ...]) -> Iterator[Terminal]:
    if len(steps) < 2 or not isinstance(steps[0], str) or not isinstance(steps[1], str):
        return
    rest = steps[2:]
    index: Key = None
    if rest and isinstance(rest[0], Index):
        index, rest = rest[0].key, rest[1:]
    attribute = rest[0] if rest and isinstance(rest[0], str) else None
    yield Terminal(block=(place, mode, steps[0], steps[1]), attribute=attribute, wants=index)


def _with_index(end: Terminal, rest: tuple[Step, ...]) -> Terminal:
    """A literal index behind an output or input asks for the instance of that key."""
    key = next((step.key for step in rest if isinstance(step, Index) and step.key is not None), None)
    return end._replace(wants=key) if key is not None and end.wants is None and end.block else end


def _inner(expression: Any, rest: tuple[Step, ...]) -> tuple[Any, tuple[Step, ...]]:
    """Terraform flattens objects, so only block-like expressions can be entered by name."""
    while rest and isinstance(rest[0], str) and isinstance(expression, dict) and rest[0] in expression:
        expression, rest = expression[rest[0]], rest[1:]
    return expression, rest


def _at(value: Any, rest: tuple[Step, ...]) -> Any:
    """The part of a known value that further steps name."""
    for step in rest:
        key = step.key if isinstance(step, Index) else step
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def _keep_other(terminal: Terminal, found: Found) -> None:
    if terminal.opaque is not None:
        found.opaque.append(terminal.opaque)
    elif terminal.literal is not None:
        found.literals.append(terminal.literal)


def _is_unknown(one: Instance, attribute: str | None) -> bool:
    if attribute is None:
        return one.action in ("create", "replace")
    return leaf(one, attribute).state is State.UNKNOWN
