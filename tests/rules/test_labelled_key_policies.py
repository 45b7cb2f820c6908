"""Key policies that scanners answer differently, each with the rules that fail and the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import ACCOUNT, NOW, a_key, a_snapshot, account_statement, document

from scanner.cli.ruleset import all_rules
from scanner.graph.build import build
from scanner.model.records import NamedDocument
from scanner.model.rule import Outcome
from scanner.model.settings import Settings
from scanner.rules.evaluate import evaluate

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "key_policies.yaml").read_text())[
    "cases"
]
NAMES = {
    "key-policy-public",
    "key-policy-foreign-account",
    "key-policy-negated-element",
    "service-principal-unguarded",
}
FOREIGN = "999988887777"


def statement(case: dict[str, Any]) -> dict[str, Any]:
    elements = {
        "Effect": case.get("effect", "Allow"),
        "Principal": case.get("principal"),
        "NotPrincipal": case.get("not_principal"),
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": case.get("condition"),
    }
    text = json.dumps({name: value for name, value in elements.items() if value is not None})
    for word, account in (("own", ACCOUNT), ("foreign", FOREIGN)):
        text = text.replace(f'"{word}"', f'"{account}"').replace(f":{word}:", f":{account}:")
    added: dict[str, Any] = json.loads(text)
    return added


@pytest.fixture(scope="module")
def failed() -> dict[str, set[str]]:
    """The rules that fail, by key id; one key for each case."""
    keys = [
        a_key(f"key-{at}", policies=(NamedDocument("default", document(account_statement(), statement(case))),))
        for at, case in enumerate(CASES)
    ]
    graph = build(a_snapshot(*keys), Settings())
    rules = [rule for rule in all_rules((), Settings()) if rule.info.id in NAMES]
    found: dict[str, set[str]] = {key.id: set() for key in keys}
    for finding in evaluate(rules, graph.subjects, graph.unlisted, NOW, every=True).findings:
        if finding.outcome is Outcome.FAIL:
            found[finding.subject.rsplit("/", 1)[-1]].add(finding.rule)
    return found


@pytest.mark.parametrize(("at", "case"), list(enumerate(CASES)), ids=[case["name"] for case in CASES])
def test_a_key_policy_fails_the_rules_that_its_reason_says(
    failed: dict[str, set[str]], at: int, case: dict[str, Any]
) -> None:
    assert failed[f"key-{at}"] == set(case["fails"]), case["because"]
