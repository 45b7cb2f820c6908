"""`keyproof export`: findings to another system."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.options import FILE, ocsf_option, verbosity_options
from scanner.cli.output import write
from scanner.cli.words import Group, Word
from scanner.errors import UsageError
from scanner.model.words import many

if TYPE_CHECKING:
    from scanner.export.clients import Connect, Place
    from scanner.export.security_hub import Exported, Failure
    from scanner.model.finding import Finding, Report

IDS_SHOWN = 3
NOT_ENABLED = "InvalidAccess"
ENABLE = "help: enable Security Hub CSPM in each account and Region, or do not scan there"
DID = {
    "created": "new",
    "updated": "updated",
    "archived": "archived, for they are gone",
    "suppressed": "suppressed, for a waiver covers them",
    "reopened": "open again, for no waiver covers them any more",
    "unchanged": "as they were",
    "stale": "left, for Security Hub holds a later observation",
}


@click.group("export", cls=Group)
def command() -> None:
    """Send findings to another system."""


@command.command("security-hub")
@click.argument("report", type=FILE)
@click.option("--dry-run", is_flag=True, help="Read Security Hub and say what would be sent.")
@click.option("--profile", help="Profile of the AWS configuration.")
@click.option(
    "--role-arn",
    metavar="ARN",
    help="Role to assume in each account: arn:aws:iam::{account}:role/NAME.  [default: the caller's account alone]",
)
@click.option("--external-id", help="External id for that role.")
@click.option("--endpoint-url", metavar="URL", help="Send every call to this endpoint: an emulator.")
@click.option("-f", "--format", "form", type=Word("format", ("text", "json")), default="text", show_default=True)
@verbosity_options
def security_hub(
    report: Path,
    dry_run: bool,
    profile: str | None,
    role_arn: str | None,
    external_id: str | None,
    endpoint_url: str | None,
    form: str,
) -> int:
    """Bring Security Hub CSPM to what a JSON report says.

    Findings that failed or could not be assessed are created or updated, each in its own account and Region. Those
    that are gone are archived, but only where the report speaks for every subject. Waived ones are suppressed, and
    opened again when the waiver lapses. Exit 3 when Security Hub did not take everything.
    """
    from scanner.cli.rendering import INCOMPLETE, load_report

    known = load_report(report)
    if known.source.type != "aws":
        raise UsageError(f"{report}: Security Hub holds findings on what exists, and this is the report on a plan")
    done = _export(known, _connector(profile, role_arn, external_id, endpoint_url), dry_run)
    if form == "json":
        write(json.dumps({"schema": 1, "dry_run": dry_run} | asdict(done), indent=2, ensure_ascii=False) + "\n", None)
    else:
        from scanner.report.clean import clean_lines

        write(clean_lines("\n".join(_lines(done, dry_run))) + "\n", None)
    return INCOMPLETE if done.failures else 0


@command.command("security-lake")
@click.argument("report", type=FILE)
@click.option("--out", type=FILE, required=True, metavar="DIR", help="Directory to write below, made where missing.")
@click.option("--region", metavar="REGION", help="Region of the lake, for the partition.  [default: each finding's]")
@ocsf_option
@verbosity_options
def security_lake(report: Path, out: Path, region: str | None, ocsf_version: str) -> None:
    """Write a JSON report as Parquet for a custom source of Security Lake.

    OCSF Compliance Findings, one object per Region, account and day, in the partitions of Security Lake; copy DIR to
    the prefix of the source. What the report lists is exported; write it with `--all` to export what passed. Exporting
    a report again replaces its objects. Needs the extra `parquet`.
    """
    from scanner.cli.rendering import load_report
    from scanner.export.security_lake import objects
    from scanner.report import RenderOptions
    from scanner.report.ocsf import events, lake_name

    known = load_report(report)
    if known.source.type != "aws":
        raise UsageError(f"{report}: Security Lake holds findings on what exists, and this is the report on a plan")
    options = RenderOptions(ocsf_version=ocsf_version, all_outcomes=True)
    written = [_put(out / path, data) for path, data in objects(events(known, options), lake_name(known), region)]
    write("".join(f"{path}\n" for path in written) or "the report lists no finding\n", None)


def _put(path: Path, data: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"`{path.parent}` cannot be made: {(error.strerror or str(error)).lower()}") from error
    write(data, path)
    return path


def _connector(profile: str | None, role: str | None, external_id: str | None, endpoint: str | None) -> Connect:
    from scanner.export.clients import Connector

    connector = Connector(profile, role, external_id, endpoint)
    connector.start()
    return connector


def _export(report: Report, connect: Connect, dry_run: bool) -> Exported:
    from scanner.export.security_hub import Timing, export
    from scanner.model.reach import reach_of
    from scanner.report.asff import asff_findings

    return export(
        asff_findings(report, tuple(one for one in report.findings if _is_open(one))),
        _places(report),
        reach_of(report).covers,
        report.source.finished or report.source.started,
        connect,
        Timing(time.monotonic, time.sleep),
        dry_run=dry_run,
    )


def _is_open(finding: Finding) -> bool:
    from scanner.model.rule import Outcome

    return finding.outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED) and finding.status != "fixed"


def _places(report: Report) -> Iterator[Place]:
    """Every account and Region that was scanned, and where global resources are kept."""
    from scanner.export.clients import Place
    from scanner.model.arn import partition_of
    from scanner.report.asff import GLOBAL_REGION

    regions = report.source.regions
    partition = partition_of(next(iter(regions), ""))
    for account in report.source.accounts:
        for region in sorted({*regions, GLOBAL_REGION[partition]}):
            yield Place(account, region, partition)


def _lines(done: Exported, dry_run: bool) -> Iterator[str]:
    if dry_run:
        yield "nothing was sent; without --dry-run Security Hub would be brought to this:"
    numbers = asdict(done)
    yield from (f"{numbers[name]:>9,}  {words}" for name, words in DID.items())
    if done.failures:
        lost = sum(failure.findings for failure in done.failures)
        yield f"{lost:>9,}  not taken by Security Hub:"
    alike: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in done.failures:
        alike.setdefault((failure.place, failure.code, failure.message), []).append(failure)
    for (place, code, message), failures in alike.items():
        yield f"           {place}: {many(sum(one.findings for one in failures), 'finding')}: {code}: {message}"
        ids = [failure.id for failure in failures if failure.id]
        yield from (f"             {name}" for name in ids[:IDS_SHOWN])
        if len(ids) > IDS_SHOWN:
            yield f"             and {len(ids) - IDS_SHOWN:,} more, in -f json"
    if any(code.startswith(NOT_ENABLED) for _, code, _ in alike):
        yield ENABLE
