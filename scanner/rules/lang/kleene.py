"""The three-valued evaluator: the reference for what an expression means when facts are missing.

A result is a plain value only if every completion of the unknown facts would give it; otherwise it is Undecided
with the reasons, a PartList, or Broken. It is slower than compiled code and runs when that meets an unknown value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from scanner.model.unknown import Partial, Unknown, UnknownValueError
from scanner.rules.lang.faults import RUNTIME_FAULTS, BudgetExceeded
from scanner.rules.lang.functions import IN_LIST
from scanner.rules.lang.limits import MAX_SLOW_STEPS
from scanner.rules.lang.partial import Broken, PartList, Undecided, merged
from scanner.rules.lang.terms import Apply, Const, Field, If, Items, Junction, Loop, Term, Var

LARGE = 16
"""Lists longer than this are looked through as sets."""


class Kleene:
    """One evaluation: the variables, the `let` terms (worked out when first needed) and the steps that are left."""

    def __init__(self, variables: Mapping[str, Any], lets: Mapping[str, Term] | None = None) -> None:
        self.variables = dict(variables)
        self.bound: dict[str, Any] = {}
        self.lets = lets or {}
        self.steps = MAX_SLOW_STEPS
        self.sets: dict[int, tuple[tuple[Any, ...], frozenset[Any]]] = {}

    def value(self, term: Term) -> Any:
        """The value of `term`; BudgetExceeded is the only exception."""
        return HANDLERS[type(term)](self, term)

    def _const(self, term: Const) -> Any:
        return term.value

    def _var(self, term: Var) -> Any:
        if term.name in self.bound:
            return self.bound[term.name]
        if term.name not in self.variables:
            outer, self.bound = self.bound, {}  # the loops of a `let` are not those around its use
            self.variables[term.name] = self.value(self.lets[term.name])
            self.bound = outer
        return self.variables[term.name]

    def _field(self, term: Field) -> Any:
        base = self.value(term.base)
        if isinstance(base, (Undecided, Broken)):
            return base
        if base is None:
            return Broken(f"`.{term.name}` of null")
        try:
            return lifted(getattr(base, term.name))
        except RUNTIME_FAULTS as error:
            return Broken(f"`.{term.name}`: {error}")

    def _apply(self, term: Apply) -> Any:
        args = [self.value(arg) for arg in term.args]
        unknown = any(isinstance(arg, (Undecided, PartList)) for arg in args)
        broken = next((arg for arg in args if isinstance(arg, Broken)), None)
        if broken is not None:
            return Undecided(merged(args)) if unknown else broken
        try:
            if term.function is IN_LIST:
                return self._contains(*args)
            if term.function.linear:
                self._spend(sum(map(length, args)))
            if unknown:
                return term.function.part(args) if term.function.part else Undecided(merged(args))
            return term.function.run(*args)
        except UnknownValueError as error:
            return Undecided((error.reason,))
        except RUNTIME_FAULTS as error:
            return Broken(str(error))

    def _contains(self, item: Any, source: Any) -> Any:
        """`item in source`: true for a known member, false for the empty list whatever is looked for."""
        if isinstance(source, Undecided) or (isinstance(item, Undecided) and source != ()):
            return Undecided(merged([item, source]))
        known = source.known if isinstance(source, PartList) else source
        if known and item in self._members(known):
            return True
        return Undecided(source.reasons) if isinstance(source, PartList) else False

    def _members(self, items: tuple[Any, ...]) -> tuple[Any, ...] | frozenset[Any]:
        """`items`, as a set when that is quicker; the set is kept with its tuple, whose id it is found by."""
        if len(items) <= LARGE:
            return items
        if id(items) not in self.sets:
            self._spend(len(items))
            self.sets[id(items)] = (items, frozenset(items))
        return self.sets[id(items)][1]

    def _junction(self, term: Junction) -> Any:
        return self._decide((self.value(inner) for inner in term.terms), not term.conjunction)

    def _decide(self, values: Iterable[Any], decisive: bool, reasons: tuple[str, ...] = ()) -> Any:
        """`decisive` if any value is, else unknown if any is, else broken if any is, else the other one."""
        undecided: list[Any] = []
        broken: Broken | None = None
        for value in values:
            if value is decisive:
                return decisive
            if isinstance(value, Undecided):
                undecided.append(value)
            elif isinstance(value, Broken):
                broken = broken or value
        if undecided or reasons:
            return Undecided(tuple(dict.fromkeys((*merged(undecided), *reasons))))
        return (not decisive) if broken is None else broken

    def _choice(self, term: If) -> Any:
        test = self.value(term.test)
        if isinstance(test, (Undecided, Broken)):
            return test
        return self.value(term.yes if test else term.no)

    def _items(self, term: Items) -> Any:
        return collected([self.value(item) for item in term.items], ())

    def _loop(self, term: Loop) -> Any:
        source = self.value(term.source)
        if isinstance(source, (Undecided, Broken)):
            return source
        known, reasons = (source.known, source.reasons) if isinstance(source, PartList) else (source, ())
        self._spend(len(known))
        return LOOPS[term.kind](self, term, known, reasons)

    def _results(self, term: Loop, known: tuple[Any, ...]) -> Iterator[Any]:
        """What the body of a loop gives for each known member, one after the other."""
        for member in known:
            self.bound[term.variable] = lifted(member)
            yield self.value(term.body)

    def _exists(self, term: Loop, known: tuple[Any, ...], reasons: tuple[str, ...]) -> Any:
        return self._decide(self._results(term, known), True, reasons)

    def _every(self, term: Loop, known: tuple[Any, ...], reasons: tuple[str, ...]) -> Any:
        return self._decide(self._results(term, known), False, reasons)

    def _exactly_one(self, term: Loop, known: tuple[Any, ...], reasons: tuple[str, ...]) -> Any:
        values = list(self._results(term, known))
        if broken := next((value for value in values if isinstance(value, Broken)), None):
            return broken
        count = sum(value is True for value in values)
        unknown = (*merged(values), *reasons)
        return Undecided(tuple(dict.fromkeys(unknown))) if unknown and count < 2 else count == 1

    def _filter(self, term: Loop, known: tuple[Any, ...], reasons: tuple[str, ...]) -> Any:
        values = list(self._results(term, known))
        if broken := next((value for value in values if isinstance(value, Broken)), None):
            return broken
        kept = tuple(member for member, value in zip(known, values, strict=True) if value is True)
        unknown = tuple(dict.fromkeys((*merged(values), *reasons)))
        return PartList(kept, unknown) if unknown else kept

    def _map(self, term: Loop, known: tuple[Any, ...], reasons: tuple[str, ...]) -> Any:
        return collected(list(self._results(term, known)), reasons)

    def _spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise BudgetExceeded


def length(value: Any) -> int:
    """How many members of a list are known; 0 for what is no list."""
    if isinstance(value, PartList):
        return len(value.known)
    return len(value) if isinstance(value, tuple) else 0


def lifted(value: Any) -> Any:
    """A fact as the evaluator sees it."""
    if isinstance(value, Unknown):
        return Undecided((value.reason,))
    return PartList(value.known, (value.reason,)) if isinstance(value, Partial) else value


def collected(values: list[Any], reasons: tuple[str, ...]) -> Any:
    """A list of `values`: a PartList when some of them, or further ones, are not known."""
    if broken := next((value for value in values if isinstance(value, Broken)), None):
        return broken
    unknown = tuple(dict.fromkeys((*merged(values), *reasons)))
    if not unknown:
        return tuple(values)
    return PartList(tuple(value for value in values if not isinstance(value, (Undecided, PartList))), unknown)


HANDLERS: dict[type[Term], Callable[[Kleene, Any], Any]] = {
    Const: Kleene._const,
    Var: Kleene._var,
    Field: Kleene._field,
    Apply: Kleene._apply,
    Junction: Kleene._junction,
    If: Kleene._choice,
    Items: Kleene._items,
    Loop: Kleene._loop,
}
LOOPS: dict[str, Callable[[Kleene, Loop, tuple[Any, ...], tuple[str, ...]], Any]] = {
    "exists": Kleene._exists,
    "all": Kleene._every,
    "exists_one": Kleene._exactly_one,
    "filter": Kleene._filter,
    "map": Kleene._map,
}
