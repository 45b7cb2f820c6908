"""The three calls to Security Hub CSPM that an export makes, in batches and at the pace that AWS allows.

Limits: API reference of BatchImportFindings, BatchUpdateFindings and GetFindings; partner guide, "Guidelines for
using the BatchImportFindings API".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from scanner.export.pace import Pace

ACTIONS = ("securityhub:BatchImportFindings", "securityhub:BatchUpdateFindings", "securityhub:GetFindings")
"""Everything that an export may do, and all of it."""

BATCH_FINDINGS = 100
BATCH_BYTES = 6_000_000 - len('{"Findings": []}')
FINDING_BYTES = 240_000
RATES = {"batch_import_findings": (10, 30), "batch_update_findings": (10, 30), "get_findings": (3, 6)}
"""Calls a second and burst, per account and Region."""
ATTEMPTS = 7
THROTTLED = {"LimitExceededException", "ThrottlingException", "TooManyRequestsException", "Throttling"}
Item = TypeVar("Item")
NOT_YET = "FindingNotFound"
"""BatchUpdateFindings on a finding that was imported a moment ago."""


class HubError(Exception):
    """A call that was refused as a whole."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class Refusal(NamedTuple):
    """One finding that Security Hub did not take."""

    id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """What BatchUpdateFindings shall say of one finding."""

    id: str
    product_arn: str
    status: str
    note: str
    by: str


class Hub:
    """Security Hub of one account in one Region; `client` is a boto3 client of `securityhub`."""

    def __init__(self, client: Any, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._client, self._sleep = client, sleep
        self._paces = {name: Pace(*rate, clock, sleep) for name, rate in RATES.items()}

    def held(self, product_arn: str, generator_prefix: str) -> Iterator[dict[str, Any]]:
        """Every finding of ours that is there, active or archived.

        An administrator's or aggregating Region's answer holds findings of other places, which are left out.
        """
        filters = {
            "ProductArn": [{"Value": product_arn, "Comparison": "EQUALS"}],
            "GeneratorId": [{"Value": generator_prefix, "Comparison": "PREFIX"}],
        }
        token: dict[str, str] = {}
        while True:
            page = self._call("get_findings", Filters=filters, MaxResults=100, **token)
            for finding in page["Findings"]:
                if finding["ProductArn"] == product_arn and finding["GeneratorId"].startswith(generator_prefix):
                    yield finding
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def send(self, findings: Iterable[dict[str, Any]]) -> list[Refusal]:
        """Create and update findings; those that were not taken."""
        refused: list[Refusal] = []
        small: list[dict[str, Any]] = []
        for finding in findings:
            if size_of(finding) <= FINDING_BYTES:
                small.append(finding)
            else:
                refused.append(Refusal(finding["Id"], "TooLarge", f"it has more than {FINDING_BYTES:,} bytes"))
        return refused + _each(batches(small), self._import, lambda finding: finding["Id"])

    def update(self, changes: Sequence[Workflow]) -> list[Refusal]:
        """Set the workflow of findings, those with the same words in one call; those that were not taken.

        What was imported a moment ago may not be found yet, and is asked for again.
        """
        alike: dict[tuple[str, str, str], list[Workflow]] = {}
        for change in changes:
            alike.setdefault((change.status, change.note, change.by), []).append(change)
        groups = (
            same[first : first + BATCH_FINDINGS]
            for same in alike.values()
            for first in range(0, len(same), BATCH_FINDINGS)
        )
        return _each(groups, self._update_soon, lambda change: change.id)

    def _import(self, batch: list[dict[str, Any]]) -> list[Refusal]:
        failed = self._call("batch_import_findings", Findings=batch).get("FailedFindings", ())
        return [Refusal(one["Id"], one["ErrorCode"], one["ErrorMessage"]) for one in failed]

    def _update_soon(self, batch: list[Workflow]) -> list[Refusal]:
        refused: list[Refusal] = []
        for attempt in range(ATTEMPTS):
            answers = self._update(batch)
            late = {answer.id for answer in answers if answer.code == NOT_YET and attempt < ATTEMPTS - 1}
            refused += (answer for answer in answers if answer.id not in late)
            batch = [change for change in batch if change.id in late]
            if not batch:
                break
            self._sleep(2.0**attempt)
        return refused

    def _update(self, batch: list[Workflow]) -> list[Refusal]:
        answer = self._call(
            "batch_update_findings",
            FindingIdentifiers=[{"Id": change.id, "ProductArn": change.product_arn} for change in batch],
            Note={"Text": batch[0].note, "UpdatedBy": batch[0].by},
            Workflow={"Status": batch[0].status},
        )
        unprocessed = answer.get("UnprocessedFindings", ())
        return [Refusal(one["FindingIdentifier"]["Id"], one["ErrorCode"], one["ErrorMessage"]) for one in unprocessed]

    def _call(self, name: str, **params: Any) -> dict[str, Any]:
        """One call at its pace; a throttled one is made again, each time after twice the wait."""
        from botocore.exceptions import BotoCoreError, ClientError

        for attempt in range(ATTEMPTS):
            self._paces[name].wait()
            try:
                answer: dict[str, Any] = getattr(self._client, name)(**params)
            except ClientError as error:
                code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
                if code not in THROTTLED or attempt == ATTEMPTS - 1:
                    raise HubError(code, message) from error
                self._sleep(2.0**attempt)
            except BotoCoreError as error:
                raise HubError(type(error).__name__, str(error)) from error
            else:
                return answer
        raise AssertionError("the last attempt returns or raises")


def _each(
    batches: Iterable[list[Item]], call: Callable[[list[Item]], list[Refusal]], name: Callable[[Item], str]
) -> list[Refusal]:
    """What was not taken of all batches; one that is refused as a whole costs itself, throttling for good the rest."""
    refused: list[Refusal] = []
    stopped: HubError | None = None
    for batch in batches:
        try:
            if stopped is not None:
                raise stopped
            refused += call(batch)
        except HubError as error:
            stopped = error if error.code in THROTTLED else None
            refused += (Refusal(name(item), error.code, error.message) for item in batch)
    return refused


def batches(findings: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The findings in as few calls as the limits allow, in order."""
    batch: list[dict[str, Any]] = []
    total = 0
    for finding in findings:
        size = size_of(finding)
        if batch and (len(batch) == BATCH_FINDINGS or total + size > BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(finding)
        total += size
    if batch:
        yield batch


def size_of(finding: dict[str, Any]) -> int:
    """Bytes of a finding as it travels, with the comma after it."""
    return len(json.dumps(finding).encode()) + 2
