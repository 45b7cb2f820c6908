"""Amazon Resource Names: `arn:partition:service:region:account:resource`."""

from __future__ import annotations

from typing import NamedTuple


class Arn(NamedTuple):
    """The six parts of an ARN; `resource` keeps its own colons and slashes."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return ":".join(("arn", *self))


def parse_arn(text: str) -> Arn | None:
    """The parts of `text`, or None when it is not an ARN."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return None
    return Arn(*parts[1:])


def partition_of(region: str) -> str:
    """The partition a Region belongs to, by its prefix (AWS general reference, "Partitions")."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def key_arn(region: str, account: str, key_id: str) -> str:
    """The ARN of a KMS key in `region` and `account`."""
    return f"arn:{partition_of(region)}:kms:{region}:{account}:key/{key_id}"


def account_of(text: str) -> str | None:
    """The account that an ARN or a bare account id names, else None."""
    if len(text) == 12 and text.isdigit():
        return text
    arn = parse_arn(text)
    return (arn.account or None) if arn else None
