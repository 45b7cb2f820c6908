"""Rule files for tests: the whole file of one rule, and folders of them."""

from __future__ import annotations

from pathlib import Path

from scanner.model.settings import Settings
from scanner.rules.load import load_rules
from scanner.rules.rule import Rule

SEPARATION = """\
rule: key-admin-can-decrypt
title: A principal both administers and uses a key
severity: high
subject: key
where: key.manager == "CUSTOMER" && key.state != "PendingDeletion"
params:
  exempt: {type: list<string>, default: [], doc: "ARNs that may do both (break glass)"}
let:
  both: key.admins.filter(p, p in key.users && !(p.arn in params.exempt))
require:
  - check: both.size() == 0
    message: "{plural(both.size(), 'principal both administers and uses', 'principals both administer and use')} {key.label}"
evidence: both
why: Whoever holds both can change who may decrypt and then decrypt.
fix: {cli: "aws kms put-key-policy", terraform: "aws_kms_key"}
controls: [{id: pci-dss-4.0.1/3.7.6, strength: supports}]
sources: [https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html]
examples:
  - {name: separate roles, expect: PASS, key: {manager: CUSTOMER, state: Enabled, admins: [{arn: a}], users: [{arn: b}]}}
  - {name: one role does both, expect: FAIL, key: {manager: CUSTOMER, state: Enabled, admins: [{arn: a}], users: [{arn: a}]}}
  - {name: grants not readable, expect: NOT_ASSESSED, key: {manager: CUSTOMER, state: Enabled, admins: [{arn: a}], users: {known: [{arn: b}], complete: false}}}
  - {name: AWS managed, expect: NOT_APPLICABLE, key: {manager: AWS}}
"""  # noqa: E501
"""One rule with everything in it."""


def write_rule(
    folder: Path, text: str = SEPARATION, name: str = "key-admin-can-decrypt", theme: str = "access"
) -> Path:
    """Writes a rule file below `folder` and returns `folder`."""
    (folder / theme).mkdir(parents=True, exist_ok=True)
    (folder / theme / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def rule_of(folder: Path, text: str = SEPARATION, settings: Settings | None = None) -> Rule:
    """The one rule of `text`."""
    (rule,) = load_rules([write_rule(folder, text)], settings or Settings())
    return rule


def small_rule(check: str, subject: str = "key", **keys: str) -> str:
    """The text of a rule with one requirement; `keys` are further lines."""
    more = "".join(f"{name}: {text}\n" for name, text in keys.items())
    return (
        f"rule: key-admin-can-decrypt\ntitle: A fault\nseverity: high\nsubject: {subject}\n{more}"
        f"require:\n  - check: {check}\nwhy: It matters.\nexamples: []\n"
    )
