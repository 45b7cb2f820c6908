"""What the source settles that the plan leaves open, and that it settles nothing it cannot be sure of."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tf_builder import ACCOUNT, AFTER_APPLY, PlanText, a_key, const, facts, key_arn, ref, the_key, uses

from scanner.collect.terraform.evaluation import evaluation, parsing
from scanner.collect.terraform.evaluation.expressions import Budget, Evaluator, NoNames, TooMuch
from scanner.collect.terraform.evaluation.values import EvaluationError, Planned, Unknown, to_json
from scanner.errors import SourceError
from scanner.model.records import UNSET, KeyUse

KEYS = 'resource "aws_kms_key" "main" {}\nresource "aws_kms_key" "other" {}\n'
OTHER = key_arn("aws_kms_key.other")
DOUBT = 'data "aws_ssm_parameter" "p" {\n  name = "p"\n}\n'


def two_keys() -> PlanText:
    plan = a_key(a_key(PlanText()), "aws_kms_key.other")
    plan.root["variables"] = {"env": {}, "keys": {}, "secret": {"sensitive": True}}
    plan.document["variables"] = {"env": {"value": "prod"}, "keys": {"value": {}}, "secret": {"value": "prod"}}
    return plan.resource("data.aws_ssm_parameter.p", {"name": "p", "value": AFTER_APPLY}, actions=("read",))


def of_queue(folder: Path, expression: str, source: str = "", plan: PlanText | None = None) -> KeyUse:
    """The use of a queue's key, which is `expression` and known only after apply."""
    plan = plan or two_keys()
    written = {"kms_master_key_id": ref("local.x", "data.aws_ssm_parameter.p.value")}
    plan.resource("aws_sqs_queue.q", {"name": "q", "kms_master_key_id": AFTER_APPLY}, written)
    queue = f'resource "aws_sqs_queue" "q" {{\n  name = "q"\n  kms_master_key_id = {expression}\n}}\n'
    variables = 'variable "env" {}\nvariable "keys" {\n  type = object({ own = optional(string) })\n}\n'
    (folder / "main.tf").write_text(KEYS + DOUBT + variables + 'variable "secret" {}\n' + source + queue)
    return uses(plan.load(source=folder), "aws_sqs_queue.q")["storage"]


SETTLED = [
    ("a local", "local.x", "locals {\n  x = aws_kms_key.main.arn\n}\n"),
    ("a local of a local", "local.x", "locals {\n  x = local.y\n  y = aws_kms_key.main.arn\n}\n"),
    ("a map", 'local.x["b"]', "locals {\n  x = { a = aws_kms_key.other.arn, b = aws_kms_key.main.arn }\n}\n"),
    ("a merge", "merge({ k = aws_kms_key.other.arn }, { k = aws_kms_key.main.arn }).k", ""),
    ("a condition", 'var.env == "prod" ? aws_kms_key.main.arn : aws_kms_key.other.arn', ""),
    ("a condition on another", '!(var.env != "prod") && true ? aws_kms_key.main.id : aws_kms_key.other.id', ""),
    ("try", "try(local.x.nothing, aws_kms_key.main.arn)", "locals {\n  x = {}\n}\n"),
    ("coalesce", 'coalesce(null, "", aws_kms_key.main.arn, aws_kms_key.other.arn)', ""),
    ("for", "[for k in [aws_kms_key.other, aws_kms_key.main] : k.arn][1]", ""),
    ("for with if", '{ for n in ["a", "b"] : n => aws_kms_key.main.arn if n == "b" }.b', ""),
    ("a template", '"${aws_kms_key.main.arn}"', ""),
    ("lookup", "lookup({ staging = aws_kms_key.other.arn }, var.env, aws_kms_key.main.arn)", ""),
    ("one", "one([aws_kms_key.main.arn])", ""),
    ("reverse", "reverse([aws_kms_key.main.arn, aws_kms_key.other.arn])[1]", ""),
    ("slice", "slice([aws_kms_key.other.arn, aws_kms_key.main.arn], 1, 2)[0]", ""),
    ("parentheses and lines", "(\n    # why\n    aws_kms_key.main.arn\n  )", ""),
]


@pytest.mark.parametrize(("expression", "source"), [case[1:] for case in SETTLED], ids=[case[0] for case in SETTLED])
def test_the_source_says_which_key_it_is(tmp_path: Path, expression: str, source: str) -> None:
    use = of_queue(tmp_path, expression, source)
    assert (use.state, use.key, use.certainty) == ("KEY", key_arn(), "exact")


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ('data.aws_ssm_parameter.p.value == "x" ? aws_kms_key.main.arn : aws_kms_key.other.arn', "p.value"),
        ('aws_kms_key.main.arn == "arn" ? aws_kms_key.main.arn : aws_kms_key.other.arn', "aws_kms_key.main"),
        ('var.secret == "prod" ? aws_kms_key.main.arn : aws_kms_key.other.arn', "var.secret is sensitive"),
        ("try(var.keys.own, aws_kms_key.main.arn)", "optional attribute"),
        ("try(data.aws_ssm_parameter.p.value, aws_kms_key.main.arn)", "p.value"),
        ("element([aws_kms_key.main.arn], timestamp())", "`timestamp()` is not evaluated"),
        ("local.x", "local.x is defined 0 times"),
        ('terraform.workspace == "x" ? aws_kms_key.main.arn : aws_kms_key.other.arn', "`terraform`"),
        ("provider::aws::arn(aws_kms_key.main.arn)", "functions of a provider"),
    ],
)
def test_what_the_source_cannot_settle_stays_unknown_with_the_reason(tmp_path: Path, expression: str, why: str) -> None:
    use = of_queue(tmp_path, expression)
    assert (use.state, use.key) == ("UNKNOWN", None)
    assert why in str(use.reason)


@pytest.mark.parametrize(
    ("expression", "comes_to"),
    [
        ("try(element([], 0), 7)", 7),
        ('try(element(["a"], 0.5), 7)', 7),
        ('try(slice(["a"], 1, 2), 7)', 7),
        ('try(slice(["a", "b"], 1, 0), 7)', 7),
        ('try(format("%d", 1.5), 7)', 7),
        ("try(1 / 0, 7)", 7),
        ("0 - 5 % 3", -2),
        ("(0 - 5) % 3", -2),
        ('["a", "b", "c"][4 / 2]', "c"),
        ('split("", "ab")', ["a", "b"]),
        ('jsonencode({ a = ["<é>", 1] })', '{"a":["\\u003cé\\u003e",1]}'),
        ('["a"] == ["b"]', False),
    ],
)
def test_functions_and_operators_come_to_what_terraform_makes_of_them(expression: str, comes_to: object) -> None:
    assert Evaluator(NoNames(), Budget()).of(parsing.expression(expression)) == comes_to


def test_equal_lists_may_still_differ_by_type() -> None:
    compared = Evaluator(NoNames(), Budget()).of(parsing.expression('["a"] == ["a"]'))
    assert isinstance(compared, Unknown)


def test_a_key_that_is_null_after_all_is_the_default(tmp_path: Path) -> None:
    use = of_queue(tmp_path, 'var.env == "dev" ? aws_kms_key.main.arn : null')
    assert use.certainty == "default"


def test_a_source_that_is_not_the_one_of_the_plan_settles_nothing(tmp_path: Path) -> None:
    plan = two_keys().resource(
        "aws_sns_topic.t",
        {"name": "t", "kms_master_key_id": AFTER_APPLY},
        {"kms_master_key_id": ref("local.x"), "name": const("t")},
    )
    text = 'resource "aws_sns_topic" "t" {\n  name = "%s"\n  kms_master_key_id = local.x\n}\n'
    for name, state in (("t", "KEY"), ("changed since", "UNKNOWN")):
        (tmp_path / "main.tf").write_text(
            "locals {\n  x = true ? aws_kms_key.main.arn : aws_kms_key.other.arn\n}\n" + text % name
        )
        assert uses(plan.load(source=tmp_path), "aws_sns_topic.t")["storage"].state == state, name


def test_instances_that_count_made_none_of_do_not_exist(tmp_path: Path) -> None:
    plan = two_keys().block((), "managed", "aws_kms_key", "none", {}, count_expression=const(0))
    use = of_queue(tmp_path, "try(aws_kms_key.none[0].arn, aws_kms_key.main.arn)", plan=plan)
    assert use.key == key_arn()
    plan.document["complete"] = False  # of a targeted plan, nobody knows
    again = of_queue(tmp_path, "try(aws_kms_key.none[0].arn, aws_kms_key.main.arn)", plan=two_keys_partial())
    assert again.state == "UNKNOWN"


def two_keys_partial() -> PlanText:
    plan = two_keys().block((), "managed", "aws_kms_key", "none", {}, count_expression=const(0))
    plan.document["complete"] = False
    return plan


def test_an_index_with_arithmetic_is_what_it_says(tmp_path: Path) -> None:
    plan = PlanText()
    for place in (0, 1):
        a_key(plan, f"aws_kms_key.k[{place}]")
        values = {"kms_master_key_id": AFTER_APPLY}
        plan.resource(f"aws_sqs_queue.q[{place}]", values, {"kms_master_key_id": ref("aws_kms_key.k", "count.index")})
    for block in plan.root["resources"]:
        block["count_expression"] = const(2)
    (tmp_path / "main.tf").write_text(
        'resource "aws_kms_key" "k" {\n  count = 2\n}\n'
        'resource "aws_sqs_queue" "q" {\n  count = 2\n  kms_master_key_id = aws_kms_key.k[1 - count.index].arn\n}\n'
    )
    read = plan.load(source=tmp_path)
    keys = [uses(read, f"aws_sqs_queue.q[{place}]")["storage"].key for place in (0, 1)]
    assert keys == [key_arn("aws_kms_key.k[1]"), key_arn("aws_kms_key.k[0]")]


def in_module(folder: Path, argument: str) -> KeyUse:
    plan = two_keys()
    place = 'module.queues["a"].aws_sqs_queue.q'
    plan.resource(place, {"kms_master_key_id": AFTER_APPLY}, {"kms_master_key_id": ref("var.key")})
    plan.module(("queues",))["variables"] = {"key": {}}
    plan.call("queues", {"key": ref("local.x")}, source="./queues", for_each_expression=ref("local.keys"))
    (folder / "queues").mkdir()
    (folder / "queues" / "main.tf").write_text(
        'variable "key" {}\nresource "aws_sqs_queue" "q" {\n  kms_master_key_id = var.key\n}\n'
    )
    (folder / "main.tf").write_text(
        f'{KEYS}locals {{\n  keys = {{ a = "main", b = "other" }}\n}}\n'
        f'module "queues" {{\n  source = "./queues"\n  for_each = local.keys\n  key = {argument}\n}}\n'
    )
    return uses(plan.load(source=folder), place)["storage"]


def test_an_input_is_followed_to_the_caller_with_its_key(tmp_path: Path) -> None:
    argument = "{ main = aws_kms_key.main.arn, other = aws_kms_key.other.arn }[each.value]"
    assert in_module(tmp_path, argument).key == key_arn()


def test_the_value_of_a_map_is_looked_up_by_its_key(tmp_path: Path) -> None:
    plan, keys = PlanText(), {"a": "b", "b": "a"}
    for key in keys:
        a_key(plan, f'aws_kms_key.k["{key}"]')
        written = {"kms_master_key_id": ref("aws_kms_key.k", "each.value")}
        plan.resource(f'aws_sqs_queue.q["{key}"]', {"kms_master_key_id": AFTER_APPLY}, written)
    for block in plan.root["resources"]:
        block["for_each_expression"] = const(keys)
    (tmp_path / "main.tf").write_text(
        'resource "aws_kms_key" "k" {\n  for_each = { a = "b", b = "a" }\n}\n'
        'resource "aws_sqs_queue" "q" {\n  for_each = { a = "b", b = "a" }\n'
        "  kms_master_key_id = aws_kms_key.k[each.value].arn\n}\n"
    )
    for source in (None, tmp_path):
        read = plan.load(source=source)
        found = {key: uses(read, f'aws_sqs_queue.q["{key}"]')["storage"].key for key in keys}
        assert found == {"a": key_arn('aws_kms_key.k["b"]'), "b": key_arn('aws_kms_key.k["a"]')}


def test_an_index_that_neither_plan_nor_source_settles_is_no_match(tmp_path: Path) -> None:
    plan = two_keys()
    for key in ("a", "b"):
        a_key(plan, f'aws_kms_key.k["{key}"]')
        written = {"kms_master_key_id": ref("aws_kms_key.k", "each.key")}
        plan.resource(f'aws_sqs_queue.q["{key}"]', {"kms_master_key_id": AFTER_APPLY}, written)
    text = 'for_each = toset(["a", "b"])'
    for index, key in (("each.key", key_arn('aws_kms_key.k["a"]')), ('bcrypt(each.key) == "x" ? "a" : "b"', None)):
        (tmp_path / "main.tf").write_text(
            f'resource "aws_kms_key" "k" {{\n  {text}\n}}\n'
            f'resource "aws_sqs_queue" "q" {{\n  {text}\n  kms_master_key_id = aws_kms_key.k[{index}].arn\n}}\n'
        )
        use = uses(plan.load(source=tmp_path), 'aws_sqs_queue.q["a"]')["storage"]
        assert use.key == key
    assert "`bcrypt()` is not evaluated" in str(use.reason)


@pytest.mark.parametrize(("modules", "which"), [(("a",), "a"), (("a", "b"), "b")])
def test_an_output_of_a_module_for_each_of_a_set_that_the_plan_leaves_out(tmp_path: Path, modules, which) -> None:
    plan = two_keys().call("keys", {}, source="./keys").output(("keys",), "arn", ref("aws_kms_key.this.arn"))
    for key in modules:
        a_key(plan, f'module.keys["{key}"].aws_kms_key.this')
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "main.tf").write_text(
        'resource "aws_kms_key" "this" {}\noutput "arn" {\n  value = aws_kms_key.this.arn\n}\n'
    )
    call = f'module "keys" {{\n  source = "./keys"\n  for_each = toset({json.dumps(modules)})\n}}\n'
    use = of_queue(tmp_path, f'try(module.keys["{which}"].arn, aws_kms_key.other.arn)', call, plan)
    assert use.key == key_arn(f'module.keys["{which}"].aws_kms_key.this')


def test_each_of_a_caller_stays_that_of_the_caller(tmp_path: Path) -> None:
    assert in_module(tmp_path, 'each.key == "a" ? aws_kms_key.main.arn : aws_kms_key.other.arn').key == key_arn()


def bucket(folder: Path, dynamic: str) -> KeyUse:
    rule = {"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms", "kms_master_key_id": AFTER_APPLY}]}
    plan = two_keys().resource("aws_s3_bucket.b", {"server_side_encryption_configuration": [{"rule": [rule]}]})
    (folder / "main.tf").write_text(KEYS + f'resource "aws_s3_bucket" "b" {{\n{dynamic}\n}}\n')
    return uses(plan.load(source=folder), "aws_s3_bucket.b")["storage"]


DYNAMIC = """
  dynamic "server_side_encryption_configuration" {
    for_each = %s
    content {
      rule {
        apply_server_side_encryption_by_default {
          sse_algorithm     = "aws:kms"
          kms_master_key_id = %s
        }
      }
    }
  }
"""


def test_a_dynamic_block_is_expanded(tmp_path: Path) -> None:
    value = "server_side_encryption_configuration.value"
    assert bucket(tmp_path, DYNAMIC % ("[aws_kms_key.main.arn]", value)).key == key_arn()


def test_a_dynamic_block_over_something_unknown_stays_unknown(tmp_path: Path) -> None:
    use = bucket(tmp_path, DYNAMIC % ("data.aws_x.y.list", "aws_kms_key.main.arn"))
    assert (use.state, use.certainty) == ("UNKNOWN", "opaque")


def test_a_dynamic_block_without_a_key_takes_the_default(tmp_path: Path) -> None:
    assert bucket(tmp_path, DYNAMIC % ("[1]", "null")).certainty == "default"


# --- policies ----------------------------------------------------------------------------------------


def policy(folder: Path, written: str) -> tuple[object, str | None]:
    """The statements of a key policy that is known only after apply, and what is open of it."""
    plan = two_keys().resource("aws_iam_role.app", {"name": "app", "path": "/", "arn": AFTER_APPLY})
    expressions = {"policy": ref("aws_iam_role.app.arn", "data.aws_ssm_parameter.p.value")}
    plan.resource("aws_kms_key.p", {"arn": AFTER_APPLY, "policy": AFTER_APPLY}, expressions)
    role = 'resource "aws_iam_role" "app" {\n  name = "app"\n}\n'
    (folder / "main.tf").write_text(f'{DOUBT}{role}resource "aws_kms_key" "p" {{\n  policy = {written}\n}}\n')
    (folder / "p.tpl").write_text('{"Statement": [{"Effect": "Allow", "Principal": "${who}"}]}')
    key = the_key(plan.load(source=folder), key_arn("aws_kms_key.p"))
    known = json.loads(key.policies[0].document)["Statement"] if key.policies is not UNSET else None
    return known, key.unread.get("policies")


ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app"
ALLOWED = {"Effect": "Allow", "Principal": ROLE_ARN}


@pytest.mark.parametrize(
    "written",
    [
        'jsonencode({ Statement = [{ Effect = "Allow", Principal = aws_iam_role.app.arn }] })',
        'jsonencode({ Statement = [for r in [aws_iam_role.app] : { Effect = "Allow", Principal = r.arn }] })',
        '<<-EOT\n    {"Statement": [{"Effect": "Allow", "Principal": "${aws_iam_role.app.arn}"}]}\n  EOT\n',
        '<<EOT\n{"Statement": [{"Effect": "Allow", "Principal": "${aws_iam_role.app.arn}"}]}\nEOT\n',
        'templatefile("${path.module}/p.tpl", { who = aws_iam_role.app.arn })',
        '"{\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Principal\\": \\"${aws_iam_role.app.arn}\\"}]}"',
        'upper("x") == "X" ? jsonencode({ Statement = [{ Effect = "Allow", Principal = aws_iam_role.app.arn }] }) : ""',
    ],
    ids=["jsonencode", "for", "indented heredoc", "heredoc", "template file", "quoted", "condition"],
)
def test_a_policy_around_an_arn_that_apply_gives_is_told(tmp_path: Path, written: str) -> None:
    assert policy(tmp_path, written) == ([ALLOWED], None)


def test_a_statement_that_allows_something_unknown_is_left_out_and_said(tmp_path: Path) -> None:
    unknown = '{ Effect = "Allow", Principal = data.aws_ssm_parameter.p.value }'
    known, why = policy(tmp_path, f'jsonencode({{ Statement = [{unknown}, {{ Effect = "Allow", Principal = "*" }}] }})')
    assert known == [{"Effect": "Allow", "Principal": "*"}]
    assert "1 statement(s)" in str(why)
    assert "data.aws_ssm_parameter.p.value is known only after apply" in str(why)


@pytest.mark.parametrize(
    "written",
    [
        'jsonencode({ Statement = [{ Effect = "Deny", Principal = data.aws_ssm_parameter.p.value }, {}] })',
        'jsonencode({ Statement = concat([{ Effect = "Allow" }], jsondecode(data.aws_ssm_parameter.p.value)) })',
        'data.aws_ssm_parameter.p.value == "" ? "{}" : jsonencode({ Statement = [{ Effect = "Allow" }] })',
        '<<EOT\n{"Statement": [%{ if data.aws_ssm_parameter.p.value == "" }{"Effect": "Allow"}%{ endif }]}\nEOT\n',
        'templatefile("${path.module}/../outside.tpl", {})',
        'file("/etc/hostname")',
        "aws_iam_role.app.unique_id",
    ],
    ids=["deny", "concat", "condition", "directive", "outside", "absolute", "not a document"],
)
def test_a_policy_of_which_a_deciding_part_is_unknown_is_not_told(tmp_path: Path, written: str) -> None:
    (tmp_path.parent / "outside.tpl").write_text('{"Statement": []}')
    known, why = policy(tmp_path, written)
    assert known is None
    assert why is not None


# --- where the source comes from ---------------------------------------------------------------------


def binary_plan(folder: Path, files: dict[str, str], manifest: object) -> Path:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("tfplan", b"\x00")
        archive.writestr("tfconfig/modules.json", json.dumps(manifest))
        for name, text in files.items():
            archive.writestr(f"tfconfig/{name}", text)
    path = folder / "plan.bin"
    path.write_bytes(held.getvalue())
    return path


def test_a_binary_plan_that_was_made_on_windows_is_read_like_any_other(tmp_path: Path) -> None:
    plan = two_keys().resource(
        "aws_sqs_queue.q", {"kms_master_key_id": AFTER_APPLY}, {"kms_master_key_id": ref("local.x")}
    )
    text = (
        "locals {\n  doc = <<EOT\n{\nEOT\n  x = true ? aws_kms_key.main.arn : null\n}\n"
        'resource "aws_sqs_queue" "q" {\n  kms_master_key_id = local.x\n}\n'
    )
    path = binary_plan(tmp_path, {"m-/main.tf": text.replace("\n", "\r\n")}, ROOT)
    assert uses(plan.load(source=path), "aws_sqs_queue.q")["storage"].key == key_arn()


ROOT = [{"Key": "", "Dir": "."}, {"Key": "keys", "Source": "x/keys/aws", "Dir": ".terraform/modules/keys"}]


def test_a_binary_plan_gives_lines_and_locals(tmp_path: Path) -> None:
    files = {
        "m-/main.tf": '\n\nmodule "keys" {\n  source = "x/keys/aws"\n}\n',
        "m-keys/k.tf": '\nlocals {\n  x = aws_kms_key.inner.arn\n}\nresource "aws_kms_key" "inner" {}\n'
        'resource "aws_sqs_queue" "q" {\n  kms_master_key_id = local.x\n}\n',
    }
    plan = a_key(PlanText(), "module.keys.aws_kms_key.inner").call("keys", source="x/keys/aws")
    place = "module.keys.aws_sqs_queue.q"
    plan.resource(place, {"kms_master_key_id": AFTER_APPLY}, {"kms_master_key_id": ref("local.x")})
    read = plan.load(source=binary_plan(tmp_path, files, ROOT))
    assert uses(read, place)["storage"].key == key_arn("module.keys.aws_kms_key.inner")
    places = {change.address: (change.file, change.line) for change in read.changes}
    assert places[place] == ((tmp_path / ".terraform/modules/keys/k.tf").as_posix(), 6)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04 cut off", "not a folder or a binary plan"),
        (b"text", "not a folder or a binary plan"),
        (b'{"meta": {}, "encrypted_data": "abc", "encryption_version": "v0"}', "encrypted; give the folder"),
    ],
)
def test_a_file_that_is_no_binary_plan_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "tfplan").write_bytes(data)
    with pytest.raises(SourceError, match=says):
        a_key(PlanText()).load(source=tmp_path / "tfplan")


@pytest.mark.parametrize("manifest", [{}, [{"Key": ""}], "text", None])
def test_a_zip_without_a_configuration_is_named(tmp_path: Path, manifest: object) -> None:
    with pytest.raises(SourceError, match="not a binary plan with its configuration"):
        a_key(PlanText()).load(source=binary_plan(tmp_path, {}, manifest))


def test_without_the_extra_nothing_is_lost_and_the_install_line_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "installed", lambda: False)
    plan = two_keys().resource(
        "aws_sqs_queue.q", {"kms_master_key_id": AFTER_APPLY}, {"kms_master_key_id": ref("local.x")}
    )
    (tmp_path / "main.tf").write_text(
        KEYS
        + 'locals {\n  x = aws_kms_key.main.arn\n}\nresource "aws_sqs_queue" "q" {\n  kms_master_key_id = local.x\n}\n'
    )
    read = plan.load(source=tmp_path)
    assert uses(read, "aws_sqs_queue.q")["storage"].key == key_arn()
    assert [change.line for change in read.changes if change.address == "aws_sqs_queue.q"] == [6]
    assert parsing.INSTALL in "".join(read.notes)


def test_a_block_that_cannot_be_parsed_costs_that_block_alone(tmp_path: Path) -> None:
    use = of_queue(tmp_path, "aws_kms_key.main.arn ) (")
    assert (use.state, use.key) == ("UNKNOWN", None)


# --- the language ------------------------------------------------------------------------------------


def evaluator(**bound: object) -> Evaluator:
    return Evaluator(NoNames(), Budget(), {"planned": Planned("arn:x"), "open": Unknown("open"), **bound})


def evaluate(text: str) -> object:
    return evaluator().of(parsing.expression(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-1", -1),
        ("10 % 3 >= 1 && 1.5 < 2", True),
        ("!true || false", False),
        ('"a${1}b${true}c"', "a1btruec"),
        (r'"tab\tquote\"$${x}%%{y}"', 'tab\tquote"${x}%{y}'),
        ("[1, 2][1]", 2),
        ('{ a = 1, "b" = 2, (join("", ["c"])) = 3 }', {"a": 1, "b": 2, "c": 3}),
        ('[{ n = "x" }, { n = "y" }][*].n', ["x", "y"]),
        ('[{ n = "x" }].*.n[0]', "x"),
        ("null[*]", []),
        ("{ for k, v in { a = 1, b = 2 } : v => k }", {"1": "a", "2": "b"}),
        ('{ for v in ["a", "a"] : v => 1... }', {"a": [1, 1]}),
        ("flatten([[1], [[2, 3]]])", [1, 2, 3]),
        ('compact(["a", "", null])', ["a"]),
        ('toset(["b", "a", "b"])', ["a", "b"]),
        ('distinct(["b", "a", "b"])', ["b", "a"]),
        ('format("%s-%d%%", "a", 2)', "a-2%"),
        ('join(",", ["a", planned])', "a,arn:x"),
        ("coalescelist([], [1])", [1]),
        ("can({}.x)", False),
        ("try({}.x, [][0], 3)", 3),
        ('zipmap(["a"], [1])', {"a": 1}),
        ("concat([1], [2]...)", None),
        ('length("abc") + length([1]) + length({ a = 1 })', 5),
        ("open == open ? 1 : 1", 1),
        ("false && open", False),
        ("open || true", True),
        ('contains(["a"], "a") ? upper("x") : lower("X")', "X"),
        ('lookup({ a = 1 }, "b", 2)', 2),
        ("element([1, 2], 3)", 2),
        ('split(",", "a,b")[1]', "b"),
        ('jsondecode("{\\"a\\": [1]}").a[0]', 1),
        ('setsubtract(["a", "b"], ["a"])', ["b"]),
        ("<<EOT\na ${1 + 1} $${x}\nEOT\n", "a 2 ${x}\n"),
        ("<<-EOT\n    a\n      b\n  EOT\n", "a\n  b\n"),
    ],
)
def test_an_expression_has_the_value_that_terraform_gives_it(text: str, value: object) -> None:
    if value is None:
        with pytest.raises(EvaluationError):
            evaluate(text)
        return
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "open",
        "open ? 1 : 2",
        "true && open",
        'planned == "arn:x"',
        "upper(planned)",
        "length(planned)",
        "length([open])",
        '1 == "1"',
        "[for x in open : x]",
        "[for x in [1] : x if open]",
        "concat([1], open)",
        "{ (open) = 1 }",
        '"a${open}"',
        'sensitive("a")',
        "uuid()",
        "{ a = 1 }[open]",
        'format("%05d", 1)',
        'replace("a", "/a/", "b")',
        '"%{ if open }a%{ endif }"',
        '"%{ for x in open }a%{ endfor }"',
        '"%{ if true }${open}%{ endif }"',
        "try(open, 1)",
        "merge({}, open)",
    ],
)
def test_what_depends_on_something_open_is_open(text: str) -> None:
    assert isinstance(evaluate(text), Unknown)


@pytest.mark.parametrize(
    "text", ["[][0]", "{}.x", "1 / 0", "unknown_name", "coalesce(null)", "!5", "upper(1, 2)", '-"a"']
)
def test_what_terraform_refuses_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        evaluate(text)


@pytest.mark.parametrize("text", ["[for a in [1, 2] : ", "{ a", "1 +", '"${', "a b"])
def test_what_is_no_expression_is_not_read(text: str) -> None:
    with pytest.raises(parsing.NotReadable):
        evaluate(text)


def test_a_source_that_multiplies_itself_comes_to_an_end() -> None:
    nested = "[1, 2, 3, 4, 5, 6, 7, 8]"
    loops = "".join(f"for x{at} in {nested} : [" for at in range(9))
    with pytest.raises(TooMuch):
        evaluate("[" + loops + "1" + "]" * 10)
    large = f'join("", [{", ".join(["text"] * 8)}])'
    assert isinstance(evaluator(text="y" * 200_000).of(parsing.expression(large)), Unknown)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text('ab$}%\\"\n', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def literal(value: object) -> str:
    """A value in HCL's native syntax."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{literal(key)} = {literal(item)}" for key, item in value.items()) + " }"
    return f"[{', '.join(map(literal, value))}]" if isinstance(value, list) else json.dumps(value)


@given(JSON)
def test_a_literal_is_its_value_and_encodes_to_itself(value: object) -> None:
    assert evaluate(literal(value)) == value
    encoded = evaluate(f"jsonencode({literal(value)})")
    assert json.loads(str(encoded)) == value
    assert to_json(value) == encoded


def test_facts_are_the_same_with_a_source_that_adds_nothing(tmp_path: Path) -> None:
    plan = two_keys()
    (tmp_path / "main.tf").write_text(KEYS)
    assert plan.load(source=tmp_path).after == plan.load().after
    assert facts(plan.load(), type(the_key(plan.load())))
