"""Sources in the JSON syntax and in OpenTofu's files: lines, locals, waivers and values as from native files."""

import json
from pathlib import Path
from typing import Any

import pytest
from tf_builder import AFTER_APPLY, PlanText, a_key, facts, key_arn, ref, the_key, uses

from scanner.collect.terraform.configuration import ConfigurationIndex
from scanner.collect.terraform.json_syntax import scan_json
from scanner.collect.terraform.source import SourceTree
from scanner.errors import SourceError
from scanner.model.records import KeyFact

QUEUE = "aws_sqs_queue.q"


def queue(reference: str = "local.key") -> PlanText:
    plan = a_key(PlanText()).resource(QUEUE, {"kms_master_key_id": AFTER_APPLY}, {"kms_master_key_id": ref(reference)})
    return a_key(plan, "aws_kms_key.other")


def source(folder: Path, document: Any, name: str = "main.tf.json") -> Path:
    (folder / name).write_text(json.dumps(document, indent=2))
    return folder


BLOCKS = {"aws_kms_key": {"main": {}, "other": [{}]}, "aws_sqs_queue": {"q": {"kms_master_key_id": "${local.key}"}}}


def test_a_local_of_the_json_syntax_leads_to_its_key(tmp_path: Path) -> None:
    source(tmp_path, {"locals": [{"key": "${aws_kms_key.main.arn}"}], "resource": BLOCKS})
    assert uses(queue().load(tmp_path), QUEUE)["storage"].key == key_arn()


def test_a_condition_in_the_json_syntax_is_worked_out(tmp_path: Path) -> None:
    key = "${1 > 2 ? aws_kms_key.other.arn : aws_kms_key.main.arn}"
    source(tmp_path, {"locals": {"key": key}, "resource": [BLOCKS]})
    assert uses(queue().load(tmp_path), QUEUE)["storage"].key == key_arn()


def test_a_policy_that_is_a_template_of_the_json_syntax_is_known(tmp_path: Path) -> None:
    policy = '{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": "${aws_iam_role.r.arn}"}}]}'
    source(tmp_path, {"resource": {"aws_kms_key": {"main": {"policy": policy}}, "aws_iam_role": {"r": {}}}})
    role = {"name": "r", "arn": AFTER_APPLY, "assume_role_policy": "{}"}
    plan = a_key(PlanText(), expressions={"policy": ref("aws_iam_role.r.arn")}).resource("aws_iam_role.r", role)
    policies = the_key(plan.load(tmp_path)).policies
    assert isinstance(policies, tuple)
    assert json.loads(policies[0].document)["Statement"][0]["Principal"]["AWS"].endswith(":role/r")


def test_a_jsonencode_of_the_json_syntax_is_known(tmp_path: Path) -> None:
    policy = (
        '${jsonencode({ Statement = [{ Effect = "Allow", Action = "kms:*", Principal = "*" }, aws_iam_role.r.arn] })}'
    )
    source(tmp_path, {"resource": {"aws_kms_key": {"main": {"policy": policy}}, "aws_iam_role": {"r": {}}}})
    role = {"name": "r", "arn": AFTER_APPLY, "assume_role_policy": "{}"}
    plan = a_key(PlanText(), expressions={"policy": ref("aws_iam_role.r.arn")}).resource("aws_iam_role.r", role)
    policies = the_key(plan.load(tmp_path)).policies
    assert isinstance(policies, tuple)
    assert json.loads(policies[0].document)["Statement"][0]["Principal"] == "*"


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_dynamic_block_of_the_json_syntax_is_expanded(tmp_path: Path, wrapped: bool) -> None:
    content = {"resources": ["secrets"], "provider": {"key_arn": "${encryption_config.value}"}}
    dynamic: Any = {"encryption_config": {"for_each": ["${aws_kms_key.main.arn}"], "content": content}}
    body = {"name": "eks", "dynamic": [dynamic] if wrapped else dynamic}
    source(tmp_path, {"resource": {"aws_kms_key": {"main": {}}, "aws_eks_cluster": {"e": body}}})
    values = {"name": "eks", "encryption_config": [{"provider": [{"key_arn": AFTER_APPLY}], "resources": ["secrets"]}]}
    plan = a_key(PlanText()).resource("aws_eks_cluster.e", values)
    assert uses(plan.load(tmp_path), "aws_eks_cluster.e")["secrets"].key == key_arn()


def test_a_dynamic_block_inside_a_block_of_the_json_syntax_is_expanded(tmp_path: Path) -> None:
    provider = {"dynamic": {"provider": {"for_each": [1], "content": {"key_arn": "${aws_kms_key.main.arn}"}}}}
    source(
        tmp_path, {"resource": {"aws_kms_key": {"main": {}}, "aws_eks_cluster": {"e": {"encryption_config": provider}}}}
    )
    values = {"encryption_config": [{"provider": [{"key_arn": AFTER_APPLY}]}]}
    plan = a_key(PlanText()).resource("aws_eks_cluster.e", values)
    assert uses(plan.load(tmp_path), "aws_eks_cluster.e")["secrets"].key == key_arn()


TEXT = """{
  "//": "cdktf",
  "resource": {
    "aws_kms_key": {
      "main": {
        "//": "keyproof:waive key-rotation-off owner=pay reason='moves in Q1' expires=2027-01-31",
        "description": "a \\"quoted\\" text: {"
      },
      "other": [
        {}
      ]
    }
  }
}
"""


def test_lines_and_waivers_of_the_json_syntax(tmp_path: Path) -> None:
    (tmp_path / "cdk.tf.json").write_text(TEXT)
    plan = queue().load(tmp_path)
    where = {change.address: (change.file, change.line) for change in plan.changes}
    assert where["aws_kms_key.main"] == ((tmp_path / "cdk.tf.json").as_posix(), 5)
    assert where["aws_kms_key.other"] == ((tmp_path / "cdk.tf.json").as_posix(), 9)
    (waiver,) = plan.waivers
    assert (waiver.rule, waiver.line, waiver.fields["owner"]) == ("key-rotation-off", 6, "pay")
    assert "aws_kms_key.main" in waiver.subjects
    assert "aws_kms_key.other" not in waiver.subjects


def test_a_waiver_below_arrays_at_every_level_has_its_line() -> None:
    body = [{"//": ["keyproof:waive some-rule"], "deeper": {"//": {"//": 1}}}]
    text = json.dumps({"resource": [{"aws_kms_key": [{"main": body}]}]}, indent=2)
    _, (comment,) = scan_json(text)
    assert "//" in text.splitlines()[comment.line - 1]


def test_a_json_file_that_is_none_names_itself(tmp_path: Path) -> None:
    (tmp_path / "bad.tf.json").write_text('{"resource": ')
    with pytest.raises(SourceError, match=r"bad\.tf\.json: not valid JSON"):
        queue().load(tmp_path)


@pytest.mark.parametrize("text", ["[]", "1", '{"resource": [1, {"a": 1}], "locals": "x", "data": {"a": {"b": null}}}'])
def test_json_of_another_shape_holds_no_blocks(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.tf.json").write_text(text)
    assert [key.id for key in facts(queue().load(tmp_path), KeyFact)] == ["aws_kms_key.main", "aws_kms_key.other"]


def test_a_nest_of_brackets_is_refused_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "deep.tf.json").write_text("[" * 100_000)
    with pytest.raises(SourceError, match="JSON"):
        queue().load(tmp_path)


NATIVE = (
    'resource "aws_kms_key" "main" {}\nresource "aws_kms_key" "other" {}\nlocals {\n  key = aws_kms_key.%s.arn\n}\n'
)


def with_provider(address: str) -> PlanText:
    plan = queue()
    plan.document["configuration"]["provider_config"]["aws"]["full_name"] = address
    return plan


def test_opentofu_reads_its_own_file_in_place_of_the_other(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(NATIVE % "other")
    (tmp_path / "main.tofu").write_text(NATIVE % "main")
    assert uses(with_provider("a.opentofu.org/b/aws").load(tmp_path), QUEUE)["storage"].key == key_arn()
    assert uses(with_provider("a.example/b/aws").load(tmp_path), QUEUE)["storage"].key == key_arn("aws_kms_key.other")


def test_opentofu_has_the_json_syntax_too(tmp_path: Path) -> None:
    source(tmp_path, {"locals": {"key": "${aws_kms_key.main.arn}"}, "resource": BLOCKS}, "x.tofu.json")
    source(tmp_path, {"locals": {"key": "${aws_kms_key.other.arn}"}, "resource": BLOCKS}, "x.tf.json")
    tree = SourceTree(tmp_path, ConfigurationIndex())
    assert len(tree.blocks[()]["locals",]) == 1
    assert uses(with_provider("a.opentofu.org/b/aws").load(tmp_path), QUEUE)["storage"].key == key_arn()
