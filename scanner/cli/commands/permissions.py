"""`keyproof permissions`: the least-privilege read-only IAM policy, from the calls that the collectors make."""

from __future__ import annotations

import json

import click

from scanner.cli.output import write
from scanner.cli.words import Word

SID = "KeyproofRead"


@click.command("permissions")
@click.option(
    "--format", "form", type=Word("format", ("json", "terraform")), default="json", show_default=True, help="As what."
)
def command(form: str) -> None:
    """Print the read-only IAM policy that a scan needs.

    It allows nothing else: no call that changes anything, and none that returns a secret, a plaintext or key material.
    """
    from scanner.collect.collectors import permissions

    write({"json": as_json, "terraform": as_terraform}[form](permissions()), None)


def as_json(actions: list[str]) -> str:
    """An IAM policy document."""
    statement = {"Sid": SID, "Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n"


def as_terraform(actions: list[str]) -> str:
    """The same as a Terraform managed policy."""
    listed = "\n".join(f'      "{action}",' for action in actions)
    return f"""data "aws_iam_policy_document" "keyproof_read" {{
  statement {{
    sid    = "{SID}"
    effect = "Allow"
    actions = [
{listed}
    ]
    resources = ["*"]
  }}
}}

resource "aws_iam_policy" "keyproof_read" {{
  name   = "keyproof-read"
  policy = data.aws_iam_policy_document.keyproof_read.json
}}
"""
