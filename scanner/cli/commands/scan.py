"""`keyproof scan`: read a live account into a snapshot and judge it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from scanner.cli.failures import INTERRUPTED, say
from scanner.cli.keeping import keep_and_deliver, open_store, store_option
from scanner.cli.options import FILE, Gate, Judging, Rendering, gate_options, judging_options, rendering_options


@click.command("scan")
@click.option("--profile", help="Profile of the AWS configuration.")
@click.option("--role-arn", metavar="ARN", help="Role to assume in the account to scan.")
@click.option("--external-id", help="External id for that role.")
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="REGION",
    help="Region to scan; repeatable; `all` for every enabled one.  [default: the session's]",
)
@click.option("--endpoint-url", metavar="URL", help="Send every call to this endpoint: an emulator.")
@click.option(
    "--quota-fraction",
    type=float,
    default=0.5,
    show_default=True,
    help="Share of AWS's request quotas to use, up to 1.",
)
@click.option(
    "--last-usage-budget",
    type=int,
    default=50,
    show_default=True,
    metavar="N",
    help="Keys of each Region that may wait for their last use, told at five a second; 0: none is asked for it.",
)
@click.option("--save-snapshot", "file", type=FILE, metavar="FILE", help="Keep what was read, for `keyproof check`.")
@store_option
@judging_options
@gate_options
@rendering_options
def command(
    file: Path | None, store: str | None, judging: Judging, gate: Gate, rendering: Rendering, **target: Any
) -> int:
    """Scan a live account.

    Makes read calls only. What could not be read is a gap in the report and never passes.
    """
    from scanner.cli.live import read_account
    from scanner.cli.pipeline import prepare

    prepared = prepare(judging, rendering)
    open_store(store)
    with _snapshot_path(file) as path:
        source = read_account(path, target)
        if source.interrupted:
            _keep_interrupted(path, file)
            return INTERRUPTED
        return keep_and_deliver(prepared.judge_file(path), store, rendering, gate)


@contextmanager
def _snapshot_path(asked: Path | None) -> Iterator[Path]:
    """Where the snapshot goes: the file that was asked for, else one that is gone afterwards."""
    if asked is not None:
        yield asked
        return
    with tempfile.TemporaryDirectory(prefix="keyproof-") as directory:
        yield Path(directory) / "scan.snapshot"


def _keep_interrupted(path: Path, asked: Path | None) -> None:
    if asked is None:
        kept = Path(tempfile.mkdtemp(prefix="keyproof-interrupted-")) / path.name
        path = path.rename(kept)
    say(f"interrupted; what was read is kept in {path}\n  help: keyproof check {path}")
