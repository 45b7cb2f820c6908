"""Attestation files: listings of cloudhsm-cli and dated statements, as far as they still count."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest
import yaml
from builders import NOW, a_cluster, a_snapshot

from scanner.errors import SettingsError
from scanner.graph.build import build
from scanner.graph.views import Cluster
from scanner.model.settings import Settings
from scanner.model.unknown import Partial, Unknown
from scanner.rules.attestations import attestation_schema, load_attestation
from scanner.rules.notices import attestation_notices

SIGNER = [{"strategy": "token-sign", "status": "enabled"}]
USERS = {
    "error_code": 0,
    "data": {
        "users": [
            {
                "username": "ann",
                "role": "admin",
                "locked": "false",
                "mfa": [],
                "quorum": SIGNER,
                "cluster-coverage": "full",
            },
            {
                "username": "bob",
                "role": "admin",
                "locked": "true",
                "mfa": SIGNER,
                "quorum": [],
                "cluster-coverage": "full",
            },
            {"username": "kmsuser", "role": "crypto-user", "locked": "false", "mfa": [], "cluster-coverage": "full"},
        ]
    },
}
QUORUM = {"error_code": 0, "data": {"user": 2, "quorum": 3}}
FULL = """
    clusters:
      - cluster: cluster-1
        date: 2026-10-01
        by: olga
        users: users.json
        quorum: {error_code: 0, data: {user: 2, quorum: 3}}
    statements:
      - about: cluster-1
        topic: key-ceremony
        date: 2026-01-05
        by: olga
        text: three custodians
      - {about: cluster-1, topic: custodians, date: 2025-01-05, by: olga, text: ann and bob}
"""


def a_file(directory: Path, text: str = FULL) -> Path:
    (directory / "users.json").write_text(json.dumps(USERS), encoding="utf-8")
    path = directory / "attestation.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def cluster_with(path: Path | None, as_of: datetime = NOW) -> Cluster:
    settings = Settings() if path is None else Settings(attestation=load_attestation(path, as_of))
    (cluster,) = build(a_snapshot(a_cluster()), settings).clusters.values()
    return cluster


def fault(directory: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_attestation(a_file(directory, text), NOW)
    return str(caught.value).replace(str(directory), "")


def test_listings_become_facts_of_the_cluster(tmp_path: Path) -> None:
    cluster = cluster_with(a_file(tmp_path))
    assert cluster.user_quorum == 2
    assert cluster.listed_on == datetime(2026, 10, 1, tzinfo=UTC)
    assert not isinstance(cluster.admins, Unknown)
    assert [(user.name, user.approves, user.locked, user.mfa) for user in cluster.admins] == [
        ("ann", True, False, False),
        ("bob", False, True, True),
    ]


def test_a_stale_statement_leaves_the_others_standing(tmp_path: Path) -> None:
    statements = cluster_with(a_file(tmp_path)).statements
    assert isinstance(statements, Partial)
    assert [one.topic for one in statements.known] == ["key-ceremony"]
    assert statements.reason == "the statement on custodians of cluster-1 of 2025-01-05 counted until 2026-01-05"


def test_without_an_attestation_nothing_is_known_and_the_reason_says_how_to_give_one() -> None:
    cluster = cluster_with(None)
    assert isinstance(cluster.user_quorum, Unknown)
    assert "--attestation FILE" in cluster.user_quorum.reason
    assert isinstance(cluster.admins, Unknown)
    assert isinstance(cluster.statements, Unknown)
    assert "--attestation FILE" in cluster.statements.reason


def test_users_and_quorum_may_be_listed_apart_and_the_older_date_counts(tmp_path: Path) -> None:
    apart = """
        clusters:
          - {cluster: cluster-1, date: 2026-10-01, by: olga, users: users.json}
          - {cluster: cluster-1, date: 2026-10-02, by: olga, quorum: {data: {user: 2}}}
          - {cluster: cluster-1, date: 2026-09-01, by: olga, quorum: {data: {user: 1}}}
    """
    cluster = cluster_with(a_file(tmp_path, apart))
    assert cluster.user_quorum == 2
    assert not isinstance(cluster.admins, Unknown)
    assert [user.name for user in cluster.admins] == ["ann", "bob"]
    assert cluster.listed_on == datetime(2026, 10, 1, tzinfo=UTC)
    assert cluster.statements == ()


def test_a_date_at_the_end_of_time_is_read(tmp_path: Path) -> None:
    text = FULL.replace("date: 2026-10-01", "date: 9999-12-31")
    assert isinstance(cluster_with(a_file(tmp_path, text)).user_quorum, Unknown)


def test_what_is_attested_of_something_else_is_told(tmp_path: Path) -> None:
    attestation = load_attestation(a_file(tmp_path), NOW)
    cluster = a_cluster()
    assert list(attestation_notices(attestation, [cluster.id])) == []
    assert [notice.text for notice in attestation_notices(attestation, ["cluster-2"])] == [
        "the attestation speaks of `cluster-1`, and no cluster of that id or ARN was read"
    ]


@pytest.mark.parametrize(
    ("as_of", "why"),
    [
        (datetime(2027, 10, 1, 23, tzinfo=UTC), None),
        (datetime(2027, 10, 2, tzinfo=UTC), "counted until 2027-10-01"),
        (datetime(2026, 9, 30, tzinfo=UTC), "is dated 2026-10-01, after the day of this evaluation"),
    ],
)
def test_a_listing_counts_for_a_year_from_its_date(tmp_path: Path, as_of: datetime, why: str | None) -> None:
    quorum = cluster_with(a_file(tmp_path), as_of).user_quorum
    assert (quorum == 2) if why is None else (isinstance(quorum, Unknown) and why in quorum.reason)


def test_a_listing_may_end_earlier(tmp_path: Path) -> None:
    text = FULL.replace("date: 2026-10-01", "date: 2026-10-01\n        expires: 2026-10-31")
    assert isinstance(cluster_with(a_file(tmp_path, text)).user_quorum, Unknown)


def test_json_is_read_too(tmp_path: Path) -> None:
    entry = {"cluster": "cluster-1", "date": "2026-10-01", "by": "olga", "users": USERS, "quorum": QUORUM}
    assert cluster_with(a_file(tmp_path, json.dumps({"clusters": [entry]}))).user_quorum == 2


FAULTS = {
    "clusters: [{cluster: cluster-1, date: 2026-10-01, by: a, user: u.json}]": ":1:58: unknown key `user`",
    "clusters: [{cluster: cluster-1, date: yesterday, by: a}]": ":1:39: `yesterday` is no date",
    "clusters: [{cluster: cluster-1, date: 2026-10-01, by: a, users: gone.json}]": "/gone.json: no such file",
    "clusters: [{cluster: cluster-1, date: 2026-10-01, by: a, quorum: {error_code: 1, data: {}}}]": "error_code",
    "statements: [{about: c, topic: ceremony, date: 2026-10-01, by: a, text: t}]": "did you mean `key-ceremony`?",
    "statements: [{about: c, topic: quorum, date: 2026-10-01, text: t}]": "missing `by`",
    "clusters: [{cluster: cluster-1, date: 2026-10-01, by: a}]": ":1:22: neither `users` nor `quorum` is listed",
    "clusters: [{cluster: cluster-1, date: 2026-10-01, by: ' ', users: users.json}]": ":1:55: `by` is blank",
    "statements: [{about: c, topic: quorum, date: 2026-10-01, expires: 2026-09-30, by: a, text: t}]": (
        ":1:67: it ends before its date 2026-10-01"
    ),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    assert FAULTS[text] in fault(tmp_path, text)


def test_the_published_schema_agrees(tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(attestation_schema())
    validator.validate(
        yaml.load(FULL, yaml.BaseLoader)
        | {"clusters": [{"cluster": "c", "date": "2026-10-01", "by": "a", "users": USERS}]}
    )
    assert list(validator.iter_errors({"clusters": [{"cluster": "c", "by": "a"}]}))
