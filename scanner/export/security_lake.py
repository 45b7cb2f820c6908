"""OCSF events as the Parquet objects that a custom source of Security Lake takes.

Partitioning, compression, page and row group sizes and order are those that Security Lake documents ("Collecting data
from custom sources in Security Lake", best practices). The columns are the same in every object, whatever it holds.
"""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from scanner.errors import UsageError

PARQUET = "install the extra: pip install 'keyproof[parquet]'"
PAGE = 512 * 1024
"""Bytes of a data page; Security Lake asks for at most 1 MB before compression."""
BATCH = 64
"""Rows between two looks at the size of a page."""
ROWS = 100_000
"""Rows of a row group, which stays far below the 256 MB that are allowed."""

PORTION = 2_000
"""Events that are held at a time."""

RESOURCE = {"uid": str, "name": str, "type": str, "region": str, "cloud_partition": str, "labels": [str]}
ANALYTIC = {"uid": str, "name": str, "type_id": int, "type": str}
ACCOUNT = {"uid": str, "type_id": int, "type": str}
COLUMNS: dict[str, Any] = {
    "activity_id": int,
    "activity_name": str,
    "category_uid": int,
    "category_name": str,
    "class_uid": int,
    "class_name": str,
    "type_uid": int,
    "type_name": str,
    "time": int,
    "severity_id": int,
    "severity": str,
    "status_id": int,
    "status": str,
    "message": str,
    "metadata": {
        "version": str,
        "product": {"name": str, "vendor_name": str, "version": str},
        "profiles": [str],
        "event_code": str,
        "uid": str,
    },
    "cloud": {"provider": str, "region": str, "account": ACCOUNT},
    "finding_info": {
        "uid": str,
        "title": str,
        "desc": str,
        "created_time": int,
        "first_seen_time": int,
        "last_seen_time": int,
        "analytic": ANALYTIC,
    },
    "compliance": {
        "standards": [str],
        "requirements": [str],
        "control": str,
        "status_id": int,
        "status": str,
        "status_details": [str],
        "status_detail": str,
    },
    "resources": [RESOURCE],
    "resource": RESOURCE,
    "remediation": {"desc": str, "references": [str]},
    "unmapped": {str: str},
}
"""Fields and types of an event of any version: a dict of names is a record, a dict from `str` a map, a list a list."""


def objects(events: Iterable[dict[str, Any]], name: str, region: str | None = None) -> Iterator[tuple[str, bytes]]:
    """(path below the prefix of the source, contents) of each object: one per Region, account and day of `events`.

    `name` is the file's; `region` the lake's Region, when every object is to stand in the partition of that one.
    Raises UsageError without the extra.
    """
    pyarrow = _pyarrow()
    schema = pyarrow.schema([pyarrow.field(name, _type(kind, pyarrow)) for name, kind in COLUMNS.items()])
    parts: dict[str, list[Any]] = defaultdict(list)
    for some in batched(events, PORTION):  # events are far larger than the columns that they become
        places: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in some:
            places[_place(event, region)].append(event | {"unmapped": _texts(event.get("unmapped", {}))})
        for place, rows in places.items():
            parts[place].append(pyarrow.Table.from_pylist(rows, schema=schema))
    for place, tables in sorted(parts.items()):
        yield f"{place}/{name}.parquet", _parquet(pyarrow.concat_tables(tables).sort_by("time"), pyarrow)


def batched(events: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """The events in lists of `size`."""
    rest = iter(events)
    while some := list(islice(rest, size)):
        yield some


def _place(event: dict[str, Any], region: str | None) -> str:
    place, account = region or event["cloud"]["region"], event["cloud"]["account"]["uid"]
    day = datetime.fromtimestamp(event["time"] / 1000, UTC).strftime("%Y%m%d")
    return f"region={_plain(place)}/accountId={_plain(account)}/eventDay={day}"


def _plain(text: str) -> str:
    """A part of a path out of what a report says."""
    return re.sub(r"[^A-Za-z0-9-]", "_", text) or "external"


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise UsageError(f"Parquet needs `{error.name}`; {PARQUET}") from error
    return pyarrow


def _parquet(table: Any, pyarrow: Any) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(
        table,
        file,
        compression="zstd",
        row_group_size=ROWS,
        data_page_size=PAGE,
        write_batch_size=BATCH,
        store_schema=False,
    )
    return file.getvalue()


def _type(kind: Any, pyarrow: Any) -> Any:
    if kind is int:
        return pyarrow.int64()
    if kind is str:
        return pyarrow.string()
    if isinstance(kind, list):
        return pyarrow.list_(_type(kind[0], pyarrow))
    if str in kind:
        return pyarrow.map_(pyarrow.string(), pyarrow.string())
    return pyarrow.struct([pyarrow.field(name, _type(part, pyarrow)) for name, part in kind.items()])


def _texts(values: dict[str, Any]) -> dict[str, str]:
    """What the schema has no field for, as a map of texts; a list becomes JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in values.items()
    }
