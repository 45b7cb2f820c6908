"""Reports to render in tests: one of everything, one with hostile names everywhere, one as large as asked for."""

from datetime import UTC, date, datetime
from typing import Any

from msgspec.structs import replace

from scanner.model.finding import (
    Evidence,
    Finding,
    FixRecord,
    FixRecords,
    Notice,
    Report,
    TrendPoint,
    WaiverNote,
    sort_key,
)
from scanner.model.framework import Framework, Requirement
from scanner.model.keypage import ChainLink, KeyEdge, KeyPage
from scanner.model.records import Gap, Source
from scanner.model.rule import Control, Outcome, RuleInfo, Severity, Strength

ACCOUNT = "111122223333"
REGION = "eu-west-1"
AS_OF = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:payments"

TESTS, SUPPORTS = Strength.TESTS, Strength.SUPPORTS


def a_rule(id: str = "key-rotation-off", **words: Any) -> RuleInfo:
    defaults: dict[str, Any] = {
        "title": "A customer managed key does not rotate",
        "severity": Severity.MEDIUM,
        "subject": "key",
        "theme": "lifecycle",
        "why": "Key material that never changes gives an attacker all the time there is.",
        "fix": {
            "cli": "aws kms enable-key-rotation --key-id KEY",
            "terraform": 'resource "aws_kms_key" "this" {\n  enable_key_rotation = true\n}',
        },
        "controls": (Control("pci-dss-4.0.1/3.7.4", TESTS), Control("nist-800-53-r5/SC-12", SUPPORTS)),
        "sources": ("https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",),
    }
    return RuleInfo(id, **defaults | words)


def a_finding(rule: RuleInfo | None = None, **facts: Any) -> Finding:
    rule = rule or a_rule()
    defaults: dict[str, Any] = {
        "subject": KEY,
        "subject_type": rule.subject,
        "account": ACCOUNT,
        "region": REGION,
        "outcome": Outcome.FAIL,
        "severity": rule.severity,
        "message": "rotation is off for alias/payments",
        "evidence": (Evidence("field", KEY, "rotation_enabled is false", pointer="rotation.enabled"),),
        "controls": rule.controls,
        "fix": rule.fix,
        "label": "alias/payments",
    }
    return Finding(rule.id, **defaults | facts)


def a_source(**facts: Any) -> Source:
    defaults: dict[str, Any] = {
        "type": "aws",
        "started": datetime(2026, 11, 22, 2, 50, tzinfo=UTC),
        "finished": datetime(2026, 11, 22, 2, 58, tzinfo=UTC),
        "caller": f"arn:aws:sts::{ACCOUNT}:assumed-role/KeyAudit/nightly",
        "accounts": (ACCOUNT,),
        "regions": (REGION, "us-east-1"),
        "tool": "keyproof 0.1.0",
    }
    return Source(**defaults | facts)


def a_report(*findings: Finding, **facts: Any) -> Report:
    """A report of `findings`, whose rules are invented unless given."""
    rules = {finding.rule: a_rule(finding.rule, severity=finding.severity) for finding in findings}
    defaults: dict[str, Any] = {
        "source": a_source(),
        "digest": "sha256:" + "0f" * 32,
        "as_of": AS_OF,
        "findings": tuple(sorted(findings, key=sort_key)),
        "rules": tuple(rules[id] for id in sorted(rules)),
        "gaps": (),
        "complete": not facts.get("gaps"),
        "tool_version": "0.1.0",
        "subjects": {"key": 3, "resource": 5},
    }
    return Report(**defaults | facts)


GRANTS_GAP = Gap(
    account=ACCOUNT,
    region="us-east-1",
    service="kms",
    operation="ListGrants",
    code="AccessDeniedException",
    message="User is not authorized to perform: kms:ListGrants",
    action="kms:ListGrants",
    subject=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-1",
    makes_unknown=("key.grants",),
)
VOLUMES_GAP = Gap(
    account=ACCOUNT,
    region=REGION,
    service="ec2",
    operation="DescribeVolumes",
    code="UnauthorizedOperation",
    action="ec2:DescribeVolumes",
    makes_unknown=("resource:AWS::EC2::Volume",),
)

OFF_CKS = a_rule(
    "pci-resource-off-cks",
    title="Cardholder data is encrypted by a key outside the CloudHSM key store",
    severity=Severity.CRITICAL,
    subject="resource",
    theme="custody",
    why="The data class pci demands key material in a single-tenant HSM.",
    controls=(Control("pci-dss-4.0.1/3.6.1.3", TESTS), Control("pci-dss-4.0.1/3.7.10", SUPPORTS)),
)
SEPARATION = a_rule(
    "key-admin-can-decrypt",
    title="A principal both administers and uses a key",
    severity=Severity.HIGH,
    theme="access",
    why="Whoever holds both can change who may decrypt and then decrypt.",
    controls=(Control("pci-dss-4.0.1/3.7.6", SUPPORTS),),
)
ROTATION = a_rule()
STORE = a_rule("key-store-disconnected", title="A key store is disconnected", severity=Severity.LOW, subject="store")
TRAIL = a_rule("trail-excludes-kms-events", title="A trail leaves KMS events out", severity=Severity.INFO)

PCI = Framework(
    "pci-dss-4.0.1",
    "PCI DSS v4.0.1",
    "https://www.pcisecuritystandards.org/document_library/",
    (
        Requirement("3.6.1.3", "The fewest custodians can reach clear-text key components"),
        Requirement("3.7.4", "Keys change at the end of their cryptoperiod"),
        Requirement("3.7.8", "Custodians acknowledge their duties", manual=True),
        Requirement("7.2.4", "User accounts and access are reviewed every six months"),
    ),
)

WAIVER = WaiverNote("payments-team@example.com", "replaced in January", date(2027, 1, 31), "SEC-42")
STATEMENT = Evidence(
    "statement",
    KEY,
    "Allow kms:* to arn:aws:iam::111122223333:role/ops",
    document="key-policy/default",
    pointer="/Statement/1",
    facts={"Effect": "Allow", "Action": ["kms:*"], "Condition": None, "count": 2},
)

KEY_PAGE = KeyPage(
    KEY,
    "alias/payments",
    ACCOUNT,
    REGION,
    "CKS",
    facts={"state": "Enabled", "origin": "AWS_CLOUDHSM", "spec": "SYMMETRIC_DEFAULT", "manager": "CUSTOMER"},
    aliases=("alias/payments", "alias/Zählung"),
    data_classes=("pci",),
    chain=(
        ChainLink("cluster", "cluster-0abc", "cluster-0abc", "ACTIVE"),
        ChainLink("store", "cks-0123", "payments-store", "CONNECTED"),
        ChainLink("key", KEY, "alias/payments", "Enabled"),
    ),
    edges=(
        KeyEdge("protects", DATABASE, "payments", "AWS::RDS::DBInstance", "storage"),
        KeyEdge(
            "can_administer",
            f"arn:aws:iam::{ACCOUNT}:role/ops",
            "ops",
            "role",
            "kms:PutKeyPolicy, kms:ScheduleKeyDeletion",
            because=("key-policy/default#/Statement/1",),
        ),
        KeyEdge(
            "can_use",
            f"arn:aws:iam::{ACCOUNT}:role/app",
            "app",
            "role",
            "kms:Decrypt, kms:GenerateDataKey",
            certain=False,
            conditions=("kms:ViaService is rds.eu-west-1.amazonaws.com",),
            because=("key-policy/default#/Statement/2",),
        ),
        KeyEdge("granted", "rds.amazonaws.com", "rds.amazonaws.com", "service", "Decrypt, CreateGrant"),
    ),
    totals={"protects": 412},
    unknown={"can_grant": f"iam:GetAccountAuthorizationDetails AccessDenied in {ACCOUNT}/aws-global"},
)


def full_report(**facts: Any) -> Report:
    """Every outcome, severity, status and kind of evidence; a waiver, gaps, notices, changes, non-ASCII names."""
    kms_denied = GRANTS_GAP.reason()
    findings = (
        a_finding(
            OFF_CKS,
            subject=DATABASE,
            subject_type="resource",
            label="AWS::RDS::DBInstance payments",
            message="storage of payments is encrypted by alias/aws/rds (AWS_MANAGED), pci demands CKS",
            evidence=(
                Evidence("field", DATABASE, "storage names alias/aws/rds", pointer="KmsKeyId"),
                Evidence("path", DATABASE, "in scope pci by its tag DataClass=pci"),
            ),
            tags={"DataClass": "pci", "Größe": "µ"},
            status="new",
            first_seen=datetime(2026, 11, 1, 3, 0, tzinfo=UTC),
        ),
        a_finding(SEPARATION, message="1 principal both administers and uses alias/payments", evidence=(STATEMENT,)),
        a_finding(
            SEPARATION,
            subject=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-1",
            region="us-east-1",
            label="alias/Zählung-日本",
            outcome=Outcome.NOT_ASSESSED,
            message="could not be told",
            reasons=(kms_denied,),
            evidence=(Evidence("reason", KEY, kms_denied),),
        ),
        a_finding(ROTATION, waiver=WAIVER, status="unchanged"),
        a_finding(ROTATION, subject=KEY + "-2", outcome=Outcome.PASS, message="rotates every 365 days", status="fixed"),
        a_finding(ROTATION, subject=KEY + "-3", outcome=Outcome.PASS, message="rotates every 90 days"),
        a_finding(ROTATION, subject=KEY + "-4", outcome=Outcome.NOT_APPLICABLE, message="does not apply: CKS"),
        a_finding(STORE, subject="cks-0123", label="payments-store", message="DISCONNECTED", status="regressed"),
        a_finding(
            TRAIL,
            subject=f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all",
            label="all",
            message="kms.amazonaws.com is excluded",
            location=("modules/audit/main.tf", 17),
            identity=("modules/audit",),
            also_reported_by=("CKV_AWS_35",),
        ),
    )
    everything: dict[str, Any] = {
        "rules": (SEPARATION, ROTATION, STORE, OFF_CKS, TRAIL),
        "gaps": (GRANTS_GAP, VOLUMES_GAP),
        "notices": (Notice("waiver-expired", "waiver of key-policy-public by ops@example.com expired on 2026-10-31"),),
        "frameworks": (PCI,),
        "key_pages": (KEY_PAGE,),
        "trend": (
            TrendPoint(datetime(2026, 11, 20, 3, 0, tzinfo=UTC), {"critical": 2, "high": 3, "medium": 9}, 4, True),
            TrendPoint(datetime(2026, 11, 21, 3, 0, tzinfo=UTC), {"critical": 1, "high": 3, "medium": 7}, 2, False),
        ),
        "fixes": FixRecords(
            (
                FixRecord("key-policy-public", 1, 4, 1, 5, 2.5 * 86400, datetime(2026, 11, 20, 3, 0, tzinfo=UTC)),
                FixRecord("key-rotation-off", 0, 12, 0, 12, 21 * 86400.0, None),
                FixRecord("pci-resource-off-cks", 2, 0, 0, 0, None, datetime(2026, 11, 1, 3, 0, tzinfo=UTC)),
            ),
            (FixRecord("pci-dss-4.0.1", 3, 16, 1, 17, 15.6 * 86400, datetime(2026, 11, 1, 3, 0, tzinfo=UTC)),),
        ),
        "changes": {
            "access": [
                {
                    "change": "gained",
                    "principal": f"arn:aws:iam::{ACCOUNT}:role/new",
                    "key": KEY,
                    "actions": ["kms:Decrypt"],
                    "verdict": "ALLOWED",
                    "via": ["iam"],
                }
            ],
            "custody": [{"subject": DATABASE, "field": "storage", "before": "CKS", "after": "AWS_MANAGED"}],
            "keys": [{"key": KEY, "action": "delete", "dependants": [DATABASE]}],
        },
    }
    return a_report(*findings, **everything | facts)


HOSTILE = {
    "terminal escape": "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "right to left": "user\u202eexe.pdf\u2066x\u200b",
    "script": "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "formula": '=cmd|"/c calc"!A1',
    "formula after a break": "\t=1+1\r\n+2",
    "at": "@SUM(1+1)*-1",
    "workflow command": "x\n::error file=a,line=1::owned\r\n::set-output name=a::b%0A",
    "table": "a|b||c \\| d",
    "backticks": "`a``b```\n```\n# h",
    "mention and link": "@octocat [x](javascript:alert(1)) <https://evil.example> ~~s~~ #1",
    "cdata": "]]>&amp;<x a='1' b=\"2\">",
    "nul": "a\x00b\x01\x7f\x85\u2028\ufffe\uffff",
    "surrogate": "a\ud800b",
    "long": "d" * 65536,
    "markup": "[red]x[/red] [link=https://evil.example]y[/link]",
    "template": "{{ 7*7 }} {% raw %} ${7*7}",
    "label": 'a"b\\c\nd{e="f"} 1',
}
"""Names that strangers may give to things, by what they attack."""


def hostile_report(text: str) -> Report:
    """The full report with `text` wherever an account or a rule file can put words."""
    encodable = text.encode("utf-8", "replace").decode()  # rule, subject and identity are hashed as UTF-8
    evidence = (Evidence("statement", text, text, document=text, pointer=text, facts={encodable: text, "n": [text]}),)
    waiver = WaiverNote(text, text, date(2027, 1, 31), text)
    rule = a_rule(
        "key-rotation-off",
        title=text,
        why=text,
        fix={"cli": text, "terraform": text},
        sources=(text,),
        params={"exempt": [text]},
    )
    facts: dict[str, Any] = {
        "subject": f"arn:aws:s3:::{encodable}",
        "message": text,
        "label": text,
        "evidence": evidence,
        "reasons": (text,),
        "fix": rule.fix,
        "tags": {encodable: text},
        "identity": (encodable,),
        "location": (text, 3),
        "also_reported_by": (text,),
    }
    findings = (
        a_finding(rule, **facts),
        a_finding(rule, **facts | {"waiver": waiver, "identity": ("waived",), "location": None}),
        *(
            a_finding(rule, **facts | {"outcome": outcome, "identity": (encodable, outcome), "location": None})
            for outcome in list(Outcome)[1:]
        ),
    )
    gap = Gap(
        account=ACCOUNT, region=text, service="s3", operation=text, code=text, message=text, subject=text, action=text
    )
    edges = tuple(
        replace(edge, id=text, label=text, type=text, detail=text, conditions=(text,), because=(text,))
        for edge in KEY_PAGE.edges
    )
    page = replace(
        KEY_PAGE,
        label=text,
        facts={encodable: text},
        aliases=(text,),
        chain=(ChainLink("store", text, text, text),),
        edges=edges,
        unknown={encodable: text},
    )
    changes = {"access": [{"change": "gained", "principal": text, "key": text, "actions": [text], "via": [text]}]}
    return a_report(
        *findings,
        rules=(rule,),
        gaps=(gap,),
        notices=(Notice("waiver-unused", text),),
        key_pages=(page,),
        source=a_source(caller=text, path=text, endpoint=text, regions=(text,)),
        changes=changes,
    )


def large_report(number: int) -> Report:
    """`number` findings over ten rules, most of them failures, as a neglected estate would give."""
    rules = tuple(
        a_rule(f"rule-{index}", title=f"Fault number {index}", severity=Severity(index % 5)) for index in range(10)
    )
    cycle = (Outcome.FAIL, Outcome.FAIL, Outcome.NOT_ASSESSED, Outcome.PASS, Outcome.NOT_APPLICABLE)
    findings = tuple(
        a_finding(
            rules[index % 10],
            subject=f"arn:aws:s3:::bucket-{index:06}",
            label=f"AWS::S3::Bucket bucket-{index:06}",
            outcome=cycle[index // 10 % 5],
            message=f"bucket-{index:06} is encrypted by alias/aws/s3, pci demands CKS",
            reasons=(f"s3:GetBucketEncryption AccessDenied in {ACCOUNT}/{REGION}",) if index // 10 % 5 == 2 else (),
            evidence=(
                Evidence("field", f"arn:aws:s3:::bucket-{index:06}", "names alias/aws/s3", pointer="SSEAlgorithm"),
            ),
        )
        for index in range(number)
    )
    return a_report(*findings, rules=rules)
