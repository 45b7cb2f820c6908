"""`keyproof report`: render a JSON report again, in other formats or with another filter."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from scanner.cli.options import FILE, Gate, Rendering, gate_options, rendering_options


@click.command("report")
@click.argument("report", type=FILE)
@partial(gate_options, fail_on="none")
@rendering_options
def command(report: Path, gate: Gate, rendering: Rendering) -> int:
    """Render a JSON report again.

    Exits 0 whatever the report says, unless `--fail-on` or `--fail-on-not-assessed` asks for the gate of a scan.
    """
    from scanner.cli.rendering import gated, load_report, render

    known = load_report(report)
    render(known, rendering)
    return gated(known, gate)
