"""The ground that faults are planted in: an emulated account, and one short call for each thing that is put there."""

from __future__ import annotations

import json
from typing import Any

from scanner.demo.key_policies import ADMINISTRATION, READING, ROOT, USE, allow, document, role
from scanner.demo.world import ACCOUNT, MAIN, SECOND, World, day

PCI = {"DataClass": "pci"}
FOREIGN, TRUSTED = "999988887777", "222233334444"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBdemo\n-----END CERTIFICATE-----"
SETTINGS = f"""
[data-classes.pci]
custody = ["CKS"]
[[data-classes.pci.members]]
tags = {{DataClass = "pci"}}
[data-classes.internal]
custody = ["CUSTOMER_MANAGED", "IMPORTED", "CKS", "XKS"]
[[data-classes.internal.members]]
tags = {{DataClass = "internal"}}
[data-classes.signing]
[[data-classes.signing.members]]
tags = {{DataClass = "signing"}}
[[trusted]]
id = "{TRUSTED}"
owner = "partner desk"
"""
READS = allow("AccountReads", {"AWS": ROOT}, READING)


def administered(by: str = "key-admin") -> dict[str, Any]:
    """The statement of a role that administers."""
    return allow("Administrators", {"AWS": role(by)}, ADMINISTRATION)


def used(by: Any = "app", **more: Any) -> dict[str, Any]:
    """The statement of a role, or of any principal element, that uses the key."""
    return allow("Users", {"AWS": role(by)} if isinstance(by, str) else by, USE, **more)


def tags(wanted: dict[str, str]) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": name, "Value": value} for name, value in wanted.items()]


class Ground:
    """One account; every call puts one thing there and returns the subject by which a finding names it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made = 0
        self.attested: list[dict[str, Any]] = []
        self.a_role("key-admin")
        self.a_role("app")
        self.subnets = self._subnets()
        self.cluster_id, self.cluster = self.a_cluster("house")
        self.store = self.a_store("house", self.cluster_id)
        self.external = self.an_external_store("partner", "VPC_ENDPOINT_SERVICE")
        self.app = self.key("app")
        self.cks = self.key("cards", store=self.store, tags=PCI)

    def at(self, date: str = "2026-02-02") -> str:
        """What is made next is made then; a name that nothing has yet."""
        self.made += 1
        self.world.at(date, f"plant {self.made}")
        return f"plant-{self.made}"

    # --- identities ---

    def a_role(self, name: str, *statements: dict[str, Any], trust: Any = None, boundary: str | None = None) -> str:
        """A role with one inline policy."""
        self.at()
        iam, trusted = self.world.client("iam"), trust or {"Service": "ecs-tasks.amazonaws.com"}
        assume = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
        more = {"PermissionsBoundary": boundary} if boundary else {}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(assume), **more)
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))
        return role(name)

    # --- keys ---

    def key(
        self,
        alias: str | None,
        *statements: dict[str, Any],
        date: str = "2026-02-02",
        store: str | None = None,
        rotation: int | None = 365,
        tags: dict[str, str] | None = None,
        last_use: str | None = "2026-11-10",
        **options: Any,
    ) -> str:
        """A key under the house policy (or `statements`), rotating, used lately; `store` is a CloudHSM key store."""
        self.at(date)
        kms = self.world.client("kms")
        options |= {"CustomKeyStoreId": store, "Origin": "AWS_CLOUDHSM"} if store else {}
        policy = document(*(statements or (READS, administered(), used())))
        named = [{"TagKey": name, "TagValue": value} for name, value in (tags or {}).items()]
        arn: str = kms.create_key(Policy=policy, Tags=named, **options)["KeyMetadata"]["Arn"]
        if alias:
            kms.create_alias(AliasName=f"alias/{alias}", TargetKeyId=arn)
        if rotation and not {"KeySpec", "Origin"} & set(options):
            kms.enable_key_rotation(KeyId=arn, RotationPeriodInDays=rotation)
        if last_use:
            self.world.kms().note_use(arn, "Decrypt", day(last_use))
        return arn

    def imported(self, alias: str, valid_to: str | None = None) -> str:
        """A key with imported material."""
        arn, kms = self.key(alias, Origin="EXTERNAL"), self.world.client("kms")
        asked = kms.get_parameters_for_import(
            KeyId=arn, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_3072"
        )
        expiry = {"ValidTo": day(valid_to)} if valid_to else {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
        kms.import_key_material(KeyId=arn, ImportToken=asked["ImportToken"], EncryptedKeyMaterial=b"w", **expiry)
        return arn

    def disabled(self, arn: str) -> str:
        """That key, disabled."""
        self.at("2026-10-01")
        self.world.client("kms").disable_key(KeyId=arn)
        return arn

    def dying(self, arn: str, days: int, date: str = "2026-11-12") -> str:
        """That key, on its way to deletion."""
        self.at(date)
        self.world.client("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=days)
        return arn

    def replica(self, alias: str, *statements: dict[str, Any]) -> str:
        """The replica, in the second Region, of a key under the house policy."""
        primary = self.key(alias, MultiRegion=True)
        self.at()
        self.world.client("kms").replicate_key(KeyId=primary, ReplicaRegion=SECOND, Policy=document(*statements))
        copy = primary.replace(MAIN, SECOND)
        self.world.kms(SECOND).note_use(copy, "Decrypt", day("2026-11-10"))
        return copy

    def grant(self, grantee: str, *operations: str, retiring: str | None = role("app"), **constraints: Any) -> str:
        """A grant on the application's key."""
        self.at()
        more = {"RetiringPrincipal": retiring} if retiring else {}
        grant: str = self.world.client("kms").create_grant(
            KeyId=self.app, GranteePrincipal=grantee, Operations=operations, Constraints=constraints, **more
        )["GrantId"]
        return grant

    # --- key stores ---

    def a_cluster(
        self,
        name: str,
        hsm_type: str = "hsm2m.medium",
        backup: str = "2026-11-15",
        approvals: int = 2,
        days: int = 2557,
    ) -> tuple[str, str]:
        """Id and ARN of a cluster of two HSMs with a backup, a log group and a listing of its users."""
        self.at()
        hsm = self.world.client("cloudhsmv2")
        cluster = hsm.create_cluster(SubnetIds=self.subnets, HsmType=hsm_type, Mode="FIPS")["Cluster"]["ClusterId"]
        for zone in "ab":
            hsm.create_hsm(ClusterId=cluster, AvailabilityZone=f"{MAIN}{zone}")
        hsm.initialize_cluster(ClusterId=cluster, SignedCert=CERTIFICATE, TrustAnchor=CERTIFICATE)
        self.at(backup)
        self.world.cloudhsm().take_backup(self.world.cloudhsm().cluster(cluster))
        self.attested.append(_listing(cluster, approvals))
        self.log_group(f"/aws/cloudhsm/{cluster}", days)
        return cluster, f"arn:aws:cloudhsm:{MAIN}:{ACCOUNT}:cluster/{cluster}"

    def a_store(self, name: str, cluster: str) -> str:
        """A connected key store on a cluster."""
        return self._connected(
            CustomKeyStoreName=name,
            CloudHsmClusterId=cluster,
            KeyStorePassword="kmsuser-demo",
            TrustAnchorCertificate=CERTIFICATE,
        )

    def an_external_store(self, name: str, connectivity: str) -> str:
        """A connected external key store."""
        self.at()
        endpoint = {"XksProxyVpcEndpointServiceName": "com.amazonaws.vpce.eu-central-1.vpce-svc-0d1e2m3o4d5e6m7o8"}
        credential = {"AccessKeyId": "DEMOXKSPROXYACCESS22", "RawSecretAccessKey": "x" * 43 + "="}
        return self._connected(
            CustomKeyStoreName=name,
            CustomKeyStoreType="EXTERNAL_KEY_STORE",
            XksProxyConnectivity=connectivity,
            XksProxyUriEndpoint=f"https://{name}.xks.example.com",
            XksProxyUriPath="/kms/xks/v1",
            XksProxyAuthenticationCredential=credential,
            **(endpoint if connectivity == "VPC_ENDPOINT_SERVICE" else {}),
        )

    def _connected(self, **wanted: Any) -> str:
        kms = self.world.client("kms")
        store: str = kms.create_custom_key_store(**wanted)["CustomKeyStoreId"]
        kms.connect_custom_key_store(CustomKeyStoreId=store)
        return store

    def _subnets(self) -> list[str]:
        self.at()
        ec2 = self.world.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        places = [(f"{MAIN}{zone}", f"10.20.{number}.0/24") for number, zone in enumerate("ab")]
        return [
            ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for zone, block in places
        ]

    # --- resources ---

    def bucket(self, key: str | None, wanted: dict[str, str] | None = None, lock: dict[str, Any] | None = None) -> str:
        """A bucket with its default key (None: SSE-S3)."""
        name, s3 = self.at(), self.world.client("s3")
        where = {"LocationConstraint": MAIN}
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=lock is not None)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(wanted or {"Team": "any"})})
        if key:
            rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        if lock:
            retention = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": lock}}
            s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=retention)
        return f"arn:aws:s3:::{name}"

    def snapshot(self, *, tagged: bool) -> str:
        """A snapshot of a volume with cardholder data."""
        name, ec2 = self.at(), self.world.client("ec2")
        volume = ec2.create_volume(
            AvailabilityZone=f"{MAIN}a",
            Size=8,
            Encrypted=True,
            KmsKeyId=self.cks,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags(PCI)}],
        )["VolumeId"]
        wanted = [{"ResourceType": "snapshot", "Tags": tags({"Name": name} | (PCI if tagged else {}))}]
        snapshot = ec2.create_snapshot(VolumeId=volume, TagSpecifications=wanted)["SnapshotId"]
        return f"arn:aws:ec2:{MAIN}::snapshot/{snapshot}"

    def queue(self, **attributes: str) -> str:
        """A queue."""
        name = self.at()
        self.world.client("sqs").create_queue(QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:{MAIN}:{ACCOUNT}:{name}"

    def secret(
        self, key: str | None, wanted: dict[str, str] | None = None, *, name: str = "", rotate: bool = True
    ) -> str:
        """A secret under a key (None: aws/secretsmanager)."""
        name, secrets = f"{name or 'secret'}-{self.at()}", self.world.client("secretsmanager")
        more = {"KmsKeyId": key} if key else {}
        arn: str = secrets.create_secret(Name=name, SecretString="x", Tags=tags(wanted or {}), **more)["ARN"]
        if rotate:
            rules = {"AutomaticallyAfterDays": 30}
            secrets.rotate_secret(SecretId=arn, RotationRules=rules, RotateImmediately=False)
        return arn

    def log_group(self, name: str, days: int) -> str:
        """A log group."""
        self.at()
        logs = self.world.client("logs")
        logs.create_log_group(logGroupName=name)
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        return f"arn:aws:logs:{MAIN}:{ACCOUNT}:log-group:{name}"

    def trail(
        self,
        *,
        bucket: str | None = None,
        key: str | None = "",
        selector: dict[str, Any] | None = None,
        log: bool = True,
        validate: bool = True,
    ) -> str:
        """A trail as it should be, but for what is said."""
        name = bucket or self.bucket(None, lock={"Mode": "COMPLIANCE", "Years": 7})
        cloudtrail, trail = self.world.client("cloudtrail"), self.at()
        more = {"KmsKeyId": key or self.app} if key is not None else {}
        wanted = {"Name": trail, "S3BucketName": name.rpartition(":")[2], "EnableLogFileValidation": validate}
        arn: str = cloudtrail.create_trail(**wanted, **more)["TrailARN"]
        if log:
            cloudtrail.start_logging(Name=trail)
        if selector:
            cloudtrail.put_event_selectors(TrailName=trail, EventSelectors=[selector])
        return arn

    def alarm(self, region: str, *events: str) -> str:
        """A rule of EventBridge that tells somebody when keys are destroyed."""
        name, client = self.at(), self.world.client("events", region)
        client.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.kms"], "detail": {"eventName": events}}))
        client.put_targets(Rule=name, Targets=[{"Id": "desk", "Arn": f"arn:aws:sns:{region}:{ACCOUNT}:desk"}])
        return region


def _listing(cluster: str, approvals: int) -> dict[str, Any]:
    signing = [{"strategy": "token-sign", "status": "enabled"}] if approvals > 1 else []
    officers = [{"username": f"officer-{n}", "role": "admin", "locked": "false", "quorum": signing} for n in range(3)]
    return {
        "cluster": cluster,
        "date": "2026-11-02",
        "by": "olga",
        "users": {"error_code": 0, "data": {"users": officers}},
        "quorum": {"error_code": 0, "data": {"user": approvals, "quorum": approvals}},
    }
