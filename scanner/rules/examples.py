"""The examples in rule files: facts to objects, the outcome that comes of them, and which outcomes lack an example.

A field that is not written is unknown; `{known: [...], complete: false}` is a partly known list; two mentions of one
identity are one object, whose facts may stand at either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import Struct, UnsetType

from scanner.errors import Problem, RuleError
from scanner.graph.views import SUBJECT_VIEWS
from scanner.model.facttypes import View
from scanner.model.rule import Outcome
from scanner.rules.judgement import message_of
from scanner.rules.program import Decision
from scanner.rules.rule import Rule
from scanner.rules.rulefile import ExamplePart
from scanner.rules.worlds import World

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
"""The date of an example that states none."""


class ExampleResult(Struct, frozen=True):
    """What came of one example. `problem` says in words what is wrong; empty when all is well.

    An outcome without an example is a result too, with the name `(coverage)`.
    """

    rule: str
    name: str
    expected: str
    actual: str
    problem: str
    file: str
    line: int

    @property
    def ok(self) -> bool:
        """Whether the example holds."""
        return not self.problem


def run_examples(rules: Iterable[Rule]) -> list[ExampleResult]:
    """The results of all examples of all rules; RuleError when an example does not fit the facts of the graph."""
    results: list[ExampleResult] = []
    problems: list[Problem] = []
    for rule in rules:
        try:
            results.extend(_run(rule))
        except RuleError as error:
            problems.extend(error.problems)
    if problems:
        raise RuleError(problems)
    return results


def check_examples(rules: Iterable[Rule]) -> None:
    """RuleError with every fact of an example that does not fit the facts of the graph; nothing is run."""
    problems: list[Problem] = []
    for rule in rules:
        for place, example in enumerate(rule.shape.examples):
            try:
                example_subject(rule, example, place)
            except RuleError as error:
                problems.extend(error.problems)
    if problems:
        raise RuleError(problems)


def _run(rule: Rule) -> Iterator[ExampleResult]:
    decisions: list[Decision] = []
    for place, example in enumerate(rule.shape.examples):
        path: tuple[str | int, ...] = ("examples", place)
        subject, as_of = example_subject(rule, example, place), _as_of(rule, example, path)
        decision = rule.program.decide(subject, as_of)
        decisions.append(decision)
        problem = _difference(rule, example, decision, subject, as_of)
        yield _result(rule, path, example.name, example.expect, decision.outcome.value, problem)
    for problem in _missing(rule, decisions):
        yield _result(rule, ("examples",), "(coverage)", "", "", problem)


def example_subject(rule: Rule, example: ExamplePart, place: int) -> View:
    """The object that an example describes; RuleError with every fact that does not fit."""
    word = rule.info.subject
    facts = getattr(example, word)
    path = ("examples", place)
    wrong = [other for other in SUBJECT_VIEWS if other != word and not isinstance(getattr(example, other), UnsetType)]
    if isinstance(facts, UnsetType) or wrong:
        message = f"an example of this rule describes one `{word}`"
        raise RuleError([rule.source.problem_at((*path, *wrong[:1]), message)])
    world = World(rule.source)
    subject = world.build(SUBJECT_VIEWS[word], facts, (*path, word))
    world.finish()
    return subject


def _as_of(rule: Rule, example: ExamplePart, path: tuple[str | int, ...]) -> datetime:
    if example.as_of is None:
        return AS_OF
    try:
        moment = datetime.fromisoformat(example.as_of)
    except ValueError:
        problem = rule.source.problem_at((*path, "as_of"), f"`{example.as_of}` is not a date")
        raise RuleError([problem]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _difference(rule: Rule, example: ExamplePart, decision: Decision, subject: View, as_of: datetime) -> str:
    """What is not as the example says."""
    if decision.outcome != example.expect:
        why = f" ({'; '.join(decision.reasons)})" if decision.reasons else ""
        return f"expected {example.expect}, got {decision.outcome}{why}"
    if example.message is None:
        return ""
    message = message_of(rule, decision, subject, as_of)
    return "" if example.message in message else f"the message is `{message}`, without `{example.message}`"


def _missing(rule: Rule, decisions: list[Decision]) -> Iterator[str]:
    """The outcomes and requirements that no example shows."""
    wanted = [Outcome.PASS, Outcome.FAIL, Outcome.NOT_ASSESSED]
    wanted += [] if rule.program.where is None else [Outcome.NOT_APPLICABLE]
    for outcome in wanted:
        if all(decision.outcome != outcome for decision in decisions):
            yield f"no example for {outcome}"
    failed = {decision.check for decision in decisions}
    for place in range(len(rule.program.checks)):
        if place not in failed and failed != {None}:
            yield f"no example fails requirement {place + 1}"


def _result(
    rule: Rule, path: tuple[str | int, ...], name: str, expected: str, actual: str, problem: str
) -> ExampleResult:
    place = rule.source.problem_at(path, "")
    return ExampleResult(rule.info.id, name, expected, actual, problem, place.file, place.line)
