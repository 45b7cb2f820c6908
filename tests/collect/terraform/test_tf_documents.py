"""What is read: encodings, formats, states, wrappers, and clear errors for everything else."""

import json
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tf_builder import ACCOUNT, AFTER_APPLY, NOW, PlanText, a_key, facts, ref, the_key

from scanner.collect.terraform import PlanOptions, load_plan, scan_plan
from scanner.collect.terraform.address import Index, resource_address, steps
from scanner.errors import KeyproofError, SourceError
from scanner.model.records import KeyFact, Source
from scanner.model.snapshot import Snapshot

KEY_ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/0000"
STATED = {
    "arn": KEY_ARN,
    "key_id": "0000",
    "id": "0000",
    "is_enabled": True,
    "policy": "{}",
    "enable_key_rotation": True,
}


def read(data: bytes):
    return load_plan(PlanOptions("plan.json"), NOW, data)


def a_plan() -> PlanText:
    return a_key(PlanText()).resource(
        "aws_ebs_volume.v", {"encrypted": True, "kms_key_id": AFTER_APPLY}, {"kms_key_id": ref("aws_kms_key.main.arn")}
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_plans_are_read_in_the_encodings_that_shells_write(encoding) -> None:
    text = a_plan().text().decode()
    data = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"") + text.encode(encoding)
    assert the_key(read(data)).state == "Enabled"


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.2", "1.99"])
def test_formats_up_to_one_are_read(version) -> None:
    plan = a_plan()
    plan.document["format_version"] = version
    assert the_key(plan.load()).spec == "SYMMETRIC_DEFAULT"


def test_a_plan_inside_another_object_is_found() -> None:
    wrapped = json.dumps({"meta": {"run": 1}, "plan": {"json": a_plan().document}}).encode()
    assert the_key(read(wrapped)).state == "Enabled"


def test_a_state_of_show_json_is_read() -> None:
    state = {
        "format_version": "1.0",
        "values": {
            "root_module": {
                "child_modules": [
                    {
                        "address": "module.m",
                        "resources": [
                            {
                                "address": "module.m.aws_kms_key.k",
                                "mode": "managed",
                                "type": "aws_kms_key",
                                "name": "k",
                                "values": STATED,
                            }
                        ],
                    }
                ]
            }
        },
    }
    plan = read(json.dumps(state).encode())
    (key,) = facts(plan, KeyFact)
    assert (plan.kind, key.arn, key.account, key.region) == ("terraform-state", KEY_ARN, ACCOUNT, "eu-central-1")
    assert "created" in key.unread


def test_a_raw_state_is_read_with_its_index_keys() -> None:
    state = {
        "version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "outputs": {},
        "resources": [{"module": "module.m", "mode": "managed", "type": "aws_kms_key", "name": "k", "provider": "p",
                       "instances": [{"index_key": "a", "attributes": STATED, "sensitive_attributes": []}]}],
    }  # fmt: skip
    plan = read(json.dumps(state).encode())
    assert plan.changes[0].address == 'module.m.aws_kms_key.k["a"]'
    (key,) = facts(plan, KeyFact)
    assert key.rotation.enabled


def test_a_plan_of_planned_values_alone_is_read_as_partial() -> None:
    plan = {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_kms_key.k",
                        "mode": "managed",
                        "type": "aws_kms_key",
                        "name": "k",
                        "values": {"is_enabled": False},
                    }
                ]
            }
        },
    }
    loaded = read(json.dumps(plan).encode())
    assert facts(loaded, KeyFact)[0].state == "Disabled"
    assert len(loaded.partial) == len(loaded.notes) == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "`terraform show -json` on it, and the binary plan itself as `--source`"),
        (b'{"format_version": "1.2", "resource_ch', "not complete"),
        (b'{"format_version": "2.0", "resource_changes": []}', "newer than 1.x"),
        (b'{"format_version": "1.2", "resource_changes": {}}', "$.resource_changes"),
        (b'{"format_version": "1.2", "resource_changes": [{"address": 5}]}', "$.resource_changes[0].address"),
        (b'{"version": 3, "modules": []}', "state version 3"),
        (b'{"encrypted_data": "abc", "version": 4}', "encrypted"),
        (b'{"hello": "world"}', "no Terraform plan"),
        (b"[1, 2]", "not a Terraform plan"),
        (b'{"format_version": "1.2", "resource_changes": [], "timestamp": 5}', "$.timestamp"),
        (b'{"@level":"info","@message":"x"}\n{"@level":"info"}', "log of `terraform plan -json`"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b'{"variables": {"a": ' + b"[" * 100_000, "nested too deeply"),
        (b"\x80\x81", "valid JSON"),
        (b"{]", "JSON is malformed"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b'[command]/bin/terraform-bin show\n{"format_version":"1.2"}', "terraform_wrapper: false"),
    ],
)
def test_anything_else_is_one_clear_error(data, says) -> None:
    with pytest.raises(SourceError) as caught:
        read(data)
    assert str(caught.value).startswith("plan.json: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(SourceError, match=r"none\.json: no such file or directory"):
        load_plan(PlanOptions(str(tmp_path / "none.json")), NOW)


def test_a_scan_fills_the_sink_and_tells_its_source(tmp_path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(a_plan().text())
    snapshot = Snapshot(Source(type="terraform-plan", started=NOW))
    source = scan_plan(PlanOptions(str(path), tool="keyproof 1"), snapshot, NOW)
    assert (source.type, source.accounts, source.regions) == ("terraform-plan", (ACCOUNT,), ("eu-central-1",))
    assert len(snapshot.of(KeyFact)) == 1
    assert all(not row.complete for row in snapshot.coverage)
    assert not snapshot.gaps


WORDS = st.sampled_from(["a", "module", "b.c", 'q"r', "x]", "[0]", "data", "\\", "ü", ""])


@given(st.lists(WORDS, min_size=1, max_size=4), st.integers(0, 99))
def test_addresses_come_apart_as_they_were_put_together(keys, number) -> None:
    quoted = [key.replace("\\", "\\\\").replace('"', '\\"') for key in keys]
    modules = "".join(f'module.m["{key}"].' for key in quoted)
    parts = resource_address(f"{modules}data.aws_kms_key.k[{number}]")
    assert parts is not None
    assert [key for _, key in parts.module] == keys
    assert (parts.mode, parts.type, parts.name, parts.key) == ("data", "aws_kms_key", "k", number)


def test_a_splat_is_an_index_without_a_key() -> None:
    assert steps("aws_kms_key.all[*].arn") == ("aws_kms_key", "all", Index(None), "arn")


HOSTILE = [
    None,
    True,
    -1,
    10**400,
    1e308,
    "",
    "\x1b[31m",
    "${x}",
    "a" * 10_000,
    [],
    {},
    [[]],
    {"a": None},
    "arn:aws:kms",
    "\ud800",
]


def mutated(rng: random.Random, node):
    """A copy with one part replaced, dropped or doubled."""
    if isinstance(node, dict) and node and rng.random() < 0.85:
        name = rng.choice(list(node))
        copy = dict(node)
        if rng.random() < 0.1:
            del copy[name]
        else:
            copy[name] = mutated(rng, node[name])
        return copy
    if isinstance(node, list) and node and rng.random() < 0.85:
        place = rng.randrange(len(node))
        return [*node[:place], mutated(rng, node[place]), *node[place + 1 :]]
    return rng.choice(HOSTILE)


def a_rich_plan() -> dict:
    plan = a_plan().resource(
        "aws_iam_role.app",
        {"name": "app", "assume_role_policy": "{}", "inline_policy": [{"name": "i", "policy": "{}"}]},
    )
    plan.resource(
        "data.aws_iam_policy_document.d",
        {
            "statement": [
                {
                    "actions": ["kms:*"],
                    "principals": [{"type": "AWS", "identifiers": AFTER_APPLY}],
                    "condition": [{"test": "Bool", "variable": "v", "values": ["x"]}],
                }
            ]
        },
        {"statement": [{"principals": [{"identifiers": ref("aws_iam_role.app.arn")}]}]},
        actions=("read",),
    )
    a_key(plan, "module.m.aws_kms_key.k[0]", expressions={"policy": ref("data.aws_iam_policy_document.d.json")})
    plan.resource(
        "aws_kms_grant.g",
        {
            "key_id": "0000",
            "grantee_principal": "x.amazonaws.com",
            "operations": ["Decrypt"],
            "constraints": [{"encryption_context_equals": {"a": "b"}}],
        },
    )
    plan.resource("aws_cloudhsm_v2_cluster.c", {"hsm_type": "hsm1.medium", "subnet_ids": ["s"]})
    plan.resource(
        "aws_cloudtrail.t",
        {
            "name": "t",
            "s3_bucket_name": "b",
            "advanced_event_selector": [
                {"name": "n", "field_selector": [{"field": "eventCategory", "equals": ["Management"]}]}
            ],
        },
    )
    plan.resource(
        "aws_dynamodb_table.d",
        {
            "name": "d",
            "replica": [{"region_name": "r", "kms_key_arn": "x"}],
            "server_side_encryption": [{"enabled": True}],
        },
    )
    plan.resource("aws_kms_key.gone", {}, actions=("delete", "create"), before=dict(STATED))
    plan.document["prior_state"] = {
        "values": {
            "root_module": {
                "resources": [
                    {
                        "address": "data.aws_caller_identity.me",
                        "mode": "data",
                        "type": "aws_caller_identity",
                        "name": "me",
                        "values": {"account_id": ACCOUNT},
                    }
                ]
            }
        }
    }
    plan.call("m", {"x": ref("var.y")}).output(("m",), "o", ref("aws_kms_key.k"))
    return plan.document  # fmt: skip


def outcome_of(data: bytes) -> str:
    """The records in JSON, or the error in words."""
    try:
        return msgspec.json.encode(list(read(data).items())).decode()
    except KeyproofError as problem:
        return str(problem)


@pytest.mark.parametrize("seed", range(20))
def test_a_thousand_broken_plans_give_records_or_a_clear_error(seed) -> None:
    rng = random.Random(seed)
    plan = a_rich_plan()
    for _ in range(50):
        broken = plan
        for _ in range(rng.randint(1, 4)):
            broken = mutated(rng, broken)
        data = json.dumps(broken).encode()
        if rng.random() < 0.1:
            data = data[: rng.randrange(len(data))]
        assert outcome_of(data)


def test_keys_that_other_programs_add_do_no_harm() -> None:
    plan = a_plan()
    plan.document |= {"version": "build 7", "resources": {"count": 2}, "values": "none", "action_invocations": [1]}
    assert the_key(plan.load()).state == "Enabled"


@pytest.mark.parametrize("key", ["plain", 'a"b', "back\\slash", "${x} %{y}", "line\nbreak"])
def test_keys_of_a_raw_state_are_written_as_terraform_writes_them(key) -> None:
    instance = {"index_key": key, "attributes": {"id": "k", "arn": "arn:aws:kms:eu-central-1:111122223333:key/k"}}
    state = {"version": 4, "resources": [{"type": "aws_kms_key", "name": "k", "instances": [instance]}]}
    (read_one,) = read(json.dumps(state).encode()).instances
    parts = resource_address(read_one.address)
    assert parts is not None
    assert parts.key == key
