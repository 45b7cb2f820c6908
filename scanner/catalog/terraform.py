"""Which attributes of Terraform's AWS provider name a KMS key, and which blocks it fills in by itself.

The table of attributes is `data/terraform-key-attributes.json`, with its source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

JSON_TEXT = ("json",)
"""Stands for the switches beside an attribute whose text is JSON: whether it names a key is not read."""

COMPUTED_BLOCKS = frozenset(
    {
        "aws_ami.ebs_block_device",
        "aws_cloudtrail_event_data_store.advanced_event_selector",
        "aws_cognito_user_pool.lambda_config",
        "aws_dms_endpoint.redshift_settings",
        "aws_dynamodb_table.server_side_encryption",
        "aws_elasticsearch_domain.encrypt_at_rest",
        "aws_iam_role.inline_policy",
        "aws_instance.ebs_block_device",
        "aws_instance.root_block_device",
        "aws_keyspaces_table.encryption_specification",
        "aws_kinesisanalyticsv2_application.application_configuration",
        "aws_launch_configuration.ebs_block_device",
        "aws_launch_configuration.root_block_device",
        "aws_networkfirewall_tls_inspection_configuration.encryption_configuration",
        "aws_opensearch_domain.encrypt_at_rest",
        "aws_opensearchserverless_collection.encryption_config",
        "aws_s3_bucket.lifecycle_rule",
        "aws_s3_bucket.object_lock_configuration",
        "aws_s3_bucket.replication_configuration",
        "aws_s3_bucket.server_side_encryption_configuration",
        "aws_s3_bucket.versioning",
        "aws_s3tables_table.encryption_configuration",
        "aws_s3tables_table_bucket.encryption_configuration",
        "aws_s3vectors_index.encryption_configuration",
        "aws_s3vectors_vector_bucket.encryption_configuration",
        "aws_secretsmanager_secret.replica",
        "aws_sfn_activity.encryption_configuration",
        "aws_sfn_state_machine.encryption_configuration",
        "aws_spot_fleet_request.launch_specification.ebs_block_device",
        "aws_spot_fleet_request.launch_specification.root_block_device",
        "aws_spot_instance_request.ebs_block_device",
        "aws_spot_instance_request.root_block_device",
        "aws_ssmincidents_replication_set.region",
        "aws_ssmincidents_replication_set.regions",
        "aws_verifiedaccess_endpoint.sse_specification",
        "aws_verifiedaccess_group.sse_configuration",
        "aws_verifiedaccess_trust_provider.sse_specification",
    }
)
"""Blocks that the provider fills in where the author wrote none, so that they are unknown until apply.

Those of hashicorp/aws 4 to 6 that are optional and never null in its outputs (the types of pulumi-aws 5.43, 6.83 and
7.51), and those that are unknown in a plan of 3.39.0 without them.
"""


def is_computed(kind: str, path: str) -> bool:
    """Whether the attribute at `path` is in a block that the provider may fill in."""
    steps = path.split(".")
    return any(".".join((kind, *steps[:count])) in COMPUTED_BLOCKS for count in range(1, len(steps)))


@cache
def key_attributes() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Terraform type to its attributes that an author can set to name a key, each with the switches beside it."""
    text = Path(__file__).with_name("data").joinpath("terraform-key-attributes.json").read_text(encoding="utf-8")
    table = json.loads(text)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for kind, attributes in table["attributes"].items():
        settable = {
            path: tuple(facts.get("flags", ())) for path, facts in attributes.items() if "computed" not in facts
        }
        if settable:
            found[kind] = settable
    for kind, paths in table["documents"].items():
        found.setdefault(kind, {}).update(dict.fromkeys(paths, JSON_TEXT))
    return found
