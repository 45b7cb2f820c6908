"""Which facts a failed requirement rests on: the fields that the part of it which decided had read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from scanner.model.facttypes import View
from scanner.model.finding import Evidence
from scanner.model.unknown import Partial, Unknown
from scanner.rules.evidence import identity_of, plain
from scanner.rules.lang.faults import BudgetExceeded
from scanner.rules.lang.kleene import Kleene, lifted
from scanner.rules.lang.partial import Broken, PartList, Undecided
from scanner.rules.lang.template import shown
from scanner.rules.lang.terms import Apply, Field, If, Junction, Loop, Term, Var, parts, text_of, variables
from scanner.rules.program import Program

MOST = 12
"""Fields that one finding shows."""


def reads_of(program: Program, term: Term, subject: View, as_of: datetime) -> tuple[Evidence, ...]:
    """Evidence of type `field` for what made `term` false, each field once."""
    kleene = program.evaluator(subject, as_of)
    found: dict[tuple[str, str], Evidence] = {}
    try:
        for field in _deciding(kleene, term, False):
            base = kleene.value(field.base)
            if isinstance(base, View) and len(found) < MOST:
                found.setdefault((identity_of(base), field.name), _evidence(base, field))
    except BudgetExceeded:
        return ()
    return tuple(found.values())


def _evidence(base: View, field: Field) -> Evidence:
    value = getattr(base, field.name)
    path = text_of(field)
    if isinstance(value, tuple) and value and isinstance(value[0], View):
        text, facts = f"{path} has {len(value)} member{'s' * (len(value) != 1)}", {"size": len(value)}
    elif isinstance(value, (Unknown, Partial)):
        text, facts = f"{path} is {shown(value)}", {}
    else:
        text, facts = f"{path} is {shown(value)}", {field.name: plain(value)}
    return Evidence("field", identity_of(base), text, pointer=path, facts=facts)


def _deciding(kleene: Kleene, term: Term, outcome: bool) -> Iterator[Field]:
    """The fields read by the parts of `term` because of which it is `outcome`."""
    match term:
        case Junction(conjunction=conjunction, terms=terms):
            if conjunction is outcome:
                for inner in terms:
                    yield from _deciding(kleene, inner, outcome)
            else:
                inner = next((inner for inner in terms if kleene.value(inner) is outcome), terms[0])
                yield from _deciding(kleene, inner, outcome)
        case Apply(function=function, args=args) if function.name == "!":
            yield from _deciding(kleene, args[0], not outcome)
        case If(test=test, yes=yes, no=no):
            taken = kleene.value(test)
            yield from _fields(test)
            if isinstance(taken, bool):
                yield from _deciding(kleene, yes if taken else no, outcome)
        case Loop(kind=kind) if (kind, outcome) in (("all", False), ("exists", True)):
            yield from _witness(kleene, term, outcome)
        case Var(name=name) if name in kleene.lets:
            yield from _deciding(kleene, kleene.lets[name], outcome)
        case _:
            for name in _let_names(term, kleene):
                yield from _fields(kleene.lets[name])
            yield from _fields(term)


def _witness(kleene: Kleene, loop: Loop, outcome: bool) -> Iterator[Field]:
    """For the first member that decides: the list, and what its part of the loop rests on."""
    yield from _fields(loop.source)
    source = kleene.value(loop.source)
    if isinstance(source, (Undecided, Broken)):
        return
    for member in source.known if isinstance(source, PartList) else source:
        kleene.bound[loop.variable] = lifted(member)
        if kleene.value(loop.body) is outcome:
            yield from _deciding(kleene, loop.body, outcome)
            return


def _fields(term: Term) -> Iterator[Field]:
    """The fields that are read whatever member a loop is at, the innermost objects last."""
    if isinstance(term, Field):
        yield term
        if not isinstance(term.base, Var):
            yield from _fields(term.base)
    elif isinstance(term, Loop):
        yield from _fields(term.source)
        yield from (field for field in _fields(term.body) if term.variable not in variables(field))
    else:
        for part in parts(term):
            yield from _fields(part)


def _let_names(term: Term, kleene: Kleene) -> list[str]:
    found: Any = [part.name for part in _vars(term) if part.name in kleene.lets]
    return list(dict.fromkeys(found))


def _vars(term: Term) -> Iterator[Var]:
    if isinstance(term, Var):
        yield term
    for part in parts(term):
        yield from _vars(part)
