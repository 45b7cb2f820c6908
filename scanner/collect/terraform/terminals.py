"""What a reference means, whichever instance asks: the blocks where it ends, literals, or what cannot be followed.

Worked out once per expression, through inputs, outputs, locals and for_each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from scanner.collect.terraform.address import Index, Key, Step, drop_prefixes
from scanner.collect.terraform.configuration import Block, ConfigurationIndex, Place, constant, references

IGNORED = frozenset({"path", "terraform", "count", "self"})
"""References that never hold a key or another resource."""


ITERATORS = frozenset({"each", "count"})
NOT_INSTANCES = frozenset({"var", "local", "each", "count", "path", "terraform", "self"})
WHOLE = {"data": 3}
"""Steps of a reference to all instances of a block, where that is not two."""


class Terminal(Struct, frozen=True):
    """Where a reference ends: a block with the attribute asked for, a literal, or something that cannot be followed."""

    block: Block | None = None
    attribute: str | None = None
    wants: Key = None
    """A literal instance key in the reference."""
    pins: tuple[tuple[int, Key], ...] = ()
    """Literal keys of module calls on the way, by depth."""
    by_own_key: bool = False
    """The expression uses each.key, each.value or count.index, so the instance is that of the asking one's key."""
    table: dict[str, Any] | None = None
    """What `each.value` is for each key, where that and not the key itself names the instance."""
    options: tuple[Key, ...] = ()
    """Known values beside the reference, one of which may be the instance key."""
    literal: Any = None
    opaque: str | None = None
    null: bool = False
    """A variable that is known to be null."""


class Asking(Struct, frozen=True):
    """Where an expression stands: its module and what the block around it iterates over."""

    place: Place
    iterates: Any


class Terminals:
    """Follows the expressions of one configuration."""

    def __init__(self, configuration: ConfigurationIndex) -> None:
        self._configuration = configuration
        self._known: dict[tuple[int, int, Place], tuple[Terminal, ...]] = {}

    def of(self, asking: Asking, expression: Any) -> tuple[Terminal, ...]:
        """Where `expression`, written at `asking`, ends."""
        mark = (id(expression), id(asking.iterates), asking.place)
        if mark not in self._known:
            self._known[mark] = ()  # a reference in a ring adds nothing
            listed = drop_prefixes(references(expression))
            found = {repr(end): end for steps in listed for end in self._end(asking, steps)}
            value = constant(expression)
            ends = _with_hints(tuple(found.values()), *self._own_key(asking, listed))
            self._known[mark] = (*ends, Terminal(literal=value)) if value is not None else ends
        return self._known[mark]

    def _end(self, asking: Asking, steps: tuple[Step, ...]) -> Iterator[Terminal]:
        head, name = steps[0], steps[1] if len(steps) > 1 else None
        if head in IGNORED or not isinstance(name, str):
            return
        if head == "var":
            yield from self._input(asking.place, name, steps[2:])
        elif head == "module":
            yield from self._output(asking.place, name, steps[2:])
        elif head == "each":
            if name == "value":
                whole = self._each(asking, steps[2:])
                yield from self.of(replace(asking, iterates=None), asking.iterates) if whole is None else whole
        elif head == "local":
            yield from self._local(asking, name)
        else:
            mode, rest = ("data", steps[1:]) if head == "data" else ("managed", steps)
            yield from _block_end(asking.place, mode, rest)

    def _each(self, asking: Asking, rest: tuple[Step, ...]) -> tuple[Terminal, ...] | None:
        """Where `each.value.x` ends if the block iterates over the instances of one module or resource."""
        listed = drop_prefixes(references(asking.iterates)) if asking.iterates is not None else []
        if len(listed) != 1 or len(listed[0]) != WHOLE.get(str(listed[0][0]), 2) or listed[0][0] in NOT_INSTANCES:
            return None
        return tuple(replace(end, by_own_key=True) for end in self._end(asking, (*listed[0], *rest)))

    def _own_key(self, asking: Asking, listed: list[tuple[Step, ...]]) -> tuple[bool, dict[str, Any] | None]:
        """Whether an expression picks by the key of the asking instance, and by which table where not by that key."""
        iterators = [steps for steps in listed if steps[0] in ITERATORS]
        if not iterators or any(steps[:2] != ("each", "value") for steps in iterators):
            return bool(iterators), None
        rest = iterators[0][2:]
        ends = self.of(replace(asking, iterates=None), asking.iterates)
        over = ends[0].literal if len(ends) == 1 and len(iterators) == 1 else None
        if isinstance(over, dict):
            return True, {key: _at(value, rest) for key, value in over.items()}
        return not rest and (not ends or isinstance(over, list)), None  # the value of a set is its key

    def _input(self, place: Place, name: str, rest: tuple[Step, ...]) -> Iterator[Terminal]:
        module = self._configuration.modules.get(place)
        stated = module.variables.get(name) if module else None
        sensitive = isinstance(stated, dict) and stated.get("sensitive")
        for end in self._given(place, name, rest, stated):
            hidden = sensitive and end.literal is not None
            yield Terminal(opaque=f"var.{name}, which is sensitive") if hidden else end

    def _given(self, place: Place, name: str, rest: tuple[Step, ...], stated: Any) -> Iterator[Terminal]:
        if not place:
            inputs = self._configuration.inputs
            yield _variable({"default": inputs[name]} if name in inputs else stated, rest)
            return
        parent = self._configuration.modules.get(place[:-1])
        call = parent.calls.get(place[-1]) if parent else None
        expression = (call.expressions or {}).get(name) if call else None
        if call is not None and expression is not None:
            expression, rest = _inner(expression, rest)
            ends = self.of(Asking(place[:-1], call.for_each_expression), expression)
            yield from (_with_index(end, rest) for end in ends)
        elif isinstance(stated, dict):
            yield _variable(stated, rest)

    def _output(self, place: Place, call: str, rest: tuple[Step, ...]) -> Iterator[Terminal]:
        child = (*place, call)
        module = self._configuration.modules.get(child)
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
            for end in self.of(Asking(child, None), expression):
                yield replace(_with_index(end, rest[1:]), pins=(*pins, *end.pins))

    def _local(self, asking: Asking, name: str) -> Iterator[Terminal]:
        module = self._configuration.modules.get(asking.place)
        listed = module.locals.get(name) if module else None
        if listed is None:
            yield Terminal(opaque=f"local.{name}, which a plan does not hold (give `--source DIR`)")
            return
        yield from self.of(asking, {"references": listed} if listed else None)


def _variable(stated: Any, rest: tuple[Step, ...]) -> Terminal:
    """The value of a variable (`default`), or the part of it that further steps name."""
    value = stated.get("default") if isinstance(stated, dict) else None
    null = isinstance(stated, dict) and "default" in stated and value is None and not rest
    return Terminal(literal=_at(value, rest), null=null)


def _with_hints(ends: tuple[Terminal, ...], iterates: bool, table: dict[str, Any] | None) -> tuple[Terminal, ...]:
    """Blocks with what the rest of their expression says about the instance."""
    options = tuple(
        end.literal for end in ends if isinstance(end.literal, (str, int)) and not isinstance(end.literal, bool)
    )
    return tuple(
        replace(end, by_own_key=end.by_own_key or iterates, table=table or end.table, options=(*end.options, *options))
        if end.block
        else end
        for end in ends
    )


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
    return replace(end, wants=key) if key is not None and end.wants is None and end.block else end


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
