"""`keyproof report`: render a JSON report again, in other formats or with another filter."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.options import FILE, Rendering, rendering_options


@click.command("report")
@click.argument("report", type=FILE)
@rendering_options
def command(report: Path, rendering: Rendering) -> None:
    """Render a JSON report again."""
    from scanner.cli.rendering import load_report, render

    render(load_report(report), rendering)
