"""`keyproof plan`: judge a Terraform or OpenTofu plan before it is applied."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.options import FILE, Gate, Judging, Rendering, gate_options, judging_options, rendering_options

if TYPE_CHECKING:
    from scanner.model.snapshot import Snapshot


@click.command("plan")
@click.argument("plan", type=FILE)
@click.option(
    "--live", type=FILE, metavar="SNAPSHOT", help="Judge the plan on top of this snapshot of the live account."
)
@click.option("--source", type=FILE, metavar="DIR", help="Directory of the root module, for file and line of findings.")
@judging_options
@gate_options
@rendering_options
def command(
    plan: Path, live: Path | None, source: Path | None, judging: Judging, gate: Gate, rendering: Rendering
) -> int:
    """Judge a Terraform plan (`terraform show -json`) or state.

    What is known only after apply is NOT_ASSESSED, never a pass.
    """
    from scanner.cli.pipeline import deliver, prepare

    judge = prepare(judging, rendering)
    return deliver(judge.judge(_snapshot(plan, live, source, judge.as_of)), rendering, gate)


def _snapshot(path: Path, live: Path | None, source: Path | None, now: datetime) -> Snapshot:
    """The estate after apply, in the order that a snapshot file would have."""
    from scanner import __version__
    from scanner.collect.terraform import PlanOptions, load_plan, options_over, overlay, source_of
    from scanner.store import in_canonical_order, read_snapshot

    options = PlanOptions(str(path), source=source, tool=f"keyproof {__version__}")
    if live is None:
        plan = load_plan(options, now)
        return in_canonical_order(source_of(plan, options, now), plan.items())
    estate = read_snapshot(live)
    options = options_over(options, estate)
    _, after = overlay(estate, load_plan(options, now), options)
    return in_canonical_order(after.source, after.items())
