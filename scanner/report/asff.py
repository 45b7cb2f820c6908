"""AWS Security Finding Format: a JSON array that BatchImportFindings of Security Hub CSPM accepts in batches.

Limits are those of the API reference (AwsSecurityFinding). `Workflow` belongs to the customer and is never
set; a waived finding stays FAILED and says in `ProductFields` and `Note` who waived it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from scanner.model.arn import account_of, parse_arn, partition_of
from scanner.model.finding import Finding, Report
from scanner.model.rule import Outcome, RuleInfo, Severity
from scanner.report.clean import clean
from scanner.report.jsontext import encoded, json_text
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines, waiver_line
from scanner.report.rulebook import rulebook
from scanner.report.summary import observed

STATUS = {
    Outcome.FAIL: "FAILED",
    Outcome.NOT_ASSESSED: "NOT_AVAILABLE",
    Outcome.PASS: "PASSED",
    Outcome.NOT_APPLICABLE: "NOT_AVAILABLE",
}
LABEL = {
    Severity.CRITICAL: "CRITICAL",
    Severity.HIGH: "HIGH",
    Severity.MEDIUM: "MEDIUM",
    Severity.LOW: "LOW",
    Severity.INFO: "INFORMATIONAL",
}
GLOBAL_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where Security Hub keeps findings about global resources."""
RESOURCE_TYPE = {"kms": "AwsKmsKey", "s3": "AwsS3Bucket", "iam": "AwsIamRole", "cloudtrail": "AwsCloudTrailTrail"}
TYPES = ["Software and Configuration Checks/Industry and Regulatory Standards"]
PAIRS = 50
"""Entries of a map (ProductFields, Tags)."""
REQUIREMENTS = 32


def render(report: Report, options: RenderOptions) -> str:
    """The listed findings of known accounts, worst first: Security Hub takes no other."""
    listed = tuple(finding for finding in shown(report, options) if account_of(finding.account))
    return json_text(encoded(asff_findings(report, listed)))


def without_account(report: Report, options: RenderOptions) -> tuple[Finding, ...]:
    """Listed findings of no known account, which a plan need not tell."""
    return tuple(finding for finding in shown(report, options) if account_of(finding.account) is None)


def asff_findings(report: Report, findings: tuple[Finding, ...]) -> Iterator[dict[str, Any]]:
    """Each finding in ASFF, in the order given."""
    book = rulebook(report, findings)
    for finding in findings:
        yield _asff(report, finding, book[finding.rule])


def _asff(report: Report, finding: Finding, rule: RuleInfo) -> dict[str, Any]:
    region, partition = _home(finding)
    updated = _time(observed(report))
    label = LABEL[finding.severity] if finding.outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED) else "INFORMATIONAL"
    first = _time(finding.first_seen or observed(report))
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"keyproof/{finding.account}/{region}/{finding.fingerprint}",
        "ProductArn": f"arn:{partition}:securityhub:{region}:{finding.account}:product/{finding.account}/default",
        "ProductName": "keyproof",
        "CompanyName": "keyproof",
        "Region": region,
        "GeneratorId": clean(f"keyproof/{finding.rule}", 512),
        "AwsAccountId": finding.account,
        "Types": TYPES,
        "FirstObservedAt": first,
        "LastObservedAt": updated,
        "CreatedAt": first,
        "UpdatedAt": updated,
        "Severity": {"Label": label, "Original": finding.severity.label},
        "FindingProviderFields": {"Severity": {"Label": label, "Original": finding.severity.label}, "Types": TYPES},
        "Title": text(rule.title, 256),
        "Description": text(_description(finding), 1024),
        "ProductFields": _product_fields(report, finding),
        "Resources": [_resource(finding, region, partition)],
        "Compliance": _compliance(finding),
        "RecordState": "ARCHIVED" if finding.status == "fixed" else "ACTIVE",
    } | _optional(finding, rule, updated)


def _optional(finding: Finding, rule: RuleInfo, updated: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    advice = finding.fix.get("cli") or finding.fix.get("terraform")
    if advice:
        found["Remediation"] = {"Recommendation": {"Text": text(advice, 512)}}
    source = next((source for source in rule.sources if source.startswith("https://")), None)
    if source:
        found["SourceUrl"] = text(source, 2048)
        found.setdefault("Remediation", {"Recommendation": {}})["Recommendation"]["Url"] = text(source, 2048)
    if finding.waiver is not None:
        words = text(waiver_line(finding), 512)
        found["Note"] = {"Text": words, "UpdatedBy": text(finding.waiver.owner, 512), "UpdatedAt": updated}
    return found


def _description(finding: Finding) -> str:
    return ". ".join([finding.message, *evidence_lines(finding)])


def _compliance(finding: Finding) -> dict[str, Any]:
    compliance: dict[str, Any] = {"Status": STATUS[finding.outcome]}
    required = [text(control.id, 64) for control in finding.controls[:REQUIREMENTS]]
    if required:
        compliance["RelatedRequirements"] = required
    if finding.outcome is Outcome.NOT_ASSESSED:
        reasons = finding.reasons or (finding.message,)
        compliance["StatusReasons"] = [
            {"ReasonCode": reason_code(reason), "Description": text(reason, 1024)} for reason in reasons[:10]
        ]
    elif finding.outcome is Outcome.NOT_APPLICABLE:
        reason = {"ReasonCode": "NOT_APPLICABLE", "Description": text(finding.message, 1024)}
        compliance["StatusReasons"] = [reason]
    return compliance


def reason_code(reason: str) -> str:
    """What kind of obstacle a reason names."""
    if "AccessDenied" in reason or "Unauthorized" in reason:
        return "ACCESS_DENIED"
    return "THROTTLED" if "Throttl" in reason else "NOT_COLLECTED"


def _product_fields(report: Report, finding: Finding) -> dict[str, str]:
    fields = {
        "keyproof/fingerprint": finding.fingerprint,
        "keyproof/outcome": finding.outcome.value,
        "keyproof/subject-type": finding.subject_type,
        "keyproof/region": finding.region,
        "keyproof/regions-read": " ".join(sorted(report.source.regions)),
        "keyproof/label": finding.label,
        "keyproof/status": finding.status or "",
    }
    if finding.waiver is not None:
        fields |= {
            "keyproof/waiver/owner": finding.waiver.owner,
            "keyproof/waiver/reason": finding.waiver.reason,
            "keyproof/waiver/expires": finding.waiver.expires.isoformat(),
            "keyproof/waiver/ticket": finding.waiver.ticket or "",
        }
    for number, line in enumerate(evidence_lines(finding)[:10]):
        fields[f"keyproof/evidence/{number}"] = line
    return {key: clean(value, 2048) for key, value in fields.items() if value.strip()}


def _resource(finding: Finding, region: str, partition: str) -> dict[str, Any]:
    arn = parse_arn(finding.subject)
    resource: dict[str, Any] = {
        "Type": _resource_type(finding),
        "Id": text(finding.subject, 512),
        "Partition": partition,
        "Region": region,
    }
    tags = {text(key, 128): clean(value, 256) for key, value in sorted(finding.tags.items()) if value.strip()}
    if tags:
        resource["Tags"] = dict(list(tags.items())[:PAIRS])
    if arn and arn.service == "kms" and arn.resource.startswith("key/"):
        key_id = text(arn.resource.removeprefix("key/"), 512)
        resource["Details"] = {"AwsKmsKey": {"AWSAccountId": finding.account, "KeyId": key_id}}
    return resource


def _resource_type(finding: Finding) -> str:
    arn = parse_arn(finding.subject)
    if arn and arn.service == "iam" and not arn.resource.startswith("role/"):
        return "AwsIamUser" if arn.resource.startswith("user/") else "Other"
    if arn and arn.service == "kms" and not arn.resource.startswith("key/"):
        return "Other"
    return RESOURCE_TYPE.get(arn.service, "Other") if arn else "Other"


def _home(finding: Finding) -> tuple[str, str]:
    arn = parse_arn(finding.subject)
    partition = arn.partition if arn and arn.partition in GLOBAL_REGION else partition_of(finding.region)
    region = GLOBAL_REGION[partition] if finding.region == "aws-global" else text(finding.region, 16)
    return region, partition


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def text(words: str, limit: int) -> str:
    """`words` within a field that must hold something."""
    return clean(words, limit).strip() or "-"
