"""What a snapshot knows of the context of requests: facts of the principal, of the key, of the kind of action.

Everything else (how, when and from where somebody calls) is unknown. Sources: IAM user guide, "AWS global
condition context keys"; KMS developer guide, "AWS KMS condition keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec import UNSET, UnsetType

from scanner.authz.actions import EVERY, KEY_ACTIONS, KMS, actions_with_key
from scanner.authz.principals import Caller
from scanner.authz.values import (
    ABSENT,
    CONTEXT_NAMES,
    CONTEXT_PAIR,
    CONTEXT_PAIR_EXACT,
    UNKNOWN,
    Known,
    Value,
    known,
    one_of,
)
from scanner.catalog.kms_actions import key_condition_keys
from scanner.model.arn import parse_arn
from scanner.model.records import AccountFact, KeyFact, PrincipalFact

Facts = Mapping[str, Value]
"""Condition key in lower case to its value; a family ends in `/` or `:` and holds for all its other members."""

PRINCIPAL_TAG = "aws:principaltag/"
RESOURCE_TAG = "aws:resourcetag/"
_OPEN_IN_RESOURCE_POLICIES = ("aws:resourcetag/", "kms:resourcealiases")
"""Documented for IAM policies; whether key policies and RCPs see them, AWS does not say."""
_OF_SERVICES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths")
_OF_IAM = (
    "aws:principalarn",
    "aws:principalaccount",
    "kms:calleraccount",
    "aws:principaltype",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:username",
    "aws:userid",
    "kms:viaservice",
    PRINCIPAL_TAG,
)


class StaticContext:
    """The context of any request of one principal on one key."""

    __slots__ = ("_facts", "_in_resource_policy", "_resource_policy")

    def __init__(self, *facts: Facts, in_resource_policy: bool = False) -> None:
        self._facts = facts
        self._in_resource_policy = in_resource_policy
        self._resource_policy: StaticContext | None = self if in_resource_policy else None

    def parts(self, key: str, actions: int) -> tuple[tuple[int, Value], ...]:
        """The value for the actions that can carry the key, absence for the others."""
        key = _plain(key)
        value = self.value(key)
        carried = actions & carriers(key)
        if carried == actions:
            return ((actions, value),)
        return ((carried, value), (actions & ~carried, ABSENT)) if carried else ((actions, ABSENT),)

    def value(self, key: str) -> Value:
        """The first fact that says something about the key, else unknown."""
        key = _plain(key)
        family = family_of(key)
        if self._in_resource_policy and (key in _OPEN_IN_RESOURCE_POLICIES or family in _OPEN_IN_RESOURCE_POLICIES):
            return UNKNOWN
        for facts in self._facts:
            found = facts.get(key)
            if found is None and family:
                found = facts.get(family)
            if found is not None:
                return found
        return UNKNOWN

    def of_resource_policy(self) -> StaticContext:
        """The same facts without those that only IAM policies are sure to see."""
        if self._resource_policy is None:
            self._resource_policy = StaticContext(*self._facts, in_resource_policy=True)
        return self._resource_policy


def _plain(key: str) -> str:
    """The name of a pair of the encryption context without its case, which facts do not keep."""
    return key.lower() if key.startswith(CONTEXT_PAIR_EXACT) else key


@lru_cache(maxsize=16384)
def family_of(key: str) -> str:
    """`aws:principaltag/` of `aws:principaltag/team`, `kms:encryptioncontext:` of its pairs; else empty."""
    head, slash, _ = key.partition("/")
    if slash:
        return head + slash
    service, _, rest = key.partition(":")
    name, colon, _ = rest.partition(":")
    return f"{service}:{name}:" if colon else ""


@lru_cache(maxsize=16384)
def carriers(key: str) -> int:
    """The actions whose requests can carry a condition key."""
    if key == CONTEXT_NAMES:
        key = "kms:encryptioncontextkeys"
    listed = actions_with_key()
    mask = listed.get(key, listed.get(family_of(key), 0))
    if key in _key_facts() or family_of(key) in _key_facts():
        return mask | KEY_ACTIONS | (EVERY & ~KMS)
    if not mask:
        return EVERY
    return mask if key.startswith("kms:") else mask | (EVERY & ~KMS)


@lru_cache(maxsize=1)
def _key_facts() -> frozenset[str]:
    return frozenset(key.split("${", maxsplit=1)[0].lower() for key in key_condition_keys())


# --- the principal -------------------------------------------------------------------------------


def principal_facts(caller: Caller, record: PrincipalFact | None, account: AccountFact | None, tagged: bool) -> Facts:
    """Facts of a caller; `tagged` says that whoever assumes the role may choose session tags."""
    if caller.kind == "service":
        return _service_facts(caller)
    facts: dict[str, Value] = dict.fromkeys(_OF_SERVICES, ABSENT)
    facts |= {
        "aws:principalaccount": known(caller.account) if caller.account else UNKNOWN,
        "kms:calleraccount": known(caller.account) if caller.account else UNKNOWN,
        "aws:principalisawsservice": known("false"),
        "aws:principalservicename": ABSENT,
        "aws:principalservicenameslist": ABSENT,
        "aws:viaawsservice": one_of("true", "false", absent=False),
        "aws:securetransport": one_of("true", "false"),
        "aws:multifactorauthpresent": one_of("true", "false"),
        **_organisation("aws:principal", account),
        **_identity(caller, record),
    }
    tags = record.tags if record is not None else {} if caller.kind == "root" else UNSET
    return facts | _tags(PRINCIPAL_TAG, UNSET if tagged else tags)


def _identity(caller: Caller, record: PrincipalFact | None) -> dict[str, Value]:
    unique = record.id if record is not None else "*"
    partition_and_account = f"arn:*:iam::{caller.account or '*'}"
    kinds: dict[str, dict[str, Value]] = {
        "user": _named(caller.text, "User", known(caller.name), one_of(unique, absent=False)),
        "role": _named(caller.text, "AssumedRole", ABSENT, one_of(f"{unique}:*", absent=False)),
        "root": _named(caller.text, "Account", ABSENT, known(caller.account or "")),
        "federated": _named(caller.text, "FederatedUser", ABSENT, one_of(f"{caller.account}:*", absent=False)),
        "session": {
            **_named("", "AssumedRole", ABSENT, one_of(f"{unique}:*", absent=False)),
            "aws:principalarn": one_of(
                f"{partition_and_account}:role/{caller.name}",
                f"{partition_and_account}:role/*/{caller.name}",
                absent=False,
            ),
        },
    }
    return kinds.get(caller.kind, {"aws:principalarn": one_of(f"{partition_and_account}:*", absent=False)})


def _named(arn: str, kind: str, username: Value, userid: Value) -> dict[str, Value]:
    return {
        "aws:principalarn": known(arn),
        "aws:principaltype": known(kind),
        "aws:username": username,
        "aws:userid": userid,
    }


def _service_facts(caller: Caller) -> Facts:
    facts: dict[str, Value] = dict.fromkeys(_OF_IAM, ABSENT)
    return facts | {
        "aws:principalisawsservice": known("true"),
        "aws:principalservicename": known(caller.text),
        "aws:multifactorauthpresent": ABSENT,
        "aws:multifactorauthage": ABSENT,
    }


# --- the key -------------------------------------------------------------------------------------


def key_facts(key: KeyFact, account: AccountFact | None, aliases: tuple[str, ...] | None) -> Facts:
    """Facts of a key; `aliases` None where they were not all listed."""
    arn = parse_arn(key.arn)
    owner, region = (arn.account, arn.region) if arn else (key.account, key.region)
    facts: dict[str, Value] = {
        "aws:resourceaccount": known(owner),
        "aws:requestedregion": known(region),
        "kms:keyspec": _or_unknown(key.spec),
        "kms:keyusage": _or_unknown(key.usage),
        "kms:keyorigin": _or_unknown(key.origin),
        "kms:multiregion": UNKNOWN
        if key.multi_region_type is UNSET
        else known(str(bool(key.multi_region_type)).lower()),
        "kms:multiregionkeytype": _or_unknown(key.multi_region_type),
        "kms:resourcealiases": UNKNOWN if aliases is None else Known(aliases),
        "kms:requestalias": one_of("alias/*") if aliases is None else one_of(*aliases) if aliases else ABSENT,
        "kms:viaservice": one_of(f"*.{region}.amazonaws.com", f"*.{region}.amazonaws.com.cn"),
        **_organisation("aws:resource", account),
        **_tags(RESOURCE_TAG, key.tags),
    }
    if key.spec is not UNSET and key.spec != "SYMMETRIC_DEFAULT":
        facts |= dict.fromkeys((CONTEXT_PAIR, "kms:encryptioncontextkeys", CONTEXT_NAMES), ABSENT)
    return facts


def _or_unknown(value: str | None | UnsetType) -> Value:
    if isinstance(value, UnsetType):
        return UNKNOWN
    return ABSENT if value is None else known(value)


def _organisation(prefix: str, account: AccountFact | None) -> dict[str, Value]:
    """Organisation id and path of an account; absent outside any organisation."""
    if account is None or account.organization is UNSET:
        return {f"{prefix}orgid": UNKNOWN, f"{prefix}orgpaths": UNKNOWN}
    if account.organization is None:
        return {f"{prefix}orgid": ABSENT, f"{prefix}orgpaths": ABSENT}
    path = account.ou_path
    known_path = UNKNOWN if isinstance(path, UnsetType) else known("/".join((account.organization, *path, "")))
    return {f"{prefix}orgid": known(account.organization), f"{prefix}orgpaths": known_path}


def _tags(family: str, tags: dict[str, str] | UnsetType) -> dict[str, Value]:
    if isinstance(tags, UnsetType):
        return {family: UNKNOWN}
    found: dict[str, Value] = {f"{family}{name.lower()}": known(value) for name, value in tags.items()}
    return found | {family: ABSENT}
