"""What a condition proves: the texts of `x != null` and `key in map` that hold when a term is true, or false."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from scanner.rules.lang.terms import Apply, Const, If, Junction, Term, Var, text_of

Facts: TypeAlias = frozenset[str]
NOTHING: Facts = frozenset()
Proofs: TypeAlias = Mapping[str, tuple[Facts, Facts]]
"""For each bool `let`: what holds when it is true, and when it is false."""


def present(term: Term) -> str:
    """The fact that `term` is not null."""
    return f"{text_of(term)} != null"


def has_entry(mapping: Term, key: Term) -> str:
    """The fact that `mapping` has `key`."""
    return f"{text_of(key)} in {text_of(mapping)}"


def proves(term: Term, outcome: bool, proofs: Proofs) -> Facts:
    """The facts that hold when `term` is `outcome`."""
    match term:
        case Var(name=name):
            return proofs.get(name, (NOTHING, NOTHING))[0 if outcome else 1]
        case Junction(conjunction=conjunction, terms=terms):
            every = [proves(inner, outcome, proofs) for inner in terms]
            return NOTHING.union(*every) if conjunction is outcome else _common(every)
        case If(yes=yes, no=no):
            return _common([proves(branch, outcome, proofs) for branch in (yes, no)])
        case Apply(function=function, args=args):
            return BY_OPERATOR[function.name](args, outcome, proofs) if function.name in BY_OPERATOR else NOTHING
    return NOTHING


def _common(every: Iterable[Facts]) -> Facts:
    first, *others = every
    return first.intersection(*others)


def _not(args: tuple[Term, ...], outcome: bool, proofs: Proofs) -> Facts:
    return proves(args[0], not outcome, proofs)


def _equality(args: tuple[Term, ...], outcome: bool, _proofs: Proofs) -> Facts:
    """A thing equal to something that is not null is not null either."""
    left, right = args
    if _is_null(right) or _is_null(left):
        return NOTHING if outcome else frozenset((present(left if _is_null(right) else right),))
    if not outcome:
        return NOTHING
    return frozenset(present(one) for one, other in ((left, right), (right, left)) if not other.type.nullable)


def _inequality(args: tuple[Term, ...], outcome: bool, proofs: Proofs) -> Facts:
    return _equality(args, not outcome, proofs)


def _membership(args: tuple[Term, ...], outcome: bool, _proofs: Proofs) -> Facts:
    item, source = args
    if not outcome:
        return NOTHING
    if source.type.name == "map":
        return frozenset((has_entry(source, item),))
    members = source.type.item
    return frozenset((present(item),)) if members is not None and not members.nullable else NOTHING


def _is_null(term: Term) -> bool:
    return isinstance(term, Const) and term.value is None


BY_OPERATOR: dict[str, Callable[[tuple[Term, ...], bool, Proofs], Facts]] = {
    "!": _not,
    "==": _equality,
    "!=": _inequality,
    "in": _membership,
}
