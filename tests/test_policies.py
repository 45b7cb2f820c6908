"""Every rule that ships: it loads, its examples hold, its words can be relied on."""

from pathlib import Path

import pytest

from scanner.model.settings import Settings
from scanner.rules.examples import run_examples
from scanner.rules.frameworks import load_frameworks
from scanner.rules.load import load_rules

POLICIES = Path(__file__).parent.parent / "policies"
RULES = load_rules([POLICIES], Settings())
INFOS = [rule.info for rule in RULES]


@pytest.mark.parametrize("result", run_examples(RULES), ids=lambda result: f"{result.rule}: {result.name}")
def test_example(result):
    assert not result.problem, f"{result.file}:{result.line}: {result.problem}"


def test_titles_are_unique():
    assert len({info.title for info in INFOS}) == len(INFOS)


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.id)
def test_rule_says_how_to_mend_and_where_it_rests(info):
    assert set(info.fix) == {"cli", "terraform"}
    assert all(source.startswith("https://") for source in info.sources)
    assert info.controls, "a rule maps to at least one control"
    assert len(info.why) > 60, "why says what the rule alone fires on"
    assert info.false_positives, "a reader learns when it may be wrong, or why it is not"


def test_every_control_of_a_rule_is_in_its_catalogue():
    known = {
        f"{framework.id}/{control.id}"
        for framework in load_frameworks([POLICIES]).values()
        for control in framework.requirements
    }
    assert {control.id for info in INFOS for control in info.controls} <= known
