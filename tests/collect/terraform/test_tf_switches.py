"""Types that say whether they are encrypted and not by which key: judged by the switch, or left out for a reason."""

from typing import Any

import pytest
from tf_builder import AFTER_APPLY, PlanText, const, uses

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.catalog.encryption.types import Flag, Silence
from scanner.catalog.left_out import why_switch

SWITCHES_WITHOUT_KEY = {
    "aws_ami": ["ebs_block_device.encrypted"],
    "aws_api_gateway_method_settings": ["settings.cache_data_encrypted"],
    "aws_appsync_api_cache": ["at_rest_encryption_enabled", "transit_encryption_enabled"],
    "aws_chime_voice_connector": ["require_encryption"],
    "aws_cleanrooms_collaboration": ["data_encryption_metadata.allow_clear_text"],
    "aws_cloudfront_field_level_encryption_profile": ["encryption_entities.items.public_key_id"],
    "aws_dms_data_provider": [
        "settings.ibm_db2_luw_settings.encryption_algorithm",
        "settings.sybase_ase_settings.encrypt_password",
    ],
    "aws_docdb_global_cluster": ["storage_encrypted"],
    "aws_dx_connection": ["encryption_mode"],
    "aws_ebs_encryption_by_default": ["enabled"],
    "aws_ec2_transit_gateway": ["encryption_support"],
    "aws_elasticache_cluster": ["transit_encryption_enabled"],
    "aws_launch_configuration": ["ebs_block_device.encrypted", "root_block_device.encrypted"],
    "aws_mskconnect_connector": ["kafka_cluster_encryption_in_transit.encryption_type"],
    "aws_neptune_global_cluster": ["storage_encrypted"],
    "aws_rds_global_cluster": ["storage_encrypted"],
    "aws_vpc_encryption_control": ["mode"],
    "aws_vpn_connection": ["tunnel1_phase1_encryption_algorithms", "tunnel2_phase2_encryption_algorithms"],
}
"""Every settable attribute about encryption of types without an attribute for a key (hashicorp/aws 6.69.1)."""


def flags(silence: Silence | None) -> set[str]:
    if not isinstance(silence, Flag):
        return set()
    inner = [*silence.answers.values(), silence.missing, silence.other]
    return {silence.path}.union(*map(flags, inner))


def judged() -> set[tuple[str, str]]:
    places = [at for row in ENCRYPTED_TYPES for key in row.keys for at in key.terraform]
    return {(at.type, path) for at in places for path in flags(at.absent)}


def test_every_switch_of_encryption_is_judged_or_left_out_for_a_reason() -> None:
    listed = {(kind, path) for kind, paths in SWITCHES_WITHOUT_KEY.items() for path in paths}
    assert {one for one in listed if why_switch(*one) is None} == listed & judged()


def state(address: str, values: dict[str, Any], field: str, **expressions: Any) -> str:
    plan = PlanText().resource(address, values, expressions)
    return uses(plan.load(), address)[field].state


DEVICE = {"device_name": "/dev/xvda"}


@pytest.mark.parametrize(
    ("address", "values", "field", "expected"),
    [
        ("aws_ami.a", {"ebs_block_device": [DEVICE | {"encrypted": True}]}, "device[0]", "KEY"),
        ("aws_ami.a", {"ebs_block_device": [DEVICE | {"encrypted": False}]}, "device[0]", "UNKNOWN"),
        ("aws_ami.a", {"ebs_block_device": [DEVICE | {"snapshot_id": "snap-1"}]}, "device[0]", "UNKNOWN"),
        ("aws_ami_from_instance.a", {"source_instance_id": "i-1"}, "device[0]", "UNKNOWN"),
        ("aws_launch_configuration.l", {"root_block_device": [{"encrypted": True}]}, "root-volume", "KEY"),
        ("aws_launch_configuration.l", {"root_block_device": [{"encrypted": False}]}, "root-volume", "UNKNOWN"),
        ("aws_launch_configuration.l", {"root_block_device": AFTER_APPLY}, "root-volume", "UNKNOWN"),
        ("aws_appsync_api_cache.c", {"at_rest_encryption_enabled": True}, "cache", "AWS_OWNED"),
        ("aws_appsync_api_cache.c", {"at_rest_encryption_enabled": False}, "cache", "UNKNOWN"),
        ("aws_appsync_api_cache.c", {"type": "SMALL"}, "cache", "AWS_OWNED"),
        ("aws_api_gateway_stage.s", {"cache_cluster_enabled": True}, "cache", "UNKNOWN"),
        ("aws_rds_global_cluster.g", {"storage_encrypted": True}, "storage", "KEY"),
        ("aws_rds_global_cluster.g", {"storage_encrypted": False}, "storage", "UNKNOWN"),
        ("aws_docdb_global_cluster.g", {"storage_encrypted": False}, "storage", "UNENCRYPTED"),
        ("aws_neptune_global_cluster.g", {"storage_encrypted": AFTER_APPLY}, "storage", "UNENCRYPTED"),
        ("aws_neptune_global_cluster.g", {"source_db_cluster_identifier": "c"}, "storage", "UNKNOWN"),
        ("aws_elasticache_cluster.c", {"engine": "redis"}, "storage", "UNENCRYPTED"),
        ("aws_ebs_encryption_by_default.e", {}, "new-volumes", "KEY"),
        ("aws_dynamodb_table_export.e", {"s3_sse_algorithm": "AES256"}, "export", "AWS_OWNED"),
        (
            "aws_athena_database.d",
            {"encryption_configuration": [{"encryption_option": "SSE_S3"}]},
            "results",
            "AWS_OWNED",
        ),
    ],
)
def test_a_switch_is_judged_where_no_key_can_be_named(
    address: str, values: dict[str, Any], field: str, expected: str
) -> None:
    written: dict[str, Any] = {name: [{}] for name, value in values.items() if isinstance(value, list)}
    assert state(address, values, field, **written) == expected


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("aws_elasticache_cluster.c", {"engine": "memcached"}),
        ("aws_elasticache_cluster.c", {"engine": "redis", "replication_group_id": "main"}),
        ("aws_api_gateway_stage.s", {"cache_cluster_enabled": False}),
        ("aws_api_gateway_stage.s", {"stage_name": "prod"}),
        ("aws_api_gateway_method_settings.m", {"settings": [{"caching_enabled": False}]}),
        ("aws_ebs_encryption_by_default.e", {"enabled": False}),
    ],
)
def test_what_holds_no_data_at_rest_has_no_use_of_a_key(address: str, values: dict[str, Any]) -> None:
    assert uses(PlanText().resource(address, values).load(), address) == {}


@pytest.mark.parametrize(
    ("encrypted", "expected"), [(True, "AWS_OWNED"), (False, "UNENCRYPTED"), (AFTER_APPLY, "UNENCRYPTED")]
)
def test_a_method_cache_is_encrypted_where_its_settings_say_so(encrypted: Any, expected: str) -> None:
    settings = {"caching_enabled": True, "cache_data_encrypted": encrypted}
    written = {"settings": [{"caching_enabled": const(True)}]}
    assert state("aws_api_gateway_method_settings.m", {"settings": [settings]}, "cache", **written) == expected


def test_a_use_without_an_attribute_for_its_key_points_at_the_block() -> None:
    values = {"ebs_block_device": [DEVICE | {"encrypted": True}, DEVICE | {"encrypted": True}]}
    found = uses(PlanText().resource("aws_launch_configuration.l", values).load(), "aws_launch_configuration.l")
    assert found["volume[1]"].pointer == "aws_launch_configuration.l.ebs_block_device[1]"
