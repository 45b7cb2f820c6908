"""`keyproof permissions`: a policy that allows reading and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from scanner.collect.collectors import permissions

READING = re.compile(r"^[a-z0-9-]+:(Get|List|Describe|BatchGet|Search)[A-Za-z0-9]*$")
MANAGED_POLICY_CHARACTERS = 6144
"""Limit of a managed policy without white space (IAM and AWS STS quotas)."""
SECRETS = {"secretsmanager:GetSecretValue", "kms:GetParametersForImport", "ssm:GetParameter", "ssm:GetParameters"}


def test_the_policy_is_what_the_collectors_ask_for(run: Callable) -> None:
    outcome = run("permissions")
    (statement,) = json.loads(outcome.out)["Statement"]
    assert (outcome.code, outcome.err) == (0, "")
    assert statement["Action"] == permissions()
    assert statement["Effect"] == "Allow"


def test_every_action_reads_and_none_reads_a_secret() -> None:
    assert [action for action in permissions() if not READING.match(action)] == []
    assert not SECRETS & set(permissions())


def test_the_policy_fits_into_one_managed_policy(run: Callable) -> None:
    assert len(re.sub(r"\s", "", run("permissions").out)) <= MANAGED_POLICY_CHARACTERS


def test_terraform_holds_the_same_actions(run: Callable) -> None:
    text = run("permissions", "--format", "terraform").out
    assert re.findall(r'"([a-z0-9-]+:[A-Za-z]+)"', text) == permissions()
    assert text.count("{") == text.count("}")
    assert text.count("[") == text.count("]")


def test_an_unknown_format_gets_the_nearest(run: Callable) -> None:
    outcome = run("permissions", "--format", "terrafrom")
    assert outcome.code == 2
    assert "did you mean `terraform`?" in outcome.err
