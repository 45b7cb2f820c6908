"""`keyproof access who-can` and `what-can`: the answer in words and as JSON, from a snapshot file."""

import json

import pytest
from builders import a_gap, a_key, a_role, account_statement, an_alias, document, listed
from msgspec import UNSET

from scanner.model.records import GrantFact, NamedDocument, Source
from scanner.store.snapshot_file import SnapshotWriter

VIA = "s3.eu-central-1.amazonaws.com"
WORKLOAD = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
    "Action": "kms:Decrypt",
    "Resource": "*",
    "Condition": {"StringEquals": {"kms:ViaService": VIA}},
}
KEY_POLICY = (NamedDocument(name="default", document=document(account_statement(), WORKLOAD)),)


@pytest.fixture
def snapshot(tmp_path):
    def write(*items):
        from builders import ACCOUNT, NOW, REGION

        path = tmp_path / "estate.snapshot"
        source = Source(type="aws", started=NOW, accounts=(ACCOUNT,), regions=(REGION,))
        writer = SnapshotWriter(path, source)
        for item in (listed("key", "alias"), listed("principal", region="aws-global"), *items):
            writer.add(item)
        writer.finish(source)
        return path

    return write


def test_who_can_names_principal_verdict_conditions_and_statement(run, snapshot):
    path = snapshot(a_key(policies=KEY_POLICY), an_alias("alias/card"), a_role("app"))
    outcome = run("access", "who-can", "kms:decrypt", "alias/card", "--snapshot", path, "-f", "json")
    answer = json.loads(outcome.out)
    assert (outcome.code, answer["schema"], answer["action"], answer["complete"]) == (0, 1, "kms:Decrypt", True)
    (app,) = [entry for entry in answer["principals"] if entry["principal"].endswith("role/app")]
    assert (app["verdict"], app["via"]) == ("CONDITIONAL", ["key-policy"])
    assert any(VIA in condition for condition in app["conditions"])
    assert app["because"][0]["pointer"] == "/Statement/1"


def test_context_settles_a_condition(run, snapshot):
    path = snapshot(a_key(policies=KEY_POLICY), a_role("app"))
    asked = ("access", "who-can", "kms:Decrypt", "key-1", "--snapshot", path, "-f", "json", "--context")
    through = json.loads(run(*asked, f"kms:ViaService={VIA}").out)
    elsewhere = json.loads(run(*asked, "kms:ViaService=ec2.eu-central-1.amazonaws.com").out)
    assert not any(VIA in text for entry in through["principals"] for text in entry["conditions"])
    assert not any(entry["principal"].endswith("role/app") for entry in elsewhere["principals"])


def test_what_can_lists_keys_and_actions(run, snapshot):
    path = snapshot(a_key(policies=KEY_POLICY), a_role("app"))
    answer = json.loads(run("access", "what-can", "app", "--snapshot", path, "-f", "json").out)
    assert [(entry["key"].rsplit("/", 1)[-1], entry["actions"]) for entry in answer["keys"]] == [
        ("key-1", ["kms:Decrypt"])
    ]


def test_text_fits_80_columns_but_for_names(run, snapshot):
    path = snapshot(a_key(policies=KEY_POLICY), an_alias("alias/card"), a_role("app"))
    text = run("access", "who-can", "kms:Decrypt", "alias/card", "--snapshot", path).out
    assert "CONDITIONAL arn:aws:iam::111122223333:role/app" in text
    assert all(len(line) <= 80 or "arn:" in line for line in text.splitlines())


@pytest.mark.parametrize(
    ("question", "nearest"),
    [
        (("who-can", "kms:Decrpt", "key-1"), "kms:Decrypt"),
        (("who-can", "kms:Decrypt", "alias/crad"), "alias/card"),
        (("what-can", "arn:aws:iam::111122223333:role/ap"), "arn:aws:iam::111122223333:role/app"),
    ],
)
def test_unknown_name_gets_the_nearest_one(run, snapshot, question, nearest):
    path = snapshot(a_key(policies=KEY_POLICY), an_alias("alias/card"), a_role("app"))
    outcome = run("access", *question, "--snapshot", path)
    assert outcome.code == 2
    assert f"`{nearest}`" in outcome.err


def test_unread_grants_are_said_and_exit_3_unless_allowed(run, snapshot):
    unread = a_key(policies=KEY_POLICY, grants=UNSET, unread={"grants": "kms:ListGrants AccessDenied"})
    path = snapshot(unread, a_gap("ListGrants", "key.grants", subject=unread.arn), a_role("app"))
    asked = ("access", "who-can", "kms:Decrypt", "key-1", "--snapshot", path)
    outcome = run(*asked)
    assert (outcome.code, "kms:ListGrants" in outcome.out) == (3, True)
    assert run(*asked, "--allow-gaps").code == 0


def test_context_without_a_value_is_an_error(run, snapshot):
    path = snapshot(a_key())
    outcome = run("access", "who-can", "kms:Decrypt", "key-1", "--snapshot", path, "--context", "kms:ViaService")
    assert (outcome.code, "KEY=VALUE" in outcome.err) == (2, True)


ADMINISTRATION = WORKLOAD | {"Action": ["kms:DescribeKey", "kms:PutKeyPolicy", "kms:Decrypt"], "Condition": {}}


def text_of(run, snapshot, *question):
    policies = (NamedDocument(name="default", document=document(ADMINISTRATION)),)
    granted = a_key(
        "key-2",
        policies=policies,
        grants=(
            GrantFact(id="g-1", grantee="arn:aws:iam::111122223333:role/app", operations=("CreateGrant", "Encrypt")),
        ),
    )
    path = snapshot(a_key(policies=policies), granted, an_alias("alias/card"), a_role("app"))
    return run("access", *question, "--snapshot", path).out


def test_what_can_has_one_block_for_each_key_under_its_alias_with_alike_actions_together(run, snapshot):
    lines = text_of(run, snapshot, "what-can", "app").splitlines()
    start = lines.index("arn:aws:kms:eu-central-1:111122223333:key/key-1")
    assert lines[start + 1 : start + 4] == [
        "  is  alias/card",
        "  CONDITIONAL",
        "    may kms:Decrypt, kms:DescribeKey, kms:PutKeyPolicy",
    ]
    assert [line for line in lines if line.startswith("arn:aws:kms:")] == [lines[start], f"{lines[start][:-1]}2"]


def test_escalation_is_said_beside_the_verdict(run, snapshot):
    assert "  CONDITIONAL, by escalation\n" in text_of(run, snapshot, "what-can", "app")
    who = text_of(run, snapshot, "who-can", "kms:Encrypt", "alias/card")
    assert "CONDITIONAL arn:aws:iam::111122223333:role/app, by escalation\n" in who


def test_a_grant_is_cited_without_an_empty_pointer(run, snapshot):
    text = text_of(run, snapshot, "what-can", "app")
    assert "by  grant/" in text
    assert "()" not in text


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        ("kms:ViaServce=x", 2),
        ("ViaService=x", 2),
        ("kms:viaservice=x", 0),
        ("kms:EncryptionContext:app=x", 0),
        ("kms:ResourceAliases=alias/a", 0),
        ("aws:SourceVpce=x", 0),
    ],
)
def test_a_misspelt_condition_key_settles_nothing_and_is_an_error(run, snapshot, pair, code):
    asked = run("access", "who-can", "kms:Decrypt", "key-1", "--snapshot", snapshot(a_key()), "--context", pair)
    assert asked.code == code
    assert ("did you mean `kms:ViaService`?" in asked.err) == (code == 2)
