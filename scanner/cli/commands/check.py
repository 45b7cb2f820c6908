"""`keyproof check`: judge a saved snapshot, now or as of any date."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.keeping import keep_and_deliver, open_store, store_option
from scanner.cli.options import FILE, Gate, Judging, Rendering, gate_options, judging_options, rendering_options


@click.command("check")
@click.argument("snapshot", type=FILE)
@store_option
@judging_options
@gate_options
@rendering_options
def command(snapshot: Path, store: str | None, judging: Judging, gate: Gate, rendering: Rendering) -> int:
    """Evaluate a saved snapshot again.

    With the settings, rules and --as-of of the scan it prints the same report, without AWS.
    """
    from scanner.cli.pipeline import prepare

    judge = prepare(judging, rendering)
    open_store(store)
    return keep_and_deliver(judge.judge_file(snapshot), store, rendering, gate)
