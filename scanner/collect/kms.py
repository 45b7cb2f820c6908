"""KMS keys with their policies, rotation, grants and tags: which reads a key needs, run beside each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

from msgspec import UNSET

from scanner.collect import kms_reads
from scanner.collect.facts import unset_reasons
from scanner.collect.refused import MALFORMED
from scanner.collect.session import WINDOW, Refused, Scope
from scanner.model.records import (
    Gap,
    Item,
    KeyFact,
)

CALLS = (
    ("kms", "ListKeys"),
    ("kms", "DescribeKey"),
    ("kms", "ListKeyPolicies"),
    ("kms", "GetKeyPolicy"),
    ("kms", "GetKeyRotationStatus"),
    ("kms", "ListKeyRotations"),
    ("kms", "ListGrants"),
    ("kms", "ListResourceTags"),
    ("kms", "GetKeyLastUsage"),
)

BEYOND_BUDGET = "kms:GetKeyLastUsage: {budget} questions of the Region were open already (--last-usage-budget)"

Answer = tuple[Any, Refused | None]
"""The value of one field, or UNSET and why."""


def keys(scope: Scope) -> Iterator[Item]:
    """Every key of the account in this Region. Reads about one key run beside each other, slowest quota first.

    AWS tells the last use of five keys a second. So a customer managed key is asked for it while fewer such questions
    than the budget are open: that lane never idles meanwhile, and at the end no more than the budget are waited for.
    """
    refusals: list[Refused] = []
    listed = 0

    def key_entries() -> Iterator[dict[str, str]]:
        nonlocal listed
        try:
            for page in scope.pages("kms", "list_keys"):
                listed += len(page["Keys"])
                yield from page["Keys"]
        except Refused as refused:
            refusals.append(refused)

    described = scope.map(partial(_describe, scope), key_entries(), lane=("kms", "DescribeKey"))
    pending: deque[_Reads] = deque()
    slow: deque[_Reads] = deque()
    for arn, metadata in described:
        while slow and slow[0].done:
            yield from slow.popleft().finish()
        reads = _Reads(scope, arn, metadata, ask_last_usage=len(slow) < scope.last_usage_budget)
        (slow if reads.asks_last_usage else pending).append(reads)
        if len(pending) >= WINDOW:
            yield from pending.popleft().finish()
    for reads in (*pending, *slow):
        yield from reads.finish()
    for refused in refusals:
        yield scope.gap(refused, makes_unknown=("key",))
    yield scope.coverage("kms", "ListKeys", ("key",), listed, complete=not refusals)


def _describe(scope: Scope, entry: dict[str, str]) -> tuple[str, Answer]:
    arn = entry["KeyArn"]
    return arn, _answer("DescribeKey", lambda: scope.call("kms", "describe_key", KeyId=arn)["KeyMetadata"])


def _answer(operation: str, read: Callable[[], Any]) -> Answer:
    """What `read` brings; an answer without what its model promises is refused like one that did not come."""
    try:
        return read(), None
    except Refused as refused:
        return UNSET, refused
    except MALFORMED as error:
        return UNSET, Refused("kms", operation, "Unreadable", f"{type(error).__name__}: {error}")


class _Reads:
    """The reads about one key that are under way."""

    def __init__(self, scope: Scope, arn: str, described: Answer, *, ask_last_usage: bool) -> None:
        self._scope = scope
        self._arn = arn
        self._metadata, self._refused = described
        self._given: dict[str, Any] = {}
        self._unread: dict[str, str] = {}
        self._futures: dict[str, Future[Answer]] = {}
        self._may_ask_last_usage = ask_last_usage
        for field, (lane, read) in self._plan().items():
            work = partial(_answer, lane, partial(read, scope, arn))
            self._futures[field] = scope.start(("kms", lane), work)

    @property
    def asks_last_usage(self) -> bool:
        """Whether the call with the slowest quota is among the reads."""
        return "last_usage" in self._futures

    @property
    def done(self) -> bool:
        """Whether `finish` need not wait."""
        return all(future.done() for future in self._futures.values())

    def _plan(self) -> dict[str, tuple[str, Callable[[Scope, str], Any]]]:
        """What to ask about this key, by field; fills in what needs no asking."""
        if self._refused is None and self._metadata.get("KeyManager") == "AWS":
            # AWS managed keys cannot be tagged or rotated by the account, and have the one policy that AWS wrote.
            self._given = {"tags": {}, "rotation": None, "rotations": ()}
            self._unread = {"last_usage": "the last use of AWS managed keys is not read"}
            return {
                "grants": ("ListGrants", kms_reads.grants),
                "policies": ("GetKeyPolicy", kms_reads.default_policy),
            }
        plan: dict[str, tuple[str, Callable[[Scope, str], Any]]] = {
            "grants": ("ListGrants", kms_reads.grants),
            "policies": ("ListKeyPolicies", kms_reads.policies),
            "tags": ("ListResourceTags", kms_reads.tags),
        }
        if self._refused is not None:
            return plan  # what an answer about rotation means depends on the kind of key, which is not known
        if self._may_ask_last_usage:
            plan["last_usage"] = ("GetKeyLastUsage", kms_reads.last_usage)
        else:
            self._unread["last_usage"] = BEYOND_BUDGET.format(budget=self._scope.last_usage_budget)
        if not kms_reads.can_rotate(self._metadata):
            self._given = {"rotation": None, "rotations": ()}
            return plan
        plan["rotations"] = ("ListKeyRotations", kms_reads.rotations)
        if self._metadata.get("Origin") == "EXTERNAL":
            self._given["rotation"] = None  # imported material rotates on demand only: there is no status
        else:
            plan["rotation"] = ("GetKeyRotationStatus", kms_reads.rotation)
        return plan

    def finish(self) -> Iterator[KeyFact | Gap]:
        """The key, after a Gap for each read that was refused."""
        metadata = kms_reads.metadata_fields(self._metadata if self._refused is None else {})
        values, unread = dict(self._given), dict(self._unread)
        if self._refused is not None:
            fields = (*metadata, "rotation", "rotations", "last_usage")
            gap = self._gap(self._refused, *fields)
            unread |= dict.fromkeys(fields, gap.reason())
            yield gap
        else:
            unread |= unset_reasons(metadata, "kms:DescribeKey did not say")
        for field, future in self._futures.items():
            values[field], refused = future.result()
            if refused is not None:
                gap = self._gap(refused, field)
                unread[field] = gap.reason()
                yield gap
        yield KeyFact(
            account=self._scope.account,
            region=self._scope.region,
            arn=self._arn,
            id=self._arn.rsplit("/", 1)[-1],
            unread=unread,
            **metadata,
            **values,
        )

    def _gap(self, refused: Refused, *fields: str) -> Gap:
        unknown = tuple(f"key.{field}" for field in fields)
        return self._scope.gap(refused, subject=self._arn, makes_unknown=unknown)
