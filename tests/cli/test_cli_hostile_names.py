"""Names that strangers give to things pass through every command as text and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from builders import a_key
from fakes.aws import FakeAws
from fakes.estate import FakeKey, a_grant, key_id, keys_in
from report.samples import HOSTILE

from scanner.collect.aws import scan
from scanner.collect.collectors import COLLECTORS
from scanner.report.clean import is_clean
from tests.cli.snapshots import written

STRANGER = "arn:aws:iam::999999999999:role/"


def a_hostile_key(number: int, name: str) -> FakeKey:
    statement = {
        "Sid": name,
        "Effect": "Allow",
        "Principal": {"AWS": STRANGER + name},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"StringEquals": {f"aws:PrincipalTag/{name}": name}},
    }
    return FakeKey(
        key_id(number),
        metadata={"Description": name},
        tags={"DataClass": "pci", "note": name, name: "note"},
        policies={"default": json.dumps({"Version": "2012-10-17", "Statement": [statement]})},
        grants=[a_grant(number, Name=name)],
        rotation={"KeyRotationEnabled": False},
    )


@pytest.fixture
def scanned(tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory with the snapshot, the report and the history of a scan of such keys."""
    keys = tuple(row for row in COLLECTORS if row.name in ("keys", "aliases"))
    monkeypatch.setattr("scanner.cli.live.scan", partial(scan, collectors=keys))
    with FakeAws() as fake:
        keys_in(fake, tuple(a_hostile_key(number, name) for number, name in enumerate(HOSTILE.values())))
        kept = ("--save-snapshot", tmp_path / "a.snapshot", "--store", tmp_path / "h.db")
        outcome = run(
            "scan", *kept, "-f", "terminal", "-f", f"json={tmp_path / 'r.json'}", "--all", "--fail-on", "none"
        )
    assert (outcome.code, harm_in(outcome.out + outcome.err)) == (0, [])
    return tmp_path


def harm_in(text: str) -> list[str]:
    """What in a command's output acts on a terminal, hides from a reader, or commands a CI runner."""
    odd = sorted({ascii(char) for char in text if not is_clean(char)} - {ascii("\n")})
    return odd + [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def test_no_command_passes_on_what_a_name_says_and_no_name_hides_another_key(scanned: Path, run: Callable) -> None:
    snapshot, report = scanned / "a.snapshot", scanned / "r.json"
    ask = ("access", "who-can", "kms:Decrypt")
    commands: list[tuple[object, ...]] = [
        ("check", snapshot, "--all"),
        ("check", snapshot, "-f", "json"),
        ("report", report, "--all"),
        ("diff", snapshot, snapshot, "--all"),
        ("diff", report, report),
        ("history", "--store", scanned / "h.db"),
        ("snapshot", "show", snapshot),
        *((*ask, key_id(number), "--snapshot", snapshot) for number in range(len(HOSTILE))),
        (*ask, key_id(0), "--snapshot", snapshot, "-f", "json"),
        *(
            ("access", "what-can", STRANGER + name, "--snapshot", snapshot)
            for name in HOSTILE.values()
            if "\0" not in name
        ),
    ]
    known = json.loads(report.read_text("utf-8"))
    assert (known["complete"], known["gaps"], known["summary"]["subjects"]["key"]) == (True, [], len(HOSTILE))
    failed = [finding["fingerprint"] for finding in known["findings"] if finding["outcome"] == "FAIL"]
    commands += [("explain", fingerprint, "--report", report) for fingerprint in failed[::4]]
    assert len(failed) > len(HOSTILE)
    for command in commands:
        outcome = run(*command)
        assert outcome.code in (0, 1, 3), command
        assert harm_in(outcome.out + outcome.err) == [], command


def test_an_export_is_plain_on_a_terminal_and_exact_elsewhere(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = written(
        tmp_path / "a.snapshot", *(a_key(f"k{n}", description=name) for n, name in enumerate(HOSTILE.values()))
    )
    exact = run("snapshot", "export", snapshot).out
    monkeypatch.setattr("scanner.cli.commands.snapshot.sys.stdout.isatty", lambda: True, raising=False)
    plain = run("snapshot", "export", snapshot).out
    assert harm_in(exact) != harm_in(plain) == []
    assert [json.loads(line) for line in plain.splitlines()] == [json.loads(line) for line in exact.split("\n") if line]
