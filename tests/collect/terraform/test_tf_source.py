"""The source folder: lines of blocks, also in modules, and waivers in comments."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tf_builder import ACCOUNT, PlanText, a_key

from scanner.collect.terraform import declared_at
from scanner.collect.terraform.hcl import scan
from scanner.errors import SettingsError, SourceError

MAIN = """# resource "aws_kms_key" "commented" {
/* resource "aws_kms_key" "also" { */
variable "x" { default = "resource \\"aws_kms_key\\" \\"no\\" {" }
locals {
  text = <<-EOT
    resource "aws_kms_key" "heredoc" {
    ${var.x}
  EOT
  key  = aws_kms_key.main.arn
}

resource "aws_kms_key" "main" {
  description = "brace } and ${jsonencode({ a = "}" })}"
  # keyproof:waive key-rotation-off owner=pay reason="moves in Q1" expires=2027-01-31
}
resource aws_kms_key bare {}
"""


def test_lines_survive_comments_strings_and_heredocs() -> None:
    blocks, comments = scan(MAIN)
    assert [(block.kind, block.labels, block.line) for block in blocks] == [
        ("variable", ("x",), 3),
        ("locals", (), 4),
        ("resource", ("aws_kms_key", "main"), 12),
        ("resource", ("aws_kms_key", "bare"), 16),
    ]
    assert blocks[1].locals["key"] == ["aws_kms_key.main.arn"]
    assert [comment.line for comment in comments] == [14]


@given(st.text(alphabet='resource"a {}\n#/*<EOT${\\=.', max_size=60))
def test_text_that_is_not_hcl_does_no_harm(text) -> None:
    blocks, _ = scan(text)
    assert all(block.line <= text.count("\n") + 1 for block in blocks)


def test_a_change_knows_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MAIN)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "k.tf").write_text('\nresource "aws_kms_key" "inner" {\n}\n')
    plan = a_key(a_key(PlanText()), 'module.keys["a"].aws_kms_key.inner').call("keys", source="./keys")
    places = {change.address: (change.file, change.line) for change in plan.load(source=tmp_path).changes}
    assert places == {
        "aws_kms_key.main": ((tmp_path / "main.tf").as_posix(), 12),
        'module.keys["a"].aws_kms_key.inner': ((tmp_path / "keys/k.tf").as_posix(), 2),
    }


def test_a_subject_outside_the_plan_stands_where_the_plan_completes_it(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MAIN + 'resource "aws_kms_grant" "g" {}\n')
    arn = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/aws_kms_key.main"
    plan = a_key(PlanText()).resource("aws_kms_grant.g", {"key_id": arn, "operations": ["Decrypt"]})
    places = declared_at(plan.load(source=tmp_path).changes)
    assert {subject: line for subject, (_, line) in places.items()} == {
        arn: 12,
        "aws_kms_key.main": 12,
        "aws_kms_grant.g": 17,
    }


def test_installed_modules_are_found_by_the_manifest(tmp_path: Path) -> None:
    folder = tmp_path / ".terraform" / "modules"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "main.tf").write_text('resource "aws_kms_key" "inner" {}\n')
    manifest = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "keys", "Dir": ".terraform/modules/keys"}]}
    (folder / "modules.json").write_text(json.dumps(manifest))
    plan = a_key(PlanText(), "module.keys.aws_kms_key.inner").call("keys", source="registry/keys/aws")
    (change,) = plan.load(source=tmp_path).changes
    assert (change.line, str(change.file).endswith("modules/keys/main.tf")) == (1, True)


def test_a_waiver_in_a_comment_covers_its_block(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MAIN)
    (waiver,) = a_key(PlanText()).load(source=tmp_path).waivers
    assert (waiver.rule, waiver.line) == ("key-rotation-off", 14)
    assert waiver.fields == {"owner": "pay", "reason": "moves in Q1", "expires": "2027-01-31"}
    assert waiver.subjects == (f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/aws_kms_key.main", "aws_kms_key.main")


@pytest.mark.parametrize(
    "comment",
    [
        "/* keyproof:waive key-rotation-off owner=pay */",
        "/*\n * for the auditor\n */\n//keyproof:waive key-rotation-off owner=pay",
        "/* keyproof:waive key-rotation-off\n\n\n\n   owner=pay\n*/",
    ],
)
def test_every_comment_of_the_language_can_waive(tmp_path: Path, comment: str) -> None:
    (tmp_path / "main.tf").write_text(f'{comment}\nresource "aws_kms_key" "main" {{}}\n')
    (waiver,) = a_key(PlanText()).load(source=tmp_path).waivers
    assert (waiver.rule, waiver.fields) == ("key-rotation-off", {"owner": "pay"})


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("# keyproof:waive some-rule reason=too many words", "`many` is not `name=value`"),
        ('# keyproof:waive some-rule reason="open', "cannot be read"),
        ("# keyproof:waive some-rule owner=x\n\n\n\n\n", "right above it"),
        ("# keyproof:waive", "does not say which rule"),
        ("/* keyproof:waive */", "does not say which rule"),
        ("// keyproof:waive some-rule owner=x owner=y", "states `owner` twice"),
    ],
)
def test_a_waiver_that_cannot_be_meant_is_an_error_with_its_place(tmp_path: Path, comment, says) -> None:
    (tmp_path / "main.tf").write_text(comment + '\nresource "aws_kms_key" "main" {}\n')
    with pytest.raises(SettingsError, match=r"main\.tf:1:1: ") as caught:
        a_key(PlanText()).load(source=tmp_path)
    assert says in str(caught.value)


@pytest.mark.parametrize(("name", "noted"), [("main", 0), ("other", 1)])
def test_a_source_of_something_else_is_noted(tmp_path: Path, name: str, noted: int) -> None:
    (tmp_path / "main.tf").write_text(f'resource "aws_kms_key" "{name}" {{}}\n')
    notes = a_key(PlanText()).load(source=tmp_path).notes
    assert sum("declares nothing that is in the plan" in note for note in notes) == noted


def test_a_source_that_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not a folder"):
        a_key(PlanText()).load(source=tmp_path / "none")
