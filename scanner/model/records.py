"""The facts of a snapshot, as AWS states them: one msgspec struct per kind of record.

A field that can be refused on its own is typed `... | UnsetType` and defaults to `UNSET`: not read.
Then `unread[field]` holds the reason in words ("kms:ListGrants AccessDenied in 111122223333/eu-west-1").
A list field that is set and also stands in `unread` is known in part: there may be further members.
`None` and `()` are answers: AWS says that there is none. No record ever holds a secret value, key
material or a plaintext environment variable.

Policy documents are kept as the JSON text that AWS returned; only `scanner.authz` parses them.
Times are aware datetimes in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

SCHEMA_VERSION = 1


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A value inside a record."""


class Record(Part, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="kind"):
    """One fact with the account and Region it was read in."""

    account: str
    region: str
    """`aws-global` for what has no Region (IAM, organisation)."""
    unread: dict[str, str] = {}
    """Why a field is `UNSET`, or a list only partly known: field name to reason."""


# --- KMS -----------------------------------------------------------------------------------------


class NamedDocument(Part, frozen=True):
    """A policy document under its name: a key policy (`default`, `AWS_RAM`) or an inline IAM policy."""

    name: str
    document: str


class Rotation(Part, frozen=True):
    """GetKeyRotationStatus. `period_days` is None where AWS states none."""

    enabled: bool
    period_days: int | None = None
    next_date: datetime | None = None


class RotationEvent(Part, frozen=True):
    """One completed rotation of ListKeyRotations; `type` is AUTOMATIC or ON_DEMAND, or IMPORT for imported material."""

    date: datetime
    type: str


class GrantFact(Part, frozen=True):
    """One grant of ListGrants. Exactly one of `grantee` (ARN or unique id) and `grantee_service` is set."""

    id: str
    operations: tuple[str, ...]
    grantee: str | None = None
    grantee_service: str | None = None
    retiring: str | None = None
    retiring_service: str | None = None
    issuing_account: str | None = None
    name: str | None = None
    created: datetime | None = None
    context_equals: dict[str, str] | None = None
    context_subset: dict[str, str] | None = None
    source_arn: str | None = None


class LastUsage(Part, frozen=True):
    """GetKeyLastUsage: the last cryptographic operation since `tracked_since`; `at` is None when there was none."""

    at: datetime | None = None
    operation: str | None = None
    tracked_since: datetime | None = None


class KeyFact(Record, frozen=True, tag="key"):
    """One KMS key (DescribeKey and the calls about one key)."""

    arn: str
    id: str
    manager: Literal["AWS", "CUSTOMER"] | UnsetType = UNSET
    state: str | UnsetType = UNSET
    origin: str | UnsetType = UNSET
    spec: str | UnsetType = UNSET
    usage: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    created: datetime | UnsetType = UNSET
    multi_region_type: Literal["PRIMARY", "REPLICA"] | None | UnsetType = UNSET
    """None: a single-Region key."""
    primary_arn: str | None | UnsetType = UNSET
    replica_arns: tuple[str, ...] | UnsetType = UNSET
    store_id: str | None | UnsetType = UNSET
    cluster_id: str | None | UnsetType = UNSET
    xks_key_id: str | None | UnsetType = UNSET
    expiration_model: str | None | UnsetType = UNSET
    valid_to: datetime | None | UnsetType = UNSET
    deletion_date: datetime | None | UnsetType = UNSET
    pending_window_days: int | None | UnsetType = UNSET
    policies: tuple[NamedDocument, ...] | UnsetType = UNSET
    """Every key policy document, `default` first. Unset when any of them could not be read."""
    rotation: Rotation | None | UnsetType = UNSET
    """None where rotation does not exist for this kind of key (origin, spec or manager), which is not a gap."""
    rotations: tuple[RotationEvent, ...] | UnsetType = UNSET
    """Completed rotations, newest first; `()` also where rotation does not exist."""
    grants: tuple[GrantFact, ...] | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    last_usage: LastUsage | None | UnsetType = UNSET
    """None: AWS does not track this key."""


class AliasFact(Record, frozen=True, tag="alias"):
    """One alias of ListAliases; `target_key_id` is None for an AWS alias whose key does not exist yet."""

    arn: str
    name: str
    target_key_id: str | None = None
    created: datetime | None = None
    updated: datetime | None = None


class KeyStoreFact(Record, frozen=True, tag="key-store"):
    """One custom key store. It has no ARN in AWS; `id` is `cks-...`."""

    id: str
    name: str
    type: Literal["AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"] | UnsetType = UNSET
    connection_state: str | UnsetType = UNSET
    """Terraform neither connects a store nor records whether it is connected."""
    connection_error: str | None | UnsetType = None
    cluster_id: str | None | UnsetType = None
    xks_connectivity: str | None = None
    """PUBLIC_ENDPOINT or VPC_ENDPOINT_SERVICE."""
    xks_uri_endpoint: str | None = None
    xks_uri_path: str | None = None
    xks_vpc_service: str | None = None
    created: datetime | None = None


# --- CloudHSM ------------------------------------------------------------------------------------


class HsmFact(Part, frozen=True):
    """One HSM of a cluster; `state` as AWS names it (ACTIVE, DEGRADED, CREATE_IN_PROGRESS ...)."""

    id: str
    state: str | None = None
    zone: str | None = None
    subnet: str | None = None


class ClusterFact(Record, frozen=True, tag="cluster"):
    """One CloudHSM cluster of DescribeClusters."""

    arn: str
    id: str
    state: str | UnsetType = UNSET
    hsm_type: str | None | UnsetType = None
    mode: str | None | UnsetType = None
    """FIPS or NON_FIPS; None for clusters older than the field."""
    state_message: str | None = None
    hsms: tuple[HsmFact, ...] = ()
    subnets: dict[str, str] = {}
    """Availability Zone to subnet id."""
    vpc: str | None = None
    security_group: str | None = None
    backup_retention_days: int | None = None
    source_backup_id: str | None = None
    created: datetime | None = None
    tags: dict[str, str] | UnsetType = UNSET


class BackupFact(Record, frozen=True, tag="hsm-backup"):
    """One CloudHSM backup with its resource policy (None: not shared)."""

    arn: str
    id: str
    state: str
    cluster_id: str | None = None
    created: datetime | None = None
    delete_at: datetime | None = None
    never_expires: bool | None = None
    hsm_type: str | None = None
    mode: str | None = None
    source_region: str | None = None
    tags: dict[str, str] | UnsetType = UNSET
    policy: str | None | UnsetType = UNSET


# --- IAM -----------------------------------------------------------------------------------------


class PrincipalFact(Record, frozen=True, tag="principal"):
    """An IAM user, group or role with the documents attached to it (GetAccountAuthorizationDetails)."""

    arn: str
    id: str
    name: str
    type: Literal["user", "group", "role"]
    created: datetime | None = None
    trust: str | None | UnsetType = None
    """A role's trust policy."""
    inline: tuple[NamedDocument, ...] | UnsetType = UNSET
    attached: tuple[str, ...] | UnsetType = UNSET
    """ARNs of the attached managed policies."""
    groups: tuple[str, ...] = ()
    """A user's groups, by name."""
    boundary: str | None | UnsetType = UNSET
    """ARN of the managed policy that is the permissions boundary."""
    tags: dict[str, str] | UnsetType = UNSET
    last_used: datetime | None = None
    instance_profiles: tuple[str, ...] = ()
    """ARNs of the instance profiles through which EC2 instances run with the role."""


class ManagedPolicyFact(Record, frozen=True, tag="managed-policy"):
    """A managed IAM policy with the document of its default version."""

    arn: str
    name: str
    document: str | UnsetType = UNSET


# --- organisation --------------------------------------------------------------------------------


class AccountFact(Record, frozen=True, tag="account"):
    """An account that was scanned or is named by the organisation."""

    name: str | None | UnsetType = UNSET
    organization: str | None | UnsetType = UNSET
    """`o-...`, or None for an account outside any organisation."""
    ou_path: tuple[str, ...] | UnsetType = UNSET
    """Ids from the root (`r-...`) down to the account's OU."""
    management_account: str | None | UnsetType = UNSET
    scps: tuple[tuple[NamedDocument, ...], ...] | None | UnsetType = UNSET
    """One tuple of documents per level, root first, account last; None: SCPs do not apply."""
    rcps: tuple[tuple[NamedDocument, ...], ...] | None | UnsetType = UNSET


# --- encrypted resources -------------------------------------------------------------------------

UseState: TypeAlias = Literal["KEY", "AWS_OWNED", "UNENCRYPTED", "UNKNOWN"]


class KeyUse(Part, frozen=True):
    """Which key protects one field of a resource.

    `state` KEY: `key` holds the reference exactly as AWS states it (ARN, key id, alias name or alias ARN;
    `alias/aws/<service>` where silence means the AWS managed key); None, with `reason`, where it is certain that there
    is a key and not which. AWS_OWNED: a key that AWS owns and shows nobody. UNENCRYPTED: nothing. UNKNOWN: `reason`
    says why it could not be told.
    """

    field: str
    """`storage`, `performance-insights`, `master-secret`, `logs` ..."""
    state: UseState
    key: str | None = None
    reason: str | None = None
    pointer: str = ""
    """Where AWS (or the plan) says so: a JMESPath or attribute path, as evidence."""
    candidates: tuple[str, ...] = ()
    """For a plan: the keys it may be, when it cannot be told which."""
    certainty: str | None = None
    """For a plan: exact, index-matched, candidates, default, opaque or guess."""


class Link(Part, frozen=True):
    """How a resource depends on another: scope flows from `target`'s data to this resource or back.

    `derived_from`: this is a copy of `target` (snapshot, replica, restored volume).
    `replicates_to`: data of this flow into `target` (S3 replication, log delivery).
    `unlocks`: this secret opens `target` (a database).
    """

    relation: Literal["derived_from", "replicates_to", "unlocks"]
    target: str
    """ARN, or an id that is unique for its type (`vol-...`)."""


Scalar: TypeAlias = str | int | float | bool | None


class ResourceFact(Record, frozen=True, tag="resource"):
    """One resource with every field that a key can protect."""

    arn: str
    type: str
    """The CloudFormation type name (`AWS::S3::Bucket`)."""
    name: str
    uses: tuple[KeyUse, ...] = ()
    tags: dict[str, str] | UnsetType = UNSET
    links: tuple[Link, ...] | UnsetType = ()
    created: datetime | None = None
    attributes: dict[str, Scalar] = {}
    """Further plain facts that a rule may read, documented in the catalog row."""
    address: str | None = None
    """Terraform address, for a plan."""


# --- audit trail ---------------------------------------------------------------------------------


class EventSelector(Part, frozen=True):
    """A basic CloudTrail event selector."""

    read_write: str
    management: bool
    excluded_sources: tuple[str, ...] = ()


class FieldSelector(Part, frozen=True):
    """One condition of an advanced event selector; each list is a set of alternatives."""

    field: str
    equals: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()


class AdvancedSelector(Part, frozen=True):
    """All `fields` must hold for an event to be recorded."""

    fields: tuple[FieldSelector, ...]
    name: str | None = None


class TrailFact(Record, frozen=True, tag="trail"):
    """One CloudTrail trail, read in its home Region; its keys are a ResourceFact of the same ARN."""

    arn: str
    name: str
    multi_region: bool | UnsetType = UNSET
    organization: bool | UnsetType = UNSET
    validation: bool | UnsetType = UNSET
    bucket: str | None | UnsetType = UNSET
    log_group: str | None | UnsetType = None
    logging: bool | UnsetType = UNSET
    selectors: tuple[EventSelector, ...] | UnsetType = UNSET
    advanced_selectors: tuple[AdvancedSelector, ...] | UnsetType = UNSET


class EventStoreFact(Record, frozen=True, tag="event-store"):
    """One CloudTrail Lake event data store; its key is a ResourceFact of the same ARN."""

    arn: str
    name: str
    status: str | UnsetType = UNSET
    """ENABLED, STOPPED_INGESTION, PENDING_DELETION ..."""
    multi_region: bool | UnsetType = UNSET
    organization: bool | UnsetType = UNSET
    retention_days: int | UnsetType = UNSET
    advanced_selectors: tuple[AdvancedSelector, ...] | UnsetType = UNSET


class MetricFilterFact(Record, frozen=True, tag="metric-filter"):
    """One metric filter of a log group that may count the disabling or the scheduled deletion of a key."""

    name: str
    log_group: str | UnsetType = UNSET
    pattern: str | UnsetType = UNSET
    metrics: tuple[str, ...] | UnsetType = UNSET
    """`<namespace>/<name>` of each metric that it writes."""

    @property
    def id(self) -> str:
        """What tells it from others of its account and Region, since it has no ARN."""
        return f"{self.log_group or ''}:{self.name}"


class AlarmFact(Record, frozen=True, tag="alarm"):
    """One CloudWatch alarm on a metric of such a filter, or on other alarms."""

    arn: str
    name: str
    metrics: tuple[str, ...] | UnsetType = ()
    """`<namespace>/<name>` of what it looks at; none for a composite alarm."""
    actions: tuple[str, ...] | UnsetType = ()
    """What it does in the state ALARM, by ARN; none while its actions are switched off."""
    comparison: str | None | UnsetType = None
    threshold: float | None | UnsetType = None
    datapoints: int | UnsetType = 1
    """In how many periods the threshold must be reached: DatapointsToAlarm, else EvaluationPeriods."""
    rule: str | None | UnsetType = None
    """Of a composite alarm: its AlarmRule."""


class EventRuleFact(Record, frozen=True, tag="event-rule"):
    """One EventBridge rule of the default bus whose pattern may match the disabling or scheduled deletion of a key."""

    arn: str
    name: str
    pattern: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    """ENABLED, DISABLED or ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS."""
    targets: tuple[str, ...] | UnsetType = UNSET


# --- what a Terraform plan does ------------------------------------------------------------------

PlanAction: TypeAlias = Literal["create", "update", "replace", "delete", "forget", "no-op", "read", "deferred"]


class PlanChange(Record, frozen=True, tag="plan-change"):
    """What a plan does to one resource instance, and where its source stands.

    Only sources of type terraform-plan and terraform-state hold these; a state's instances are all `no-op`.
    """

    address: str
    """Terraform address: `module.pay["eu"].aws_kms_key.main[0]`."""
    type: str
    """Terraform type: `aws_kms_key`."""
    action: PlanAction
    subject: str | None = None
    """ARN (or id) of the record that stands for it after apply; synthetic until AWS has given one."""
    before: str | None = None
    """ARN (or id) of what exists now, None for what is created; differs from `subject` when replaced."""
    completes: str | None = None
    """For a part of another subject (a key policy, an attachment, a bucket's encryption): that subject."""
    reason: str | None = None
    """Terraform's action reason: `replace_because_cannot_update`, `delete_because_no_resource_config` ..."""
    moved_from: str | None = None
    imported: bool = False
    deposed: bool = False
    drifted: bool = False
    """Someone changed it outside Terraform since the last apply."""
    secrets: tuple[str, ...] = ()
    """Attributes whose secret value stands in the plan or state in clear text; never the value."""
    lockout_check_bypassed: bool | UnsetType = UNSET
    """`bypass_policy_lockout_safety_check` is set."""
    file: str | None = None
    line: int | None = None


# --- what was read and what was not --------------------------------------------------------------


class Gap(Record, frozen=True, tag="gap"):
    """A read that failed: denied, throttled out, unsupported by the endpoint, expired credentials."""

    service: str
    operation: str
    """The API operation, `ListGrants`."""
    code: str
    """AWS's error code, or `Unsupported`, `Unreadable`, `Timeout`."""
    message: str = ""
    action: str | None = None
    """The IAM action that is missing, when the refusal was about permissions: `kms:ListGrants`."""
    subject: str | None = None
    """The ARN that was asked about; None when a whole listing failed."""
    makes_unknown: tuple[str, ...] = ()
    """What cannot be known now, in words of the record kinds: `key.grants`, `resource:AWS::EC2::Volume`."""

    def reason(self) -> str:
        """The gap in one phrase, the same everywhere a fact is unknown because of it."""
        place = f"{self.account}/{self.region}"
        return f"{self.action or f'{self.service}:{self.operation}'} {self.code} in {place}"


class Coverage(Record, frozen=True, tag="coverage"):
    """A listing that was asked for in this account and Region, and whether it is complete."""

    service: str
    operation: str
    complete: bool
    provides: tuple[str, ...]
    """What the listing yields, in the words of `Gap.makes_unknown`: `key`, `alias`, `resource:AWS::S3::Bucket`."""
    count: int = 0

    @property
    def of_plan(self) -> bool:
        """Whether it only says that an account holds more than a plan."""
        return self.service == "terraform"

    def reason(self) -> str:
        """Why it does not tell everything, the same everywhere a fact is unknown because of it."""
        place = f"{self.account}/{self.region}"
        if self.of_plan:
            return f"a plan does not hold all of {place}"
        return f"{self.service}:{self.operation} incomplete in {place}"


Fact: TypeAlias = (
    KeyFact
    | AliasFact
    | KeyStoreFact
    | ClusterFact
    | BackupFact
    | PrincipalFact
    | ManagedPolicyFact
    | AccountFact
    | ResourceFact
    | TrailFact
    | EventStoreFact
    | MetricFilterFact
    | AlarmFact
    | EventRuleFact
    | PlanChange
)
Item: TypeAlias = Fact | Gap | Coverage
"""Everything that a collector yields and a snapshot file holds."""


class Source(Part, frozen=True):
    """Where a snapshot comes from: everything a report says of it."""

    type: Literal["aws", "terraform-plan", "terraform-state"]
    started: datetime
    finished: datetime | None = None
    interrupted: bool = False
    caller: str | None = None
    """ARN of the identity that read it."""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    endpoint: str | None = None
    path: str | None = None
    partial: tuple[str, ...] = ()
    """Why a plan is not the whole change: it errored, was targeted or left changes deferred."""
    tool: str = ""
    """`keyproof 0.1.0`."""
