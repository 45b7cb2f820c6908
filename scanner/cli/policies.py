"""IAM policies as text: a JSON document, or managed policies (and a role) in Terraform or CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

MANAGED_POLICY_CHARACTERS = 6144
"""Limit of a managed policy, white space not counted (IAM user guide, "IAM and AWS STS quotas")."""


class Permissions(Struct, frozen=True):
    """What a command may do, under a name."""

    name: str
    """`read` or `export`: the last part of names."""
    actions: tuple[str, ...]

    @property
    def sid(self) -> str:
        """The Sid of its statement."""
        return f"Keyproof{self.name.title()}"

    @property
    def parts(self) -> list[Permissions]:
        """The actions in as few managed policies as hold them, in order."""
        parts: list[list[str]] = [[]]
        for action in self.actions:
            if _size(self._with([*parts[-1], action])) > MANAGED_POLICY_CHARACTERS:
                parts.append([])
            parts[-1].append(action)
        return [self._with(actions) for actions in parts]

    @property
    def document(self) -> dict[str, Any]:
        """The policy document."""
        statement = {"Sid": self.sid, "Effect": "Allow", "Action": list(self.actions), "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def _with(self, actions: Sequence[str]) -> Permissions:
        return Permissions(self.name, tuple(actions))


def _size(permissions: Permissions) -> int:
    return sum(not char.isspace() for char in json.dumps(permissions.document))


def as_json(permissions: Permissions) -> str:
    """An IAM policy document."""
    return json.dumps(permissions.document, indent=2) + "\n"


def as_cloudformation(permissions: Permissions, role: str | None) -> str:
    """A template in JSON: the managed policies, and with `role` a role of that name that a principal may assume."""
    policies = {
        f"{permissions.sid}{number}": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": f"keyproof-{permissions.name}-{number}",
                "PolicyDocument": part.document,
            },
        }
        for number, part in enumerate(permissions.parts, 1)
    }
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"What keyproof needs to {permissions.name}, and nothing else",
        "Resources": policies,
    }
    if role is not None:
        template["Parameters"] = {
            "TrustedPrincipal": {"Type": "String", "Description": "ARN of the identity that runs keyproof"},
            "ExternalId": {"Type": "String", "Description": "What that identity must name", "MinLength": 2},
        }
        policies[f"{permissions.sid}Role"] = _role(role, list(policies))
    return json.dumps(template, indent=2) + "\n"


def _role(name: str, policies: Sequence[str]) -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "TrustedPrincipal"}},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
    }
    properties = {
        "RoleName": name,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "ManagedPolicyArns": [{"Ref": policy} for policy in policies],
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def as_terraform(permissions: Permissions, role: str | None) -> str:
    """The same for Terraform."""
    blocks = [_terraform_policy(part, number) for number, part in enumerate(permissions.parts, 1)]
    if role is not None:
        blocks += _terraform_role(permissions, role, len(blocks))
    return "\n".join(blocks)


def _terraform_policy(permissions: Permissions, number: int) -> str:
    listed = "\n".join(f'      "{action}",' for action in permissions.actions)
    label = f"keyproof_{permissions.name}_{number}"
    return f"""data "aws_iam_policy_document" "{label}" {{
  statement {{
    sid    = "{permissions.sid}"
    effect = "Allow"
    actions = [
{listed}
    ]
    resources = ["*"]
  }}
}}

resource "aws_iam_policy" "{label}" {{
  name   = "{label.replace("_", "-")}"
  policy = data.aws_iam_policy_document.{label}.json
}}
"""


def _terraform_role(permissions: Permissions, role: str, policies: int) -> Iterator[str]:
    label = f"keyproof_{permissions.name}"
    yield f"""variable "{label}_trusted_principal" {{
  type        = string
  description = "ARN of the identity that runs keyproof"
}}

variable "{label}_external_id" {{
  type        = string
  description = "What that identity must name"
}}

resource "aws_iam_role" "{label}" {{
  name = "{role}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ AWS = var.{label}_trusted_principal }}
      Action    = "sts:AssumeRole"
      Condition = {{ StringEquals = {{ "sts:ExternalId" = var.{label}_external_id }} }}
    }}]
  }})
}}
"""
    for number in range(1, policies + 1):
        yield f"""resource "aws_iam_role_policy_attachment" "{label}_{number}" {{
  role       = aws_iam_role.{label}.name
  policy_arn = aws_iam_policy.{label}_{number}.arn
}}
"""
