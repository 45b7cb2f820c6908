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


ELSEWHERE = {
    "aws-fsbp": {"S3.15", "S3.17", "SNS.1", "ECR.5", "CloudWatch.16", "KMS.4"},  # of Security Hub's other standards
    "cis-aws-5.0.0": {"1.16", "2.4.1"},  # support role; EFS as version 3.0.0 numbered it
}


@pytest.mark.parametrize("catalogue", ELSEWHERE)
def test_a_catalogue_has_no_control_of_another_standard_or_version(catalogue):
    listed = {control.id for control in load_frameworks([POLICIES])[catalogue].requirements}
    assert listed & ELSEWHERE[catalogue] == set()


def test_permissions_of_iam_have_the_numbers_of_cis_version_five():
    titles = {control.id: control.title for control in load_frameworks([POLICIES])["cis-aws-5.0.0"].requirements}
    assert "groups" in titles["1.14"]
    assert "full administrative" in titles["1.15"]
