"""The shape of a report in JSON, version 1: written, read back and published from the same types.

Keys never change their meaning within a version; new keys may be added.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from scanner.model.finding import Evidence, FixRecords, Notice, TrendPoint
from scanner.model.framework import Framework
from scanner.model.keypage import KeyPage
from scanner.model.records import Source
from scanner.model.rule import Outcome, Strength

SCHEMA: Literal[1] = 1
SeverityLabel = Annotated[str, Meta(pattern="^(critical|high|medium|low|info)$")]
Status = Annotated[str, Meta(pattern="^(new|unchanged|fixed|regressed)$")]
ControlId = Annotated[str, Meta(pattern="^[^/]+/.+$")]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the objects of a report."""


class ControlOut(Part, frozen=True):
    """A requirement of a standard, and whether the rule tests it or only supports it."""

    id: ControlId
    strength: Strength


class WaiverOut(Part, frozen=True):
    """The waiver that covers a finding."""

    owner: str
    reason: str
    expires: date
    ticket: str | None = None


class LocationOut(Part, frozen=True):
    """Where the source of a plan declares the subject; `line` counts from 1."""

    file: str
    line: int


class FindingOut(Part, frozen=True):
    """One verdict: a rule on a subject."""

    rule: str
    subject: str
    account: str
    region: str
    outcome: Outcome
    severity: SeverityLabel
    message: str
    evidence: tuple[Evidence, ...]
    controls: tuple[ControlOut, ...]
    fix: dict[str, str]
    fingerprint: str
    status: Status | None
    waiver: WaiverOut | None
    subject_type: str = ""
    label: str = ""
    identity: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    address: str | None = None
    location: LocationOut | None = None
    also_reported_by: tuple[str, ...] = ()
    first_seen: datetime | None = None


class GapOut(Part, frozen=True):
    """A read that failed."""

    account: str
    region: str
    service: str
    operation: str
    code: str
    message: str = ""
    action: str | None = None
    subject: str | None = None
    makes_unknown: tuple[str, ...] = ()


class VariantOut(Part, frozen=True):
    """What a rule is in the accounts of an environment whose settings change it."""

    environment: str
    accounts: tuple[str, ...]
    severity: SeverityLabel
    params: dict[str, Any]
    off: str | None


class RuleOut(Part, frozen=True):
    """The words of a rule that ran."""

    id: str
    title: str
    severity: SeverityLabel
    subject: str
    theme: str
    why: str
    fix: dict[str, str]
    controls: tuple[ControlOut, ...] = ()
    sources: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    params: dict[str, Any] = {}
    false_positives: str = ""
    off: str | None = None
    variants: tuple[VariantOut, ...] = ()


class ToolOut(Part, frozen=True):
    """What wrote the report."""

    name: str
    version: str


class SnapshotOut(Part, frozen=True):
    """What was judged."""

    digest: str
    source: Source


class SummaryOut(Part, frozen=True):
    """Counts over every verdict, whatever `findings` lists; `failed` leaves waived failures out."""

    outcomes: dict[str, int]
    failed: dict[str, int]
    waived: int
    statuses: dict[str, int]
    subjects: dict[str, int]
    rules: dict[str, dict[str, int]]


class ListedOut(Part, frozen=True):
    """What `findings` was limited to; null where it holds every verdict."""

    severity: SeverityLabel
    outcomes: tuple[Outcome, ...]


class ReportOut(Part, frozen=True):
    """A whole report."""

    schema: Literal[1]
    complete: bool
    tool: ToolOut
    as_of: datetime
    snapshot: SnapshotOut
    summary: SummaryOut
    gaps: tuple[GapOut, ...]
    findings: tuple[FindingOut, ...]
    listed: ListedOut | None = None
    framework: str | None = None
    notices: tuple[Notice, ...] = ()
    rules: tuple[RuleOut, ...] = ()
    changes: dict[str, Any] | UnsetType = UNSET
    frameworks: tuple[Framework, ...] = ()
    key_pages: tuple[KeyPage, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    fixes: FixRecords | None = None
