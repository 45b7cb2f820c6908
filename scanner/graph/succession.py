"""Which key is meant to take over from another: told by a tag, or by an alias that says `old`.

A key's origin never changes, so moving to a key store means a new key; what still uses the old one must be found.
"""

from __future__ import annotations

import re

from scanner.graph.keygraph import KeyGraph
from scanner.graph.views import Key
from scanner.model.unknown import Unknown, known_members, reason_of

TAG = re.compile(r"(successor|supersededby|replacedby|replacement|migratedto|newkey)(key)?(id|arn|alias)?")
"""Names of tags whose value is the successor (ARN, id or alias); case, `-`, `_`, `:` and spaces do not count."""
_GONE = "legacy|old|deprecated|retired|obsolete|former|previous"
FORMER = re.compile(rf"(?<=^alias/)({_GONE})[-_/]|[-_/]({_GONE})$", re.IGNORECASE)
"""`alias/card-vault-legacy` and `alias/old-card-vault` give way to the key behind `alias/card-vault`."""


def relate_successors(graph: KeyGraph) -> None:
    """The successor of every key, where one is told."""
    for key in graph.keys.values():
        key.successor = _successor(graph, key)


def _successor(graph: KeyGraph, key: Key) -> Key | Unknown | None:
    named = _by_tag(key)
    if isinstance(named, Unknown):
        return named
    candidates = [named, f"alias/{named}"] if named else [FORMER.sub("", name) for name in known_members(key.aliases)]
    for reference in candidates:
        found = graph.index.find(reference, key.account, key.region)
        if isinstance(found, Key) and found is not key:
            return found
    if named:
        return Unknown(f"the successor `{named}` of {key.label} was not found")
    why = reason_of(key.aliases)
    return Unknown(why) if why else None


def _by_tag(key: Key) -> str | Unknown | None:
    if isinstance(key.tags, Unknown):
        return key.tags
    plain = {re.sub(r"[-_: ]", "", name).lower(): value for name, value in key.tags.items()}
    return next((plain[name] for name in sorted(plain) if TAG.fullmatch(name) and plain[name]), None)
