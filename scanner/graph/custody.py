"""Where key material lives: the custody class of a key, and what a key reference stands for.

Classes: UNENCRYPTED, AWS_OWNED, AWS_MANAGED, CUSTOMER_MANAGED, IMPORTED, CKS (custom key store on
CloudHSM), XKS (external key store). Source: KMS developer guide, "AWS KMS keys" and "Key stores".
"""

from __future__ import annotations

from msgspec import Struct, field

from scanner.graph.known import Completeness
from scanner.graph.views import Key
from scanner.model.arn import account_of, parse_arn
from scanner.model.records import AliasFact
from scanner.model.unknown import Unknown

CUSTODY_OF_ORIGIN = {
    "AWS_KMS": "CUSTOMER_MANAGED",
    "EXTERNAL": "IMPORTED",
    "AWS_CLOUDHSM": "CKS",
    "EXTERNAL_KEY_STORE": "XKS",
}


def custody_of(manager: str | Unknown, origin: str | Unknown) -> str | Unknown:
    """The custody class of a key with this manager and origin."""
    if isinstance(manager, Unknown):
        # A key store or imported material exists for customer keys alone, so the origin may still decide.
        return manager if isinstance(origin, Unknown) or origin == "AWS_KMS" else CUSTODY_OF_ORIGIN[origin]
    if manager == "AWS":
        return "AWS_MANAGED"
    if isinstance(origin, Unknown):
        return origin
    return CUSTODY_OF_ORIGIN.get(origin, Unknown(f"origin `{origin}` is not one that this version knows"))


def is_aws_alias(reference: str) -> bool:
    """Whether a reference names an AWS managed key by its alias; such an alias is never looked up in AWS."""
    return reference.startswith("alias/aws/") or ":alias/aws/" in reference


class KeyIndex(Struct):
    """Finds the key that a reference names: ARN, key id, alias name or alias ARN."""

    completeness: Completeness
    by_arn: dict[str, Key] = field(default_factory=dict)
    by_id: dict[tuple[str, str, str], Key] = field(default_factory=dict)
    aliases: dict[tuple[str, str, str], str | None] = field(default_factory=dict)
    """(account, Region, alias name) to the id of its key."""
    _behind_aws_aliases: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, key: Key) -> None:
        """Make a key findable."""
        self.by_arn[key.arn] = key
        self.by_id[key.account, key.region, key.id] = key

    def add_alias(self, alias: AliasFact) -> None:
        """Make an alias findable."""
        self.aliases[alias.account, alias.region, alias.name] = alias.target_key_id
        if alias.target_key_id and is_aws_alias(alias.name):
            self._behind_aws_aliases.add((alias.account, alias.region, alias.target_key_id))

    def is_aws_managed(self, reference: str, account: str, region: str) -> bool:
        """Whether a reference is an alias of AWS, or names the key behind one, listed or not."""
        arn = parse_arn(reference)
        place = (account, region, reference) if arn is None else (arn.account, arn.region, arn.resource)
        return is_aws_alias(reference) or (*place[:2], place[2].removeprefix("key/")) in self._behind_aws_aliases

    def find(self, reference: str, account: str, region: str) -> Key | Unknown:
        """The key behind a reference made by something in `account` and `region`."""
        arn = parse_arn(reference)
        if arn is not None:
            account, region, name = arn.account, arn.region, arn.resource
        else:
            name = reference
        if name.startswith("alias/"):
            return self._by_alias(name, account, region, reference)
        key = self.by_arn.get(reference) or self.by_id.get((account, region, name.removeprefix("key/")))
        return key or Unknown(self._why_no_key(reference, account, region))

    def may_still_mean(self, reference: str | None, account: str, region: str) -> tuple[str | None, str] | None:
        """(account or None for any, Region) of the keys that a reference without a key may mean; None: no key read.

        A key ARN or id that was not found names another key; only an alias that was not read leaves its place open.
        """
        if reference is None:
            return None, region
        arn = parse_arn(reference)
        place = (account, region) if arn is None else (arn.account, arn.region)
        name = reference if arn is None else arn.resource
        settled = not name.startswith("alias/") or self.aliases.get((*place, name)) is not None
        return None if settled or self.completeness.was_listed("alias", *place) else place

    def _by_alias(self, name: str, account: str, region: str, reference: str) -> Key | Unknown:
        if (target := self.aliases.get((account, region, name))) is not None:
            key = self.by_id.get((account, region, target))
            return key or Unknown(self._why_no_key(reference, account, region))
        reason = self.completeness.why_missing("alias", account, region)
        return Unknown(reason or self._why_no_key(reference, account, region))

    def _why_no_key(self, reference: str, account: str, region: str) -> str:
        if reason := self.completeness.why_missing("key", account, region):
            return reason
        if self.completeness.was_listed("key", account, region):
            return f"key `{reference}` does not exist in {account}/{region} any more"
        where = account_of(reference) or account
        return f"key `{reference}` is in {where}/{region}, which was not scanned"
