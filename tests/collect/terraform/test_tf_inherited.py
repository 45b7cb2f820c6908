"""What is not written where it is used: inherited providers, null variables, keys that a data source looks up."""

from typing import Any

import pytest
from tf_builder import AFTER_APPLY, PlanText, a_key, const, key_arn, ref, the_key, uses


def in_module(key: str, address: str, plan: PlanText | None = None) -> PlanText:
    plan = a_key(plan or PlanText(), address)
    place = tuple(part for part in address.split(".aws_")[0].split(".") if part != "module")
    plan.block(place, "managed", "aws_kms_key", address.rsplit(".", 1)[1], {}, provider_config_key=key)
    return plan


def second_provider(plan: PlanText) -> PlanText:
    west = {"name": "aws", "alias": "west", "expressions": {"region": const("us-west-2")}}
    plan.document["configuration"]["provider_config"]["aws.west"] = west
    return plan


def region(plan: PlanText, address: str) -> str:
    (key,) = [fact for fact in plan.load().after if getattr(fact, "arn", "").endswith(address)]
    return key.region


def test_a_module_without_a_provider_of_its_own_works_where_the_root_does() -> None:
    plan = second_provider(in_module("module.a:aws", "module.a.aws_kms_key.k"))
    assert region(plan, "module.a.aws_kms_key.k") == "eu-central-1"


def test_so_does_a_module_two_levels_deep() -> None:
    plan = in_module("module.a.module.b:aws", "module.a.module.b.aws_kms_key.k")
    assert region(plan, "module.a.module.b.aws_kms_key.k") == "eu-central-1"


def test_which_provider_a_module_between_hands_on_is_not_guessed() -> None:
    plan = second_provider(in_module("module.a.module.b:aws", "module.a.module.b.aws_kms_key.k"))
    assert region(plan, "module.a.module.b.aws_kms_key.k") == "unknown"
    in_module("module.a:aws", "module.a.aws_kms_key.own", plan)
    assert region(plan, "module.a.module.b.aws_kms_key.k") == "eu-central-1"


def handed(plan: PlanText, key: str) -> PlanText:
    """What Terraform writes since 1.5 where no call on the way hands a provider over."""
    entry = {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws", "module_address": key.split(":")[0]}
    plan.document["configuration"]["provider_config"][key] = entry
    return plan


def test_a_module_between_without_resources_hands_on_the_provider_of_the_root() -> None:
    plan = second_provider(in_module("module.a.module.b:aws", "module.a.module.b.aws_kms_key.k"))
    assert region(handed(plan, "module.a.module.b:aws"), "module.a.module.b.aws_kms_key.k") == "eu-central-1"


def test_a_module_with_a_provider_of_its_own_is_there() -> None:
    plan = second_provider(in_module("module.a:aws", "module.a.aws_kms_key.k"))
    entry = {"name": "aws", "module_address": "module.a", "expressions": {"region": const("ca-central-1")}}
    plan.document["configuration"]["provider_config"]["module.a:aws"] = entry
    assert region(plan, "module.a.aws_kms_key.k") == "ca-central-1"


@pytest.mark.parametrize("key", ["a:aws", "module.a:aws"])
def test_before_terraform_1_2_no_plan_says_what_a_call_hands_over(key: str) -> None:
    plan = second_provider(handed(in_module(key, "module.a.aws_kms_key.k"), "module.a:aws"))
    plan.document["format_version"] = "0.1"
    assert region(plan, "module.a.aws_kms_key.k") == "unknown"
    (note,) = plan.load().notes
    assert "module.a.aws_kms_key.k" in note
    assert "handed" in note
    del plan.document["configuration"]["provider_config"]["aws.west"]
    assert region(plan, "module.a.aws_kms_key.k") == "eu-central-1"
    assert plan.load().notes == ()


def a_topic(plan: PlanText, expression: dict[str, Any], address: str = "aws_sns_topic.t") -> PlanText:
    return plan.resource(address, {"name": "t", "kms_master_key_id": AFTER_APPLY}, {"kms_master_key_id": expression})


def used(plan: PlanText, address: str) -> tuple[str, str | None]:
    use = uses(plan.load(), address)["storage"]
    return use.state, use.key


VOLUME = "aws_ebs_volume.v"


def a_volume(plan: PlanText, expression: dict[str, Any]) -> PlanText:
    values = {"encrypted": True, "kms_key_id": AFTER_APPLY, "availability_zone": "eu-central-1a"}
    return plan.resource(VOLUME, values, {"kms_key_id": expression})


def test_a_variable_that_is_null_is_a_key_that_nobody_set() -> None:
    plan = a_volume(PlanText(), ref("var.key"))
    plan.document["variables"] = {"key": {"value": None}}
    assert used(plan, VOLUME) == ("KEY", None)


def test_a_variable_whose_default_is_null_is_too() -> None:
    plan = a_volume(PlanText(), ref("var.key", "var.create"))
    plan.root["variables"] = {"key": {"default": None}, "create": {"default": False}}
    assert used(plan, VOLUME) == ("KEY", None)


def test_a_key_that_count_makes_none_of_leaves_the_default() -> None:
    plan = a_volume(PlanText(), ref("aws_kms_key.none[0].arn"))
    plan.block((), "managed", "aws_kms_key", "none", {}, count_expression=const(0))
    assert used(plan, VOLUME) == ("KEY", None)


@pytest.mark.parametrize("unknown", ["local.x", "aws_other.thing.arn", "random_id.x.hex", "ephemeral.aws_x.y.arn"])
def test_what_may_be_known_later_is_not_taken_for_null(unknown: str) -> None:
    plan = a_volume(PlanText(), ref(unknown, "var.key"))
    plan.root["variables"] = {"key": {"default": None}}
    plan.resource("random_id.x", {"hex": AFTER_APPLY})
    assert used(plan, VOLUME)[0] == "UNKNOWN"


@pytest.mark.parametrize("through", ["aws_kms_key.this.arn", "aws_kms_alias.this.target_key_arn"])
def test_each_value_of_a_repeated_module_is_that_instance_s_output(through: str) -> None:
    plan = PlanText()
    for key in ("blue", "green"):
        a_key(plan, f'module.m["{key}"].aws_kms_key.this')
        a_key(plan, f'module.m["{key}"].aws_kms_key.other')
        names = {"name": f"alias/{key}", "target_key_id": AFTER_APPLY, "target_key_arn": AFTER_APPLY}
        to = {"target_key_id": ref("aws_kms_key.this.key_id")}
        plan.resource(f'module.m["{key}"].aws_kms_alias.this', names, to)
        a_topic(plan, ref("each.value.key"), f'aws_sns_topic.t["{key}"]')
    plan.output(("m",), "key", ref(through)).output(("m",), "other", ref("aws_kms_key.other.arn"))
    plan.block((), "managed", "aws_sns_topic", "t", {}, for_each_expression=ref("module.m"))
    for key in ("blue", "green"):
        expected = ("KEY", key_arn(f'module.m["{key}"].aws_kms_key.this'))
        assert used(plan, f'aws_sns_topic.t["{key}"]') == expected
    assert the_key(plan.load(), key_arn('module.m["blue"].aws_kms_key.this')).region == "eu-central-1"


def test_a_data_source_that_apply_reads_finds_the_alias_of_the_plan() -> None:
    plan = a_volume(a_key(PlanText()), ref("data.aws_kms_key.later.arn"))
    alias = {"name": "alias/a", "target_key_id": AFTER_APPLY, "arn": AFTER_APPLY}
    plan.resource("aws_kms_alias.a", alias, {"target_key_id": ref("aws_kms_key.main.key_id")})
    late = {"key_id": "alias/a", "arn": AFTER_APPLY}
    plan.resource("data.aws_kms_key.later", late, {"key_id": ref("aws_kms_alias.a.name")}, actions=("read",))
    assert used(plan, VOLUME) == ("KEY", key_arn())


def test_a_data_source_that_apply_reads_names_a_key_outside_the_plan() -> None:
    plan = a_volume(PlanText(), ref("data.aws_kms_alias.later.target_key_arn"))
    late = {"name": "alias/prod", "target_key_arn": AFTER_APPLY}
    plan.resource("data.aws_kms_alias.later", late, actions=("read",))
    assert used(plan, VOLUME) == ("KEY", "alias/prod")


@pytest.mark.parametrize(
    ("kind", "found"),
    [("aws_kms_alias", {"name": "alias/aws/ebs", "target_key_arn": "K"}), ("aws_kms_key", {"key_id": "alias/aws/ebs"})],
)
def test_an_aws_managed_key_is_one_by_whatever_name_a_data_source_finds_it(kind: str, found: dict[str, str]) -> None:
    arn = "arn:aws:kms:eu-central-1:111122223333:key/c047481d-033b-469b-83d1-23019a6c3354"
    plan = PlanText().resource(VOLUME, {"encrypted": True, "kms_key_id": arn}, {"kms_key_id": ref(f"data.{kind}.ebs")})
    values = {name: arn if value == "K" else value for name, value in found.items()} | {"id": arn}
    resource = {"address": f"data.{kind}.ebs", "mode": "data", "type": kind, "name": "ebs", "values": values}
    plan.document["prior_state"] = {"values": {"root_module": {"resources": [resource]}}}
    assert used(plan, VOLUME) == ("KEY", "alias/aws/ebs")
