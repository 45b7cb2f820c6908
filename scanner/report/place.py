"""Where a finding stands in a source tree: the file and line of a plan, or a made-up path for a live subject.

Code scanning and code quality tools refuse or drop results without a relative path.
"""

from __future__ import annotations

from urllib.parse import quote

from scanner.model.arn import parse_arn
from scanner.model.finding import Finding
from scanner.model.records import Source
from scanner.report.clean import clean


def place_of(finding: Finding, source: Source) -> tuple[str, int]:
    """A relative path with forward slashes and a line from 1; a live subject stands in `aws/<account>/<region>/`.

    What a plan declares stands in the plan file when its source is not known.
    """
    if finding.location is not None:
        path, line = finding.location
        return _relative(clean(path, 1024)) or "unknown", max(line, 1)
    if finding.address is not None and source.path not in (None, "-"):
        return _relative(clean(str(source.path), 1024)) or "unknown", 1
    arn = parse_arn(finding.subject)
    name = f"{arn.service}/{arn.resource}" if arn else f"{finding.subject_type}/{finding.subject}"
    return _relative(clean(f"aws/{finding.account}/{finding.region}/{name}", 1024)), 1


def _relative(path: str) -> str:
    parts = path.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def uri_of(path: str) -> str:
    """`path` as a relative URI reference (RFC 3986)."""
    return quote(path, safe="/")
