"""The job summary of GitHub Actions: the Markdown report with the room of a step (1 MiB)."""

from __future__ import annotations

from scanner.model.finding import Report
from scanner.report.markdown import within
from scanner.report.options import RenderOptions

CHARACTERS = 250_000
"""A character takes at most four bytes of the 1 MiB that GitHub shows."""


def render(report: Report, options: RenderOptions) -> str:
    """The text to append to the file that `GITHUB_STEP_SUMMARY` names."""
    return within(report, options, CHARACTERS)
