"""No secret value of a plan or state reaches a record."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tf_builder import AFTER_APPLY, PlanText, a_key, facts, ref, the_key, uses

from scanner.collect.terraform.masking import MASKED, SECRET_NAMES, mask
from scanner.model.records import UNSET, ResourceFact

SECRET = "hunter2-hunter2"


def shown(plan: PlanText) -> str:
    read = plan.load()
    return repr((read.after, read.before, read.changes, read.partial, read.instances))


def test_what_terraform_marks_sensitive_is_never_kept() -> None:
    plan = a_key(PlanText(), description=SECRET, tags={"a": SECRET}, policy=SECRET)
    plan.document["resource_changes"][0]["change"]["after_sensitive"] = {
        "description": True, "tags": {"a": True}, "policy": True
    }  # fmt: skip
    assert SECRET not in shown(plan)
    key = the_key(plan.load())
    assert key.policies is UNSET
    assert "marked sensitive" in key.unread["policies"]


def test_a_sensitive_key_reference_is_unknown_not_default() -> None:
    plan = PlanText().resource(
        "aws_ebs_volume.v", {"encrypted": True, "kms_key_id": SECRET}, sensitive={"kms_key_id": True}
    )
    use = uses(plan.load(), "aws_ebs_volume.v")["storage"]
    assert (use.state, use.key) == ("UNKNOWN", None)
    assert "marked sensitive" in str(use.reason)


def test_secrets_that_nobody_marked_are_known_by_name() -> None:
    plan = PlanText()
    plan.resource("aws_kms_external_key.e", {"key_material_base64": SECRET, "arn": AFTER_APPLY})
    plan.resource("aws_kms_ciphertext.c", {"plaintext": SECRET, "key_id": "0000"})
    plan.resource("aws_db_instance.d", {"identifier": "d", "password": SECRET, "storage_encrypted": True})
    plan.resource("aws_lambda_function.f", {"function_name": "f", "environment": [{"variables": {"TOKEN": SECRET}}]})
    plan.resource(
        "aws_kms_custom_key_store.x",
        {"custom_key_store_name": "x", "xks_proxy_authentication_credential": [{"raw_secret_access_key": SECRET}]},
    )
    plan.document["configuration"]["provider_config"]["aws"]["expressions"]["secret_key"] = {"constant_value": SECRET}
    plan.document["variables"] = {"password": {"value": SECRET}}
    assert SECRET not in shown(plan)
    assert {change.address: change.secrets for change in plan.load().changes if change.secrets} == {
        "aws_kms_external_key.e": ("key_material_base64",),
        "aws_kms_ciphertext.c": ("plaintext",),
        "aws_kms_custom_key_store.x": ("xks_proxy_authentication_credential",),
    }


def test_a_decrypted_secret_in_a_data_source_is_named() -> None:
    plan = PlanText()
    state = {"address": "data.aws_kms_secrets.s", "mode": "data", "type": "aws_kms_secrets", "name": "s"}
    state["values"] = {"plaintext": {"db": SECRET}}
    plan.document["prior_state"] = {"values": {"root_module": {"resources": [state]}}}
    assert SECRET not in shown(plan)
    assert [(c.address, c.secrets) for c in plan.load().changes] == [("data.aws_kms_secrets.s", ("plaintext",))]


def test_an_external_key_with_material_is_enabled_and_without_it_waits() -> None:
    plan = PlanText().resource("aws_kms_external_key.e", {"key_material_base64": SECRET, "enabled": True})
    assert the_key(plan.load(), "aws_kms_external_key.e").state == "Enabled"
    assert (
        the_key(PlanText().resource("aws_kms_external_key.e", {}).load(), "aws_kms_external_key.e").state
        == "PendingImport"
    )


def test_a_raw_state_is_masked_by_its_paths() -> None:
    attributes = {
        "bucket": "b",
        "arn": "arn:aws:s3:::b",
        "tags": {"x": SECRET},
        "server_side_encryption_configuration": [],
    }
    state = {"version": 4, "resources": [{"mode": "managed", "type": "aws_s3_bucket", "name": "b", "instances": [
        {"attributes": attributes, "sensitive_attributes": [[{"type": "get_attr", "value": "tags"}]]}]}]}  # fmt: skip
    from tf_builder import NOW

    from scanner.collect.terraform import PlanOptions, load_plan

    read = load_plan(PlanOptions("s"), NOW, json.dumps(state).encode())
    assert SECRET not in repr((read.after, read.instances))
    (bucket,) = facts(read, ResourceFact)
    assert bucket.tags is UNSET


LEAVES = st.one_of(st.none(), st.booleans(), st.text(max_size=3))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "password"]), inner),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_masking_never_fails_nor_changes_its_input(values, mirror) -> None:
    before = json.dumps(values)
    masked, _ = mask("aws_kms_key", values, mirror)
    assert json.dumps(values) == before
    assert _secret_values(masked) <= {MASKED, "", None, False, True} - {True}


def _secret_values(node) -> set:
    found = set()
    if isinstance(node, dict):
        for name, value in node.items():
            if name in SECRET_NAMES:
                found |= {value} if not isinstance(value, (dict, list)) else ({MASKED} if not value else {repr(value)})
            else:
                found |= _secret_values(value)
    if isinstance(node, list):
        for item in node:
            found |= _secret_values(item)
    return found


def test_a_secret_that_apply_will_write_into_the_state_is_named() -> None:
    plan = PlanText().resource("aws_kms_custom_key_store.c", {"key_store_password": AFTER_APPLY})
    assert plan.load().changes[0].secrets == ("key_store_password",)


PLACES = (
    ("aws_dynamodb_table.t", "key"),
    ("module.inner.aws_dynamodb_table.t", "key"),
    ("module.inner.aws_dynamodb_table.u", "own"),
)


def test_a_sensitive_variable_is_never_the_name_of_a_key() -> None:
    plan = PlanText().call("inner", {"key": ref("var.key")})
    plan.root["variables"] = {"key": {"sensitive": True}}
    plan.document["variables"] = {"key": {"value": "hidden"}}
    plan.module(("inner",))["variables"] = {"key": {}, "own": {"sensitive": True, "default": "hidden"}}
    for address, name in PLACES:
        block = {"server_side_encryption": [{"kms_key_arn": ref(f"var.{name}")}]}
        plan.resource(address, {"name": "t", "server_side_encryption": AFTER_APPLY}, block)
    read = plan.load()
    assert "hidden" not in repr((read.after, read.changes))
    assert [fact.uses[0].state for fact in facts(read, ResourceFact)] == ["UNKNOWN"] * 3
