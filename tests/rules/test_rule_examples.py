"""The examples of a rule: facts that are not written are unknown, and every outcome needs one."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.errors import RuleError
from scanner.model.settings import Settings
from scanner.rules.examples import ExampleResult, run_examples
from scanner.rules.load import load_rules
from scanner.rules.source import find_policies
from tests.rules.ruletext import SEPARATION, rule_of, small_rule


def results(folder: Path, text: str) -> list[ExampleResult]:
    return run_examples([rule_of(folder, text)])


def bad(folder: Path, text: str) -> list[str]:
    return [result.problem for result in results(folder, text) if not result.ok]


def with_examples(*examples: str, check: str = "key.state == 'Enabled'") -> str:
    return small_rule(f'"{check}"').replace(
        "examples: []\n", "examples:\n" + "".join(f"  - {one}\n" for one in examples)
    )


COVERED = (
    "{name: a, expect: PASS, key: {state: Enabled}}",
    "{name: b, expect: FAIL, key: {state: Disabled}}",
    "{name: c, expect: NOT_ASSESSED, key: {}}",
)


def test_the_examples_of_a_good_rule_hold(tmp_path: Path) -> None:
    assert [(one.name, one.expected, one.ok) for one in results(tmp_path, SEPARATION)] == [
        ("separate roles", "PASS", True),
        ("one role does both", "FAIL", True),
        ("grants not readable", "NOT_ASSESSED", True),
        ("AWS managed", "NOT_APPLICABLE", True),
    ]


def test_every_shipped_rule_proves_itself() -> None:
    rules = load_rules([find_policies()], Settings())
    assert [result for result in run_examples(rules) if not result.ok] == []


def test_a_wrong_expectation_says_what_came_instead(tmp_path: Path) -> None:
    text = SEPARATION.replace("one role does both, expect: FAIL", "one role does both, expect: PASS")
    assert "expected PASS, got FAIL" in bad(tmp_path, text)[0]
    (wrong,) = [result for result in results(tmp_path, text) if not result.ok]
    assert wrong.line == 20


def test_a_wrong_message_is_shown(tmp_path: Path) -> None:
    text = SEPARATION.replace("both, expect: FAIL,", "both, expect: FAIL, message: 2 principals,")
    assert "the message is `1 principal both administers and uses unknown`, without `2 principals`" in bad(
        tmp_path, text
    )


@pytest.mark.parametrize("left_out", range(3))
def test_an_outcome_without_example_is_a_problem(tmp_path: Path, left_out: int) -> None:
    kept = [one for place, one in enumerate(COVERED) if place != left_out]
    assert bad(tmp_path, with_examples(*kept))[0] == f"no example for {['PASS', 'FAIL', 'NOT_ASSESSED'][left_out]}"
    assert bad(tmp_path, with_examples(*COVERED)) == []


def test_a_rule_with_where_needs_a_subject_that_it_does_not_apply_to(tmp_path: Path) -> None:
    text = with_examples(*COVERED).replace("require:", "where: key.manager == 'AWS'\nrequire:")
    assert "no example for NOT_APPLICABLE" in bad(tmp_path, text)


def test_every_requirement_needs_an_example_that_fails_it(tmp_path: Path) -> None:
    text = with_examples(*COVERED).replace("why:", "  - check: key.manager == 'AWS'\nwhy:")
    text = text.replace("state: Enabled}", "state: Enabled, manager: AWS}")
    assert bad(tmp_path, text) == ["no example fails requirement 2"]


@pytest.mark.parametrize(
    ("example", "error"),
    [
        ("{name: x, expect: PASS, key: {sate: Enabled}}", "9:35: Key has no `sate`"),
        ("{name: x, expect: PASS, key: {state: enabled}}", "9:42: never `enabled`"),
        ("{name: x, expect: PASS, key: {arn: 5}}", "`5` is not string"),
        ("{name: x, expect: PASS, key: {arn: null}}", "this is never null"),
        ("{name: x, expect: PASS, key: {aliases: a}}", "not a list"),
        ("{name: x, expect: PASS, key: {aliases: {known: [a], complete: true}}}", "not a list"),
        ("{name: x, expect: PASS, key: {store: a}}", "not the facts of a Store"),
        ("{name: x, expect: PASS, key: {tags: {a: 1}}}", "not a mapping of texts"),
        ("{name: x, expect: PASS, key: {created: soon}}", "`soon` is not a date"),
        ("{name: x, expect: PASS, as_of: soon, key: {}}", "`soon` is not a date"),
        ("{name: x, expect: PASS}", "an example of this rule describes one `key`"),
        ("{name: x, expect: PASS, key: {}, store: {}}", "an example of this rule describes one `key`"),
        (
            "{name: x, expect: PASS, key: {store: {id: s, name: a}, replicas: [{store: {id: s, name: b}}]}}",
            "differently",
        ),
    ],
)
def test_facts_that_do_not_fit_are_errors(tmp_path: Path, example: str, error: str) -> None:
    with pytest.raises(RuleError) as caught:
        results(tmp_path, with_examples(example))
    assert error in str(caught.value)


def test_one_identity_is_one_object(tmp_path: Path) -> None:
    check = "key.replicas.all(r, r.store != null && key.store != null && r.store == key.store && r.store.name == 'n')"
    same = "{name: a, expect: PASS, key: {store: {id: s}, replicas: [{arn: r, store: {id: s, name: n}}]}}"
    other = "{name: b, expect: FAIL, key: {store: {id: s}, replicas: [{arn: r, store: {id: o, name: n}}]}}"
    assert bad(tmp_path, with_examples(same, other, COVERED[2], check=check)) == []


def test_dates_and_as_of(tmp_path: Path) -> None:
    check = "age(key.created) > days(10)"
    texts = (
        "{name: a, expect: PASS, as_of: 2026-02-01, key: {created: 2026-01-01T00:00:00Z}}",
        "{name: b, expect: FAIL, as_of: 2026-01-02, key: {created: 2026-01-01}}",
    )
    assert bad(tmp_path, with_examples(*texts, COVERED[2], check=check)) == []
