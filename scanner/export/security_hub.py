"""Brings Security Hub CSPM to what a report says, account by account and Region by Region.

A place that cannot be reached costs only its own findings; whatever was not taken is in the outcome.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from scanner.export.clients import Connect, Place
from scanner.export.hub import Hub, HubError
from scanner.export.reconcile import GENERATOR, Asff, Covers, Plan, reconcile

ACCOUNT = re.compile(r"\d{12}")
NOT_ENABLED = "InvalidAccessException"
"""Security Hub is off there: it holds nothing of ours, so without a finding to send nothing is missing."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What did not arrive: one finding, or with an empty `id` all `findings` of a place."""

    place: str
    id: str
    code: str
    message: str
    findings: int = 1


@dataclass(slots=True)
class Exported:
    """What an export set out to do (a dry run would), in numbers of findings; what failed of it is in `failures`."""

    created: int = 0
    updated: int = 0
    archived: int = 0
    suppressed: int = 0
    reopened: int = 0
    unchanged: int = 0
    stale: int = 0
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock and the sleep of an export, in seconds."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]


def export(
    findings: Iterable[Asff],
    places: Iterable[Place],
    covers: Covers,
    observed: datetime,
    connect: Connect,
    timing: Timing,
    *,
    dry_run: bool = False,
) -> Exported:
    """Create, update, archive and suppress until Security Hub holds `findings`, and nothing of ours that is gone.

    Each of `findings` failed or could not be assessed, in ASFF. `places` are those that the report speaks for, also
    without a finding; `observed` is when its facts were read.
    """
    done = Exported()
    for place, some in _by_place(findings, places, done).items():
        try:
            hub = Hub(connect(place), timing.clock, timing.sleep)
            plan = reconcile(hub.held(place.product_arn, GENERATOR), some, covers, observed)
            _note(done, plan)
            if not dry_run:
                _send(hub, place, plan, done)
        except HubError as error:
            if error.code == NOT_ENABLED and not some:
                continue
            done.failures.append(Failure(str(place), "", error.code, error.message, len(some)))
    return done


def _by_place(findings: Iterable[Asff], places: Iterable[Place], done: Exported) -> dict[Place, list[Asff]]:
    """Findings under the place that each belongs to; those of no account (a name that is none) fail."""
    wanted: dict[Place, list[Asff]] = {place: [] for place in places}
    for finding in findings:
        account = finding["AwsAccountId"]
        place = Place(account, finding["Region"], finding["ProductArn"].split(":")[1])
        if ACCOUNT.fullmatch(account):
            wanted.setdefault(place, []).append(finding)
        else:
            message = f"Security Hub takes findings of accounts only, and `{account}` is none"
            done.failures.append(Failure(str(place), finding["Id"], "InvalidAccount", message))
    return wanted


def _note(done: Exported, plan: Plan) -> None:
    done.created += len(plan.created)
    done.updated += len(plan.updated)
    done.archived += len(plan.archived)
    done.suppressed += len(plan.suppressed)
    done.reopened += len(plan.reopened)
    done.unchanged += plan.unchanged
    done.stale += plan.stale


def _send(hub: Hub, place: Place, plan: Plan, done: Exported) -> None:
    """Findings first, for a workflow needs one to belong to."""
    refused = hub.send([*plan.created, *plan.updated, *plan.archived])
    missing = {refusal.id for refusal in refused} & {finding["Id"] for finding in plan.created}
    refused += hub.update([change for change in (*plan.suppressed, *plan.reopened) if change.id not in missing])
    done.failures += (Failure(str(place), *refusal) for refusal in refused)
