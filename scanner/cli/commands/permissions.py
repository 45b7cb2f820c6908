"""`keyproof permissions`: the least-privilege read-only IAM policy, from the calls that the collectors make."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from scanner.cli.failures import say
from scanner.cli.output import write
from scanner.cli.words import Word
from scanner.errors import UsageError

SID = "KeyproofRead"
MANAGED_POLICY_CHARACTERS = 6144
"""Limit of a managed policy, white space not counted (IAM user guide, "IAM and AWS STS quotas")."""


@click.command("permissions")
@click.option(
    "--format", "form", type=Word("format", ("json", "terraform")), default="json", show_default=True, help="As what."
)
@click.option(
    "--part", type=int, metavar="N", help="JSON: only the N-th of the managed policies that it has to be split into."
)
def command(form: str, part: int | None) -> None:
    """Print the read-only IAM policy that a scan needs.

    It allows nothing else: no call that changes anything, and none that returns a secret, a plaintext or key material.

    One managed policy may have 6,144 characters. When all actions need more, attach the parts (--part 1, --part 2 ...)
    as managed policies of the same role, as the Terraform form does.
    """
    from scanner.collect.collectors import permissions

    parts = in_parts(permissions())
    if form == "terraform":
        write("\n".join(as_terraform(actions, number) for number, actions in enumerate(parts, 1)), None)
        return
    if part is not None and not 1 <= part <= len(parts):
        raise UsageError(f"there are {len(parts)} part(s), no part {part}")
    if part is None and len(parts) > 1:
        say(f"more than one managed policy holds: print it in {len(parts)} with --part 1 to --part {len(parts)}")
    write(as_json(permissions() if part is None else parts[part - 1]), None)


def in_parts(actions: Sequence[str]) -> list[list[str]]:
    """The actions in as few documents as fit into a managed policy each, in order."""
    parts: list[list[str]] = [[]]
    for action in actions:
        if size([*parts[-1], action]) > MANAGED_POLICY_CHARACTERS:
            parts.append([])
        parts[-1].append(action)
    return parts


def size(actions: Sequence[str]) -> int:
    """Characters of the document that IAM counts."""
    return sum(not char.isspace() for char in as_json(actions))


def as_json(actions: Sequence[str]) -> str:
    """An IAM policy document."""
    statement = {"Sid": SID, "Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n"


def as_terraform(actions: Sequence[str], number: int) -> str:
    """One managed policy in Terraform."""
    listed = "\n".join(f'      "{action}",' for action in actions)
    return f"""data "aws_iam_policy_document" "keyproof_read_{number}" {{
  statement {{
    sid    = "{SID}"
    effect = "Allow"
    actions = [
{listed}
    ]
    resources = ["*"]
  }}
}}

resource "aws_iam_policy" "keyproof_read_{number}" {{
  name   = "keyproof-read-{number}"
  policy = data.aws_iam_policy_document.keyproof_read_{number}.json
}}
"""
