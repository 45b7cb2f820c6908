from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import time_machine
from botocore.exceptions import ClientError

REGION = "eu-central-1"
START = datetime(2026, 1, 1, tzinfo=UTC)
ROLE = "arn:aws:iam::111122223333:role/app"


@pytest.fixture(scope="module")
def client(emulation: None) -> Any:
    return boto3.client("kms")


@pytest.fixture
def kms(client: Any, account: str, clock: time_machine.Traveller) -> Any:
    return client


@pytest.fixture
def store(kms: Any) -> str:
    """A connected CloudHSM key store on two HSMs."""
    hsm, ec2 = boto3.client("cloudhsmv2"), boto3.client("ec2")
    subnets = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]]
    cluster = hsm.create_cluster(HsmType="hsm2m.medium", SubnetIds=subnets, Mode="FIPS")["Cluster"]["ClusterId"]
    for zone in "ab":
        hsm.create_hsm(ClusterId=cluster, AvailabilityZone=f"{REGION}{zone}")
    hsm.initialize_cluster(ClusterId=cluster, SignedCert="a", TrustAnchor="b")
    made = kms.create_custom_key_store(
        CustomKeyStoreName="hsm",
        CloudHsmClusterId=cluster,
        KeyStorePassword="kmsuser-1",
        TrustAnchorCertificate="b",
    )["CustomKeyStoreId"]
    kms.connect_custom_key_store(CustomKeyStoreId=made)
    return str(made)


def external_store(kms: Any, **more: str) -> str:
    return str(
        kms.create_custom_key_store(
            CustomKeyStoreName="xks",
            CustomKeyStoreType="EXTERNAL_KEY_STORE",
            XksProxyConnectivity="PUBLIC_ENDPOINT",
            XksProxyUriEndpoint="https://xks.example.com",
            XksProxyUriPath="/kms/xks/v1",
            XksProxyAuthenticationCredential={"AccessKeyId": "A" * 20, "RawSecretAccessKey": "s" * 43},
            **more,
        )["CustomKeyStoreId"]
    )


def new_key(kms: Any, **wanted: Any) -> str:
    return str(kms.create_key(**wanted)["KeyMetadata"]["KeyId"])


def metadata(kms: Any, key: str) -> dict[str, Any]:
    return dict(kms.describe_key(KeyId=key)["KeyMetadata"])


def code(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Code"])


def test_a_symmetric_key_names_its_material_and_is_not_multi_region(kms: Any) -> None:
    described = metadata(kms, new_key(kms))
    assert described["MultiRegion"] is False
    assert len(described["CurrentKeyMaterialId"]) == 64
    assert (described["KeyManager"], described["KeyState"], described["Enabled"]) == ("CUSTOMER", "Enabled", True)
    assert "ExpirationModel" not in described


@pytest.mark.parametrize(
    ("spec", "usage", "algorithms", "expected"),
    [
        ("HMAC_384", "GENERATE_VERIFY_MAC", "MacAlgorithms", ["HMAC_SHA_384"]),
        ("ECC_NIST_P256", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_256"]),
        ("ML_DSA_65", "SIGN_VERIFY", "SigningAlgorithms", ["ML_DSA_SHAKE_256"]),
        ("RSA_3072", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
    ],
)
def test_a_key_lists_the_algorithms_of_its_usage_alone(
    kms: Any, spec: str, usage: str, algorithms: str, expected: list[str]
) -> None:
    described = metadata(kms, new_key(kms, KeySpec=spec, KeyUsage=usage))
    lists = {"EncryptionAlgorithms", "SigningAlgorithms", "MacAlgorithms"} & described.keys()
    assert lists == {algorithms}
    assert described[algorithms] == expected
    assert "CurrentKeyMaterialId" not in described


def test_a_cloudhsm_key_names_its_store_and_cluster(kms: Any, store: str) -> None:
    described = metadata(kms, new_key(kms, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store))
    stated = kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"][0]
    assert (described["Origin"], described["CustomKeyStoreId"]) == ("AWS_CLOUDHSM", store)
    assert described["CloudHsmClusterId"] == stated["CloudHsmClusterId"]
    assert (stated["ConnectionState"], stated["CustomKeyStoreType"]) == ("CONNECTED", "AWS_CLOUDHSM")


def test_an_external_key_names_the_key_outside_and_the_store_hides_its_secret(kms: Any) -> None:
    store = external_store(kms)
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    key = new_key(kms, Origin="EXTERNAL_KEY_STORE", CustomKeyStoreId=store, XksKeyId="outside-1")
    assert metadata(kms, key)["XksKeyConfiguration"] == {"Id": "outside-1"}
    proxy = kms.describe_custom_key_stores()["CustomKeyStores"][0]["XksProxyConfiguration"]
    assert proxy == {
        "Connectivity": "PUBLIC_ENDPOINT",
        "AccessKeyId": "A" * 20,
        "UriEndpoint": "https://xks.example.com",
        "UriPath": "/kms/xks/v1",
    }
    again = {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": store, "XksKeyId": "outside-1"}
    assert code(kms.create_key, **again) == "XksKeyAlreadyInUseException"


def test_a_key_store_takes_single_region_symmetric_keys_alone(kms: Any, store: str) -> None:
    place = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": store}
    for wanted in ({"KeySpec": "RSA_2048"}, {"MultiRegion": True}):
        assert code(kms.create_key, **place, **wanted) == "UnsupportedOperationException"
    assert code(kms.create_key, Origin="AWS_CLOUDHSM", CustomKeyStoreId="cks-0") == "CustomKeyStoreNotFoundException"
    assert code(kms.create_key, CustomKeyStoreId=store) == "ValidationException"


def test_a_disconnected_store_makes_its_keys_unavailable(kms: Any, store: str) -> None:
    key = new_key(kms, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store)
    kms.disconnect_custom_key_store(CustomKeyStoreId=store)
    assert metadata(kms, key)["KeyState"] == "Unavailable"
    assert metadata(kms, key)["Enabled"] is False
    more = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": store}
    assert code(kms.create_key, **more) == "CustomKeyStoreInvalidStateException"
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    assert metadata(kms, key)["KeyState"] == "Enabled"


def test_a_store_needs_two_zones_for_new_keys_and_one_hsm_to_stay_connected(kms: Any, store: str) -> None:
    hsm = boto3.client("cloudhsmv2")
    cluster = hsm.describe_clusters()["Clusters"][0]
    first, second = (one["HsmId"] for one in cluster["Hsms"])
    hsm.delete_hsm(ClusterId=cluster["ClusterId"], HsmId=first)
    place = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": store}
    assert code(kms.create_key, **place) == "CloudHsmClusterInvalidConfigurationException"
    assert kms.describe_custom_key_stores()["CustomKeyStores"][0]["ConnectionState"] == "CONNECTED"
    hsm.delete_hsm(ClusterId=cluster["ClusterId"], HsmId=second)
    stated = kms.describe_custom_key_stores()["CustomKeyStores"][0]
    failed = (stated["ConnectionState"], stated["ConnectionErrorCode"])
    assert failed == ("FAILED", "INSUFFICIENT_CLOUDHSM_HSMS")


def test_a_store_is_updated_and_deleted_only_while_disconnected_and_empty(kms: Any, store: str) -> None:
    renamed = {"CustomKeyStoreId": store, "NewCustomKeyStoreName": "other"}
    assert code(kms.update_custom_key_store, **renamed) == "CustomKeyStoreInvalidStateException"
    assert code(kms.delete_custom_key_store, CustomKeyStoreId=store) == "CustomKeyStoreInvalidStateException"
    assert code(kms.connect_custom_key_store, CustomKeyStoreId=store) == "CustomKeyStoreInvalidStateException"
    key = new_key(kms, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store)
    kms.disconnect_custom_key_store(CustomKeyStoreId=store)
    kms.update_custom_key_store(**renamed)
    assert kms.describe_custom_key_stores(CustomKeyStoreName="other")["CustomKeyStores"][0]["CustomKeyStoreId"] == store
    assert code(kms.delete_custom_key_store, CustomKeyStoreId=store) == "CustomKeyStoreHasCMKsException"
    assert metadata(kms, key)["CustomKeyStoreId"] == store


def test_one_cluster_serves_one_store_and_a_name_one_store(kms: Any, store: str) -> None:
    cluster = kms.describe_custom_key_stores()["CustomKeyStores"][0]["CloudHsmClusterId"]
    wanted = {"CloudHsmClusterId": cluster, "KeyStorePassword": "kmsuser-1", "TrustAnchorCertificate": "b"}
    assert code(kms.create_custom_key_store, CustomKeyStoreName="two", **wanted) == "CloudHsmClusterInUseException"
    assert code(kms.create_custom_key_store, CustomKeyStoreName="hsm", **wanted) == "CustomKeyStoreNameInUseException"
    assert code(kms.describe_custom_key_stores, CustomKeyStoreId="cks-0") == "CustomKeyStoreNotFoundException"


@pytest.mark.parametrize("call", ["enable_key_rotation", "disable_key_rotation", "get_key_rotation_status"])
def test_keys_without_material_of_kms_refuse_rotation(kms: Any, store: str, call: str) -> None:
    for key in (new_key(kms, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store), new_key(kms, Origin="EXTERNAL")):
        assert code(getattr(kms, call), KeyId=key) == "UnsupportedOperationException"


def test_hsm_and_asymmetric_keys_neither_list_rotations_nor_rotate_on_demand(kms: Any, store: str) -> None:
    for key in (new_key(kms, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store), new_key(kms, KeySpec="RSA_2048")):
        assert code(kms.list_key_rotations, KeyId=key) == "UnsupportedOperationException"
        assert code(kms.rotate_key_on_demand, KeyId=key) == "UnsupportedOperationException"


def test_asymmetric_keys_state_that_rotation_is_off_and_refuse_to_enable_it(kms: Any) -> None:
    key = new_key(kms, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    assert code(kms.enable_key_rotation, KeyId=key) == "UnsupportedOperationException"


def test_rotation_states_its_period_and_next_date_and_happens_by_itself(
    kms: Any, clock: time_machine.Traveller
) -> None:
    key = new_key(kms)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["RotationPeriodInDays"], status["NextRotationDate"]) == (90, START + timedelta(days=90))
    before = metadata(kms, key)["CurrentKeyMaterialId"]
    clock.move_to(START + timedelta(days=200))
    rotations = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert [r["RotationDate"] for r in rotations] == [START + timedelta(days=90), START + timedelta(days=180)]
    assert {r["RotationType"] for r in rotations} == {"AUTOMATIC"}
    everything = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [r["KeyMaterialState"] for r in everything] == ["NON_CURRENT", "NON_CURRENT", "CURRENT"]
    assert everything[0]["KeyMaterialId"] == before
    assert metadata(kms, key)["CurrentKeyMaterialId"] == everything[-1]["KeyMaterialId"]


def test_rotation_on_demand_is_listed_and_does_not_move_the_schedule(kms: Any, clock: time_machine.Traveller) -> None:
    key = new_key(kms)
    kms.enable_key_rotation(KeyId=key)
    clock.move_to(START + timedelta(days=30))
    kms.rotate_key_on_demand(KeyId=key)
    assert [r["RotationType"] for r in kms.list_key_rotations(KeyId=key)["Rotations"]] == ["ON_DEMAND"]
    assert kms.get_key_rotation_status(KeyId=key)["NextRotationDate"] == START + timedelta(days=365)


def test_imported_material_arrives_expires_and_is_deleted(kms: Any, clock: time_machine.Traveller) -> None:
    key = new_key(kms, Origin="EXTERNAL")
    assert metadata(kms, key)["KeyState"] == "PendingImport"
    asked = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    assert asked["ParametersValidTo"] == START + timedelta(hours=24)
    wrapped = {"KeyId": key, "ImportToken": asked["ImportToken"], "EncryptedKeyMaterial": b"wrapped"}
    assert code(kms.import_key_material, **wrapped) == "ValidationException"
    material = kms.import_key_material(**wrapped, ValidTo=START + timedelta(days=10))["KeyMaterialId"]
    described = metadata(kms, key)
    assert (described["KeyState"], described["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_EXPIRES")
    assert described["ValidTo"] == START + timedelta(days=10)
    clock.move_to(START + timedelta(days=11))
    assert metadata(kms, key)["KeyState"] == "PendingImport"
    assert "ExpirationModel" not in metadata(kms, key)
    again = kms.import_key_material(**wrapped, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    assert again["KeyMaterialId"] == material
    assert metadata(kms, key)["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    kms.delete_imported_key_material(KeyId=key)
    assert metadata(kms, key)["KeyState"] == "PendingImport"
    assert code(kms.import_key_material, **wrapped | {"ImportToken": b"forged"}) == "InvalidImportTokenException"


def test_imported_material_rotates_on_demand_to_the_material_that_waits(kms: Any) -> None:
    key = new_key(kms, Origin="EXTERNAL")
    asked = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    wrapped = {
        "KeyId": key,
        "ImportToken": asked["ImportToken"],
        "EncryptedKeyMaterial": b"wrapped",
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
    kms.import_key_material(**wrapped)
    assert code(kms.rotate_key_on_demand, KeyId=key) == "KMSInvalidStateException"
    kms.import_key_material(**wrapped, ImportType="NEW_KEY_MATERIAL")
    listed = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [r["KeyMaterialState"] for r in listed] == ["CURRENT", "PENDING_ROTATION"]
    kms.rotate_key_on_demand(KeyId=key)
    assert [r["ImportState"] for r in kms.list_key_rotations(KeyId=key)["Rotations"]] == ["IMPORTED"]


def test_keys_made_by_kms_take_no_import(kms: Any) -> None:
    wanted = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    assert code(kms.get_parameters_for_import, KeyId=new_key(kms), **wanted) == "UnsupportedOperationException"


def test_aws_aliases_have_no_target_until_their_key_is_used(kms: Any, account: str) -> None:
    def target() -> str | None:
        aliases = kms.get_paginator("list_aliases").paginate().search("Aliases[?AliasName=='alias/aws/rds']")
        return next(iter(aliases)).get("TargetKeyId")

    assert target() is None
    described = metadata(kms, "alias/aws/rds")
    assert (described["KeyManager"], described["KeyId"]) == ("AWS", target())
    assert kms.get_key_rotation_status(KeyId=described["KeyId"])["KeyRotationEnabled"] is True
    assert f'"kms:CallerAccount": "{account}"' in kms.get_key_policy(KeyId=described["KeyId"])["Policy"]
    acm = metadata(kms, "alias/aws/acm")["KeyId"]
    assert code(kms.get_key_rotation_status, KeyId=acm) == "AccessDeniedException"


def test_aliases_carry_dates(kms: Any, clock: time_machine.Traveller) -> None:
    first, second = new_key(kms), new_key(kms)
    kms.create_alias(AliasName="alias/one", TargetKeyId=first)
    clock.move_to(START + timedelta(days=5))
    kms.update_alias(AliasName="alias/one", TargetKeyId=second)
    alias = kms.list_aliases(KeyId=second)["Aliases"][0]
    assert (alias["CreationDate"], alias["LastUpdatedDate"]) == (START, START + timedelta(days=5))


@pytest.mark.parametrize(
    ("operation", "key", "most"),
    [("list_keys", "Keys", 1000), ("list_aliases", "Aliases", 100), ("list_grants", "Grants", 100)],
)
def test_listings_page_and_refuse_wrong_limits_and_markers(kms: Any, operation: str, key: str, most: int) -> None:
    wanted = {"KeyId": new_key(kms)} if operation == "list_grants" else {}
    for n in range(3):
        subject = wanted.get("KeyId") or new_key(kms)
        kms.create_alias(AliasName=f"alias/a{n}", TargetKeyId=subject)
        kms.create_grant(KeyId=subject, GranteePrincipal=ROLE, Operations=["Decrypt"], Name=f"g{n}")
    call = getattr(kms, operation)
    whole = kms.get_paginator(operation).paginate(**wanted).build_full_result()[key]
    pages = list(kms.get_paginator(operation).paginate(**wanted, PaginationConfig={"PageSize": 2}))
    assert [len(page[key]) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert [item for page in pages for item in page[key]] == whole
    assert len(whole) >= 3
    assert code(call, **wanted, Limit=most + 1) == "ValidationException"
    assert code(call, **wanted, Marker="marker-999") == "InvalidMarkerException"


def test_tags_page_by_fifty(kms: Any) -> None:
    key = new_key(kms, Tags=[{"TagKey": f"t{n}", "TagValue": "v"} for n in range(51)])
    first = kms.list_resource_tags(KeyId=key)
    assert (len(first["Tags"]), first["Truncated"]) == (50, True)
    second = kms.list_resource_tags(KeyId=key, Marker=first["NextMarker"])
    assert (len(second["Tags"]), second["Truncated"]) == (1, False)


def test_grants_state_their_date_issuer_and_constraints(kms: Any, account: str) -> None:
    key = new_key(kms)
    constraints = {"EncryptionContextSubset": {"a": "b"}, "SourceArn": "arn:aws:rds:eu-central-1:111122223333:db:x"}
    wanted = {"Operations": ["Decrypt"], "Constraints": constraints}
    made = kms.create_grant(
        KeyId=key,
        GranteeServicePrincipal="rds.amazonaws.com",
        RetiringServicePrincipal="rds.amazonaws.com",
        **wanted,
    )
    grant = kms.list_grants(KeyId=key, GrantId=made["GrantId"])["Grants"][0]
    assert grant == {
        "KeyId": metadata(kms, key)["Arn"],
        "GrantId": made["GrantId"],
        "CreationDate": START,
        "IssuingAccount": f"arn:aws:iam::{account}:root",
        "GranteeServicePrincipal": "rds.amazonaws.com",
        "RetiringServicePrincipal": "rds.amazonaws.com",
        "Operations": ["Decrypt"],
        "Constraints": constraints,
    }
    kms.create_grant(KeyId=key, GranteePrincipal=ROLE, RetiringPrincipal=ROLE, Operations=["Encrypt"])
    assert len(kms.list_grants(KeyId=key, GranteePrincipal=ROLE)["Grants"]) == 1
    assert len(kms.list_retirable_grants(RetiringPrincipal=ROLE)["Grants"]) == 1


def test_a_replica_shares_material_and_rotation_and_has_its_own_policy_tags_and_state(kms: Any) -> None:
    other = boto3.client("kms", region_name="us-east-1")
    key = new_key(kms, MultiRegion=True, Tags=[{"TagKey": "a", "TagValue": "1"}], Policy='{"Statement": []}')
    kms.enable_key_rotation(KeyId=key)
    kms.replicate_key(KeyId=key, ReplicaRegion="us-east-1")
    kms.disable_key(KeyId=metadata(kms, key)["Arn"])
    primary, replica = metadata(kms, key), metadata(other, key)
    assert primary["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert replica["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    assert replica["MultiRegionConfiguration"]["ReplicaKeys"] == [{"Arn": replica["Arn"], "Region": "us-east-1"}]
    assert replica["CurrentKeyMaterialId"] == primary["CurrentKeyMaterialId"]
    assert (primary["KeyState"], replica["KeyState"]) == ("Disabled", "Enabled")
    assert other.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    assert other.list_resource_tags(KeyId=key)["Tags"] == []
    assert "root" in other.get_key_policy(KeyId=key)["Policy"]
    assert code(kms.replicate_key, KeyId=key, ReplicaRegion="us-east-1") == "AlreadyExistsException"
    assert code(kms.replicate_key, KeyId=new_key(kms), ReplicaRegion="us-east-1") == "UnsupportedOperationException"


def test_the_primary_moves_to_a_replica_and_waits_for_it_before_it_is_deleted(kms: Any) -> None:
    other = boto3.client("kms", region_name="us-east-1")
    key = new_key(kms, MultiRegion=True)
    kms.replicate_key(KeyId=key, ReplicaRegion="us-east-1")
    assert code(kms.update_primary_region, KeyId=key, PrimaryRegion="eu-west-1") == "NotFoundException"
    kms.update_primary_region(KeyId=key, PrimaryRegion="us-east-1")
    assert metadata(kms, key)["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    answer = other.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingReplicaDeletion", 7)
    assert "DeletionDate" not in answer
    described = metadata(other, key)
    assert (described["KeyState"], described["PendingDeletionWindowInDays"]) == ("PendingReplicaDeletion", 7)


def test_a_single_key_pending_deletion_states_the_date_and_no_window(kms: Any) -> None:
    key = new_key(kms)
    kms.enable_key_rotation(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=10)
    described = metadata(kms, key)
    assert (described["KeyState"], described["DeletionDate"]) == ("PendingDeletion", START + timedelta(days=10))
    assert "PendingDeletionWindowInDays" not in described
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    assert code(kms.schedule_key_deletion, KeyId=key) == "KMSInvalidStateException"
    assert code(kms.enable_key_rotation, KeyId=key) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    assert metadata(kms, key)["KeyState"] == "Disabled"


def test_a_key_policy_comes_with_its_name_and_unknown_names_are_refused(kms: Any) -> None:
    key = new_key(kms, Policy='{"Statement": []}')
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    answer = kms.get_key_policy(KeyId=key)
    assert (answer["Policy"], answer["PolicyName"]) == ('{"Statement": []}', "default")
    assert code(kms.get_key_policy, KeyId=key, PolicyName="AWS_RAM") == "NotFoundException"


def test_last_usage_tells_the_last_operation(kms: Any, clock: time_machine.Traveller) -> None:
    clock.move_to(START + timedelta(days=300))
    key = new_key(kms)
    assert kms.get_key_last_usage(KeyId=key).get("KeyLastUsage") == {}
    clock.move_to(START + timedelta(days=310))
    kms.encrypt(KeyId=key, Plaintext=b"card")
    usage = kms.get_key_last_usage(KeyId=key)
    assert usage["KeyLastUsage"] == {"Operation": "Encrypt", "Timestamp": START + timedelta(days=310)}
    assert usage["KeyCreationDate"] == START + timedelta(days=300)


def test_asymmetric_keys_still_sign_with_a_key_made_when_first_asked_for(kms: Any) -> None:
    key = new_key(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    wanted = {"KeyId": key, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**wanted)["Signature"]
    assert kms.verify(**wanted, Signature=signature)["SignatureValid"] is True
    assert kms.get_public_key(KeyId=key)["PublicKey"]
