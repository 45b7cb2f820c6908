"""Which API calls each fact of the views rests on: what a rule needs permission for, and what a refusal makes unknown.

`"*"` stands for the other facts of a class. A class that is not here comes along with the facts that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator

Call = tuple[str, str]
"""boto3's service and the API operation."""

KEYS: tuple[Call, ...] = (("kms", "ListKeys"), ("kms", "DescribeKey"))
ALIASES: tuple[Call, ...] = (("kms", "ListAliases"),)
POLICIES: tuple[Call, ...] = (("kms", "ListKeyPolicies"), ("kms", "GetKeyPolicy"))
GRANTS: tuple[Call, ...] = (("kms", "ListGrants"),)
KEY_TAGS: tuple[Call, ...] = (("kms", "ListResourceTags"),)
USAGE: tuple[Call, ...] = (("kms", "GetKeyLastUsage"),)
STORES: tuple[Call, ...] = (("kms", "DescribeCustomKeyStores"),)
CLUSTERS: tuple[Call, ...] = (("cloudhsmv2", "DescribeClusters"),)
BACKUPS: tuple[Call, ...] = (("cloudhsmv2", "DescribeBackups"), ("cloudhsmv2", "GetResourcePolicy"))
IDENTITIES: tuple[Call, ...] = (
    ("iam", "GetAccountAuthorizationDetails"),
    ("iam", "GetPolicy"),
    ("iam", "GetPolicyVersion"),
)
ORGANIZATION: tuple[Call, ...] = (("organizations", "DescribeOrganization"), ("organizations", "ListParents"))
CONTROL_POLICIES: tuple[Call, ...] = (
    *ORGANIZATION,
    ("organizations", "ListRoots"),
    ("organizations", "ListPoliciesForTarget"),
    ("organizations", "DescribePolicy"),
)
TRAILS: tuple[Call, ...] = (("cloudtrail", "DescribeTrails"),)
SELECTORS: tuple[Call, ...] = (("cloudtrail", "GetEventSelectors"),)
STATUS: tuple[Call, ...] = (("cloudtrail", "GetTrailStatus"),)
EVENT_STORES: tuple[Call, ...] = (("cloudtrail", "ListEventDataStores"), ("cloudtrail", "GetEventDataStore"))
WATCHES: tuple[Call, ...] = (
    *TRAILS,
    *SELECTORS,
    *STATUS,
    ("logs", "DescribeMetricFilters"),
    ("cloudwatch", "DescribeAlarms"),
    ("events", "ListRules"),
    ("events", "ListTargetsByRule"),
)
ACCESS: tuple[Call, ...] = (*KEYS, *POLICIES, *GRANTS, *ALIASES, *KEY_TAGS, *IDENTITIES, *CONTROL_POLICIES)
"""Everything that the access engine decides from."""
TYPES: tuple[Call, ...] = (("", "resource types"),)
"""Stands for the calls of the table of resource types, which differ from type to type."""
CLASSES: tuple[Call, ...] = (*TYPES, *ALIASES, *KEY_TAGS, *ORGANIZATION)

SOURCES: dict[str, dict[str, tuple[Call, ...]]] = {
    "Key": {
        "*": KEYS,
        "label": ALIASES,
        "aliases": ALIASES,
        "manager": (*KEYS, *ALIASES),
        "custody": (*KEYS, *ALIASES),
        "rotation_enabled": (*KEYS, ("kms", "GetKeyRotationStatus")),
        "rotation_period_days": (*KEYS, ("kms", "GetKeyRotationStatus")),
        "material_date": (*KEYS, ("kms", "ListKeyRotations")),
        "tags": KEY_TAGS,
        "store": STORES,
        "uses": (*TYPES, *ALIASES),
        "resources": (*TYPES, *ALIASES),
        "grants": GRANTS,
        "data_classes": CLASSES,
        "declared_classes": (*ALIASES, *KEY_TAGS, *ORGANIZATION),
        "last_used": USAGE,
        "tracked_since": USAGE,
        "admins": ACCESS,
        "users": ACCESS,
        "grantors": ACCESS,
        "policy_writers": ACCESS,
        "admins_becoming_users": (*ACCESS, *TYPES),
        "public_statements": (*POLICIES, *CONTROL_POLICIES),
        "foreign_accounts": (*POLICIES, *CONTROL_POLICIES),
        "foreign_statements": (*POLICIES, *CONTROL_POLICIES),
        "negated_statements": POLICIES,
        "orphan_statements": POLICIES,
        "policy_writing_statements": POLICIES,
        "unguarded_service_statements": (*POLICIES, *CONTROL_POLICIES),
        "policy_differences": (*KEYS, *POLICIES),
        "refuses_audit": POLICIES,
        "successor": (*KEY_TAGS, *ALIASES),
        "planned_action": (),
        "planned_gains": (),
        "lockout_check_bypassed": (),
    },
    "Resource": {
        "*": TYPES,
        "keys": (*TYPES, *KEYS, *ALIASES),
        "data_classes": (*TYPES, *ORGANIZATION),
        "declared_classes": (*TYPES, *ORGANIZATION),
        "scope_path": (*TYPES, *ORGANIZATION),
        "required_custody": (*TYPES, *ORGANIZATION),
    },
    "Use": {"*": TYPES, "custody": (*TYPES, *KEYS, *ALIASES), "key": (*TYPES, *KEYS, *ALIASES)},
    "Principal": {"*": IDENTITIES, "decrypts_all_keys": ACCESS, "decrypts_classes": (*ACCESS, *CLASSES)},
    "Grant": {"*": GRANTS, "key": KEYS},
    "Store": {
        "*": STORES,
        "cluster": (*STORES, *CLUSTERS),
        "keys": KEYS,
        "admins": (*IDENTITIES, *CONTROL_POLICIES),
    },
    "Cluster": {
        "*": CLUSTERS,
        "stores": STORES,
        "backups": BACKUPS,
        "listed_on": (),
        "admins": (),
        "user_quorum": (),
        "statements": (),
    },
    "Backup": {"*": BACKUPS},
    "Trail": {
        "*": TRAILS,
        "logging": STATUS,
        "management_events": SELECTORS,
        "kms_events": SELECTORS,
        "log_bucket": (*TRAILS, *TYPES),
    },
    "EventStore": {"*": EVENT_STORES},
    "Account": {
        "*": (),
        "name": (("organizations", "DescribeAccount"),),
        "organization": (("organizations", "DescribeOrganization"),),
        "keys": KEYS,
        "trails": TRAILS,
        "event_stores": EVENT_STORES,
        "watches": WATCHES,
        "unwatched_key_regions": (*KEYS, *WATCHES),
    },
}
"""Class to fact to calls. No calls: it comes from a plan, an attestation or the settings."""


def calls_for(view: str, name: str) -> tuple[Call, ...]:
    """The calls that one fact rests on; none for a class that comes along with another's facts."""
    facts = SOURCES.get(view, {})
    return facts.get(name, facts.get("*", ()))


def named_facts() -> Iterator[tuple[str, str]]:
    """Every (class, fact) that the table names."""
    return ((view, name) for view, facts in SOURCES.items() for name in facts if name != "*")
