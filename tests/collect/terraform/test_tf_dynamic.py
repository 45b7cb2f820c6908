"""Dynamic blocks: a plan holds their values and none of their expressions, so what they leave open has a reason."""

from pathlib import Path
from typing import Any

import pytest
from tf_builder import AFTER_APPLY, PlanText, a_key, key_arn, uses

EKS = "aws_eks_cluster.e"


def cluster(block: Any) -> PlanText:
    plan = PlanText().resource(EKS, {"name": "eks", "encryption_config": block}, {})
    return a_key(plan)


def test_a_key_in_a_dynamic_block_is_left_open_with_what_would_tell_it() -> None:
    use = uses(cluster([{"provider": [{"key_arn": AFTER_APPLY}]}]).load(), EKS)["secrets"]
    assert use.state == "UNKNOWN"
    assert "dynamic block" in str(use.reason)
    assert "--source" in str(use.reason)


def test_a_dynamic_block_whose_number_is_unknown_is_no_default() -> None:
    use = uses(cluster(AFTER_APPLY).load(), EKS)["secrets"]
    assert use.state == "UNKNOWN"
    assert "dynamic block" in str(use.reason)


@pytest.mark.parametrize(
    ("address", "block", "field", "state"),
    [
        ("aws_instance.i", "root_block_device", "root-volume", "UNKNOWN"),
        ("aws_s3_bucket.b", "server_side_encryption_configuration", "storage", "AWS_OWNED"),
        ("aws_dynamodb_table.t", "server_side_encryption", "storage", "AWS_OWNED"),
    ],
)
def test_a_block_that_the_provider_fills_in_is_a_default(address: str, block: str, field: str, state: str) -> None:
    use = uses(PlanText().resource(address, {block: AFTER_APPLY}).load(), address)[field]
    assert (use.state, use.certainty) == (state, "default")
    assert "dynamic" not in str(use.reason)


def test_no_replica_of_a_secret_is_made_up() -> None:
    address = "aws_secretsmanager_secret.s"
    assert set(uses(PlanText().resource(address, {"name": "s", "replica": AFTER_APPLY}).load(), address)) == {"storage"}


def test_a_part_that_may_be_there_is_not_left_out() -> None:
    address = "aws_launch_template.l"
    found = uses(PlanText().resource(address, {"block_device_mappings": AFTER_APPLY}).load(), address)
    assert found["device[0]"].state == "UNKNOWN"


def test_a_static_block_beside_dynamic_ones_may_be_one_of_them() -> None:
    device = {"device_name": "x", "ebs": [{"encrypted": "true", "kms_key_id": AFTER_APPLY}]}
    written = {"block_device_mappings": [{"ebs": [{"kms_key_id": {"references": ["aws_kms_key.main.arn"]}}]}]}
    plan = a_key(PlanText().resource("aws_launch_template.l", {"block_device_mappings": [device, device]}, written))
    assert "dynamic block" in str(uses(plan.load(), "aws_launch_template.l")["device[1]"].reason)


def test_the_source_settles_a_dynamic_block_and_needs_no_hint(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("""
resource "aws_kms_key" "main" {}
resource "aws_eks_cluster" "e" {
  name = "eks"
  dynamic "encryption_config" {
    for_each = [1]
    content {
      provider {
        key_arn = aws_kms_key.main.arn
      }
    }
  }
}
""")
    use = uses(cluster([{"provider": [{"key_arn": AFTER_APPLY}]}]).load(tmp_path), EKS)["secrets"]
    assert use.key == key_arn()


def test_an_attribute_that_refers_to_something_opaque_speaks_of_no_dynamic_block() -> None:
    written = {"kms_master_key_id": {"references": ["local.key"]}}
    plan = PlanText().resource("aws_sqs_queue.q", {"kms_master_key_id": AFTER_APPLY}, written)
    reason = str(uses(plan.load(), "aws_sqs_queue.q")["storage"].reason)
    assert "dynamic" not in reason
    assert "local.key" in reason
