"""Facts of keys that come from key policies, tags and aliases: outsiders and trust, refusals, successors, replicas."""

from __future__ import annotations

from typing import Any

import pytest
from builders import ACCOUNT, NOW, REGION, a_gap, a_key, a_snapshot, account_statement, an_alias, document
from msgspec import UNSET

from scanner.graph.build import build
from scanner.graph.views import Key
from scanner.model.arn import key_arn
from scanner.model.records import Item, NamedDocument
from scanner.model.settings import Settings, TrustedAccount
from scanner.model.unknown import Partial, Unknown

PARTNER = "999999999999"
OLD, NEW = key_arn(REGION, ACCOUNT, "key-1"), key_arn(REGION, ACCOUNT, "key-2")


def policy(*statements: dict[str, Any]) -> tuple[NamedDocument, ...]:
    return (NamedDocument(name="default", document=document(account_statement(), *statements)),)


def key_of(*items: Item, settings: Settings | None = None, arn: str = OLD) -> Key:
    return build(a_snapshot(*items), settings or Settings()).keys[arn]


SHARED = a_key(policies=policy(account_statement(PARTNER)))


def test_a_named_account_comes_with_its_statement() -> None:
    key = key_of(SHARED)
    assert key.foreign_accounts == (PARTNER,)
    assert [statement.id for statement in key.foreign_statements] == ["key-policy/default#/Statement/1"]


@pytest.mark.parametrize(("expires", "found"), [(None, ()), ("2026-11-01", ()), ("2026-10-31", (PARTNER,))])
def test_trust_ends_after_its_last_day(expires: str | None, found: tuple[str, ...]) -> None:
    settings = Settings(trusted=(TrustedAccount(PARTNER, "payments", expires),)).in_force(NOW)
    assert key_of(SHARED, settings=settings).foreign_accounts == found


def test_a_statement_that_cannot_be_read_leaves_every_list_open() -> None:
    key = key_of(a_key(policies=policy({"Effect": "Allow", "Principal": 7})))
    facts = (key.foreign_accounts, key.foreign_statements, key.negated_statements, key.orphan_statements)
    assert all(isinstance(fact, Partial) for fact in facts)


def unread(key_id: str, **facts: Any) -> Any:
    return a_key(key_id, policies=UNSET, unread={"policies": "kms:GetKeyPolicy refused"}, **facts)


def refusal(arn: str, **facts: Any) -> Any:
    return a_gap("GetKeyPolicy", "key.policies", subject=arn, **facts)


def test_a_key_that_alone_refuses_its_policy_shuts_the_auditor_out() -> None:
    items = (unread("key-1"), a_key("key-2"), refusal(OLD))
    assert (key_of(*items).refuses_audit, key_of(*items, arn=NEW).refuses_audit) == (True, False)


def test_where_no_policy_is_readable_or_the_cause_is_another_nothing_is_said_about_the_key() -> None:
    assert isinstance(key_of(unread("key-1"), refusal(OLD)).refuses_audit, Unknown)
    slow = refusal(OLD, action=None, code="ThrottlingException")
    assert isinstance(key_of(unread("key-1"), a_key("key-2"), slow).refuses_audit, Unknown)


@pytest.mark.parametrize(
    "tag", ["Successor", "replaced-by", "MigratedTo", "successor_key", "SuccessorKeyArn", "superseded by"]
)
@pytest.mark.parametrize("value", [NEW, "key-2", "alias/card", "card"])
def test_a_tag_names_the_successor(tag: str, value: str) -> None:
    found = key_of(a_key(tags={tag: value}), a_key("key-2"), an_alias("alias/card", "key-2"))
    assert isinstance(found.successor, Key)
    assert found.successor.arn == NEW


@pytest.mark.parametrize("name", ["card-legacy", "card-old", "card/deprecated", "card_RETIRED", "old-card"])
def test_an_alias_that_says_old_gives_way_to_the_one_without(name: str) -> None:
    aliases = (an_alias(f"alias/{name}"), an_alias("alias/card", "key-2"))
    found = key_of(a_key(), a_key("key-2"), *aliases)
    assert isinstance(found.successor, Key)
    assert found.successor.arn == NEW


def test_what_names_nobody_or_itself_is_no_successor() -> None:
    assert key_of(a_key(), an_alias("alias/card-old")).successor is None
    assert key_of(a_key(), an_alias("alias/card-old"), an_alias("alias/card")).successor is None
    assert key_of(a_key(), an_alias("alias/threshold")).successor is None
    assert key_of(a_key(), an_alias("alias/oldenburg"), an_alias("alias/enburg", "key-2")).successor is None


def test_a_successor_that_is_not_there_or_tags_that_were_not_read_leave_it_open() -> None:
    assert isinstance(key_of(a_key(tags={"Successor": "alias/gone"})).successor, Unknown)
    assert isinstance(key_of(a_key(tags=UNSET, unread={"tags": "refused"})).successor, Unknown)


def replica(**facts: Any) -> Any:
    return a_key("key-2", region="us-east-1", multi_region_type="REPLICA", primary_arn=OLD, **facts)


def test_a_replica_is_held_against_its_primary() -> None:
    primary = a_key(multi_region_type="PRIMARY", primary_arn=OLD)
    arn = key_arn("us-east-1", ACCOUNT, "key-2")
    assert key_of(primary, replica(), arn=arn).policy_differences == ()
    differing = replica(policies=policy(account_statement(PARTNER)))
    assert len(key_of(primary, differing, arn=arn).policy_differences) == 1
    assert key_of(primary, differing).policy_differences == ()
    assert isinstance(key_of(replica(), arn=arn).policy_differences, Unknown)
