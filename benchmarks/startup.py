"""CPU and wall time of starting the command, beside an empty Python: `python -m benchmarks.startup`."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time

from benchmarks.measure import table

RUNS = 11
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "keyproof --version": [sys.executable, "-m", "scanner", "--version"],
    "keyproof --help": [sys.executable, "-m", "scanner", "--help"],
    "keyproof scan --help": [sys.executable, "-m", "scanner", "scan", "--help"],
    "keyproof permissions": [sys.executable, "-m", "scanner", "permissions"],
    "keyproof rules list": [sys.executable, "-m", "scanner", "rules", "list"],
}


def measure(command: list[str]) -> tuple[float, float]:
    """(CPU, wall) seconds of one run."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Print the median of each command."""
    rows: list[tuple[str, float, float]] = []
    for name, command in COMMANDS.items():
        runs = [measure(command) for _ in range(RUNS)]
        cpu, wall = (statistics.median(run[place] for run in runs) for place in (0, 1))
        rows.append((name, cpu, wall))
    table(("command", "CPU s", "wall s"), rows)


if __name__ == "__main__":
    main()
