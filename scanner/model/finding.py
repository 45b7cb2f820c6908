"""What an evaluation yields: findings, each with its evidence, and the report that holds them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from msgspec import Struct, field

from scanner.model.framework import Framework
from scanner.model.keypage import KeyPage
from scanner.model.records import Gap, Source
from scanner.model.rule import Control, Outcome, RuleInfo, Severity


class Evidence(Struct, frozen=True):
    """One thing that decided: a field, a policy statement, a grant, a path.

    `facts` holds plain JSON values; `pointer` is a JSON pointer into the document or the path of the field.
    """

    type: str
    """`field`, `statement`, `grant`, `object`, `path` or `reason`."""
    subject: str
    """ARN or id of what the evidence is about."""
    text: str
    """One line in words."""
    document: str | None = None
    """Which document: `key-policy/default`, `iam/arn:aws:iam::...:policy/x`, `grant/<id>`."""
    pointer: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class WaiverNote(Struct, frozen=True):
    """The waiver that covers a finding; the outcome stays FAIL."""

    owner: str
    reason: str
    expires: date
    ticket: str | None = None


class Finding(Struct, frozen=True):
    """The outcome of one rule on one subject.

    `message` is one line; `reasons` say why a NOT_ASSESSED could not be told.
    `status` is new, unchanged, fixed or regressed against a baseline, else None.
    """

    rule: str
    subject: str
    subject_type: str
    account: str
    region: str
    outcome: Outcome
    severity: Severity
    message: str
    evidence: tuple[Evidence, ...] = ()
    reasons: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    fix: dict[str, str] = field(default_factory=dict)
    identity: tuple[str, ...] = ()
    """What besides rule and subject tells two findings apart (`where` a plan stands, a statement)."""
    label: str = ""
    """The subject in a person's words: an alias or a name."""
    tags: dict[str, str] = field(default_factory=dict)
    address: str | None = None
    """Terraform address of the subject, for a plan."""
    location: tuple[str, int] | None = None
    """File and line of the source that declares the subject, for a plan."""
    also_reported_by: tuple[str, ...] = ()
    status: str | None = None
    waiver: WaiverNote | None = None
    first_seen: datetime | None = None
    """When history first saw this fingerprint fail; None without a history."""

    @property
    def fingerprint(self) -> str:
        """A name that outlives wording and dates: 32 hex digits over rule, subject and identity."""
        text = "\0".join(("keyproof/1", self.rule, self.subject, *self.identity))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class Unlisted(Struct, frozen=True):
    """Subjects that may exist but could not be listed, so that no rule judged them."""

    subject_type: str
    account: str
    region: str
    reason: str


class Notice(Struct, frozen=True):
    """Something about waivers or settings that a reader must know: expired, unused, lapsing."""

    type: str
    text: str


class Cut(Struct, frozen=True):
    """What `Report.findings` was cut to when it was written down: nothing below `severity`, only these outcomes."""

    severity: Severity
    outcomes: tuple[Outcome, ...]
    failed: dict[Severity, int] = field(default_factory=dict)
    """How many verdicts failed, not waived, with those that were cut."""


class TrendPoint(Struct, frozen=True):
    """One earlier run: how many verdicts failed (not waived), by severity label, and were not assessed."""

    as_of: datetime
    failed: dict[str, int]
    not_assessed: int
    complete: bool


class FixRecord(Struct, frozen=True):
    """What became of the failures of one rule, or of the rules that serve one standard, over all runs."""

    name: str
    open: int
    resolved: int
    """Findings that are gone now."""
    regressed: int
    """Findings that came back at least once, open or not."""
    fixes: int
    """Times that a failure was fixed, a regressed one counted again."""
    mean_time_to_fix: float | None
    """Seconds from a failure's opening to the run that no longer saw it; None without a fix."""
    open_since: datetime | None
    """When the oldest open failure opened."""


class FixRecords(Struct, frozen=True):
    """How long faults stay, by rule and by standard."""

    rules: tuple[FixRecord, ...]
    frameworks: tuple[FixRecord, ...]


class Report(Struct, frozen=True):
    """All that a renderer may see."""

    source: Source
    digest: str
    as_of: datetime
    findings: tuple[Finding, ...]
    """Sorted: worst first, then rule, subject, fingerprint."""
    rules: tuple[RuleInfo, ...]
    gaps: tuple[Gap, ...]
    complete: bool
    tool_version: str
    subjects: dict[str, int] = field(default_factory=dict)
    """How many subjects of each type were judged."""
    notices: tuple[Notice, ...] = ()
    framework: str | None = None
    changes: dict[str, Any] | None = None
    """What `plan --live` and `diff` add."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Rule id to outcome to number of subjects, for what `findings` does not list; it wins over counting them."""
    cut: Cut | None = None
    frameworks: tuple[Framework, ...] = ()
    """The standards that the rules cite, with every requirement, also those without a rule."""
    key_pages: tuple[KeyPage, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    """Earlier runs, oldest first."""
    fixes: FixRecords | None = None
    """What the history knows of these accounts; None without one."""


def sort_key(finding: Finding) -> tuple[int, int, str, str, str]:
    """The order of findings in every report."""
    rank = {Outcome.FAIL: 0, Outcome.NOT_ASSESSED: 1, Outcome.PASS: 2, Outcome.NOT_APPLICABLE: 3}
    return (rank[finding.outcome], -finding.severity, finding.rule, finding.subject, finding.fingerprint)
