"""Says that no listing of a plan is complete: an account holds more than one plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.collect.terraform.places import GLOBAL, NOT_KNOWN
from scanner.collect.terraform.world import KEY_TYPES
from scanner.model.arn import account_of
from scanner.model.records import Coverage, Fact, KeyFact, PlanChange

GLOBAL_LISTINGS = ("principal", "managed-policy")
REGIONAL_LISTINGS = (
    "key",
    "key-store",
    "cluster",
    "hsm-backup",
    "trail",
    "event-store",
    "metric-filter",
    "alarm",
    "event-rule",
    *(f"resource:{row.type}" for row in ENCRYPTED_TYPES),
)


def coverage_of(facts: Iterable[Fact], changes: Iterable[PlanChange]) -> Iterator[Coverage]:
    """One row per account and Region.

    Aliases are complete where every key is made by the plan itself: nothing outside can name a key before it exists.
    """
    places: set[tuple[str, str]] = set()
    keys: dict[tuple[str, str], set[str]] = {}
    for fact in facts:
        if account_of(fact.account) is None and fact.account != NOT_KNOWN:
            continue  # AWS's own managed policies
        places |= {(fact.account, fact.region), (fact.account, GLOBAL)}
        if isinstance(fact, KeyFact):
            keys.setdefault((fact.account, fact.region), set()).add(fact.arn)
    made = {c.subject for c in changes if c.type in KEY_TYPES and c.action in ("create", "replace")}
    for account, region in sorted(places):
        words = GLOBAL_LISTINGS if region == GLOBAL else REGIONAL_LISTINGS
        if region != GLOBAL and not keys.get((account, region), set()) <= made:
            words = (*words, "alias")
        yield Coverage(
            account=account,
            region=region,
            service="terraform",
            operation="plan",
            complete=False,
            provides=words,
        )
