"""A key that is known only after apply is found by the references of the configuration."""

import pytest
from tf_builder import AFTER_APPLY, PlanText, a_key, const, key_arn, ref, uses

VOLUME = {"encrypted": True, "kms_key_id": AFTER_APPLY, "availability_zone": "eu-central-1a", "arn": AFTER_APPLY}


def volume(plan: PlanText, *references: str, address: str = "aws_ebs_volume.data") -> PlanText:
    return plan.resource(address, VOLUME, {"kms_key_id": ref(*references)})


def test_a_direct_reference_is_exact() -> None:
    plan = volume(a_key(PlanText()), "aws_kms_key.main.arn").load()
    use = uses(plan, "aws_ebs_volume.data")["storage"]
    assert (use.state, use.key, use.certainty) == ("KEY", key_arn(), "exact")
    assert use.pointer == "aws_ebs_volume.data.kms_key_id"


def test_an_alias_leads_to_its_key() -> None:
    plan = a_key(PlanText()).resource(
        "aws_kms_alias.main",
        {"name": "alias/main", "target_key_id": AFTER_APPLY, "arn": AFTER_APPLY},
        {"target_key_id": ref("aws_kms_key.main.key_id")},
    )
    assert (
        uses(volume(plan, "aws_kms_alias.main.target_key_arn").load(), "aws_ebs_volume.data")["storage"].key
        == key_arn()
    )


def test_a_module_output_leads_to_the_key_inside() -> None:
    plan = a_key(PlanText(), "module.keys.aws_kms_key.this").output(("keys",), "arn", ref("aws_kms_key.this.arn"))
    use = uses(volume(plan, "module.keys.arn").load(), "aws_ebs_volume.data")["storage"]
    assert (use.key, use.certainty) == (key_arn("module.keys.aws_kms_key.this"), "exact")


def test_a_module_input_leads_to_the_key_outside() -> None:
    plan = a_key(PlanText()).call("store", {"key": ref("aws_kms_key.main.arn")})
    plan = volume(plan, "var.key", address="module.store.aws_ebs_volume.data")
    assert uses(plan.load(), "module.store.aws_ebs_volume.data")["storage"].key == key_arn()


def test_inputs_pass_through_two_modules() -> None:
    plan = a_key(PlanText()).call("outer", {"key": ref("aws_kms_key.main.arn")})
    plan.module(("outer",)).setdefault("module_calls", {})["inner"] = {"expressions": {"key": ref("var.key")}}
    plan = volume(plan, "var.key", address="module.outer.module.inner.aws_ebs_volume.data")
    assert uses(plan.load(), "module.outer.module.inner.aws_ebs_volume.data")["storage"].key == key_arn()


@pytest.mark.parametrize("name", ["a", "eu.1", 'say "hi"', "x]y", "ключ"])
def test_for_each_pairs_instances_of_the_same_key(name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    plan = PlanText()
    for key in (quoted, "other"):
        a_key(plan, f'aws_kms_key.all["{key}"]')
        volume(plan, "aws_kms_key.all", "each.key", address=f'aws_ebs_volume.all["{key}"]')
    use = uses(plan.load(), f'aws_ebs_volume.all["{quoted}"]')["storage"]
    assert (use.key, use.certainty) == (key_arn(f'aws_kms_key.all["{quoted}"]'), "index-matched")


def test_a_literal_index_is_exact() -> None:
    plan = a_key(a_key(PlanText(), "aws_kms_key.all[0]"), "aws_kms_key.all[1]")
    use = uses(volume(plan, "aws_kms_key.all[1].arn").load(), "aws_ebs_volume.data")["storage"]
    assert (use.key, use.certainty) == (key_arn("aws_kms_key.all[1]"), "exact")


def test_a_splat_leaves_candidates_and_no_answer() -> None:
    plan = a_key(a_key(PlanText(), "aws_kms_key.all[0]"), "aws_kms_key.all[1]")
    use = uses(volume(plan, "aws_kms_key.all").load(), "aws_ebs_volume.data")["storage"]
    assert (use.state, use.key) == ("UNKNOWN", None)
    assert set(use.candidates) == {key_arn("aws_kms_key.all[0]"), key_arn("aws_kms_key.all[1]")}
    assert "aws_ebs_volume.data.kms_key_id" in str(use.reason)


def test_try_comes_down_to_the_block_that_has_an_instance() -> None:
    plan = a_key(PlanText(), "aws_kms_key.mine[0]")
    plan.block((), "managed", "aws_kms_key", "theirs", {})
    use = uses(volume(plan, "aws_kms_key.theirs[0].arn", "aws_kms_key.mine[0].arn").load(), "aws_ebs_volume.data")[
        "storage"
    ]
    assert (use.key, use.certainty) == (key_arn("aws_kms_key.mine[0]"), "exact")


def test_a_condition_on_a_variable_does_not_blur_the_key() -> None:
    plan = a_key(PlanText())
    plan.document["variables"] = {"encrypt": {"value": True}}
    use = uses(volume(plan, "var.encrypt", "aws_kms_key.main.arn").load(), "aws_ebs_volume.data")["storage"]
    assert (use.key, use.certainty) == (key_arn(), "exact")


def test_each_value_follows_what_is_iterated() -> None:
    plan = PlanText()
    for key in ("a", "b"):
        a_key(plan, f'aws_kms_key.all["{key}"]')
        volume(plan, "each.value", address=f'aws_ebs_volume.all["{key}"]')
    plan.block((), "managed", "aws_ebs_volume", "all", {}, for_each_expression=ref("aws_kms_key.all"))
    assert uses(plan.load(), 'aws_ebs_volume.all["b"]')["storage"].key == key_arn('aws_kms_key.all["b"]')


def test_module_instances_keep_to_their_own_keys() -> None:
    plan = PlanText()
    for key in ("eu", "us"):
        a_key(plan, f'module.stack["{key}"].aws_kms_key.main')
        volume(plan, "aws_kms_key.main.arn", address=f'module.stack["{key}"].aws_ebs_volume.data')
    use = uses(plan.load(), 'module.stack["us"].aws_ebs_volume.data')["storage"]
    assert (use.key, use.certainty) == (key_arn('module.stack["us"].aws_kms_key.main'), "exact")


def test_a_pinned_module_instance_is_meant() -> None:
    plan = PlanText()
    plan.call("keys", for_each_expression=const(["eu", "us"]))
    for key in ("eu", "us"):
        a_key(plan, f'module.keys["{key}"].aws_kms_key.main')
    plan.output(("keys",), "arn", ref("aws_kms_key.main.arn"))
    plan.resource(
        "aws_ebs_volume.data",
        VOLUME,
        {"kms_key_id": {"references": ['module.keys["us"].arn', 'module.keys["us"]', "module.keys"]}},
    )
    assert uses(plan.load(), "aws_ebs_volume.data")["storage"].key == key_arn('module.keys["us"].aws_kms_key.main')


def test_a_local_cannot_be_told_without_source(tmp_path) -> None:
    plan = volume(a_key(PlanText()), "local.key")
    use = uses(plan.load(), "aws_ebs_volume.data")["storage"]
    assert use.state == "UNKNOWN"
    assert "local.key" in str(use.reason)
    (tmp_path / "main.tf").write_text(
        'locals {\n  other = "x"\n  key = try(\n    aws_kms_key.main.arn, # the one\n    null)\n}\n'
    )
    assert uses(plan.load(source=tmp_path), "aws_ebs_volume.data")["storage"].key == key_arn()


def test_a_key_not_written_is_the_default_key() -> None:
    plan = PlanText().resource("aws_ebs_volume.data", VOLUME, {"encrypted": const(True)})
    plan.root["resources"][0]["expressions"].pop("kms_key_id", None)
    use = uses(plan.load(), "aws_ebs_volume.data")["storage"]
    assert (use.state, use.key, use.certainty) == ("KEY", None, "default")
    assert "default key of EBS in the account and Region" in str(use.reason)


def test_a_dynamic_block_is_unknown_not_default() -> None:
    plan = a_key(PlanText()).resource(
        "aws_dynamodb_table.t",
        {"name": "t", "server_side_encryption": [{"enabled": True, "kms_key_arn": AFTER_APPLY}]},
    )
    use = uses(plan.load(), "aws_dynamodb_table.t")["storage"]
    assert (use.state, use.key) == ("UNKNOWN", None)


def test_a_dynamic_block_inside_a_written_one_is_unknown_too() -> None:
    inner = {"sse_algorithm": "aws:kms", "kms_master_key_id": AFTER_APPLY}
    plan = (
        PlanText()
        .resource("aws_s3_bucket.b", {"bucket": "b"})
        .resource(
            "aws_s3_bucket_server_side_encryption_configuration.b",
            {"bucket": "b", "rule": [{"apply_server_side_encryption_by_default": [inner]}]},
            {"rule": [{}]},
        )
    )
    assert uses(plan.load(), "aws_s3_bucket.b")["storage"].state == "UNKNOWN"
    written = {"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": const("aws:kms")}]}]}
    plan.root["resources"][-1]["expressions"] |= written
    assert uses(plan.load(), "aws_s3_bucket.b")["storage"].key == "alias/aws/s3"


def a_table(plan: PlanText, written: list[dict]) -> PlanText:
    blocks = [{"region_name": name, "kms_key_arn": AFTER_APPLY} for name in ("us-east-1", "eu-west-1")]
    return plan.resource("aws_dynamodb_table.t", {"name": "t", "replica": blocks}, {"replica": written})


def test_blocks_of_a_set_are_told_apart_by_their_constants_not_their_order() -> None:
    written = [
        {"region_name": const("eu-west-1"), "kms_key_arn": ref("aws_kms_key.eu.arn")},
        {"region_name": const("us-east-1"), "kms_key_arn": ref("aws_kms_key.us.arn")},
    ]
    found = uses(
        a_table(a_key(a_key(PlanText(), "aws_kms_key.eu"), "aws_kms_key.us"), written=written).load(),
        "aws_dynamodb_table.t",
    )
    assert [found[f"replica[{place}]"].key for place in (0, 1)] == [
        key_arn("aws_kms_key.us"),
        key_arn("aws_kms_key.eu"),
    ]


def test_a_block_of_a_set_that_nothing_tells_apart_is_unknown() -> None:
    written = [{"kms_key_arn": ref("aws_kms_key.eu.arn")}, {"kms_key_arn": ref("aws_kms_key.us.arn")}]
    found = uses(
        a_table(a_key(a_key(PlanText(), "aws_kms_key.eu"), "aws_kms_key.us"), written=written).load(),
        "aws_dynamodb_table.t",
    )
    assert {found[f"replica[{place}]"].state for place in (0, 1)} == {"UNKNOWN"}
    assert len(found["replica[0]"].candidates) == 2


def test_a_written_block_beside_dynamic_ones_does_not_lend_them_its_key() -> None:
    written = [{"region_name": const("eu-west-1"), "kms_key_arn": ref("aws_kms_key.eu.arn")}]
    found = uses(a_table(a_key(PlanText(), "aws_kms_key.eu"), written=written).load(), "aws_dynamodb_table.t")
    assert found["replica[0]"].state == "UNKNOWN"
    assert found["replica[1]"].key == key_arn("aws_kms_key.eu")


def test_references_in_a_ring_end() -> None:
    plan = PlanText().output(("a",), "key", ref("module.b.key")).output(("b",), "key", ref("module.a.key"))
    use = uses(volume(plan, "module.a.key").load(), "aws_ebs_volume.data")["storage"]
    assert use.state == "UNKNOWN"


def test_a_literal_index_behind_an_output_is_exact() -> None:
    plan = PlanText()
    for key in ("eu", "us"):
        a_key(plan, f'module.keys.aws_kms_key.this["{key}"]')
    plan.output(("keys",), "arns", ref("aws_kms_key.this"))
    listed = ['module.keys.arns["us"]', "module.keys.arns", "module.keys"]
    plan.resource("aws_ebs_volume.data", VOLUME, {"kms_key_id": {"references": listed}})
    use = uses(plan.load(), "aws_ebs_volume.data")["storage"]
    assert (use.key, use.certainty) == (key_arn('module.keys.aws_kms_key.this["us"]'), "exact")


@pytest.mark.parametrize(("which", "found"), [("b", "b"), ("none", None)])
def test_an_index_that_is_a_variable_is_not_the_own_key(which: str, found: str | None) -> None:
    plan = PlanText()
    plan.document["variables"] = {"which": {"value": which}}
    for key in ("a", "b"):
        a_key(plan, f'aws_kms_key.all["{key}"]')
        volume(plan, "aws_kms_key.all", "var.which", address=f'aws_ebs_volume.all["{key}"]')
    use = uses(plan.load(), 'aws_ebs_volume.all["a"]')["storage"]
    assert use.key == (key_arn(f'aws_kms_key.all["{found}"]') if found else None)


def test_an_index_looked_up_in_a_local_is_unknown() -> None:
    plan = PlanText()
    for key in ("a", "b"):
        a_key(plan, f'aws_kms_key.all["{key}"]')
        volume(plan, "aws_kms_key.all", "local.map", "each.key", address=f'aws_ebs_volume.all["{key}"]')
    use = uses(plan.load(), 'aws_ebs_volume.all["a"]')["storage"]
    assert (use.state, use.certainty) == ("UNKNOWN", "opaque")
