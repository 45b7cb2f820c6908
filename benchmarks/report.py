"""Writing a report in every format over three sizes, and the HTML page in Chromium: `python -m benchmarks.report`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks.measure import Timed, exponent, table
from scanner.model.finding import Report
from scanner.report import FORMATS, RenderOptions
from scanner.report.read import read_report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "report"))
samples = import_module("samples")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


def writing(reports: list[Report]) -> None:
    """CPU seconds and size of each format."""
    sizes = [len(report.findings) for report in reports]
    rows: list[list[float | str]] = []
    for name, format in FORMATS.items():
        seconds, characters = [], 0
        for report in reports:
            with Timed() as timed:
                characters = len(format.render(report, RenderOptions()))
            seconds.append(timed.seconds)
        rows.append([name, *seconds, characters / 1e6, exponent(sizes, seconds)])
    table(["format", *(f"{size:,} findings, s" for size in sizes), "largest, M chars", "growth"], rows)


def reading(report: Report) -> None:
    """CPU seconds to read the JSON report back."""
    text = FORMATS["json"].render(report, RenderOptions(all_outcomes=True))
    with Timed() as timed:
        read_report(text, "report.json")
    print(f"\nJSON of {len(report.findings):,} findings read back in {timed.seconds:.2f} s")


def page(report: Report) -> None:
    """Seconds until Chromium shows the first rows, and until a first and a second search are answered."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        file = Path(directory) / "report.html"
        file.write_text(FORMATS["html"].render(report, RenderOptions()), encoding="utf-8")
        path = os.environ.get("KEYPROOF_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        tab = browser.new_page()
        seconds = []
        for words in ("", "bucket-0999", "bucket-0888"):
            start = time.perf_counter()
            if words:
                tab.fill("[name=q]", words)
            else:
                tab.goto(f"{file.as_uri()}#findings")
            tab.wait_for_selector("#findings-table tbody tr")
            seconds.append(time.perf_counter() - start)
        browser.close()
    print("\nin Chromium, seconds of wall time")
    table(["findings", "load", "first search", "next search"], [[len(report.findings), *seconds]])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=100_000)
    largest = parser.parse_args().largest
    reports = [samples.large_report(size) for size in (largest // 16, largest // 4, largest)]
    writing(reports)
    reading(reports[-1])
    page(reports[-1])


if __name__ == "__main__":
    main()
