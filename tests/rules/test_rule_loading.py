"""Rule files: what is accepted, what is refused and where the refusal points."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from scanner.errors import RuleError, SettingsError, UsageError
from scanner.model.rule import Severity
from scanner.model.settings import Environment, RuleSettings, Settings
from scanner.rules.load import load_rules
from scanner.rules.rulefile import RuleFile
from scanner.rules.source import find_policies
from scanner.rules.yamlfile import parse_yaml
from tests.rules.ruletext import SEPARATION, rule_of, small_rule, write_rule

POLICIES = find_policies()


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(RuleError) as caught:
        load_rules([write_rule(folder, text)], Settings())
    return [str(problem) for problem in caught.value.problems]


def test_a_rule_keeps_its_words(tmp_path: Path) -> None:
    info = rule_of(tmp_path).info
    assert (info.id, info.theme, info.severity, info.subject) == (
        "key-admin-can-decrypt",
        "access",
        Severity.HIGH,
        "key",
    )
    assert info.fix == {"cli": "aws kms put-key-policy", "terraform": "aws_kms_key"}
    assert [(control.framework, control.requirement) for control in info.controls] == [("pci-dss-4.0.1", "3.7.6")]
    assert info.params == {"exempt": ()}


def test_a_rule_says_which_facts_it_reads(tmp_path: Path) -> None:
    reads = rule_of(tmp_path).reads
    assert reads == {("Key", name) for name in ("manager", "state", "admins", "users")} | {("Access", "arn")}


def test_the_parts_of_an_arn_are_no_facts(tmp_path: Path) -> None:
    assert rule_of(tmp_path, small_rule('arn(key.arn).region == "eu-west-1"')).reads == {("Key", "arn")}


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("key.manager ==", "key.manger ==", "access/key-admin-can-decrypt.yaml:5:12: Key has no field `manger`"),
        ('"CUSTOMER"', '"CUSTMER"', '5:23: `manager` is never "CUSTMER"'),
        ("both.size() == 0", "both.size() == '0'", "11:12: `==` cannot compare int with string"),
        ("both.size() == 0", "key.store.name == ''", "11:22: `key.store` may be null, so `.name` can fail"),
        ("{plural(both.size()", "{plural(bth.size()", "12:23: unknown name `bth`"),
        ("evidence: both", "evidence: boht", "13:11: unknown name `boht`"),
        ("p in key.users", "p in key.user", "9:39: Key has no field `user`"),
        ("severity: high", "severity: hihg", "3:11: `hihg` is not allowed here"),
        ("subject: key", "subject: keys", "4:10: `keys` is not allowed here"),
        ("evidence: both", "evidnce: both", "13:1: unknown key `evidnce`"),
        ("title: A principal both administers and uses a key\n", "", "1:1: missing `title`"),
        ("strength: supports", "strength: prooves", "`prooves` is not allowed here"),
        ("default: []", "default: 5", "7:41: `5` is not a list"),
        ("default: []", "default: [5]", "`5` is not string"),
        ("type: list<string>", "type: lst", "`lst` is not allowed here"),
        ("  both:", "  key:", "9:3: `key` is already in use"),
        ("rule: key-admin", "rule: key-admn", "1:7: the file is called `key-admin-can-decrypt.yaml`"),
        ("both.size() == 0", "both.size()", "11:12: this is int, not bool"),
        ("both.size() == 0", "5", "11:12: `5` stands where text belongs"),
        ("both.size() == 0", "[both", "not YAML"),
        ("title:", "severity: low\ntitle:", "4:1: duplicate key `severity`"),
        ("title: A", "title: &x A", "2:8: anchors are not allowed"),
        ("title: A", "title: !!str A", "2:8: tags are not allowed"),
        ("why: Whoever", "why: *x #", "aliases are not allowed"),
        ("sources: [https", "sources: [http", "does not fit here"),
    ],
)
def test_a_slip_is_an_error_with_its_place(tmp_path: Path, old: str, new: str, error: str) -> None:
    assert old in SEPARATION
    assert error in "\n".join(problems(tmp_path, SEPARATION.replace(old, new)))


def test_every_problem_of_every_file_is_reported(tmp_path: Path) -> None:
    write_rule(tmp_path, small_rule("key.a == key.b", where="key.c").replace("A fault", "''"), "one")
    text = "\n".join(problems(tmp_path, small_rule("key.d == 1", where="key.e")))
    for name in "de":
        assert f"no field `{name}`" in text
    assert "one.yaml" in text


def test_where_cannot_use_let_and_the_error_says_so(tmp_path: Path) -> None:
    text = small_rule("one", let="{one: key.arn == ''}", where="one")
    assert "`where` comes before `let` and cannot use it" in problems(tmp_path, text)[0]


def test_the_excerpt_has_a_caret_under_the_place(tmp_path: Path) -> None:
    assert problems(tmp_path, small_rule('key.origni == "AWS_KMS"'))[0].splitlines()[1:] == [
        '      - check: key.origni == "AWS_KMS"',
        "                   ^",
        "  help: did you mean `origin`?",
    ]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("key.x == 1", (6, 16)),
        ('"key.x == 1"', (6, 17)),
        ("'key.x == 1'", (6, 17)),
        ("|\n      key.arn == ''\n        && key.x == 1", (8, 16)),
        (">-\n      key.arn == '' &&\n      key.x == 1", (8, 11)),
        ("key.arn == '' &&\n      key.x == 1", (7, 11)),
        ('"key.arn == \\"\\" && key.x == 1"', (6, 12)),
    ],
)
def test_places_in_every_style_of_scalar(tmp_path: Path, written: str, place: tuple[int, int]) -> None:
    with pytest.raises(RuleError) as caught:
        load_rules([write_rule(tmp_path, small_rule(written))], Settings())
    assert (caught.value.problems[0].line, caught.value.problems[0].column) == place


def test_what_an_earlier_requirement_proves_holds_for_the_next(tmp_path: Path) -> None:
    text = small_rule("key.store != null\n  - check: key.store.name == 'x'")
    assert rule_of(tmp_path, text).program.checks[1].message is None
    text = small_rule("key.store.name == 'x'", where="key.store != null")
    assert len(rule_of(tmp_path, text).program.checks) == 1


def test_a_let_can_carry_a_guard(tmp_path: Path) -> None:
    text = small_rule("stored && key.store.name == 'x'", let="{stored: key.store != null}")
    assert rule_of(tmp_path, text).program.lets.keys() == {"stored"}


HOSTILE = {
    "bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "deep flow": "[" * 120_000,
    "deep block": "\n".join(" " * depth + "a:" for depth in range(300)),
    "python object": "rule: !!python/object/apply:os.system [id]\n",
    "huge": "# " + "x" * 300_000,
    "two documents": SEPARATION + "---\n" + SEPARATION,
    "not a mapping": "- a\n- b\n",
    "empty": "",
    "binary": "\x00\x01",
    "complex key": "? [a, b]\n: c\n",
    "long scalar": "rule: " + "a" * 200_000,
    "long value": SEPARATION.replace("severity: high", "severity: " + "h" * 100_000),
    "long key": "k" * 900 + ": 1\n" + "k" * 900 + ": 1\n",
    "many keys": "\n".join(f"k{number}: 1" for number in range(20_000)),
    "tabs": "rule:\n\t- x\n",
    "deep expression": small_rule("'" + "(" * 5000 + "true" + ")" * 5000 + "'"),
    "many lets": small_rule("true", let="{" + ", ".join(f"l{number}: 'true'" for number in range(40)) + "}"),
    "let chain": small_rule(
        "l31",
        let="{"
        + ", ".join(f'l{n}: "{"!!!!" if n else ""}{f"l{n - 1}" if n else "true"}"' for n in range(32))
        + "}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_a_clean_error(tmp_path: Path, text: str) -> None:
    for problem in problems(tmp_path, text):
        assert len(problem) < 2000
        assert "key-admin-can-decrypt.yaml" in problem


def test_a_file_that_is_not_text_is_a_clean_error(tmp_path: Path) -> None:
    write_rule(tmp_path)
    (tmp_path / "access" / "key-admin-can-decrypt.yaml").write_bytes(b"rule: \xff\xfe")
    with pytest.raises(RuleError, match="not UTF-8 text"):
        load_rules([tmp_path], Settings())


@pytest.mark.parametrize(
    ("written", "data"),
    [
        ("on", "on"), ("no", "no"), ("true", True), ("null", None), ("~", None), ("0123", 123), ("0o17", 15),
        ("0x1f", 31), ("12:30", "12:30"), ("1.10", 1.1), ("'5'", "5"), ("2026-01-31", "2026-01-31"), (".5", 0.5),
        ("1_000", "1_000"), ("-7", -7), ("1e3", 1000.0), ("4.0.1", "4.0.1"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(written: str, data: object) -> None:
    assert parse_yaml(f"a: {written}", "f").root.data == {"a": data}


def setting(**changes: Any) -> Settings:
    return Settings(rules=RuleSettings(**changes), path="keyproof.toml")


def test_settings_change_params_and_severities(tmp_path: Path) -> None:
    settings = setting(
        params={"key-admin-can-decrypt": {"exempt": ["arn:x"]}}, severities={"key-admin-can-decrypt": Severity.LOW}
    )
    info = rule_of(tmp_path, settings=settings).info
    assert (info.params, info.severity) == ({"exempt": ("arn:x",)}, Severity.LOW)


def test_a_disabled_rule_is_not_loaded(tmp_path: Path) -> None:
    assert load_rules([write_rule(tmp_path)], setting(disabled={"key-admin-can-decrypt": "no"})) == ()


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (setting(params={"key-admin-can-encrypt": {}}), "no rule `key-admin-can-encrypt`\n  help: did you mean"),
        (
            setting(params={"key-admin-can-decrypt": {"exmpt": []}}),
            "no parameter `exmpt`\n  help: did you mean `exempt`?",
        ),
        (setting(params={"key-admin-can-decrypt": {"exempt": [1]}}), "parameter `exempt` of rule"),
        (setting(severities={"x": Severity.LOW}), "there is no rule `x`"),
        (setting(disabled={"x": ""}), "keyproof.toml: there is no rule `x`"),
    ],
)
def test_settings_for_what_does_not_exist_are_an_error(tmp_path: Path, settings: Settings, error: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_rules([write_rule(tmp_path)], settings)
    assert error in str(caught.value)


def test_an_environment_changes_a_rule_in_its_accounts_alone(tmp_path: Path) -> None:
    rule = "key-admin-can-decrypt"
    general = RuleSettings(severities={rule: Severity.LOW}, params={rule: {"exempt": ["arn:x"]}})
    settings = Settings(
        rules=general,
        environments={
            "prod": Environment(("1",), general.under(RuleSettings(severities={rule: Severity.CRITICAL}))),
            "test": Environment(("2",), general.under(RuleSettings(disabled={rule: "no cards here"}))),
            "else": Environment(("3",), general),
        },
    )
    loaded = rule_of(tmp_path, settings=settings)
    severities = [loaded.info.severity_in(account) for account in "1234"]
    assert severities == [Severity.CRITICAL, None, Severity.LOW, Severity.LOW]
    assert [variant.environment for variant in loaded.info.variants] == ["prod", "test"]
    assert loaded.at("1").info.params == {"exempt": ("arn:x",)}
    chosen = rule_of(tmp_path, settings=settings.within("test"))
    assert [chosen.info.severity_in(account) for account in "1234"] == [Severity.CRITICAL, None, Severity.LOW, None]


def test_an_alias_keeps_an_old_name_working(tmp_path: Path) -> None:
    text = SEPARATION + "aliases: [key-separation]\n"
    settings = setting(severities={"key-separation": Severity.INFO})
    assert rule_of(tmp_path, text, settings).info.severity is Severity.INFO


def test_two_rules_cannot_share_a_name(tmp_path: Path) -> None:
    write_rule(tmp_path / "a")
    write_rule(tmp_path / "b")
    with pytest.raises(RuleError, match="already the id or an alias"):
        load_rules([tmp_path / "a", tmp_path / "b"], Settings())


def test_controls_must_be_in_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "frameworks").mkdir()
    catalogue = (
        "framework: pci-dss-4.0.1\ntitle: PCI\nsource: https://x\ncontrols:\n  - {id: 3.7.4, title: Keys change}\n"
    )
    (tmp_path / "frameworks" / "pci-dss-4.0.1.yaml").write_text(catalogue)
    assert "has no control `3.7.6`" in problems(tmp_path, SEPARATION)[0]
    assert "unknown framework `pci-dss-4.0`" in problems(tmp_path, SEPARATION.replace("4.0.1/3.7.6", "4.0/3.7.6"))[0]
    rule_of(tmp_path, SEPARATION.replace("3.7.6", "3.7.4"))


def test_a_folder_without_rules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rule files"):
        load_rules([tmp_path], Settings())
    with pytest.raises(UsageError, match="not a folder"):
        load_rules([tmp_path / "x"], Settings())
    with pytest.raises(UsageError, match=r"schema\.json"):
        find_policies(str(tmp_path))


def test_neither_yaml_nor_jsonschema_is_imported_before_rules_are_read() -> None:
    code = "import scanner.rules.load, sys; print([m for m in ('yaml', 'jsonschema', 'networkx') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_published_schema_and_the_types_agree() -> None:
    """Shipped rules and mutilated ones: what the types accept, the schema accepts, and the other way round."""
    validator = jsonschema.Draft202012Validator(json.loads((POLICIES / "schema.json").read_text()))
    random_ = random.Random(5)
    for path in [*sorted(POLICIES.glob("*/*.yaml"))[:40:4]]:
        if path.parent.name == "frameworks":
            continue
        original = parse_yaml(path.read_text(), path.name).root.data
        assert validator.is_valid(original)
        for _ in range(50):
            mutant = mutilated(original, random_)
            assert [error.message for error in validator.iter_errors(mutant)] == [] or not fits(mutant)
            assert fits(mutant) or not validator.is_valid(mutant)


def fits(data: object) -> bool:
    try:
        msgspec.convert(data, RuleFile)
    except msgspec.ValidationError:
        return False
    return True


def mutilated(data: object, random_: random.Random) -> object:
    """A copy with one value somewhere replaced, removed or added."""
    copy = json.loads(json.dumps(data))
    spots: list[tuple[object, object]] = []

    def collect(value: object) -> None:
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            spots.append((value, key))
            collect(value[key])  # type: ignore[index]

    collect(copy)
    place, key = random_.choice(spots)
    change = random_.choice(["replace", "remove", "add"])
    if change == "remove":
        del place[key]  # type: ignore[attr-defined]
    elif change == "add" and isinstance(place, dict):
        place[random_.choice(["extra", "message", "where", "known"])] = random_.choice(["x", 1, None])
    else:
        place[key] = random_.choice([None, "", "x", 5, True, [], {}, ["x"], {"x": 1}])  # type: ignore[index]
    return copy


def test_a_pattern_of_the_settings_that_is_none_says_where_it_stands(tmp_path: Path) -> None:
    text = small_rule("'!key.id.matches(params.names)'", params='{names: {type: string, default: x, doc: "Names"}}')
    bad = RuleSettings(params={"key-admin-can-decrypt": {"names": "("}})
    settings = Settings(environments={"prod": Environment(("1",), bad), "test": Environment(("2",), bad)})
    for one, named in (
        (Settings(rules=bad), ["rules"]),
        (settings, ["environments.prod.rules", "environments.test.rules"]),
    ):
        with pytest.raises(RuleError) as raised:
            rule_of(tmp_path, text, one)
        assert [problem.help for problem in raised.value.problems] == [
            f"the settings have it so: `{where}.key-admin-can-decrypt`" for where in named
        ]
        assert all("bad regular expression" in problem.message for problem in raised.value.problems)
