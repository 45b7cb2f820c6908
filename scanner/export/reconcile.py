"""What must change in Security Hub so that it holds what a report says: pure, from both sides to a plan.

Security Hub ignores an update that is not newer than what it holds, adds fields of its own to a finding, and leaves
`Workflow` and `Note` to the customer. So every finding carries a digest of what we said and when the facts behind
it were read, and we only ever lift a suppression that is ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.export.hub import Workflow

GENERATOR = "keyproof/"
AUTHOR = "keyproof"
WAIVED = "waived until "
LAPSED = "no waiver covers this any more"
DIGEST, OBSERVED = "keyproof/digest", "keyproof/observed"
WAIVER_FIELD, REGION_FIELD, READ_FIELD = "keyproof/waiver/owner", "keyproof/region", "keyproof/regions-read"
TIMES = ("CreatedAt", "FirstObservedAt", "LastObservedAt", "UpdatedAt")
OURS = (
    "SchemaVersion", "Id", "ProductArn", "ProductName", "CompanyName", "Region", "GeneratorId", "AwsAccountId", "Types",
    *TIMES, "Severity", "FindingProviderFields", "Title", "Description", "Remediation", "SourceUrl", "ProductFields",
    "Resources", "Compliance", "RecordState",
)  # fmt: skip
"""What a provider may say of a finding; the rest is the customer's or Security Hub's."""
REFRESH = timedelta(days=30)
"""Security Hub forgets an active finding that nobody has updated for 90 days."""

Asff = dict[str, Any]
Covers = Callable[[str, str, str, Collection[str]], bool]
"""Whether a report would list a failure of (rule, account, Region) that a run over these Regions saw."""


@dataclass(slots=True)
class Plan:
    """What to send."""

    created: list[Asff] = field(default_factory=list)
    updated: list[Asff] = field(default_factory=list)
    archived: list[Asff] = field(default_factory=list)
    suppressed: list[Workflow] = field(default_factory=list)
    reopened: list[Workflow] = field(default_factory=list)
    unchanged: int = 0
    stale: int = 0
    """Findings of which Security Hub holds a later observation than this report."""


def reconcile(held: Iterable[Asff], wanted: Iterable[Asff], covers: Covers, observed: datetime) -> Plan:
    """From what Security Hub holds to what a report says whose facts were read at `observed`.

    `wanted` are findings in ASFF that failed or could not be assessed. Of what is held, only that is archived which
    the report would list if it were still so, by the word of `covers`.
    """
    plan, known = Plan(), {finding["Id"]: finding for finding in held}
    for finding in wanted:
        _reconcile_one(plan, known.pop(finding["Id"], None), finding, observed)
    for finding in known.values():
        if finding.get("RecordState") != "ARCHIVED" and _is_gone(finding, covers):
            if _is_stale(finding, observed):
                plan.stale += 1
            else:
                plan.archived.append(_archived(finding, observed))
    return plan


def _reconcile_one(plan: Plan, held: Asff | None, finding: Asff, observed: datetime) -> None:
    note = finding.get("Note", {}).get("Text", "")
    said = _said(finding, observed)
    if held is None:
        plan.created.append(said)
    elif _is_stale(held, observed):
        plan.stale += 1
        return
    elif _same(held, said) and moment(said["UpdatedAt"]) - moment(held["UpdatedAt"]) < REFRESH:
        plan.unchanged += 1
    else:
        plan.updated.append(_newer(said, held))
    _reconcile_workflow(plan, held or {}, said, note if WAIVER_FIELD in said["ProductFields"] else None)


def _reconcile_workflow(plan: Plan, held: Asff, said: Asff, note: str | None) -> None:
    """`note` is the waiver in words, None without one; what the customer has set stays so."""
    status = held.get("Workflow", {}).get("Status", "NEW")
    place = said["Id"], said["ProductArn"]
    if note is not None and _is_to_suppress(held, status, note):
        plan.suppressed.append(Workflow(*place, "SUPPRESSED", note, AUTHOR))
    elif note is None and status == "SUPPRESSED" and _told(held) is not None:
        plan.reopened.append(Workflow(*place, "NEW", LAPSED, AUTHOR))


def _is_to_suppress(held: Asff, status: str, note: str) -> bool:
    """Whether the waiver `note` is still to be told: a status that the customer chose after it was told stays."""
    told = _told(held)
    if status == "SUPPRESSED" or told is not None:
        return told not in (None, note)
    return status == "NEW" or _mark(held, WAIVER_FIELD) is None


def _told(held: Asff) -> str | None:
    """The waiver that our note on a finding tells of; None where the note is the customer's, or none is there."""
    note = held.get("Note", {})
    ours = note.get("UpdatedBy") == AUTHOR and note.get("Text", "").startswith(WAIVED)
    return note["Text"] if ours else None


def _said(finding: Asff, observed: datetime) -> Asff:
    """A finding as we send it, with the digest of all that is no date and not of the run."""
    said = {name: finding[name] for name in OURS if name in finding}
    fields = {name: value for name, value in said["ProductFields"].items() if name != READ_FIELD}
    content = {name: said[name] for name in said if name not in TIMES} | {"ProductFields": fields}
    marks = {
        DIGEST: hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest(),
        OBSERVED: stamp(observed),
    }
    return said | {"ProductFields": said["ProductFields"] | marks}


def _same(held: Asff, said: Asff) -> bool:
    return held.get("RecordState") == said["RecordState"] and _mark(held, DIGEST) == _mark(said, DIGEST)


def _is_stale(held: Asff, observed: datetime) -> bool:
    """Whether what is held rests on later facts than the report."""
    mark = _mark(held, OBSERVED)
    return mark is not None and moment(mark) > observed


def _is_gone(held: Asff, covers: Covers) -> bool:
    region = _mark(held, REGION_FIELD)
    rule = held["GeneratorId"].removeprefix(GENERATOR)
    read = (_mark(held, READ_FIELD) or "").split()
    return region is not None and covers(rule, held["AwsAccountId"], region, read)


def _newer(said: Asff, held: Asff) -> Asff:
    """An update that is not ignored, and keeps when the fault was first seen."""
    first = min(moment(said["CreatedAt"]), moment(held["CreatedAt"]))
    updated = _after(held, moment(said["UpdatedAt"]))
    return said | {"CreatedAt": stamp(first), "FirstObservedAt": stamp(first), "UpdatedAt": updated}


def _archived(held: Asff, observed: datetime) -> Asff:
    """What is held, as archived; only our own product fields, for Security Hub adds some."""
    kept = {name: held[name] for name in OURS if name in held}
    fields = {name: value for name, value in held["ProductFields"].items() if name.startswith(GENERATOR)}
    return kept | {
        "RecordState": "ARCHIVED",
        "UpdatedAt": _after(held, observed),
        "ProductFields": fields | {OBSERVED: stamp(observed)},
    }


def _after(held: Asff, at: datetime) -> str:
    """`at`, or the first moment that Security Hub takes for newer."""
    return stamp(max(at, moment(held["UpdatedAt"]) + timedelta(milliseconds=1)))


def _mark(finding: Asff, name: str) -> str | None:
    fields: dict[str, str] = finding.get("ProductFields", {})
    return fields.get(name)


def moment(text: str) -> datetime:
    """A time of ASFF (RFC 3339); nine fraction digits are cut to six."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)


def stamp(at: datetime) -> str:
    """A time as ASFF has it, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
