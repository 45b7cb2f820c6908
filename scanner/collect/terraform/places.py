"""The account and Region of an instance: from its own ARN, its provider block, or what its neighbours prove."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from scanner.collect.terraform.configuration import constant
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.resolver import Resolver
from scanner.model.arn import Arn, account_of, parse_arn

NOT_KNOWN: Final = "unknown"
"""Stands for an account or Region that neither the document nor the caller tells."""

GLOBAL: Final = "aws-global"
GLOBAL_PREFIXES = ("aws_iam_", "aws_organizations_")

ANOTHERS_ARN = frozenset({"aws_cloudwatch_event_target"})
"""Types whose `arn` is that of something that they name."""

CREDENTIALS = ("assume_role", "assume_role_with_web_identity", "profile", "access_key", "shared_credentials_files")
"""Arguments of a provider block that may lead to another account."""


class Where(Struct, frozen=True):
    """An account and a Region."""

    account: str
    region: str


class Places:
    """Tells where each instance lives."""

    def __init__(self, instances: list[Instance], resolver: Resolver, account: str | None, region: str | None) -> None:
        self._resolver = resolver
        self._fallback = Where(account or NOT_KNOWN, region or NOT_KNOWN)
        self._logins: dict[str, str] = {}
        self._accounts = self._prove_accounts(instances)
        self._regions = self._prove_regions(instances)

    def of(self, instance: Instance) -> Where:
        """Where an instance lives (or will)."""
        arn = own_arn(instance)
        provider = self._provider(instance)
        account = (arn.account if arn else "") or self._account(provider)
        if instance.type.startswith(GLOBAL_PREFIXES):
            return Where(account, GLOBAL)
        stated = (instance.after or instance.before or {}).get("region")
        region = stated if isinstance(stated, str) and stated else (arn.region if arn else "")
        return Where(account, region or _zone_region(instance) or self._region(provider))

    # --- accounts ------------------------------------------------------------------------------

    def _provider(self, instance: Instance) -> str:
        return self._resolver.configuration.provider(instance.block)

    def _login(self, provider: str) -> str:
        """Providers that log in alike work in the same account."""
        if provider not in self._logins:
            config = self._resolver.configuration.providers.get(provider)
            stated = (config.expressions or {}) if config else {}
            self._logins[provider] = repr([(name, stated[name]) for name in CREDENTIALS if stated.get(name)])
        return self._logins[provider]

    def _account(self, provider: str) -> str:
        proven = self._accounts.get(self._login(provider))
        if proven:
            return proven
        everywhere = set(self._accounts.values())
        if not self._resolver.configuration.known and len(everywhere) == 1:
            return everywhere.pop()
        return self._fallback.account

    def _prove_accounts(self, instances: list[Instance]) -> dict[str, str]:
        """The account of each login, where the strongest evidence names exactly one."""
        proofs: dict[str, list[set[str]]] = defaultdict(lambda: [set(), set(), set()])
        for provider in self._resolver.configuration.providers:
            proofs[self._login(provider)][0].update(self._stated_accounts(provider))
        for instance in instances:
            ranked = proofs[self._login(self._provider(instance))]
            arn = own_arn(instance)
            if arn and account_of(arn.account):
                ranked[1].add(arn.account)
            if instance.type == "aws_caller_identity" and (own := (instance.after or {}).get("account_id")):
                ranked[1].add(str(own))
            ranked[2].update(_lockout_accounts(instance))
        return {
            login: next(iter(strongest))
            for login, ranked in proofs.items()
            if (strongest := next((found for found in ranked if found), None)) and len(strongest) == 1
        }

    def _stated_accounts(self, provider: str) -> Iterator[str]:
        stated = self._resolver.configuration.providers[provider].expressions or {}
        allowed = constant(stated.get("allowed_account_ids"))
        if isinstance(allowed, list) and len(allowed) == 1:
            yield str(allowed[0])
        roles = stated.get("assume_role")
        for role in roles if isinstance(roles, list) else [roles]:
            for text in self._literals(provider, role.get("role_arn") if isinstance(role, dict) else None):
                if account := account_of(text):
                    yield account

    # --- Regions -------------------------------------------------------------------------------

    def _prove_regions(self, instances: Iterable[Instance]) -> dict[str, str]:
        seen: dict[str, set[str]] = defaultdict(set)
        for instance in instances:
            arn = own_arn(instance)
            region = (arn.region if arn else "") or _zone_region(instance)
            if region:
                seen[self._provider(instance)].add(region)
        regions = {provider: found.pop() for provider, found in seen.items() if len(found) == 1}
        for provider, config in self._resolver.configuration.providers.items():
            for text in self._literals(provider, (config.expressions or {}).get("region")):
                regions[provider] = text
        return regions

    def _region(self, provider: str) -> str:
        return self._regions.get(provider) or self._fallback.region

    def _literals(self, provider: str, expression: Any) -> list[str]:
        """Texts that a provider's expression comes to."""
        module = self._resolver.configuration.providers[provider].module_address or ""
        place = tuple(part for part in module.split(".") if part != "module") if module else ()
        return [text for text in self._resolver.literals(place, expression) if isinstance(text, str) and text]


def own_arn(instance: Instance) -> Arn | None:
    """The ARN that AWS gave an instance, where the document has it."""
    for values in (instance.after, instance.before):
        text = (values or {}).get("arn")
        if (
            isinstance(text, str)
            and instance.mode == "managed"
            and instance.type not in ANOTHERS_ARN
            and (arn := parse_arn(text))
        ):
            return arn
    return None


def _zone_region(instance: Instance) -> str:
    zone = (instance.after or instance.before or {}).get("availability_zone")
    return zone[:-1] if isinstance(zone, str) and zone[-1:].isalpha() and zone[-2:-1].isdigit() else ""


def _lockout_accounts(instance: Instance) -> set[str]:
    """Accounts that a key's policy lets put another policy.

    KMS refuses a policy that would lock its author out, and PutKeyPolicy works in the key's own account only, so
    the only such account is the key's (KMS developer guide, "Lockout safety check").
    """
    if instance.type not in ("aws_kms_key", "aws_kms_key_policy", "aws_kms_external_key"):
        return set()
    text = (instance.after or {}).get("policy")
    try:
        document = msgspec.json.decode(text) if isinstance(text, str) else {}
    except (msgspec.DecodeError, RecursionError):
        return set()
    statements = document.get("Statement") if isinstance(document, dict) else None
    found: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and statement.get("Effect") == "Allow" and _may_put_policy(statement):
            found |= _account_principals(statement.get("Principal"))
    return found


def _may_put_policy(statement: dict[str, Any]) -> bool:
    actions = statement.get("Action")
    names = {name.lower() for name in (actions if isinstance(actions, list) else [actions]) if isinstance(name, str)}
    return bool(names & {"*", "kms:*", "kms:put*", "kms:putkeypolicy"})


def _account_principals(principal: Any) -> set[str]:
    listed = principal.get("AWS") if isinstance(principal, dict) else None
    names = listed if isinstance(listed, list) else [listed]
    return {account for name in names if isinstance(name, str) and (account := account_of(name))}
