"""The keys of a snapshot with the documents that bind each, and whom those documents name."""

from __future__ import annotations

from collections import defaultdict

from msgspec import UnsetType

from scanner.authz.documents import Document, parse_key_policy
from scanner.authz.facts import key_facts
from scanner.authz.guarded import Guarded
from scanner.authz.request import Levels, Unread
from scanner.authz.subjects import levels_of, owner_of
from scanner.model.records import AccountFact, AliasFact, GrantFact, KeyFact
from scanner.model.snapshot import Snapshot


class KeySubject(Guarded, frozen=True, eq=False):
    """One key with everything of its side: key policies, grants, RCPs, facts."""

    record: KeyFact

    @property
    def traits(self) -> str | None:
        """A multi-Region key stands for itself: what can be done with it depends on its relatives."""
        return self.arn if self.record.multi_region_type else None

    def unread(self) -> tuple[str, ...]:
        """Why it cannot be told for certain who is allowed."""
        sides = (("policies", self.policies), ("grants", self.grants))
        said = (layer.reason if isinstance(layer, Unread) else self.record.unread.get(name) for name, layer in sides)
        reasons = filter(None, said)
        return (*reasons, *(fault for document in self.documents() for fault in document.faults))

    def policy_faults(self) -> tuple[str, ...]:
        """Why the key policies may say more than their documents show."""
        more = self.record.unread.get("policies")
        return (*((more,) if more else ()), *(fault for document in self.documents() for fault in document.faults))


def keys_of(snapshot: Snapshot) -> dict[str, KeySubject]:
    """The keys of a snapshot by ARN."""
    accounts = {fact.account: fact for fact in snapshot.of(AccountFact)}
    aliases = _Aliases(snapshot)
    rcps: dict[str, Levels] = {}
    found: dict[str, KeySubject] = {}
    for record in snapshot.of(KeyFact):
        account = owner_of(record)
        if account not in rcps:
            rcps[account] = levels_of(accounts.get(account), account, "rcps")
        facts = key_facts(record, accounts.get(account), aliases.of(record))
        sides = _policies(record), _grants(record), _rcps(record, rcps[account])
        found[record.arn] = KeySubject(record.arn, account, *sides, facts, record)
    return found


def _rcps(record: KeyFact, levels: Levels) -> Levels:
    """RCPs do not bind AWS managed keys (Organizations user guide, "Resource control policies")."""
    return None if record.manager == "AWS" else levels


def _policies(record: KeyFact) -> tuple[Document, ...] | Unread:
    if isinstance(record.policies, UnsetType):
        return Unread(record.unread.get("policies", f"the key policy of {record.arn} was not read"))
    return tuple(parse_key_policy(f"key-policy/{named.name}", named.document) for named in record.policies)


def _grants(record: KeyFact) -> tuple[GrantFact, ...] | Unread:
    if isinstance(record.grants, UnsetType):
        return Unread(record.unread.get("grants", f"the grants of {record.arn} were not read"))
    return record.grants


class _Aliases:
    """Aliases by key, and where they were not all listed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._of: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for alias in snapshot.of(AliasFact):
            if alias.target_key_id:
                self._of[alias.account, alias.region, alias.target_key_id].append(alias.name)
        rows = [row for row in snapshot.coverage if "alias" in row.provides]
        self._listed = {(row.account, row.region) for row in rows} | {place[:2] for place in self._of}
        self._partial = {(row.account, row.region) for row in rows if not row.complete}
        self._partial |= {(gap.account, gap.region) for gap in snapshot.gaps if "alias" in gap.makes_unknown}

    def of(self, key: KeyFact) -> tuple[str, ...] | None:
        """The names of a key's aliases, or None where they were not all listed."""
        place = (key.account, key.region)
        if place in self._partial or place not in self._listed:
            return None
        return tuple(sorted(self._of.get((*place, key.id), ())))
