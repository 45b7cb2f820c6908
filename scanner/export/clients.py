"""Clients of Security Hub for an account and Region: the caller's own, or of a role in each account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scanner.errors import CredentialsError, UsageError
from scanner.export.hub import HubError
from scanner.model.arn import account_of, parse_arn


class Place(NamedTuple):
    """Where findings go: a finding belongs to its own account's Security Hub in its own Region."""

    account: str
    region: str
    partition: str = "aws"

    @property
    def product_arn(self) -> str:
        """The default product of custom findings."""
        return f"arn:{self.partition}:securityhub:{self.region}:{self.account}:product/{self.account}/default"

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


Connect = Callable[[Place], Any]
"""A boto3 client of `securityhub` there; raises HubError where there is none to be had."""


@dataclass(slots=True)
class Connector:
    """Makes clients. `role` is a template such as `arn:aws:iam::{account}:role/keyproof-export`."""

    profile: str | None = None
    role: str | None = None
    external_id: str | None = None
    endpoint: str | None = None
    _base: Any = None
    _caller: str = ""
    _sessions: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        """Find out who calls; CredentialsError without valid credentials, UsageError for a wrong profile or role."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

        try:
            self._base = boto3.Session(profile_name=self.profile)
            self._caller = self._sts().get_caller_identity()["Account"]
            self.role_in(Place("1" * 12, "us-east-1"))
        except ProfileNotFound as error:
            raise UsageError(f"no profile `{self.profile}` in the AWS configuration") from error
        except (BotoCoreError, ClientError) as error:
            raise CredentialsError(f"no valid AWS credentials: {error}") from error

    def role_in(self, place: Place) -> str | None:
        """The ARN of the role for a place; UsageError when the template makes none."""
        if self.role is None:
            return None
        try:
            role = self.role.format(account=place.account, region=place.region, partition=place.partition)
        except (AttributeError, LookupError, TypeError, ValueError):
            role = ""
        arn = parse_arn(role)
        if arn is None or arn.service != "iam" or not arn.account or not arn.resource.startswith("role/"):
            raise UsageError(
                f"`{self.role}` is no template of a role such as arn:aws:iam::{{account}}:role/NAME; "
                "{account}, {region} and {partition} can be filled in"
            )
        return role

    def __call__(self, place: Place) -> Any:
        """A client for `place`."""
        role = self.role_in(place)
        account = self._caller if role is None else account_of(role)
        if account != place.account:
            raise HubError(
                "OtherAccount",
                f"account {account} cannot write findings of {place.account}; "
                "name a role in each account: --role-arn 'arn:aws:iam::{account}:role/NAME'",
            )
        session = self._base if role is None else self._assumed(role)
        return session.client("securityhub", region_name=place.region, endpoint_url=self.endpoint)

    def _assumed(self, role: str) -> Any:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        if role not in self._sessions:
            extra = {"ExternalId": self.external_id} if self.external_id else {}
            try:
                answer = self._sts().assume_role(RoleArn=role, RoleSessionName="keyproof-export", **extra)
            except ClientError as error:
                raise HubError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
            except BotoCoreError as error:
                raise HubError(type(error).__name__, str(error)) from error
            made = answer["Credentials"]
            self._sessions[role] = boto3.Session(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        return self._sessions[role]

    def _sts(self) -> Any:
        region = self._base.region_name or "us-east-1"
        return self._base.client("sts", region_name=region, endpoint_url=self.endpoint)
