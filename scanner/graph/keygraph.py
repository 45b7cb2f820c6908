"""The key graph: views of everything in a snapshot, in tables, and the relations between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from scanner.graph.custody import KeyIndex
from scanner.graph.known import Completeness
from scanner.graph.relations import Relations
from scanner.graph.views import Account, Change, Cluster, Grant, Key, Principal, Resource, Store, Trail
from scanner.model.facttypes import View
from scanner.model.finding import Unlisted
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot


class KeyGraph(Struct):
    """Tables of views by ARN or id, and thin relations between the same names."""

    snapshot: Snapshot
    settings: Settings
    completeness: Completeness
    index: KeyIndex
    relations: Relations = field(default_factory=Relations)
    keys: dict[str, Key] = field(default_factory=dict)
    stores: dict[tuple[str, str, str], Store] = field(default_factory=dict)
    """By (account, Region, id)."""
    clusters: dict[tuple[str, str, str], Cluster] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    principals: dict[str, Principal] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    trails: dict[str, Trail] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    """What a plan does, by address; empty for a live account."""
    before: KeyGraph | None = None
    """For a plan: the same estate before apply."""

    @property
    def subjects(self) -> dict[str, tuple[View, ...]]:
        """The subjects of rules, by the word of `subject:`, in a fixed order."""
        tables: dict[str, Mapping[Any, View]] = {
            "key": self.keys,
            "resource": self.resources,
            "principal": self.principals,
            "grant": self.grants,
            "store": self.stores,
            "cluster": self.clusters,
            "trail": self.trails,
            "account": self.accounts,
            "change": self.changes,
        }
        return {word: tuple(table[name] for name in sorted(table)) for word, table in tables.items()}

    @property
    def unlisted(self) -> dict[str, tuple[Unlisted, ...]]:
        """Subjects that may exist but could not be listed, by the word of `subject:`."""
        return {
            subject: tuple(
                Unlisted(subject, account, region, reason) for account, region, reason in self.completeness.places(word)
            )
            for subject, word in LISTED_BY.items()
        }


LISTED_BY = {
    "key": "key",
    "resource": "resource:",
    "principal": "principal",
    "grant": "key",
    "store": "key-store",
    "cluster": "cluster",
    "trail": "trail",
}
"""Which listing yields the subjects of a kind; grants are listed per key."""
