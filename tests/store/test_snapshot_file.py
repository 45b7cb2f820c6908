"""Snapshot files: what goes in comes out, whatever the order, the threads and the way the scan ended."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
import stat
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from scanner.errors import SourceError
from scanner.model.records import (
    AliasFact,
    Coverage,
    Gap,
    Item,
    KeyFact,
    KeyUse,
    NamedDocument,
    PlanChange,
    ResourceFact,
    Source,
    TrailFact,
)
from scanner.model.snapshot import Snapshot
from scanner.store import snapshot_file
from scanner.store.lines import decode, encode, in_canonical_order
from scanner.store.reading import export_lines, read_snapshot, read_summary
from scanner.store.schema import snapshot_schema
from scanner.store.snapshot_file import SnapshotWriter

HOME = {"account": "111122223333", "region": "eu-west-1"}
SOURCE = Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC), accounts=("111122223333",))


def a_key(number: int, **facts: object) -> KeyFact:
    return KeyFact(**HOME, arn=f"arn:aws:kms:eu-west-1:111122223333:key/{number:04d}", id=f"{number:04d}", **facts)


def a_bucket(number: int, **facts: object) -> ResourceFact:
    name = f"bucket-{number:06d}"
    return ResourceFact(**HOME, arn=f"arn:aws:s3:::{name}", type="AWS::S3::Bucket", name=name, **facts)


def some_items() -> list[Item]:
    return [
        a_key(1, state="Enabled", policies=(NamedDocument(name="default", document='{"Statement": []}'),)),
        a_key(2, unread={"grants": "kms:ListGrants AccessDeniedException in 111122223333/eu-west-1"}),
        AliasFact(**HOME, arn="arn:aws:kms:eu-west-1:111122223333:alias/a", name="alias/a", target_key_id="0001"),
        a_bucket(1, uses=(KeyUse(field="storage", state="AWS_OWNED"),), attributes={"n": 1, "versioned": True}),
        a_bucket(2, tags={"b": "2", "a": "1"}, attributes={"n": True, "versioned": 1}),
        Gap(**HOME, service="kms", operation="ListGrants", code="AccessDeniedException", action="kms:ListGrants"),
        Coverage(**HOME, service="kms", operation="ListKeys", complete=True, provides=("key",), count=2),
    ]


def written(path: Path, items: list[Item], source: Source = SOURCE) -> Path:
    with SnapshotWriter(path, source) as writer:
        for item in items:
            writer.add(item)
        writer.finish(source)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "estate.snapshot"


def test_what_goes_in_comes_out(file: Path) -> None:
    snapshot = read_snapshot(written(file, some_items()))
    assert snapshot.source == SOURCE
    assert sorted(map(encode, snapshot.items())) == sorted(map(encode, some_items()))


def test_what_a_late_thread_adds_after_the_end_spoils_nothing(file: Path) -> None:
    with SnapshotWriter(file, SOURCE) as writer:
        writer.add(a_key(1))
        writer.finish(SOURCE)
        writer.add(a_key(2))
    assert [key.id for key in read_snapshot(file).of(KeyFact)] == ["0001"]


def test_sharing_equal_values_does_not_confuse_one_with_true(file: Path) -> None:
    first, second = read_snapshot(written(file, some_items())).of(ResourceFact)
    assert (first.attributes["n"], second.attributes["n"]) == (1, True)
    assert isinstance(second.attributes["n"], bool)
    assert not isinstance(first.attributes["n"], bool)


def test_equal_values_are_held_once(file: Path) -> None:
    items: list[Item] = [a_bucket(number, tags={"team": "payments", "stage": "prod"}) for number in range(3)]
    buckets = read_snapshot(written(file, items)).of(ResourceFact)
    assert len({id(bucket.tags) for bucket in buckets}) == 1
    assert len({id(bucket.account) for bucket in buckets}) == 1


@given(st.permutations(some_items()), st.integers(1, 4))
def test_order_of_arrival_and_size_of_parts_leave_no_trace(
    tmp_path_factory: pytest.TempPathFactory, items: list[Item], lines_per_part: int
) -> None:
    directory = tmp_path_factory.mktemp("order")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot_file, "LINES_PER_PART", lines_per_part)
        shuffled = read_snapshot(written(directory / "a", items))
    straight = read_snapshot(written(directory / "b", some_items()))
    assert shuffled == straight
    assert in_canonical_order(SOURCE, items) == straight


def test_the_digest_ignores_when_and_by_whom_it_was_read(file: Path, tmp_path: Path) -> None:
    later = Source(type="aws", started=datetime(2027, 1, 1, tzinfo=UTC), caller="arn:aws:iam::111122223333:user/other")
    assert (
        read_snapshot(written(file, some_items())).digest
        == read_snapshot(written(tmp_path / "later", some_items(), later)).digest
    )


def test_one_changed_fact_changes_the_digest(file: Path, tmp_path: Path) -> None:
    changed = [*some_items()[1:], a_key(1, state="Disabled")]
    assert (
        read_snapshot(written(file, some_items())).digest != read_snapshot(written(tmp_path / "other", changed)).digest
    )


def test_a_fact_that_was_read_twice_is_kept_once(file: Path) -> None:
    assert len(read_snapshot(written(file, [a_key(1), a_key(1)])).of(KeyFact)) == 1


def test_many_threads_lose_nothing(file: Path) -> None:
    items = [a_bucket(number) for number in range(2000)]
    with pytest.MonkeyPatch.context() as patch, SnapshotWriter(file, SOURCE) as writer:
        patch.setattr(snapshot_file, "LINES_PER_PART", 50)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(writer.add, random.Random(3).sample(items, len(items))))
        writer.finish(SOURCE)
    assert [bucket.name for bucket in read_snapshot(file).of(ResourceFact)] == [item.name for item in items]


def test_nobody_but_the_owner_can_read_it(file: Path) -> None:
    before = os.umask(0)
    try:
        with SnapshotWriter(file, SOURCE) as writer:
            assert stat.S_IMODE(writer.partial.stat().st_mode) == 0o600
            writer.finish(SOURCE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_finishing_leaves_the_file_and_nothing_else(file: Path) -> None:
    file.write_text("an older snapshot")
    written(file, some_items())
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_failure_while_finishing_keeps_the_old_file_and_the_partial_one(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(file, [a_key(1)])

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot_file, "_sync", full_disk)
    with pytest.raises(OSError, match="No space"):
        written(file, some_items())
    assert len(read_snapshot(file).of(KeyFact)) == 1
    assert len(read_snapshot(file.with_name(file.name + ".partial")).of(KeyFact)) == 2
    assert len(list(file.parent.iterdir())) == 2


def test_an_unfinished_scan_is_readable_and_says_so(file: Path) -> None:
    with SnapshotWriter(file, SOURCE) as writer:
        for item in some_items():
            writer.add(item)
    assert not file.exists()
    snapshot = read_snapshot(writer.partial)
    assert snapshot.source.interrupted
    assert not snapshot.complete
    assert len(snapshot.of(KeyFact)) == 2


def test_a_killed_scan_keeps_every_listing_that_was_complete(file: Path) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from tests.store.test_snapshot_file import SOURCE, a_key, some_items
        from scanner.store.snapshot_file import SnapshotWriter
        writer = SnapshotWriter(Path({str(file)!r}), SOURCE)
        for item in some_items():
            writer.add(item)
        writer.add(a_key(99))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, timeout=60)
    assert killed.returncode == -9
    snapshot = read_snapshot(file.with_name(file.name + ".partial"))
    assert [key.id for key in snapshot.of(KeyFact)] == ["0001", "0002"]
    assert snapshot.source.interrupted


def test_the_summary_counts_without_reading_records(file: Path) -> None:
    summary = read_summary(written(file, some_items()))
    assert {shard.label: count for shard, count in summary.counts.items()}["resource:AWS::S3::Bucket"] == 2
    assert summary.digest == read_snapshot(file).digest


# --- export ---------------------------------------------------------------------------------------


def exported(path: Path) -> bytes:
    return b"".join(export_lines(path))


def test_anybody_can_recompute_the_digest_from_the_export(file: Path) -> None:
    header, _, body = exported(written(file, some_items())).partition(b"\n")
    assert json.loads(header)["digest"] == f"sha256:{hashlib.sha256(body).hexdigest()}"


def test_the_export_of_an_unfinished_scan_has_a_digest_too(file: Path) -> None:
    with SnapshotWriter(file, SOURCE) as writer:
        for item in some_items():
            writer.add(item)
    header, _, body = exported(writer.partial).partition(b"\n")
    assert json.loads(header)["source"]["interrupted"] is True
    assert json.loads(header)["digest"] == f"sha256:{hashlib.sha256(body).hexdigest()}"


def test_every_exported_line_fits_the_published_schema(file: Path) -> None:
    validator = jsonschema.Draft202012Validator(snapshot_schema())
    validator.check_schema(snapshot_schema())
    lines = exported(written(file, some_items())).splitlines()
    assert len(lines) == 1 + len(some_items())
    for line in lines:
        validator.validate(json.loads(line))


@pytest.mark.parametrize(
    "line",
    [
        {"kind": "key", "account": 1, "region": "r", "arn": "a", "id": "i"},
        {"kind": "key", "account": "1", "region": "r", "arn": "a", "id": "i", "colour": "red"},
        {"kind": "bucket", "account": "1", "region": "r"},
        {"kind": "gap", "account": "1", "region": "r", "service": "kms"},
    ],
)
def test_the_published_schema_refuses_what_the_reader_refuses(line: dict[str, object], file: Path) -> None:
    assert not jsonschema.Draft202012Validator(snapshot_schema()).is_valid(line)
    with pytest.raises(SourceError):
        read_snapshot(tampered(written(file, [a_key(1)]), json.dumps(line).encode()))


# --- damage ---------------------------------------------------------------------------------------


def tampered(path: Path, line: bytes) -> Path:
    """The file with `line` in place of the records of its last shard."""
    import zstandard

    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE shard SET body = ?", (zstandard.compress(line + b"\n"),))
    connection.close()
    return path


def message_of(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read_snapshot(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_a_wrong_type_is_named_with_shard_line_and_path(file: Path) -> None:
    line = b'{"kind":"key","arn":"a","id":"i","account":"1","region":"r"}\n{"kind":"key","arn":5}'
    assert message_of(tampered(written(file, [a_key(1)]), line)) == (
        "key of 111122223333/eu-west-1, line 2: expected `str`, got `int` - at `$.arn`"
    )


def test_changed_contents_do_not_pass_for_the_original(file: Path) -> None:
    line = b'{"kind":"key","arn":"a","id":"i","account":"1","region":"r"}'
    assert "was changed" in message_of(tampered(written(file, [a_key(1)]), line))


def test_a_missing_shard_does_not_go_unnoticed(file: Path) -> None:
    written(file, some_items())
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM shard WHERE label = 'gap'")
    connection.close()
    assert "was changed" in message_of(file)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_one_clear_error(file: Path, kept: float) -> None:
    noise = random.Random(1)
    items: list[Item] = [a_bucket(number, tags={"noise": noise.randbytes(40).hex()}) for number in range(3000)]
    content = written(file, items).read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    assert message_of(file)


@pytest.mark.parametrize("content", [b"", b"{}", b"SQLite format 3\0 and then nothing", b"\x28\xb5\x2f\xfd"])
def test_another_file_is_not_taken_for_a_snapshot(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert message_of(file)


def test_another_database_is_not_taken_for_a_snapshot(file: Path) -> None:
    sqlite3.connect(file).executescript("CREATE TABLE t(x)").connection.close()
    assert message_of(file) == "a database, but not a keyproof snapshot"


def test_an_unknown_schema_version_is_refused_by_number(file: Path) -> None:
    written(file, some_items())
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert message_of(file) == "snapshot schema 99, but this keyproof reads schema 1"


def test_a_missing_file_is_named(file: Path) -> None:
    assert message_of(file) == "no such file or directory"


def test_a_part_that_claims_to_be_huge_is_not_unpacked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(file, some_items())
    monkeypatch.setattr("scanner.store.database.MAX_PART_BYTES", 10)
    assert "larger than any" in message_of(file)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot write the snapshot here"):
        SnapshotWriter(tmp_path / "missing" / "x", SOURCE)


def test_an_empty_snapshot_is_a_snapshot(file: Path) -> None:
    snapshot = read_snapshot(written(file, []))
    assert snapshot == Snapshot(SOURCE, digest=f"sha256:{hashlib.sha256().hexdigest()}")


def test_what_is_no_file_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in ((tmp_path, "is a directory"), (tmp_path / "pipe", "is no file that can be replaced")):
        with pytest.raises(SourceError, match=why):
            SnapshotWriter(path, SOURCE)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_what_a_plan_does_not_tell_is_still_not_told_when_it_is_read_again() -> None:
    trail = TrailFact(arn="arn:trail", name="trail", account="111122223333", region="eu-west-1", bucket=UNSET)
    change = PlanChange(
        address="aws_kms_key.a",
        type="aws_kms_key",
        action="create",
        account="",
        region="",
        lockout_check_bypassed=UNSET,
    )
    for fact in (trail, change):
        assert decode(encode(fact), "here") == [fact]
