"""`keyproof permissions`: a policy that allows reading and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from scanner.cli.policies import Permissions
from scanner.collect.collectors import permissions
from scanner.export.hub import ACTIONS

READING = re.compile(r"^[a-z0-9-]+:(Get|List|Describe|BatchGet|Search)[A-Za-z0-9]*$")
SECRETS = {"secretsmanager:GetSecretValue", "kms:GetParametersForImport", "ssm:GetParameter", "ssm:GetParameters"}


def test_the_policy_is_what_the_collectors_ask_for(run: Callable) -> None:
    outcome = run("permissions")
    (statement,) = json.loads(outcome.out)["Statement"]
    assert outcome.code == 0
    assert statement["Action"] == permissions()
    assert statement["Effect"] == "Allow"


def test_every_action_reads_and_none_reads_a_secret() -> None:
    assert [action for action in permissions() if not READING.match(action)] == []
    assert not SECRETS & set(permissions())


def test_every_part_fits_into_a_managed_policy_and_together_they_are_the_whole(run: Callable) -> None:
    actions: list[str] = []
    number = 1
    while (outcome := run("permissions", "--part", number)).code == 0:
        assert len(re.sub(r"\s", "", outcome.out)) <= 6144
        actions += json.loads(outcome.out)["Statement"][0]["Action"]
        number += 1
    assert actions == permissions()
    assert f"no part {number}" in outcome.err


def test_a_document_that_is_too_long_for_one_policy_says_so_on_stderr(run: Callable) -> None:
    outcome = run("permissions")
    parts = len(Permissions("read", tuple(permissions())).parts)
    assert (f"--part 1 to --part {parts}" in outcome.err) == (parts > 1)
    assert run("permissions", "--part", 1).err == ""


def test_actions_are_split_only_when_they_must_be() -> None:
    few = Permissions("read", ("kms:ListKeys", "kms:ListGrants"))
    assert few.parts == [few]


def test_terraform_holds_the_same_actions_in_policies_that_fit(run: Callable) -> None:
    text = run("permissions", "--format", "terraform").out
    assert re.findall(r'"([a-z0-9-]+:[A-Za-z0-9]+)"', text) == permissions()
    assert text.count('resource "aws_iam_policy"') == len(Permissions("read", tuple(permissions())).parts)
    assert text.count("{") == text.count("}")
    assert text.count("[") == text.count("]")


def test_an_unknown_format_gets_the_nearest(run: Callable) -> None:
    outcome = run("permissions", "--format", "terrafrom")
    assert outcome.code == 2
    assert "did you mean `terraform`?" in outcome.err


def test_an_export_has_a_policy_of_its_own(run: Callable) -> None:
    (statement,) = json.loads(run("permissions", "--for", "export").out)["Statement"]
    assert statement["Action"] == list(ACTIONS)
    assert not set(ACTIONS) & set(permissions())


def test_cloudformation_makes_a_role_with_every_policy(run: Callable) -> None:
    template = json.loads(run("permissions", "--format", "cloudformation", "--role", "keyproof-read").out)
    resources = template["Resources"]
    policies = [name for name, one in resources.items() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    documents = [resources[name]["Properties"]["PolicyDocument"] for name in policies]
    assert [action for one in documents for action in one["Statement"][0]["Action"]] == permissions()
    (role,) = (one["Properties"] for one in resources.values() if one["Type"] == "AWS::IAM::Role")
    assert role["RoleName"] == "keyproof-read"
    assert role["ManagedPolicyArns"] == [{"Ref": name} for name in policies]
    assert set(template["Parameters"]) == {"TrustedPrincipal", "ExternalId"}


def test_terraform_makes_a_role_with_every_policy(run: Callable) -> None:
    text = run("permissions", "--format", "terraform", "--for", "export", "--role", "hub").out
    assert 'name = "hub"' in text
    assert text.count("aws_iam_role_policy_attachment") == 1
    assert text.count("{") == text.count("}")


def test_a_role_needs_a_form_and_a_name_that_can_hold_it(run: Callable) -> None:
    for arguments in (("--role", "x"), ("--role", 'x" }', "--format", "terraform")):
        outcome = run("permissions", *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert "takes the name of an IAM role" in outcome.err
