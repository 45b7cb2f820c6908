"""`keyproof plan`: judge a Terraform or OpenTofu plan before it is applied."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.options import FILE, Gate, Judging, Rendering, gate_options, judging_options, rendering_options
from scanner.errors import UsageError


@click.command("plan")
@click.argument("plan", type=FILE)
@click.option(
    "--live", type=FILE, metavar="SNAPSHOT", help="Say what the plan changes in the account of this snapshot."
)
@click.option(
    "--source",
    type=FILE,
    metavar="DIR",
    help="Directory of the root module, or the binary plan: lines of findings, and values the plan leaves open.",
)
@click.option("--checkov", is_flag=True, help="Run checkov beside it and merge what it reports.")
@click.option(
    "--checkov-timeout",
    type=click.IntRange(1, 86_400),
    metavar="SECONDS",
    help="How long --checkov may take beyond our own work (60); what it reports later is left out, and said.",
)
@click.option("--checkov-report", type=FILE, metavar="FILE", help="Merge this report of checkov (JSON or SARIF).")
@judging_options
@gate_options
@rendering_options
def command(
    plan: Path,
    live: Path | None,
    source: Path | None,
    checkov: bool,
    checkov_timeout: int | None,
    checkov_report: Path | None,
    judging: Judging,
    gate: Gate,
    rendering: Rendering,
) -> int:
    """Judge a Terraform plan (`terraform show -json`) or state.

    PLAN `-` is standard input. What is known only after apply is NOT_ASSESSED, never a pass. With --live,
    findings are new, unchanged or fixed, only new ones fail the command, and the report says which access,
    custody and keys the plan changes.
    """
    from scanner.cli.checkov import CheckovSource
    from scanner.cli.pipeline import deliver, prepare
    from scanner.cli.planned import judge_plan

    if live is not None and judging.baseline is not None:
        raise UsageError("`--live` is the baseline of a plan; leave `--baseline` out")
    if checkov and checkov_report is not None:
        raise UsageError("`--checkov` runs checkov and `--checkov-report` reads what it said; give one of them")
    if checkov_timeout is not None and not checkov:
        raise UsageError("`--checkov-timeout` is for `--checkov`; give both")
    judge = prepare(judging, rendering)
    beside = CheckovSource(checkov, checkov_report, checkov_timeout)
    return deliver(judge_plan(judge, plan, live, source, beside), rendering, gate)
