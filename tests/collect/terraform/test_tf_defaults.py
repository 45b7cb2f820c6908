"""What a plan means that names no key: AWS's default at the time of apply, the encryption of a source, or not known."""

import pytest
from tf_builder import AFTER_APPLY, PlanText, const, uses

CLUSTER = "aws_rds_cluster.c"
SNAPSHOT = "arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:s"
NEW = {"storage_encrypted": AFTER_APPLY, "kms_key_id": AFTER_APPLY, "snapshot_identifier": None}


def storage(address: str, values: dict, **more: dict) -> str:
    plan = PlanText().resource(address, {"engine_mode": "provisioned"} | values, **more)
    return uses(plan.load(), address)["storage"].state


@pytest.mark.parametrize("engine", ["aurora", "aurora-mysql", "aurora-postgresql"])
def test_a_new_aurora_cluster_is_encrypted_with_a_key_that_aws_owns(engine: str) -> None:
    assert storage(CLUSTER, NEW | {"engine": engine}) == "AWS_OWNED"


def test_a_multi_az_cluster_is_not_encrypted_unless_asked_for() -> None:
    assert storage(CLUSTER, NEW | {"engine": "postgres"}) == "UNENCRYPTED"


def test_aurora_serverless_v1_has_the_aws_managed_key() -> None:
    plan = PlanText().resource(CLUSTER, NEW | {"engine": "aurora", "engine_mode": "serverless"})
    assert uses(plan.load(), CLUSTER)["storage"].key == "alias/aws/rds"


def test_storage_encrypted_false_does_not_tell_how_old_an_aurora_cluster_is() -> None:
    plan = PlanText().resource(CLUSTER, {"engine": "aurora-mysql", "storage_encrypted": False, "kms_key_id": ""})
    use = uses(plan.load(), CLUSTER)["storage"]
    assert use.state == "UNKNOWN"
    assert use.reason is not None
    assert "18 February 2026" in use.reason
    assert storage(CLUSTER, {"engine": "mysql", "storage_encrypted": False}) == "UNENCRYPTED"


@pytest.mark.parametrize(
    ("address", "source"),
    [
        (CLUSTER, {"engine": "aurora-mysql", "snapshot_identifier": SNAPSHOT}),
        (CLUSTER, {"engine": "aurora-mysql", "replication_source_identifier": "arn:aws:rds:eu-west-1:1:cluster:x"}),
        (CLUSTER, {"engine": "aurora-mysql", "restore_to_point_in_time": [{"source_cluster_identifier": "x"}]}),
        ("aws_db_instance.d", {"replicate_source_db": "main"}),
        ("aws_db_instance.d", {"snapshot_identifier": "rds:main"}),
        ("aws_db_instance.d", {"restore_to_point_in_time": [{"source_dbi_resource_id": "db-X"}]}),
        ("aws_docdb_cluster.d", {"snapshot_identifier": SNAPSHOT}),
        ("aws_neptune_cluster.d", {"snapshot_identifier": SNAPSHOT}),
        ("aws_ebs_volume.d", {"snapshot_id": "snap-1", "encrypted": True}),
    ],
)
def test_a_copy_takes_over_the_encryption_of_its_source(address: str, source: dict) -> None:
    blocks = {name: [{}] for name in source if name == "restore_to_point_in_time"}
    assert storage(address, source, expressions=blocks) == "UNKNOWN"
    assert storage(address, source | {"storage_encrypted": True}, expressions=blocks) == "UNKNOWN"


def test_a_source_that_is_known_only_after_apply_is_a_source() -> None:
    written = {"replicate_source_db": {"references": ["aws_db_instance.main.id", "aws_db_instance.main"]}}
    assert storage("aws_db_instance.d", {"replicate_source_db": AFTER_APPLY}, expressions=written) == "UNKNOWN"
    assert storage("aws_db_instance.d", {"snapshot_identifier": AFTER_APPLY}) == "UNENCRYPTED"


def test_a_restored_database_with_a_key_of_its_own_has_that_key() -> None:
    key = "arn:aws:kms:eu-central-1:111122223333:key/1"
    values = {"snapshot_identifier": "s", "storage_encrypted": True, "kms_key_id": key}
    plan = PlanText().resource("aws_db_instance.d", values, {"kms_key_id": const(key)})
    assert uses(plan.load(), "aws_db_instance.d")["storage"].key == key
