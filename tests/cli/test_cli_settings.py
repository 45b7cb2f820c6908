"""The settings file: found, checked, and every fault named with its place and the nearest valid name."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.cli.settings import load_settings, settings_schema
from scanner.cli.toml_places import place_of
from scanner.errors import SettingsError
from scanner.graph.views import CUSTODIES
from scanner.model.rule import Severity
from scanner.model.settings import DataClass, Environment, RuleSettings, Selector, Settings, TrustedAccount
from scanner.rules.load import load_rules
from scanner.rules.source import find_policies

FULL = """
    [data-classes.pci]
    custody = ["CKS", "XKS"]

    [[data-classes.pci.members]]
    tags = {DataClass = "pci"}
    accounts = ["1111*"]

    [data-classes.signing]
    custody = ["CKS"]
    members = [{names = ["sign-*"], types = ["AWS::KMS::Key"], organizational-units = ["ou-1"]}]

    [[trusted]]
    id = "999988887777"
    owner = "payments"
    expires = 2027-01-31

    [rules.key-rotation-off]
    severity = "critical"
    params = {days = 90}

    [rules.key-policy-public]
    off = "covered elsewhere"
"""


def a_file(directory: Path, text: str, name: str = "keyproof.toml") -> Path:
    path = directory / name
    path.write_text(dedent(text).lstrip(), encoding="utf-8")
    return path


def fault(directory: Path, text: str, name: str = "keyproof.toml") -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(a_file(directory, text, name), directory)
    return str(caught.value).replace(str(directory), "")


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert load_settings(None, tmp_path) == Settings()


def test_every_setting_arrives(tmp_path: Path) -> None:
    path = a_file(tmp_path, FULL)
    assert load_settings(None, tmp_path) == Settings(
        data_classes=(
            DataClass("pci", (Selector(tags={"DataClass": "pci"}, accounts=("1111*",)),), ("CKS", "XKS")),
            DataClass(
                "signing",
                (Selector(names=("sign-*",), types=("AWS::KMS::Key",), organizational_units=("ou-1",)),),
                ("CKS",),
            ),
        ),
        trusted=(TrustedAccount("999988887777", "payments", "2027-01-31"),),
        rules=RuleSettings(
            params={"key-rotation-off": {"days": 90}},
            severities={"key-rotation-off": Severity.CRITICAL},
            disabled={"key-policy-public": "covered elsewhere"},
        ),
        path=str(path),
    )


def test_an_environment_is_laid_over_what_holds_everywhere(tmp_path: Path) -> None:
    text = """
        [rules.key-rotation-period-long]
        severity = "high"
        params = {days = 365, grace = 1}

        [environments.prod]
        accounts = ["111122223333"]

        [environments.prod.rules.key-rotation-period-long]
        params = {days = 90}

        [environments.sandbox.rules.key-unused]
        off = "short-lived"
    """
    rule = "key-rotation-period-long"
    settings = load_settings(a_file(tmp_path, text), tmp_path)
    everywhere = RuleSettings({rule: {"days": 365, "grace": 1}}, {rule: Severity.HIGH})
    in_prod = RuleSettings({rule: {"days": 90, "grace": 1}}, {rule: Severity.HIGH})
    in_sandbox = RuleSettings({rule: {"days": 365, "grace": 1}}, {rule: Severity.HIGH}, {"key-unused": "short-lived"})
    assert settings.rules == everywhere
    assert settings.environments == {
        "prod": Environment(("111122223333",), in_prod),
        "sandbox": Environment((), in_sandbox),
    }
    assert settings.within("sandbox").rules == in_sandbox


def test_a_class_that_only_changes_custody_keeps_its_built_in_members(tmp_path: Path) -> None:
    a_file(tmp_path, '[data-classes.pci]\ncustody = ["XKS"]')
    (pci,) = load_settings(None, tmp_path).data_classes
    assert pci.selectors == Settings().data_classes[0].selectors
    assert pci.custody == ("XKS",)


def test_the_nearest_file_above_is_used_up_to_the_top_of_the_repository(tmp_path: Path) -> None:
    a_file(tmp_path, '[rules.a]\noff = "outside the repository"')
    top = tmp_path / "repository"
    below = top / "deep" / "down"
    below.mkdir(parents=True)
    (top / ".git").mkdir()
    assert load_settings(None, below) == Settings()
    a_file(top, '[tool.keyproof.rules.a]\noff = "here"', "pyproject.toml")
    assert load_settings(None, below).rules.disabled == {"a": "here"}
    a_file(top / "deep", "[tool.black]\nx = 1", "pyproject.toml")
    assert load_settings(None, below).rules.disabled == {"a": "here"}
    a_file(top / "deep", '[rules.a]\noff = "nearer"')
    assert load_settings(None, below).rules.disabled == {"a": "nearer"}


def test_an_unknown_key_is_named_with_place_and_nearest_name(tmp_path: Path) -> None:
    assert fault(tmp_path, '[data-classes.pci]\ncustodies = ["CKS"]') == (
        '/keyproof.toml:2:1: no setting `custodies`\n    custodies = ["CKS"]\n    ^\n  help: did you mean `custody`?'
    )


def test_a_fault_in_pyproject_has_its_own_place(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\n\n[tool.keyproof.rules.key-rotation-off]\nseverity = "hihg"'
    assert fault(tmp_path, text, "pyproject.toml").startswith(
        "/pyproject.toml:5:1: `rules.key-rotation-off.severity`: `hihg` is not allowed here"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[[trusted]]\nid = '999988887777'\nowner = 'a'\n[[trusted]]\nid = '12'\nowner = 'b'",
            ":5:1: `trusted.1.id`: `12` does not fit here",
        ),
        ("[[trusted]]\nid = '999988887777'", ":1:1: `trusted.0`: missing `owner`"),
        (
            "[[trusted]]\nid = '999988887777'\nowner = 'a'\nexpires = 'soon'",
            ":4:1: `trusted.0.expires`: `soon` is no date",
        ),
        ("[data-classes.pci]\ncustody = ['HSM']", ":2:1: `data-classes.pci.custody.0`: `HSM` is not allowed here"),
        ("[data-classes.pci]\nmembers = [{tag = {a = 'b'}}]", ":2:1: no setting `tag`"),
        ("fail-on = 'high'", ":1:1: no setting `fail-on`"),
        (
            "[environments.prod]\naccount = ['111122223333']",
            ":2:1: no setting `account`\n    account = ['111122223333']\n    ^\n  help: did you mean `accounts`?",
        ),
        ("[environments.prod]\naccounts = ['1111']", ":2:1: `environments.prod.accounts.0`: `1111` does not fit here"),
        ("[environments.prod.rules.x]\nparam = {}", ":2:1: no setting `param`"),
        (
            "[environments.a]\naccounts = ['111122223333']\n[environments.b]\naccounts = ['111122223333']",
            ":4:1: account 111122223333 is in the environment `a` already",
        ),
        (
            "[[data-classes.pci.members]]\ntypes = ['AWS::S3::Bukcet']",
            ":2:1: no resource has the type `AWS::S3::Bukcet`\n    types = ['AWS::S3::Bukcet']\n    ^\n"
            "  help: did you mean `AWS::S3::Bucket`?",
        ),
        (
            "[[data-classes.pci.members]]\naccounts = ['1111']",
            ":2:1: `data-classes.pci.members.0.accounts.0`: `1111` does not fit here",
        ),
        ("[data-classes.pci]\nmembers = [{}]", ":2:1: `data-classes.pci.members.0`: nothing stands here"),
        ("[rules.x]\noff = true", ":2:1: `rules.x.off`: `true` stands where text belongs"),
        ("rules = 3", ":1:1: `rules`: `3` stands where a table belongs"),
    ],
)
def test_faults_have_their_line(text: str, message: str, tmp_path: Path) -> None:
    assert fault(tmp_path, text).startswith(f"/keyproof.toml{message}")


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    assert fault(tmp_path, "colour = 1\nshape = 2\nrules = 3").count("/keyproof.toml:") == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = = 1", "toml:1:5: not TOML: invalid value"),
        (b"a = 1\nb", "at end of document"),
        (b"\xff\xfe", "not UTF-8 text"),
    ],
)
def test_what_is_not_toml_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "keyproof.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=message):
        load_settings(None, tmp_path)


def test_a_settings_file_that_is_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nope\.toml: no such file"):
        load_settings(tmp_path / "nope.toml", tmp_path)


def test_the_schema_is_valid_and_knows_every_custody() -> None:
    schema = settings_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert tuple(schema["$defs"]["data-class"]["properties"]["custody"]["items"]["enum"]) == CUSTODIES


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("a",), (1, 1)),
        (("t", "x"), (4, 3)),
        (("t", "dotted", "key"), (5, 1)),
        (("t", "quoted.name"), (6, 1)),
        (("list", 0, "x"), (8, 1)),
        (("list", 1, "x"), (10, 1)),
        (("list", 1, "sub", "y"), (12, 1)),
        (("list", 1, "missing"), (9, 1)),
        (("missing",), (0, 0)),
    ],
)
def test_places_of_keys(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    text = dedent(
        """\
        a = 1
        # a comment [like.a.header]
        [t]
          x = 1
        dotted.key = 2
        "quoted.name" = 3
        [[list]]
        x = 1
        [[list]]
        x = 2
        [list.sub]
        y = 1
        """
    )
    assert place_of(text, path) == place


@given(st.text())
def test_any_text_has_places_or_none(text: str) -> None:
    line, column = place_of(text, ("a", 0, "b"))
    assert 0 <= line <= len(text.splitlines())
    assert column >= 0


def test_the_settings_that_the_documentation_shows_hold(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
    shown = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL))
    settings = load_settings(a_file(tmp_path, shown), tmp_path)
    assert {rule.info.id for rule in load_rules([find_policies()], settings)} >= {"key-unused"}
    assert set(settings.environments) == {"prod", "sandbox"}
