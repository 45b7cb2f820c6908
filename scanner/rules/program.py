"""A rule as something that can be run: its typed terms, the compiled fast path and the three-valued fallback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from scanner.model.facttypes import View
from scanner.model.rule import Outcome
from scanner.model.unknown import UnknownValueError
from scanner.rules.lang.codegen import Code, Writer, compiled
from scanner.rules.lang.faults import RUNTIME_FAULTS, BudgetExceeded
from scanner.rules.lang.kleene import Kleene
from scanner.rules.lang.partial import Broken, PartList, Undecided, merged
from scanner.rules.lang.template import Template
from scanner.rules.lang.terms import AS_OF, Term, variables

PASSED = -1
DOES_NOT_APPLY = -2
RULE_ERROR = "rule-error"
"""How the reason begins when the rule itself is at fault."""


class Check(Struct, frozen=True):
    """One requirement and what to say when it is not met."""

    term: Term
    message: Template | None


class Decision(Struct, frozen=True):
    """What came of a rule on one subject. `check` is the index of the requirement that failed."""

    outcome: Outcome
    check: int | None = None
    reasons: tuple[str, ...] = ()

    @property
    def faulty(self) -> bool:
        """Whether the rule broke rather than a fact being unknown."""
        return bool(self.reasons) and self.reasons[0].startswith(RULE_ERROR)


class Program(Struct, frozen=True, dict=True):
    """The typed terms of a rule. `subject` is the name of its variable."""

    subject: str
    where: Term | None
    lets: dict[str, Term]
    checks: tuple[Check, ...]
    evidence: Term | None = None
    code: Code | None = None
    """The fast path, where it was compiled before."""
    _shows: dict[int, Any] = field(default_factory=dict)

    @cached_property
    def fast(self) -> Callable[[View, datetime], int]:
        """The compiled rule: PASSED, DOES_NOT_APPLY or the index of the requirement that failed; it raises when
        a value that it needs is not known."""
        function: Callable[[View, datetime], int] = (self.code or self.compiled()).function()
        return function

    def compiled(self) -> Code:
        """The code of the fast path."""
        writer = self._writer()
        body = [] if self.where is None else [f"if not {writer.code(self.where)}: return {DOES_NOT_APPLY}"]
        body += self._locals(writer, [check.term for check in self.checks])
        body += [f"if not {writer.code(check.term)}: return {place}" for place, check in enumerate(self.checks)]
        return compiled(writer, ("s", AS_OF), [*body, f"return {PASSED}"])

    def decide(self, subject: View, as_of: datetime) -> Decision:
        """The outcome for one subject, by the fast path where that knows enough."""
        try:
            code = self.fast(subject, as_of)
        except BudgetExceeded:
            return too_expensive()
        except (UnknownValueError, *RUNTIME_FAULTS):
            return self.decide_slowly(subject, as_of)
        return decision_of(code)

    def decide_slowly(self, subject: View, as_of: datetime) -> Decision:
        """The outcome for one subject by the three-valued evaluator."""
        try:
            return self._decide(self.evaluator(subject, as_of))
        except BudgetExceeded:
            return too_expensive()

    def _decide(self, kleene: Kleene) -> Decision:
        applies = True if self.where is None else kleene.value(self.where)
        if applies is False:
            return Decision(Outcome.NOT_APPLICABLE)
        if applies is not True:
            return _not_assessed([applies])
        values = [kleene.value(check.term) for check in self.checks]
        if False in values:
            return Decision(Outcome.FAIL, values.index(False))
        open_values = [value for value in values if value is not True]
        return _not_assessed(open_values) if open_values else Decision(Outcome.PASS)

    def evaluator(self, subject: View, as_of: datetime) -> Kleene:
        """A three-valued evaluator with the rule's variables."""
        return Kleene({self.subject: subject, AS_OF: as_of}, self.lets)

    def values(self, terms: Sequence[Term], subject: View, as_of: datetime) -> list[Any]:
        """What these terms of the rule come to; partly known values as the three-valued evaluator has them."""
        kleene = self.evaluator(subject, as_of)
        try:
            return [kleene.value(term) for term in terms]
        except BudgetExceeded:
            return [Broken("too expensive") for _ in terms]

    def show(self, check: int, subject: View, as_of: datetime) -> tuple[Any, list[Any]]:
        """For a failed requirement: the value of `evidence` and the values that its message names."""
        message = self.checks[check].message
        terms = [*([self.evidence] if self.evidence else []), *(message.terms if message else ())]
        if check not in self._shows:
            self._shows[check] = self._shower(terms)
        try:
            values = list(self._shows[check](subject, as_of))
        except (UnknownValueError, BudgetExceeded, *RUNTIME_FAULTS):
            values = self.values(terms, subject, as_of)
        return (values[0], values[1:]) if self.evidence else ((), values)

    def _shower(self, terms: Sequence[Term]) -> Any:
        writer = self._writer()
        body = self._locals(writer, terms)
        shown = "".join(f"known({writer.code(term)}), " for term in terms)
        return compiled(writer, ("s", AS_OF), [*body, f"return ({shown})"]).function()

    def _writer(self) -> Writer:
        return Writer({self.subject: "s", AS_OF: AS_OF})

    def _locals(self, writer: Writer, terms: Iterable[Term]) -> list[str]:
        """Assignments of the `let`s that `terms` need, in their order."""
        needed: set[str] = set().union(*map(variables, terms))
        for name in reversed(self.lets):
            if name in needed:
                needed |= variables(self.lets[name])
        lines: list[str] = []
        for name, term in self.lets.items():
            if name in needed:
                code = writer.code(term)
                lines.append(f"{writer.declare(name)} = {code}")
        return lines


def decision_of(code: int) -> Decision:
    """What the fast path's answer means."""
    return SETTLED.get(code) or Decision(Outcome.FAIL, code)


SETTLED = {PASSED: Decision(Outcome.PASS), DOES_NOT_APPLY: Decision(Outcome.NOT_APPLICABLE)}


def _not_assessed(values: list[Any]) -> Decision:
    unknown = [value for value in values if isinstance(value, (Undecided, PartList))]
    if unknown:
        return Decision(Outcome.NOT_ASSESSED, None, merged(unknown))
    return Decision(Outcome.NOT_ASSESSED, None, (f"{RULE_ERROR}: {values[0].message}",))


def too_expensive() -> Decision:
    """The rule looked at too many members."""
    return Decision(Outcome.NOT_ASSESSED, None, (f"{RULE_ERROR}: too many steps for one subject",))
