"""`keyproof demo`: scan a made-up payments company, without an account."""

from __future__ import annotations

import json
from pathlib import Path

import click

from scanner.cli.options import FILE, Judging, Rendering, verbosity_options


@click.command("demo")
@click.option("--out", type=FILE, default=Path("demo-out"), show_default=True, help="Directory for what comes out.")
@verbosity_options
def command(out: Path) -> None:
    """Scan a made-up PCI estate on an emulator in this process.

    Nothing leaves this machine. Prints the report and writes it as text, JSON and HTML with the snapshot to --out.
    """
    from scanner.cli.failures import say
    from scanner.cli.live import read_account
    from scanner.cli.output import Destination, write, write_stdout
    from scanner.cli.pipeline import prepare_with
    from scanner.cli.rendering import render
    from scanner.demo.run import demo
    from scanner.model.settings import Settings
    from scanner.rules.attestations import load_attestation

    snapshot, text, attested = out / "demo.snapshot", out / "report.txt", out / "attestation.json"
    files = (Destination("json", out / "report.json"), Destination("html", out / "report.html"))
    everything = Rendering(formats=files, severity="info", all=True, no_color=True)
    with demo() as estate:
        out.mkdir(parents=True, exist_ok=True)
        judging = Judging(rules=(), settings=None, waivers=None, baseline=None, framework=None, as_of=estate.as_of)
        write(json.dumps(estate.attestation, indent=2) + "\n", attested)
        settings = Settings(attestation=load_attestation(attested, estate.as_of))
        judge = prepare_with(settings, judging, everything)
        read_account(snapshot, {"regions": estate.regions})
    report = judge.judge_file(snapshot).report
    render(report, everything)
    render(report, everything._replace(formats=(Destination("terminal", text),), all=False))
    write_stdout(text.read_bytes())
    say(f"report.txt, report.json, report.html, attestation.json and demo.snapshot are in {out}")
