"""Names of what a plan creates: the ARN that AWS will give where names decide it, else one with the address."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.catalog.encryption.types import PLAN_ONLY, EncryptedType
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.places import Where
from scanner.collect.terraform.values import State, leaf
from scanner.model.arn import partition_of

ROWS: Mapping[str, EncryptedType] = {name: row for row in ENCRYPTED_TYPES for name in row.terraform}
"""Terraform type to the row of the encryption table."""

TEMPLATES: Mapping[str, tuple[str, str]] = {
    "aws_kms_key": ("kms:{region}:{account}:key/{name}", ""),
    "aws_kms_external_key": ("kms:{region}:{account}:key/{name}", ""),
    "aws_kms_replica_key": ("kms:{region}:{account}:key/{name}", ""),
    "aws_kms_replica_external_key": ("kms:{region}:{account}:key/{name}", ""),
    "aws_kms_alias": ("kms:{region}:{account}:{name}", "name"),
    "aws_cloudhsm_v2_cluster": ("cloudhsm:{region}:{account}:cluster/{name}", "cluster_id"),
    "aws_iam_role": ("iam::{account}:role{path}{name}", "name"),
    "aws_iam_user": ("iam::{account}:user{path}{name}", "name"),
    "aws_iam_group": ("iam::{account}:group{path}{name}", "name"),
    "aws_iam_instance_profile": ("iam::{account}:instance-profile{path}{name}", "name"),
    "aws_iam_policy": ("iam::{account}:policy{path}{name}", "name"),
    "aws_db_instance": ("rds:{region}:{account}:db:{name}", "identifier"),
    "aws_rds_cluster_instance": ("rds:{region}:{account}:db:{name}", "identifier"),
    "aws_rds_cluster": ("rds:{region}:{account}:cluster:{name}", "cluster_identifier"),
    "aws_docdb_cluster": ("rds:{region}:{account}:cluster:{name}", "cluster_identifier"),
    "aws_neptune_cluster": ("rds:{region}:{account}:cluster:{name}", "cluster_identifier"),
    "aws_db_snapshot": ("rds:{region}:{account}:snapshot:{name}", "db_snapshot_identifier"),
    "aws_sqs_queue": ("sqs:{region}:{account}:{name}", "name"),
    "aws_sns_topic": ("sns:{region}:{account}:{name}", "name"),
    "aws_secretsmanager_secret": ("secretsmanager:{region}:{account}:secret:{name}", "name"),
    "aws_cloudtrail": ("cloudtrail:{region}:{account}:trail/{name}", "name"),
    "aws_cloudwatch_metric_alarm": ("cloudwatch:{region}:{account}:alarm:{name}", "alarm_name"),
    "aws_cloudwatch_composite_alarm": ("cloudwatch:{region}:{account}:alarm:{name}", "alarm_name"),
    "aws_cloudwatch_event_rule": ("events:{region}:{account}:rule/{name}", "name"),
}
"""ARNs (after `arn:<partition>:`) that rows of the table read from AWS, and the attribute that names a member."""


FIELD = re.compile(r"\{(region|account|name|path)\}")
EXPRESSION = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}")
"""A field of a template of the table: a name or an expression, which may have braces of its own."""


def planned_arn(instance: Instance, where: Where) -> str:
    """The ARN that an instance has or will have; the address stands in it where AWS chooses the name."""
    _, attribute = _template(instance.type)
    name = _text(instance, attribute) if attribute else None
    return arn_by_name(instance.type, name or instance.address, where, _text(instance, "path") or "/")


def arn_by_name(kind: str, name: str, where: Where, path: str = "/") -> str:
    """The ARN of something of a Terraform type by the name that tells it apart."""
    template, _ = _template(kind)
    parts = {
        "region": "" if where.region == "aws-global" else where.region,
        "account": where.account,
        "name": name,
        "path": path if path.endswith("/") else "/",
    }
    return f"arn:{partition_of(where.region)}:" + FIELD.sub(lambda found: parts[found[1]], template)


def is_named(kind: str) -> bool:
    """Whether the ARN of a type is made of a name that an author can choose."""
    return bool(_template(kind)[1]) and (kind in ROWS or kind in TEMPLATES)


def name_of(instance: Instance) -> str:
    """The name of an instance, or its address where AWS or Terraform chooses it."""
    row = ROWS.get(instance.type)
    attribute = row.terraform[instance.type] if row else TEMPLATES.get(instance.type, ("", "name"))[1]
    return (_text(instance, attribute) if attribute else None) or instance.address


def _template(kind: str) -> tuple[str, str]:
    if kind in TEMPLATES:
        return TEMPLATES[kind]
    row = ROWS.get(kind)
    if row and row.api is PLAN_ONLY:
        _, service, part = row.type.lower().split("::")
        return f"{service}:{{region}}:{{account}}:{part}/{{name}}", row.terraform[kind]
    service = row.api.service if row else kind.removeprefix("aws_").split("_", 1)[0]
    if row and row.api.arn.startswith("arn:{partition}:"):
        return _only_name(row.api.arn.removeprefix("arn:{partition}:")), row.terraform[kind]
    return f"{service}:{{region}}:{{account}}:{{name}}", row.terraform[kind] if row else ""


def _only_name(template: str) -> str:
    """A template of the table with every field but Region and account standing for the name."""
    return EXPRESSION.sub(lambda found: found[0] if found[1] in ("region", "account") else "{name}", template)


def _text(instance: Instance, attribute: str) -> str | None:
    for values in (instance.after, instance.before):
        if values is not None:
            value = values.get(attribute)
            if isinstance(value, str) and value and leaf(instance, attribute).state is not State.SENSITIVE:
                return value
            if instance.after is not None and instance.action in ("create", "replace"):
                return None
    return None
