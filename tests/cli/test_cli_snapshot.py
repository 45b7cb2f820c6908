"""`keyproof snapshot`: what a person sees of a snapshot file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner.model.records import Gap, Item, ResourceFact, Source
from scanner.store.snapshot_file import SnapshotWriter

HOME = {"account": "111122223333", "region": "eu-west-1"}
SOURCE = Source(
    type="aws",
    started=datetime(2026, 1, 1, tzinfo=UTC),
    finished=datetime(2026, 1, 1, 0, 5, tzinfo=UTC),
    caller="arn:aws:iam::111122223333:role/audit",
    accounts=("111122223333",),
    regions=("eu-west-1",),
)
ITEMS: list[Item] = [
    ResourceFact(**HOME, arn="arn:aws:s3:::a", type="AWS::S3::Bucket", name="a\x1b[31m"),
    ResourceFact(**HOME, arn="arn:aws:s3:::b", type="AWS::S3::Bucket", name="b"),
    Gap(
        **HOME,
        service="kms",
        operation="ListGrants",
        code="AccessDenied",
        subject="key \x1b]0;x",
        action="kms:ListGrants",
    ),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "estate.snapshot"
    with SnapshotWriter(path, SOURCE) as writer:
        for item in ITEMS:
            writer.add(item)
        writer.finish(SOURCE)
    return path


def test_show_says_source_counts_and_what_could_not_be_read(file: Path, run: Callable) -> None:
    outcome = run("snapshot", "show", file)
    assert (outcome.code, outcome.err) == (0, "")
    assert "read by   arn:aws:iam::111122223333:role/audit" in outcome.out
    assert "resource:AWS::S3::Bucket          2" in outcome.out
    assert "kms:ListGrants AccessDenied in 111122223333/eu-west-1" in outcome.out


def test_show_lets_no_terminal_escape_through(file: Path, run: Callable) -> None:
    assert "\x1b" not in run("snapshot", "show", file).out


def test_show_says_that_a_scan_was_interrupted(tmp_path: Path, run: Callable) -> None:
    with SnapshotWriter(tmp_path / "x", SOURCE) as writer:
        writer.add(ITEMS[0])
    outcome = run("snapshot", "show", tmp_path / "x.partial")
    assert outcome.code == 0
    assert "finished  interrupted" in outcome.out


def test_export_prints_json_lines_with_their_digest(file: Path, run: Callable) -> None:
    header, _, body = run("snapshot", "export", file).out.partition("\n")
    assert json.loads(header)["digest"] == f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
    assert [json.loads(line)["kind"] for line in body.splitlines()] == ["gap", "resource", "resource"]


@pytest.mark.parametrize("subcommand", ["show", "export"])
def test_another_file_is_one_message_and_exit_2(subcommand: str, tmp_path: Path, run: Callable) -> None:
    path = tmp_path / "other"
    path.write_text("other", encoding="utf-8")
    assert run("snapshot", subcommand, path) == (2, "", f"keyproof: {path}: not a keyproof snapshot\n")
