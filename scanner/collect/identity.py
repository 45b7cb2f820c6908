"""Who scans and where: credentials, an assumed role, the caller, the Regions; wrong ones end the scan at once."""

from __future__ import annotations

import difflib
from typing import Any

import botocore.session
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ProfileNotFound
from msgspec import Struct

from scanner.collect.models import model_loader
from scanner.collect.session import Refused, Scope
from scanner.errors import CredentialsError, IncompleteError, KeyproofError, SourceError, UsageError
from scanner.model.arn import parse_arn, partition_of

_NOT_ANSWERED = {"Timeout", "Unreachable", "Unreadable", "Unsupported"}


class Caller(Struct, frozen=True):
    """What GetCallerIdentity says."""

    arn: str
    account: str
    partition: str


def core_session(profile: str | None) -> Any:
    """A botocore session of `profile` (None: the usual chain)."""
    session = botocore.session.Session(profile=profile)
    try:
        session.get_scoped_config()
    except ProfileNotFound:
        raise UsageError(_unknown("profile", profile or session.profile, session.available_profiles)) from None
    except BotoCoreError as error:
        raise UsageError(f"the AWS configuration cannot be read: {error}") from None
    session.register_component("data_loader", model_loader(session.get_config_variable("data_path")))
    return session


def credentials_of(
    session: Any, region: str, role_arn: str | None, external_id: str | None, endpoint: str | None
) -> Any:
    """The credentials to scan with: those of `session`, or of `role_arn`, refreshed as long as the scan lasts."""
    try:
        found = session.get_credentials()
    except BotoCoreError as error:
        raise CredentialsError(f"the AWS credentials cannot be used: {error}") from None
    if found is None:
        raise CredentialsError(
            "no AWS credentials found; set AWS_PROFILE, give --profile or sign in with `aws sso login`"
        )
    if role_arn is None:
        return found
    if parse_arn(role_arn) is None:
        raise UsageError(f"`{role_arn}` is not the ARN of a role")

    def make_client(service: str, **keys: Any) -> Any:
        return session.create_client(service, region_name=region, endpoint_url=endpoint, **keys)

    arguments = {"RoleSessionName": "keyproof"} | ({"ExternalId": external_id} if external_id else {})
    fetcher = AssumeRoleCredentialFetcher(make_client, found, role_arn, extra_args=arguments)
    return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def caller_of(scope: Scope, role_arn: str | None = None) -> Caller:
    """The identity that `scope` reads as. CredentialsError when AWS does not accept it."""
    try:
        answer = scope.call("sts", "get_caller_identity")
    except Refused as refused:
        raise _start_error(refused, role_arn) from None
    arn = parse_arn(answer["Arn"])
    return Caller(answer["Arn"], answer["Account"], arn.partition if arn else partition_of(scope.region))


def _start_error(refused: Refused, role_arn: str | None) -> KeyproofError:
    said = f"{refused.code}: {refused.message}"
    if refused.code in _NOT_ANSWERED:
        return SourceError(f"AWS does not answer: {said}")
    if role_arn:
        return CredentialsError(f"cannot assume the role `{role_arn}`: {said}")
    return CredentialsError(f"AWS does not accept the credentials: {said}")


def regions_of(session: Any, asked: tuple[str, ...], check: bool) -> tuple[str, ...]:
    """The Regions that are asked for without `all`, sorted, else the session's. `check`: the names must be AWS's."""
    named = tuple(sorted({*asked} - {"all"}))
    default = session.get_config_variable("region")
    if not named and not default:
        raise UsageError("no Region; give --region or set AWS_DEFAULT_REGION")
    named = named or (default,)
    known = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("kms", partition)
    ]
    for region in named:
        if check and region not in known:
            raise UsageError(_unknown("Region", region, known))
    return named


def enabled_regions(scope: Scope) -> tuple[str, ...]:
    """Every Region that is enabled for the account."""
    try:
        answer = scope.call("ec2", "describe_regions", AllRegions=False)
    except Refused as refused:
        raise IncompleteError(
            f"the enabled Regions cannot be listed ({refused.code}: {refused.message}); name each with --region"
        ) from None
    return tuple(sorted(region["RegionName"] for region in answer["Regions"]))


def _unknown(what: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"unknown {what} `{name}`" + (f"; did you mean `{close[0]}`?" if close else "")
