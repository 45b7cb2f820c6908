"""Where network, identity and end-user services name their keys: firewalls, DNSSEC, Cognito, WorkSpaces, Connect."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    NOT_USED,
    UNENCRYPTED,
    Api,
    At,
    Attribute,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    aws_managed,
    one_key,
    switch,
    tag_call,
)

_FIREWALL_KEYS = {"CUSTOMER_KMS": NOT_NAMED, "AWS_OWNED_KMS_KEY": AWS_OWNED}


def _firewall(kind: str, listed: str, terraform: str) -> EncryptedType:
    stem = "Firewall" if kind == "Firewall" else ""
    return one_key(
        f"AWS::NetworkFirewall::{kind}",
        Api(
            "network-firewall",
            (Call(f"List{listed}", listed),),
            f"{stem}Arn",
            f"{stem}Name",
            details=(
                Call(
                    f"Describe{kind}",
                    # Rules and certificates are of no concern: only these fields are kept.
                    f"{stem or kind + 'Response'}.{{Encryption: EncryptionConfiguration, Tags: Tags}}",
                    given={f"{kind}Arn": f"{stem}Arn"},
                ),
            ),
        ),
        "Encryption.KeyId",
        Flag("Encryption.Type", _FIREWALL_KEYS, missing=AWS_OWNED),
        At(
            terraform,
            "encryption_configuration.key_id",
            Flag("encryption_configuration.type", _FIREWALL_KEYS, missing=AWS_OWNED),
        ),
        use="configuration",
    )


def _verified_access(kind: str, word: str, listed: str, block: str) -> EncryptedType:
    return one_key(
        f"AWS::EC2::VerifiedAccess{kind}",
        Api(
            "ec2",
            (Call(f"DescribeVerifiedAccess{listed}", f"VerifiedAccess{listed}"),),
            "arn:{partition}:ec2:{region}:{account}:verified-access-" + word + "/{name}",
            f"VerifiedAccess{kind}Id",
            created="CreationTime",
        ),
        "SseSpecification.KmsKeyArn",
        AWS_OWNED,
        At(f"aws_verifiedaccess_{word.replace('-', '_')}", f"{block}.kms_key_arn"),
        "id",
        use="configuration",
    )


SIGNING_KEY = EncryptedType(
    "AWS::Route53::KeySigningKey",
    Api(
        "route53",
        (
            Call("ListHostedZones", "HostedZones[?!(Config.PrivateZone)]"),
            Call("GetDNSSEC", "KeySigningKeys", given={"HostedZoneId": "Id"}),
        ),
        "arn:{partition}:route53:::keysigningkey{Parent.Id}/{Name}",
        "Name",
        tags=None,
        created="CreatedDate",
        everywhere=True,
    ),
    keys=(
        KeyField("signing", "KmsArn", NOT_NAMED, (At("aws_route53_key_signing_key", "key_management_service_arn"),)),
    ),
    terraform={"aws_route53_key_signing_key": "name"},
    attributes=(Attribute("status", "Status", "`ACTIVE`, `INACTIVE` ..."),),
)

_SSO_KEYS = {"AWS_OWNED_KMS_KEY": AWS_OWNED, "CUSTOMER_MANAGED_KEY": NOT_NAMED}
IDENTITY_CENTER = one_key(
    "AWS::SSO::Instance",
    Api(
        "sso-admin",
        (Call("ListInstances", "Instances"),),
        "InstanceArn",
        "InstanceArn",
        details=(
            Call("DescribeInstance", given={"InstanceArn": "InstanceArn"}),
            Call(
                "ListTagsForResource",
                "Tags",
                given={"InstanceArn": "InstanceArn", "ResourceArn": "InstanceArn"},
                into="TagList",
            ),
        ),
        tags="TagList",
        created="CreatedDate",
    ),
    "EncryptionConfigurationDetails.KmsKeyArn",
    Flag("EncryptionConfigurationDetails.KeyType", _SSO_KEYS, missing=AWS_OWNED),
)

_POOL_KEYS = {"AWS_OWNED_KEY": AWS_OWNED, "CUSTOMER_MANAGED_KEY": NOT_NAMED}
USER_POOL = EncryptedType(
    "AWS::Cognito::UserPool",
    Api(
        "cognito-idp",
        (Call("ListUserPools", "UserPools", fixed={"MaxResults": 60}),),
        "arn:{partition}:cognito-idp:{region}:{account}:userpool/{Id}",
        "Name",
        details=(Call("DescribeUserPool", "UserPool", given={"UserPoolId": "Id"}),),
        tags="UserPoolTags",
        created="CreationDate",
    ),
    keys=(
        KeyField(
            "storage", "KeyConfiguration.KmsKeyArn", Flag("KeyConfiguration.KeyType", _POOL_KEYS, missing=AWS_OWNED)
        ),
        KeyField(
            "custom-sender",
            "LambdaConfig.KMSKeyID",
            NOT_USED,
            (At("aws_cognito_user_pool", "lambda_config.kms_key_id"),),
        ),
    ),
    terraform={"aws_cognito_user_pool": "name"},
)


def _workspace_volume(use: str, api: str, terraform: str) -> KeyField:
    """One key for both volumes, of which it encrypts those whose flag is there and true."""
    return KeyField(
        use,
        f"{api} && VolumeEncryptionKey",
        switch(api, NOT_NAMED, missing=UNENCRYPTED),
        (
            At(
                "aws_workspaces_workspace",
                "volume_encryption_key",
                switch(terraform, aws_managed("workspaces"), missing=UNENCRYPTED),
            ),
        ),
    )


WORKSPACE = EncryptedType(
    "AWS::WorkSpaces::Workspace",
    Api(
        "workspaces",
        (Call("DescribeWorkspaces", "Workspaces"),),
        "arn:{partition}:workspaces:{region}:{account}:workspace/{name}",
        "WorkspaceId",
        details=(Call("DescribeTags", "TagList", given={"ResourceId": "WorkspaceId"}, into="TagList"),),
        tags="TagList",
    ),
    keys=(
        _workspace_volume("root-volume", "RootVolumeEncryptionEnabled", "root_volume_encryption_enabled"),
        _workspace_volume("user-volume", "UserVolumeEncryptionEnabled", "user_volume_encryption_enabled"),
    ),
    terraform={"aws_workspaces_workspace": "id"},
)


def _browser(kind: str, listed: str, stem: str, terraform: str) -> EncryptedType:
    return one_key(
        f"AWS::WorkSpacesWeb::{kind}",
        Api(
            "workspaces-web",
            (Call(f"List{listed[0].upper()}{listed[1:]}", listed),),
            f"{stem}Arn",
            f"{stem}Arn",
            details=(
                Call(f"Get{kind}", f"{stem}.{{Key: customerManagedKey}}", given={f"{stem}Arn": f"{stem}Arn"}),
                tag_call("resourceArn"),
            ),
            tags="TagList",
        ),
        "Key",
        AWS_OWNED,
        At(terraform, "customer_managed_key"),
    )


_KINDS = (
    "CHAT_TRANSCRIPTS",
    "CALL_RECORDINGS",
    "SCHEDULED_REPORTS",
    "MEDIA_STREAMS",
    "CONTACT_TRACE_RECORDS",
    "AGENT_EVENTS",
    "REAL_TIME_CONTACT_ANALYSIS_SEGMENTS",
    "ATTACHMENTS",
    "CONTACT_EVALUATIONS",
    "SCREEN_RECORDINGS",
)
_EACH_KIND = ", ".join(f"{{Id: Id, Kind: '{kind}'}}" for kind in _KINDS)

CONNECT_STORAGE = EncryptedType(
    "AWS::Connect::InstanceStorageConfig",
    Api(
        "connect",
        (
            Call("ListInstances", f"InstanceSummaryList[].[{_EACH_KIND}][]"),
            Call("ListInstanceStorageConfigs", "StorageConfigs", given={"InstanceId": "Id", "ResourceType": "Kind"}),
        ),
        "arn:{partition}:connect:{region}:{account}:instance/{Parent.Id}/storage-config/{Parent.Kind}/{AssociationId}",
        "AssociationId",
        tags=None,
    ),
    keys=(
        KeyField(
            "objects",
            "S3Config.EncryptionConfig.KeyId",
            NOT_USED,
            (At("aws_connect_instance_storage_config", "storage_config.s3_config.encryption_config.key_id"),),
        ),
        KeyField(
            "video",
            "KinesisVideoStreamConfig.EncryptionConfig.KeyId",
            NOT_USED,
            (
                At(
                    "aws_connect_instance_storage_config",
                    "storage_config.kinesis_video_stream_config.encryption_config.key_id",
                ),
            ),
        ),
    ),
    terraform={"aws_connect_instance_storage_config": "id"},
    attributes=(
        Attribute("resource_type", "Parent.Kind", "What is stored: `CALL_RECORDINGS`, `CHAT_TRANSCRIPTS` ..."),
    ),
)

PROFILES = one_key(
    "AWS::CustomerProfiles::Domain",
    Api(
        "customer-profiles",
        (Call("ListDomains", "Items"),),
        "arn:{partition}:profile:{region}:{account}:domains/{name}",
        "DomainName",
        details=(Call("GetDomain", given={"DomainName": "DomainName"}),),
        created="CreatedAt",
    ),
    "DefaultEncryptionKey",
    AWS_OWNED,
    At("aws_customerprofiles_domain", "default_encryption_key"),
    "domain_name",
)


def _location(kind: str, listed: str, named: str, terraform: str) -> EncryptedType:
    word = terraform.removeprefix("aws_location_").replace("_", "-")
    return one_key(
        f"AWS::Location::{kind}",
        Api(
            "location",
            (Call(listed, "Entries"),),
            "arn:{partition}:geo:{region}:{account}:" + word + "/{name}",
            named,
            details=(Call(f"Describe{kind}", given={named: named}),),
            created="CreateTime",
        ),
        "KmsKeyId",
        AWS_OWNED,
        At(terraform, "kms_key_id"),
    )


NETWORK_TYPES = (
    _firewall("Firewall", "Firewalls", "aws_networkfirewall_firewall"),
    _firewall("FirewallPolicy", "FirewallPolicies", "aws_networkfirewall_firewall_policy"),
    _firewall("RuleGroup", "RuleGroups", "aws_networkfirewall_rule_group"),
    _firewall(
        "TLSInspectionConfiguration", "TLSInspectionConfigurations", "aws_networkfirewall_tls_inspection_configuration"
    ),
    _verified_access("Endpoint", "endpoint", "Endpoints", "sse_specification"),
    _verified_access("Group", "group", "Groups", "sse_configuration"),
    _verified_access("TrustProvider", "trust-provider", "TrustProviders", "sse_specification"),
    SIGNING_KEY,
    IDENTITY_CENTER,
    USER_POOL,
    WORKSPACE,
    _browser("Portal", "portals", "portal", "aws_workspacesweb_portal"),
    _browser("BrowserSettings", "browserSettings", "browserSettings", "aws_workspacesweb_browser_settings"),
    _browser("IpAccessSettings", "ipAccessSettings", "ipAccessSettings", "aws_workspacesweb_ip_access_settings"),
    _browser("UserSettings", "userSettings", "userSettings", "aws_workspacesweb_user_settings"),
    _browser("SessionLogger", "sessionLoggers", "sessionLogger", "aws_workspacesweb_session_logger"),
    _browser(
        "DataProtectionSettings",
        "dataProtectionSettings",
        "dataProtectionSettings",
        "aws_workspacesweb_data_protection_settings",
    ),
    CONNECT_STORAGE,
    PROFILES,
    _location("Tracker", "ListTrackers", "TrackerName", "aws_location_tracker"),
    _location("GeofenceCollection", "ListGeofenceCollections", "CollectionName", "aws_location_geofence_collection"),
)
