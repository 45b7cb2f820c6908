"""Plans of 40 to 20,000 resources: reading them, the whole of `keyproof plan`, and how time grows with size.

`--checkov PROGRAM` runs `keyproof plan` beside checkov on the smaller ones, one after the other, and prints the ratios
of CPU time and peak memory. CPU time is what a busy machine leaves comparable; wall time is not.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

SIZES = (40, 400, 2_000, 20_000)
REGION = {"references": ["var.region"]}
INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment of what is measured: as installed, bytecode is compiled once and not by every run."""


def plan_of(count: int) -> dict[str, Any]:
    """A plan of `count` resources: one key for ten volumes, tables and queues that refer to it by index."""
    keys = max(1, count // 10)
    changes = [_change("aws_kms_key", "k", i, {"is_enabled": True, "enable_key_rotation": True}) for i in range(keys)]
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("aws_ebs_volume", {"encrypted": True}),
        ("aws_sqs_queue", {}),
        ("aws_secretsmanager_secret", {}),
    )
    attribute = {"aws_sqs_queue": "kms_master_key_id"}
    for place in range(count - keys):
        kind, values = kinds[place % 3]
        changes.append(
            _change(kind, "r", place, {**values, "tags": {"team": "pay"}}, attribute.get(kind, "kms_key_id"))
        )
    blocks = [_block("aws_kms_key", "k", {})]
    blocks += [_block(k, "r", {attribute.get(k, "kms_key_id"): _to_key()}) for k, _ in kinds]
    shown = [{name: one[name] for name in ("address", "mode", "type", "name", "index")} for one in changes]
    for one, change in zip(shown, changes, strict=True):
        one["values"] = change["change"]["after"]
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": shown}},
        "variables": {"region": {"value": "eu-central-1"}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {"region": REGION}}},
            "root_module": {"resources": blocks},
        },
    }


def _to_key() -> dict[str, Any]:
    return {"references": ["aws_kms_key.k", "count.index"]}


def _block(kind: str, name: str, expressions: dict[str, Any]) -> dict[str, Any]:
    head = {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name}
    return {**head, "provider_config_key": "aws", "expressions": expressions}


def _change(kind: str, name: str, index: int, values: dict[str, Any], key: str = "") -> dict[str, Any]:
    usual: dict[str, Any] = dict.fromkeys(
        ("final_snapshot", "iops", "multi_attach_enabled", "outpost_arn", "snapshot_id")
    )
    usual |= {"description": "made by the benchmark", "timeouts": None, "deletion_window_in_days": 30}
    unknown = {"arn": True, "id": True, **({key: True} if key else {"key_id": True, "policy": True})}
    return {
        "address": f"{kind}.{name}[{index}]",
        "mode": "managed",
        "type": kind,
        "name": name,
        "index": index,
        "change": {"actions": ["create"], "before": None, "after": values | usual, "after_unknown": unknown},
    }


def measure(path: Path) -> tuple[float, float, int]:
    """Wall seconds and peak MiB of one process that reads the plan, and how many records came out."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, "--read", str(path)], check=True, capture_output=True, text=True)
    wall = time.perf_counter() - started
    peak, records = done.stdout.split()
    return wall, float(peak), int(records)


class Usage(NamedTuple):
    """What a program and what it starts took: CPU seconds, peak MiB, wall seconds."""

    cpu: float
    peak: float
    wall: float


def usage_of(command: list[str]) -> Usage:
    """What one run of `command` takes."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, env=INSTALLED)
        _, _, used = os.wait4(process.pid, 0)
    return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, time.perf_counter() - started)


def command_on(path: Path, folder: Path, runs: int = 1) -> Usage:
    """The least that `keyproof plan` takes in some runs on a plan."""
    command = [sys.executable, "-m", "scanner", "plan", str(path), "-q", "-f", f"json={folder / 'out.json'}"]
    return min(usage_of(command) for _ in range(runs))


def beside_checkov(program: str, folder: Path) -> None:
    """Ratios to checkov with its default checks."""
    print(
        f"{'resources':>10} {'checkov CPU s':>14} {'MiB':>6} {'keyproof CPU s':>15} {'MiB':>6} {'CPU':>7} {'memory':>7}"
    )
    for size in SIZES[:3]:
        path = folder / f"{size}.json"
        path.write_text(json.dumps(plan_of(size)))
        common = ["--framework", "terraform_plan", "--skip-download", "--compact", "--quiet", "-o", "json"]
        theirs = usage_of([program, "-f", str(path), *common])
        ours = command_on(path, folder, 3)
        ratios = f"{theirs.cpu / ours.cpu:>6.0f}x {theirs.peak / ours.peak:>6.1f}x"
        print(f"{size:>10} {theirs.cpu:>14.1f} {theirs.peak:>6.0f} {ours.cpu:>15.2f} {ours.peak:>6.0f} {ratios}")


def read(path: str) -> None:
    """Read one plan and print the peak memory of this process in MiB, and the number of records."""
    from datetime import UTC, datetime

    from scanner.collect.terraform import PlanOptions, read_plan

    records = sum(1 for _ in read_plan(PlanOptions(path), datetime(2026, 1, 1, tzinfo=UTC)))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", metavar="PLAN")
    parser.add_argument("--checkov", metavar="PROGRAM", help="compare with this program instead")
    arguments = parser.parse_args()
    if arguments.checkov:
        with tempfile.TemporaryDirectory() as folder:
            beside_checkov(arguments.checkov, Path(folder))
        return
    if arguments.read:
        read(arguments.read)
        return
    times = []
    print(f"{'':>19} {'reading alone':>27} {'keyproof plan':>27}")
    print(
        f"{'resources':>10} {'plan MB':>8} {'wall s':>8} {'peak MiB':>9} {'records':>8}"
        f" {'CPU s':>8} {'wall s':>8} {'peak MiB':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}.json"
            path.write_text(json.dumps(plan_of(size)))
            wall, peak, records = measure(path)
            whole = command_on(path, Path(folder), 1 if size > 2_000 else 3)
            times.append(whole.cpu)
            print(
                f"{size:>10} {path.stat().st_size / 1e6:>8.1f} {wall:>8.2f} {peak:>9.0f} {records:>8}"
                f" {whole.cpu:>8.2f} {whole.wall:>8.2f} {whole.peak:>9.0f}"
            )
    exponent = math.log(times[-1] / times[-2]) / math.log(SIZES[-1] / SIZES[-2])
    print(f"growth exponent of CPU time {exponent:.2f} from {SIZES[-2]} to {SIZES[-1]} resources")


if __name__ == "__main__":
    main()
