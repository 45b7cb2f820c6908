"""Parquet for Security Lake: what an independent reader finds in it, and where the objects stand."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest
from msgspec.structs import replace
from report import samples

from scanner.export.security_lake import COLUMNS, objects
from scanner.report import FORMATS, RenderOptions
from scanner.report.ocsf import VERSIONS, events

ALL = RenderOptions(all_outcomes=True)
HOSTILE = samples.hostile_report("\x1b]0;x\x07\u202e<script>=cmd|' /c'!A1,\r\n\x00\ud800")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(FORMATS["json"].render(samples.full_report(), ALL), encoding="utf-8")
    return path


def kept(kind: Any, value: Any) -> Any:
    """`value` as a column of `kind` gives it back."""
    if isinstance(kind, list):
        return [kept(kind[0], item) for item in value]
    if isinstance(kind, dict) and str in kind:
        return {
            name: item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
            for name, item in value.items()
        }
    if isinstance(kind, dict):
        return {name: kept(part, value[name]) if value.get(name) is not None else None for name, part in kind.items()}
    return value


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("report", [samples.full_report(), HOSTILE], ids=["full", "hostile"])
def test_another_reader_finds_every_event_whole(version: str, report: Any, tmp_path: Path) -> None:
    told = list(events(report, replace(ALL, ocsf_version=version)))
    assert {name for event in told for name in event} <= set(COLUMNS)
    for path, data in objects(told, "x"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(data)
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    query = f"SELECT {names} FROM read_parquet('{tmp_path}/**/*.parquet', hive_partitioning = false)"
    with duckdb.connect() as connection:
        rows = connection.execute(query).fetchall()
    read = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    by_id = {event["metadata"]["uid"]: kept(COLUMNS, event) for event in told}
    assert {row["metadata"]["uid"]: row for row in read} == by_id


def test_nothing_of_an_event_lacks_a_column() -> None:
    def lost(kind: Any, value: Any, place: str) -> list[str]:
        if isinstance(kind, list):
            return [name for item in value for name in lost(kind[0], item, place)]
        if isinstance(kind, dict) and str not in kind:
            unknown = [f"{place}.{name}" for name in value if name not in kind]
            return unknown + [one for name in value if name in kind for one in lost(kind[name], value[name], name)]
        return [] if isinstance(kind, dict) or isinstance(value, kind) else [f"{place} is no {kind.__name__}"]

    for version in VERSIONS:
        for event in events(samples.full_report(), replace(ALL, ocsf_version=version)):
            assert lost(COLUMNS, event, version) == []


def test_an_object_holds_to_what_security_lake_asks_for(tmp_path: Path) -> None:
    told = list(events(samples.large_report(5000), ALL))
    (path, data), *_ = objects(reversed(told), "x")
    assert path == "region=eu-west-1/accountId=111122223333/eventDay=20261122/x.parquet"
    (tmp_path / "x.parquet").write_bytes(data)
    file = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet")
    meta = file.metadata
    chunks = [
        meta.row_group(group).column(column)
        for group in range(meta.num_row_groups)
        for column in range(meta.num_columns)
    ]
    assert {chunk.compression for chunk in chunks} == {"ZSTD"}
    assert meta.format_version.startswith(("1.", "2."))
    assert all(meta.row_group(group).total_byte_size < 256 * 2**20 for group in range(meta.num_row_groups))
    times = file.read(["time"])["time"].to_pylist()
    assert times == sorted(times)


def test_every_object_has_the_same_columns_whatever_it_holds(tmp_path: Path) -> None:
    schemas = []
    for number, report in enumerate((samples.full_report(), samples.a_report(samples.a_finding(fix={}, tags={})))):
        ((_, data),) = list(objects(events(report, ALL), "x", region="eu-west-1"))[:1]
        (tmp_path / str(number)).write_bytes(data)
        schemas.append(pyarrow.parquet.read_schema(tmp_path / str(number)))
    assert schemas[0].equals(schemas[1])


def test_accounts_and_regions_stand_in_partitions_of_their_own() -> None:
    findings = [
        samples.a_finding(account=account, region=region, subject=f"arn:{account}:{region}")
        for account in ("111122223333", "444455556666")
        for region in ("eu-west-1", "us-east-1")
    ]
    told = list(events(samples.a_report(*findings), ALL))
    assert [path.rsplit("/", 2)[0] for path, _ in objects(told, "x")] == [
        "region=eu-west-1/accountId=111122223333",
        "region=eu-west-1/accountId=444455556666",
        "region=us-east-1/accountId=111122223333",
        "region=us-east-1/accountId=444455556666",
    ]
    assert {path.split("/")[0] for path, _ in objects(told, "x", region="eu-central-1")} == {"region=eu-central-1"}


def test_a_report_cannot_choose_where_it_is_written() -> None:
    odd = samples.a_finding(account="../../etc", region="/tmp/x")
    ((path, _),) = objects(events(samples.a_report(odd), ALL), "x")
    assert path == "region=_tmp_x/accountId=______etc/eventDay=20261122/x.parquet"


def test_the_command_writes_below_its_directory_and_replaces_its_own(
    saved: Path, run: Callable, tmp_path: Path
) -> None:
    out = tmp_path / "lake"
    first = run("export", "security-lake", saved, "--out", out)
    assert (first.code, first.err) == (0, "")
    files = sorted(path for path in out.rglob("*") if path.is_file())
    assert first.out.splitlines() == [str(path) for path in files]
    before = [path.read_bytes() for path in files]
    assert run("export", "security-lake", saved, "--out", out) == first
    assert [path.read_bytes() for path in files] == before


def test_a_version_that_is_not_known_and_a_plan_are_refused(saved: Path, run: Callable, tmp_path: Path) -> None:
    outcome = run("export", "security-lake", saved, "--out", tmp_path / "lake", "--ocsf-version", "9.9")
    assert (outcome.code, "no OCSF version `9.9`; use one of 1.1.0" in outcome.err) == (2, True)
    plan = samples.a_report(samples.a_finding(), source=samples.a_source(type="terraform-plan"))
    saved.write_text(FORMATS["json"].render(plan, ALL), encoding="utf-8")
    assert run("export", "security-lake", saved, "--out", tmp_path / "lake").code == 2
    assert not (tmp_path / "lake").exists()


def test_without_the_extra_the_message_names_it(
    saved: Path, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    outcome = run("export", "security-lake", saved, "--out", tmp_path / "lake")
    assert (outcome.code, outcome.out) == (2, "")
    assert "pip install 'keyproof[parquet]'" in outcome.err


def test_where_nothing_can_be_written_that_is_said(saved: Path, run: Callable) -> None:
    outcome = run("export", "security-lake", saved, "--out", os.devnull)
    assert (outcome.code, outcome.out) == (2, "")
    assert "cannot be made" in outcome.err
