"""The facts that a rule may read: one class per type of thing, one documented attribute per fact.

These objects are the nodes of the key graph. `docs/writing-rules.md` is generated from this file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from scanner.model.facttypes import Doc, Lazy, Many, OneOf, View
from scanner.model.unknown import Unknown

CUSTODIES = ("UNENCRYPTED", "AWS_OWNED", "AWS_MANAGED", "CUSTOMER_MANAGED", "IMPORTED", "CKS", "XKS")
"""Where key material lives, from nowhere to an HSM outside AWS."""

KEY_STATES = (
    "Creating",
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
)
PLANNED_ACTIONS = ("create", "update", "replace", "delete", "forget", "no-op", "read", "deferred")
ORIGINS = ("AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")


class Statement(View, identity="id"):
    """One statement of a policy document, as evidence."""

    id: Annotated[str, Doc("Document and JSON pointer: `key-policy/default#/Statement/0`.")]
    document: Annotated[str, Doc("`key-policy/default`, `iam/<policy ARN>`, `iam-inline/<name>`, `grant/<id>`.")]
    pointer: Annotated[str, Doc("JSON pointer of the statement in its document.")]
    sid: Annotated[str | None, Doc("The statement's Sid.")]
    text: Annotated[str, Doc("The statement in one line.")]


class Access(View, identity="arn"):
    """A principal with access to one key; two are equal when the principal is."""

    arn: Annotated[
        str, Doc("ARN of the user, role, account root; a service name, `*` or a unique id of a deleted one.")
    ]
    type: Annotated[
        str,
        OneOf("user", "role", "root", "account", "service", "federated", "anyone", "deleted", "unknown"),
        Doc("What kind of principal it is."),
    ]
    account: Annotated[str | None, Doc("The principal's account, or null for services and `*`.")]
    trusted: Annotated[bool, Doc("A service, or of the key's account or of one that the settings trust.")]
    certain: Annotated[
        bool | Unknown,
        Doc("Every such request succeeds; false: some may, on the conditions named; unknown while a layer is unread."),
    ]
    conditions: Annotated[tuple[str, ...], Doc("What must hold for the access, in words.")]
    actions: Annotated[tuple[str, ...], Doc("The KMS actions of this relation, sorted: `kms:Decrypt`.")]
    via: Annotated[tuple[str, ...], Doc("How: `key-policy`, `iam`, `grant`.")]
    because: Annotated[tuple[Statement, ...], Doc("The statements and grants that give it.")]
    path: Annotated[tuple[str, ...], Doc("For access by escalation, each step in words; else empty.")]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Access) and other.arn == self.arn

    def __hash__(self) -> int:
        return hash(self.arn)


class Hsm(View, identity="id"):
    """One HSM of a CloudHSM cluster."""

    id: Annotated[str, Doc("`hsm-...`.")]
    state: Annotated[str | None | Unknown, Doc("CREATE_IN_PROGRESS, ACTIVE, DEGRADED, DELETE_IN_PROGRESS, DELETED.")]
    zone: Annotated[str | None | Unknown, Doc("Availability Zone.")]


class HsmUser(View, identity="name"):
    """A user of the HSMs, whom no AWS API knows: from a listing of cloudhsm-cli."""

    name: Annotated[str, Doc("Username.")]
    locked: Annotated[bool, Doc("Locked out after failed logins.")]
    approves: Annotated[bool, Doc("Registered a key for quorum approval (token-sign).")]
    mfa: Annotated[bool, Doc("Logs in with a second factor.")]


class Attested(View, identity="id"):
    """What a person stated of something that no AWS API tells, with a date."""

    id: Annotated[str, Doc("Topic and date.")]
    topic: Annotated[
        str,
        OneOf("quorum", "key-ceremony", "custodians", "on-premises-keys", "direct-hsm-keys"),
        Doc("What it is about."),
    ]
    date: Annotated[datetime, Doc("When it was stated.")]
    by: Annotated[str, Doc("Who stated it.")]
    text: Annotated[str, Doc("What was stated.")]


class Cluster(View, identity="id"):
    """A CloudHSM cluster."""

    id: Annotated[str, Doc("`cluster-...`.")]
    arn: Annotated[str, Doc("ARN of the cluster.")]
    account: Annotated[str, Doc("Account of the cluster.")]
    region: Annotated[str, Doc("Region of the cluster.")]
    state: Annotated[str | Unknown, Doc("ACTIVE, DEGRADED, INITIALIZED, UNINITIALIZED ... of DescribeClusters.")]
    hsm_type: Annotated[str | None | Unknown, Doc("`hsm1.medium` or `hsm2m.medium`.")]
    mode: Annotated[str | None | Unknown, Doc("FIPS or NON_FIPS.")]
    hsms: Annotated[Many[Hsm], Doc("The HSMs of the cluster.")]
    active_zones: Annotated[Many[str], Doc("Distinct Availability Zones with an ACTIVE HSM, sorted.")]
    stores: Annotated[Many[Store], Doc("Custom key stores on this cluster.")]
    backup_retention_days: Annotated[int | None | Unknown, Doc("Days that automatic backups are kept.")]
    backups: Annotated[Many[Backup], Doc("Backups of this cluster.")]
    listed_on: Annotated[
        datetime | Unknown,
        Doc("When its users and quorum were listed, by the attestation; unknown without a fresh one."),
    ]
    admins: Annotated[Many[HsmUser], Doc("Its HSM users of role admin (crypto officers), by the attestation.")]
    user_quorum: Annotated[
        int | Unknown, Doc("Approvals that managing HSM users takes (quorum value of the service `user`), as attested.")
    ]
    statements: Annotated[
        Many[Attested],
        Doc("Dated statements about it: quorum, key ceremony, custodians ... Stale ones make it partial."),
    ]
    tags: Annotated[dict[str, str] | Unknown, Doc("Tags.")]


class Backup(View, identity="id"):
    """A backup of a CloudHSM cluster: every key of it, restorable into another cluster."""

    id: Annotated[str, Doc("`backup-...`.")]
    arn: Annotated[str, Doc("ARN.")]
    state: Annotated[str, Doc("READY, CREATE_IN_PROGRESS, DELETED, PENDING_DELETION.")]
    created: Annotated[datetime | None, Doc("When it was made.")]
    shared: Annotated[bool | Unknown, Doc("A resource policy shares it with another account.")]


class Store(View, identity="id"):
    """A custom key store."""

    id: Annotated[str, Doc("`cks-...`.")]
    name: Annotated[str | Unknown, Doc("CustomKeyStoreName.")]
    account: Annotated[str, Doc("Account of the store.")]
    region: Annotated[str, Doc("Region of the store.")]
    type: Annotated[str | Unknown, OneOf("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"), Doc("CustomKeyStoreType.")]
    connection_state: Annotated[
        str | Unknown,
        OneOf("CONNECTED", "CONNECTING", "FAILED", "DISCONNECTED", "DISCONNECTING"),
        Doc("ConnectionState."),
    ]
    connection_error: Annotated[str | None | Unknown, Doc("ConnectionErrorCode while FAILED.")]
    cluster: Annotated[Cluster | None | Unknown, Doc("The CloudHSM cluster; null for an external key store.")]
    xks_connectivity: Annotated[
        str | None | Unknown, Doc("PUBLIC_ENDPOINT or VPC_ENDPOINT_SERVICE; null for CloudHSM.")
    ]
    keys: Annotated[Many[Key], Doc("Keys whose material lives in this store.")]
    admins: Annotated[Many[Access], Doc("Whoever may connect, change, disconnect or delete key stores here."), Lazy()]


class Grant(View, identity="id"):
    """One grant on a key."""

    id: Annotated[str, Doc("GrantId.")]
    key: Annotated[Key, Doc("The key that the grant is on.")]
    account: Annotated[str, Doc("Account of the key.")]
    region: Annotated[str, Doc("Region of the key.")]
    name: Annotated[str | None, Doc("Name given at creation.")]
    grantee: Annotated[str, Doc("Grantee principal: ARN, unique id or service name.")]
    grantee_type: Annotated[
        str,
        OneOf("user", "role", "root", "account", "service", "federated", "deleted", "unknown"),
        Doc("What kind of principal the grantee is."),
    ]
    grantee_account: Annotated[str | None, Doc("The grantee's account; null for services and unique ids.")]
    grantee_trusted: Annotated[bool, Doc("The grantee is of the key's account or of one that the settings trust.")]
    grantee_human: Annotated[
        bool, Doc("An IAM user, a federated one, or a role of Identity Center (AWSReservedSSO_...).")
    ]
    by_service: Annotated[
        bool | Unknown, Doc("An AWS service made it for itself, or its grantee is a service or service-linked role.")
    ]
    operations: Annotated[tuple[str, ...], Doc("Grant operations: `Decrypt`, `CreateGrant` ...")]
    retiring: Annotated[str | None, Doc("Retiring principal.")]
    constrained: Annotated[bool, Doc("An encryption context or source ARN limits it.")]
    created: Annotated[datetime | None, Doc("CreationDate.")]


class Use(View, identity="id"):
    """One field of a resource that a key protects (or does not)."""

    id: Annotated[str, Doc("Resource ARN and field.")]
    field: Annotated[str, Doc("`storage`, `performance-insights`, `master-secret`, `logs` ...")]
    reference: Annotated[str | None, Doc("The key reference as AWS states it; null when none is named.")]
    custody: Annotated[
        str | Unknown,
        OneOf(*CUSTODIES),
        Doc("Where the material of the key lives that protects this field."),
    ]
    encrypted: Annotated[bool | Unknown, Doc("Some key protects this field, whichever it is; false: none.")]
    key: Annotated[
        Key | None | Unknown, Doc("The KMS key; null when unencrypted, AWS owned, or AWS managed and not listed.")
    ]
    key_account: Annotated[str | None | Unknown, Doc("The account that the key reference names; null without a key.")]
    resource: Annotated[Resource, Doc("The resource that this is a field of.")]

    def in_words(self) -> str:
        """`storage of AWS::EC2::Volume vol-1: alias/aws/ebs (AWS_MANAGED)`."""
        resource: Any = self.resource
        label = self.id if isinstance(resource, Unknown) else resource.label
        field, reference, custody = (
            "not known" if isinstance(fact, Unknown) else fact
            for fact in (self.field, self.reference, self.custody)  # an example may leave any of them out
        )
        return f"{field} of {label}: {f'{reference} ({custody})' if reference else custody}"


class Resource(View):
    """An AWS resource that holds encrypted (or unencrypted) data."""

    arn: Annotated[str, Doc("ARN.")]
    type: Annotated[str, Doc("CloudFormation type name: `AWS::S3::Bucket`.")]
    name: Annotated[str, Doc("Name or id.")]
    label: Annotated[str, Doc("Type and name, for messages.")]
    account: Annotated[str, Doc("Account.")]
    region: Annotated[str, Doc("Region.")]
    tags: Annotated[dict[str, str] | Unknown, Doc("Tags.")]
    attributes: Annotated[
        dict[str, str] | Unknown, Doc("Further facts of the type, as text; see the catalog of resource types.")
    ]
    kept_days: Annotated[
        int | None | Unknown,
        Doc("Days after which a log group, or the earliest lifecycle rule of a bucket, drops content; null: never."),
    ]
    locked_days: Annotated[
        int | Unknown,
        Doc("Days for which Object Lock in compliance mode keeps new objects by default; 0: it does not."),
    ]
    uses: Annotated[Many[Use], Doc("Every field that a key can protect.")]
    keys: Annotated[Many[Key], Doc("The distinct KMS keys of all uses.")]
    data_classes: Annotated[Many[str], Doc("Declared data classes it is in (`pci`), by its own tags or along lineage.")]
    declared_classes: Annotated[Many[str], Doc("Data classes that its own tags, name, account or type declare.")]
    scope_path: Annotated[Many[str], Doc("How it came into scope, one line per data class.")]
    required_custody: Annotated[
        Many[str], Doc("Custodies that the settings allow for its strictest data class; empty: any.")
    ]
    derived_from: Annotated[Many[Resource], Doc("What it is a copy of.")]
    unlocks: Annotated[Many[Resource], Doc("Databases that this secret opens.")]


class Principal(View):
    """An IAM user, group or role."""

    arn: Annotated[str, Doc("ARN.")]
    name: Annotated[str, Doc("Name.")]
    type: Annotated[str, OneOf("user", "group", "role"), Doc("user, group or role.")]
    account: Annotated[str, Doc("Account.")]
    region: Annotated[str, Doc("Always `aws-global`.")]
    tags: Annotated[dict[str, str] | Unknown, Doc("Tags.")]
    service_linked: Annotated[bool, Doc("A service-linked role (path /aws-service-role/).")]
    decrypts_all_keys: Annotated[
        Many[Statement],
        Doc("Its own statements that allow kms:Decrypt or kms:ReEncryptFrom on every key, whatever the key."),
    ]
    decrypts_classes: Annotated[
        Many[str], Doc("Data classes whose keys it may use to obtain plaintext or data keys."), Lazy()
    ]


class Key(View):
    """A KMS key."""

    arn: Annotated[str, Doc("ARN.")]
    id: Annotated[str, Doc("Key id; `mrk-...` for multi-Region keys.")]
    label: Annotated[str, Doc("First alias, else the key id: for messages.")]
    account: Annotated[str, Doc("Account.")]
    region: Annotated[str, Doc("Region.")]
    manager: Annotated[str | Unknown, OneOf("AWS", "CUSTOMER"), Doc("KeyManager; keys behind `alias/aws/` are AWS.")]
    state: Annotated[str | Unknown, OneOf(*KEY_STATES), Doc("KeyState.")]
    origin: Annotated[str | Unknown, OneOf(*ORIGINS), Doc("Origin of the material; it never changes.")]
    spec: Annotated[str | Unknown, Doc("KeySpec: `SYMMETRIC_DEFAULT`, `RSA_2048` ...")]
    usage: Annotated[str | Unknown, Doc("KeyUsage: `ENCRYPT_DECRYPT`, `SIGN_VERIFY` ...")]
    custody: Annotated[str | Unknown, OneOf(*CUSTODIES), Doc("Where the material lives.")]
    created: Annotated[datetime | Unknown, Doc("CreationDate.")]
    material_date: Annotated[
        datetime | Unknown,
        Doc("When the present material came into use: last rotation or import, else creation."),
    ]
    multi_region_type: Annotated[
        str | None | Unknown, OneOf("PRIMARY", "REPLICA"), Doc("Null for a single-Region key.")
    ]
    primary_arn: Annotated[str | None | Unknown, Doc("ARN of the primary of a multi-Region key.")]
    rotation_enabled: Annotated[
        bool | None | Unknown,
        Doc("Automatic rotation; null where it cannot exist (CKS, XKS, imported, asymmetric, HMAC)."),
    ]
    rotation_period_days: Annotated[int | None | Unknown, Doc("RotationPeriodInDays.")]
    deletion_date: Annotated[datetime | None | Unknown, Doc("When a pending deletion takes effect.")]
    pending_window_days: Annotated[
        int | None | Unknown,
        Doc("Waiting period of a pending deletion, unknown where AWS states the date alone; in a plan, of every key."),
    ]
    longest_wait_days: Annotated[
        int | None | Unknown,
        Doc(
            "Days from its creation or last use to its deletion: its waiting period is no longer; null if not pending."
        ),
    ]
    valid_to: Annotated[datetime | None | Unknown, Doc("When imported material expires; null: never.")]
    tags: Annotated[dict[str, str] | Unknown, Doc("Tags.")]
    aliases: Annotated[Many[str], Doc("Alias names, `alias/` included, sorted.")]
    store: Annotated[Store | None | Unknown, Doc("The custom key store; null when the material is in KMS.")]
    uses: Annotated[Many[Use], Doc("Fields of resources that this key protects.")]
    resources: Annotated[Many[Resource], Doc("Distinct resources that this key protects.")]
    grants: Annotated[Many[Grant], Doc("Grants on the key.")]
    data_classes: Annotated[Many[str], Doc("Data classes of what it protects and of its own tags.")]
    declared_classes: Annotated[Many[str], Doc("Data classes that its own tags, alias or account declare.")]
    last_used: Annotated[
        datetime | None | Unknown, Doc("Last cryptographic operation that AWS tracked; null: none since tracked_since.")
    ]
    tracked_since: Annotated[datetime | None | Unknown, Doc("Since when AWS tracks the use of this key.")]
    replicas: Annotated[Many[Key], Doc("Other keys with the same material (multi-Region).")]
    admins: Annotated[Many[Access], Doc("Whoever may administer it (policy, state, deletion, grants)."), Lazy()]
    users: Annotated[Many[Access], Doc("Whoever may use it to obtain plaintext, data keys or signatures."), Lazy()]
    grantors: Annotated[Many[Access], Doc("Whoever may create grants by policy."), Lazy()]
    policy_writers: Annotated[Many[Access], Doc("Whoever may change the key policy."), Lazy()]
    admins_becoming_users: Annotated[
        Many[Access],
        Doc(
            "Administrators who may not use it as they stand, but can come to: by another principal, an IAM change, "
            "compute, tags or aliases. Rewriting this key's own policy or granting on it is left out."
        ),
        Lazy(),
    ]
    public_statements: Annotated[
        Many[Statement],
        Doc("Allow statements of the key policy that any principal of any account can satisfy."),
        Lazy(),
    ]
    planned_action: Annotated[
        str | None,
        OneOf(*PLANNED_ACTIONS),
        Doc("What a Terraform plan does to it; `create` for the new one of a replacement; null outside a plan."),
    ]
    planned_gains: Annotated[
        Many[Access] | None,
        Doc(
            "Whoever may use, administer or grant on it after the plan and could not before, by the documents on both "
            "sides; null outside a plan and for a key that the plan creates."
        ),
        Lazy(),
    ]
    lockout_check_bypassed: Annotated[
        bool | None | Unknown,
        Doc("The plan sets its policy without KMS's check against locking oneself out; null outside."),
    ]
    foreign_accounts: Annotated[
        Many[str],
        Doc("Accounts that the key policy names and lets in, neither the key's own nor trusted by the settings."),
        Lazy(),
    ]
    foreign_statements: Annotated[Many[Statement], Doc("The Allow statements that let those accounts in."), Lazy()]
    negated_statements: Annotated[
        Many[Statement], Doc("Allow statements of the key policy with NotPrincipal or NotAction."), Lazy()
    ]
    orphan_statements: Annotated[
        Many[Statement], Doc("Statements of the key policy that name the unique id of a deleted user or role."), Lazy()
    ]
    policy_writing_statements: Annotated[
        Many[Statement],
        Doc(
            "Allow statements of the key policy that give kms:PutKeyPolicy to somebody, living or deleted, under "
            "whatever condition; an AWS service does not count."
        ),
        Lazy(),
    ]
    unguarded_service_statements: Annotated[
        Many[Statement],
        Doc(
            "Allow statements by which an AWS service may use the key for any account: neither source account, ARN or "
            "organisation nor an encryption context with an account is demanded."
        ),
        Lazy(),
    ]
    policy_differences: Annotated[
        Many[Statement],
        Doc(
            "Of a multi-Region replica: statements that it or its primary has and the other has not; Sids do not count."
        ),
        Lazy(),
    ]
    refuses_audit: Annotated[
        bool | Unknown,
        Doc("Its key policy was refused, while those of other keys of the account could be read."),
    ]
    successor: Annotated[
        Key | None | Unknown,
        Doc(
            "The key meant to take over: named by a tag (`Successor`, `ReplacedBy`, `MigratedTo` ...), or behind the "
            "alias that its own alias names with `-legacy`, `-old`, `-deprecated`, `-retired` or `-obsolete`."
        ),
    ]


class Trail(View):
    """A CloudTrail trail."""

    arn: Annotated[str, Doc("ARN.")]
    name: Annotated[str, Doc("Name.")]
    account: Annotated[str, Doc("Account.")]
    region: Annotated[str, Doc("Home Region.")]
    multi_region: Annotated[bool | Unknown, Doc("IsMultiRegionTrail.")]
    organization: Annotated[bool | Unknown, Doc("IsOrganizationTrail.")]
    validation: Annotated[bool | Unknown, Doc("LogFileValidationEnabled.")]
    logging: Annotated[bool | Unknown, Doc("IsLogging of GetTrailStatus.")]
    management_events: Annotated[bool | Unknown, Doc("Some selector records management events.")]
    kms_events: Annotated[
        str | Unknown,
        OneOf("ALL", "WRITE_ONLY", "READ_ONLY", "SOME", "NONE"),
        Doc("Which KMS management events it records; kms:Decrypt is a read event."),
    ]
    bucket: Annotated[str | None | Unknown, Doc("Name of the S3 bucket that it writes to.")]
    log_bucket: Annotated[
        Resource | None | Unknown, Doc("That bucket; unknown when it is in an account or Region that was not scanned.")
    ]


class EventStore(View):
    """A CloudTrail Lake event data store."""

    arn: Annotated[str, Doc("ARN.")]
    name: Annotated[str, Doc("Name.")]
    status: Annotated[str | Unknown, Doc("ENABLED, STOPPED_INGESTION, PENDING_DELETION ...")]
    multi_region: Annotated[bool | Unknown, Doc("MultiRegionEnabled.")]
    organization: Annotated[bool | Unknown, Doc("OrganizationEnabled.")]
    retention_days: Annotated[int | Unknown, Doc("RetentionPeriod, in days.")]
    kms_events: Annotated[
        str | Unknown,
        OneOf("ALL", "WRITE_ONLY", "READ_ONLY", "SOME", "NONE"),
        Doc("Which KMS management events it records."),
    ]


class Watch(View, identity="id"):
    """An alarm or event rule that tells somebody of the disabling or scheduled deletion of keys."""

    id: Annotated[str, Doc("ARN of the alarm or of the EventBridge rule.")]
    kind: Annotated[
        str, OneOf("alarm", "event-rule"), Doc("An alarm on a metric filter of a trail's log group, or a rule.")
    ]
    name: Annotated[str, Doc("Name of the alarm or rule.")]
    region: Annotated[str, Doc("Region of the alarm or rule.")]
    calls: Annotated[tuple[str, ...], Doc("Which of DisableKey and ScheduleKeyDeletion it notices, every one of them.")]
    regions: Annotated[tuple[str, ...], Doc("Scanned Regions whose calls it notices.")]


class Account(View, identity="id"):
    """An account that was scanned."""

    id: Annotated[str, Doc("Twelve digits.")]
    account: Annotated[str, Doc("The same.")]
    region: Annotated[str, Doc("Always `aws-global`.")]
    name: Annotated[str | None | Unknown, Doc("Account name.")]
    keys: Annotated[Many[Key], Doc("Keys of the account.")]
    trails: Annotated[Many[Trail], Doc("Trails that record this account.")]
    organization: Annotated[str | None | Unknown, Doc("`o-...`; null for an account outside any organisation.")]
    event_stores: Annotated[Many[EventStore], Doc("CloudTrail Lake event data stores of this account.")]
    watches: Annotated[
        Many[Watch], Doc("Alarms and event rules that tell somebody when a key is disabled or its deletion scheduled.")
    ]
    unwatched_key_regions: Annotated[
        Many[str],
        Doc("Regions with customer managed keys in which nobody is told of every DisableKey and ScheduleKeyDeletion."),
    ]


class Change(View, identity="address"):
    """What a Terraform plan (or state) says of one resource instance; there are none outside a plan."""

    address: Annotated[str, Doc("Terraform address.")]
    type: Annotated[str, Doc("Terraform type: `aws_kms_key`.")]
    action: Annotated[str, OneOf(*PLANNED_ACTIONS), Doc("What apply does to it; `no-op` in a state.")]
    account: Annotated[str, Doc("Account.")]
    region: Annotated[str, Doc("Region.")]
    subject: Annotated[str | None, Doc("ARN or id of what it is after apply; null for a part of something else.")]
    secrets: Annotated[tuple[str, ...], Doc("Attributes with key material, a plaintext or a password in clear text.")]
    drifted: Annotated[bool, Doc("Changed outside Terraform since the last apply.")]


SUBJECT_VIEWS: dict[str, type[View]] = {
    "key": Key,
    "resource": Resource,
    "principal": Principal,
    "grant": Grant,
    "store": Store,
    "cluster": Cluster,
    "trail": Trail,
    "account": Account,
    "change": Change,
}
"""The word of a rule's `subject:` and the type of its variable."""
