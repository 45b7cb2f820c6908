"""A Security Hub that is as strict as AWS documents it, where moto is not: for clients of boto3's shape.

It ignores updates that are not newer, keeps the customer's fields from the provider, refuses what is too large or
too many or not in its own account, throttles, and adds fields of its own.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import jsonschema
from botocore.exceptions import ClientError
from report.asff_schema import asff_schema

from scanner.export.clients import Place
from scanner.export.hub import RATES

CUSTOMERS = {"Note", "UserDefinedFields", "VerificationState", "Workflow"}
VALIDATOR = jsonschema.Draft202012Validator(asff_schema())


class Time:
    """A clock that only `sleep` moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FakeHub:
    """Security Hub of one account and Region."""

    def __init__(self, place: Place, time: Time) -> None:
        self.place, self.time = place, time
        self.findings: dict[str, dict[str, Any]] = {}
        self.enabled = True
        self.refused: dict[str, str] = {}
        """Id of a finding to the error code with which it is refused."""
        self.late = 0
        """So many calls of BatchUpdateFindings find nothing."""
        self.throttles = 0
        """So many calls are throttled, whatever their pace."""
        self.broken = 0
        """Which import breaks, counted from 1."""
        self.throttled_after: int | None = None
        """After so many imports, each further one is throttled."""
        self.calls: list[tuple[str, float]] = []
        self.sent = 0

    def batch_import_findings(self, Findings: list[dict[str, Any]]) -> dict[str, Any]:
        self._enter("batch_import_findings")
        imports = [name for name, _ in self.calls].count("batch_import_findings")
        if imports == self.broken:
            raise failure("InternalException", "try again later")
        if not 1 <= len(Findings) <= 100 or len(json.dumps(Findings).encode()) > 6_000_000:
            raise failure("InvalidInputException", "too many findings, or too large a batch")
        failed = []
        for finding in Findings:
            code = self._take(finding)
            if code:
                failed.append({"Id": finding["Id"], "ErrorCode": code, "ErrorMessage": "refused"})
        self.sent += len(Findings)
        return {"FailedCount": len(failed), "SuccessCount": len(Findings) - len(failed), "FailedFindings": failed}

    def batch_update_findings(self, FindingIdentifiers: list[dict[str, str]], **changes: Any) -> dict[str, Any]:
        self._enter("batch_update_findings")
        assert 1 <= len(FindingIdentifiers) <= 100
        assert changes.keys() <= {"Note", "Workflow"}
        missing, self.late = self.late > 0, max(self.late - 1, 0)
        processed, unprocessed = [], []
        for name in FindingIdentifiers:
            held = self.findings.get(name["Id"])
            if held is None or missing or name["ProductArn"] != self.place.product_arn:
                error = {"ErrorCode": "FindingNotFound", "ErrorMessage": "no such finding"}
                unprocessed.append({"FindingIdentifier": name, **error})
            else:
                held |= copy.deepcopy(changes)
                processed.append(name)
        return {"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}

    def get_findings(self, Filters: dict[str, Any], MaxResults: int, NextToken: str = "0") -> dict[str, Any]:
        self._enter("get_findings")
        wanted = [finding for finding in self.findings.values() if matches(finding, Filters)]
        first = int(NextToken)
        page = {"Findings": copy.deepcopy(wanted[first : first + MaxResults])}
        return page | ({"NextToken": str(first + MaxResults)} if first + MaxResults < len(wanted) else {})

    def _enter(self, name: str) -> None:
        if not self.enabled:
            raise failure("InvalidAccessException", f"Account {self.place.account} is not subscribed to Security Hub")
        rate, burst = RATES[name]
        within = [at for called, at in self.calls if called == name and at > self.time.now - 1]
        full = (
            name == "batch_import_findings" and [called for called, _ in self.calls].count(name) == self.throttled_after
        )
        if full or self.throttles or len(within) >= rate + burst:
            self.throttles = max(self.throttles - 1, 0)
            raise failure("LimitExceededException", "Rate exceeded")
        self.calls.append((name, self.time.now))

    def _take(self, finding: dict[str, Any]) -> str | None:
        """Create or update, or the code of a refusal."""
        if finding["Id"] in self.refused:
            return self.refused[finding["Id"]]
        if finding["AwsAccountId"] != self.place.account or finding["ProductArn"] != self.place.product_arn:
            return "InvalidAccess"
        if len(json.dumps(finding).encode()) > 240_000 or not VALIDATOR.is_valid(finding):
            return "InvalidInput"
        held = self.findings.get(finding["Id"])
        if held is not None and moment(finding["UpdatedAt"]) <= moment(held["UpdatedAt"]):
            return None  # ignored without a word
        kept = {name: held[name] for name in CUSTOMERS if name in held} if held else {}
        taken = {name: value for name, value in finding.items() if held is None or name not in CUSTOMERS}
        self.findings[finding["Id"]] = copy.deepcopy(
            {"Workflow": {"Status": "NEW"}} | taken | kept | self._own(finding)
        )
        return None

    def _own(self, finding: dict[str, Any]) -> dict[str, Any]:
        own = {"aws/securityhub/ProductName": "keyproof", "aws/securityhub/SeverityLabel": finding["Severity"]["Label"]}
        return {
            "ProductFields": finding["ProductFields"] | own,
            "ProcessedAt": "2026-01-01T00:00:00.000Z",
            "WorkflowState": "NEW",
            "AwsAccountName": "payments",
            "Severity": finding["Severity"] | {"Normalized": 40},
        }


def matches(finding: dict[str, Any], filters: dict[str, Any]) -> bool:
    tests: dict[str, Callable[[str, str], bool]] = {"EQUALS": str.__eq__, "PREFIX": str.startswith}
    return all(
        any(tests[test["Comparison"]](finding[name], test["Value"]) for test in alternatives)
        for name, alternatives in filters.items()
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def failure(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")
