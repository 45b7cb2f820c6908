"""Small accounts with one planted escalation each, and clean twins as near as possible: none missed, none invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from authz.shorthand import ACCOUNT, KEY, NAMES
from authz.worlds import snapshot

from scanner.authz.answers import who_can
from scanner.authz.estate import AccessEstate
from scanner.authz.powers import COMPUTE, PASSED_TO
from scanner.graph.build import build
from scanner.model.settings import Settings
from scanner.model.unknown import known_members
from scanner.store.snapshot_file import SnapshotWriter

FOLDER = Path(__file__).parent / "escalations"
DOCS = "https://docs.aws.amazon.com/"
ELSEWHERE = f"arn:aws:elsewhere:eu-west-1:{ACCOUNT}:thing/other"
PASSING = "IAM/latest/UserGuide/id_roles_use_passrole.html"
MACHINES = {
    "AWS::Lambda::Function": (
        "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "lambda/latest/dg/lambda-permissions.html",
    ),
    "AWS::EC2::Instance": (
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
        "IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html",
    ),
    "AWS::ECS::Service": (
        "arn:aws:ecs:eu-west-1:111122223333:service/c/s",
        "AmazonECS/latest/developerguide/ecs-exec.html",
    ),
    "AWS::CodeBuild::Project": (
        "arn:aws:codebuild:eu-west-1:111122223333:project/p",
        "codebuild/latest/userguide/setting-up-service-role.html",
    ),
    "AWS::CloudFormation::Stack": (
        "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1",
        "AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html",
    ),
    "AWS::SageMaker::NotebookInstance": (
        "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/n",
        "sagemaker/latest/dg/nbi.html",
    ),
    "AWS::Glue::DevEndpoint": ("arn:aws:glue:eu-west-1:111122223333:devEndpoint/d", "glue/latest/dg/dev-endpoint.html"),
    "AWS::StepFunctions::StateMachine": (
        "arn:aws:states:eu-west-1:111122223333:stateMachine:m",
        "step-functions/latest/dg/procedure-create-iam-role.html",
    ),
}
CLUSTER = "arn:aws:ecs:eu-west-1:111122223333:cluster/c"


def written() -> Iterator[dict[str, Any]]:
    for file in sorted(FOLDER.glob("*.yaml")):
        yield from plain(yaml.safe_load(file.read_text()))


def plain(value: Any) -> Any:
    """YAML 1.1 reads the word `on` as true; here it says on which resource."""
    if isinstance(value, dict):
        return {"on" if name is True else name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def passing(service: str, actions: tuple[str, ...]) -> dict[str, Any]:
    """The role is passed to a service that runs something for her."""
    allowed = {"allow": list(actions)}
    return {
        "name": f"pass the role with {' and '.join(actions)}",
        "because": "the service runs what she says with the role",
        "source": PASSING,
        "eve": [{"allow": "iam:PassRole", "on": "app"}, allowed],
        "trust": {"app": [{"to": {"Service": service}}]},
        "finds": "iam:PassRole",
        "clean": {
            "the role trusts another service": {"trust": {"app": [{"to": {"Service": "elsewhere.amazonaws.com"}}]}},
            "passes another role": {"eve": [{"allow": "iam:PassRole", "on": "hop"}, allowed]},
            "passes to another service": {
                "eve": [
                    {
                        "allow": "iam:PassRole",
                        "when": {"StringEquals": {"iam:PassedToService": "elsewhere.amazonaws.com"}},
                    },
                    allowed,
                ]
            },
            "has no such service": {"eve": [{"allow": "iam:PassRole"}]},
            "lacks one action": {"eve": [{"allow": "iam:PassRole"}, {"allow": list(actions[1:]) or "s3:*"}]},
            "her boundary leaves it out": {"boundary": {"eve": [{"allow": list(actions)}]}},
            "an SCP denies it": {"scps": [[{"allow": "*"}, {"deny": actions[0]}]]},
        },
    }


def running(kind: str, actions: tuple[str, ...]) -> dict[str, Any]:
    """Something that exists runs with the role, and she makes it run what she says."""
    arn, source = MACHINES[kind]
    attributes = {"role": "app"}
    if kind == "AWS::EC2::Instance":
        attributes = {"instance_profile": f"arn:aws:iam::{ACCOUNT}:instance-profile/machines"}
    if kind == "AWS::ECS::Service":
        attributes["cluster"] = CLUSTER
    return {
        "name": f"use {kind} with {' and '.join(actions)}",
        "because": "what runs there runs with the role",
        "source": source,
        "eve": [{"allow": list(actions), "on": attributes.get("cluster", arn)}],
        "machines": [{"type": kind, "arn": arn, "attributes": attributes}],
        "finds": actions[0],
        "clean": {
            "of another one": {"eve": [{"allow": list(actions), "on": ELSEWHERE}]},
            "without a role": {"machines": [{"type": kind, "arn": arn, "attributes": {}}]},
            "with another role": {"machines": [{"type": kind, "arn": arn, "attributes": {"role": "hop"}}]},
            "it is not there": {"machines": []},
            "lacks one action": {"eve": [{"allow": list(actions[1:]) or "s3:*"}]},
        },
    }


CASES = [*written(), *(passing(*row) for row in PASSED_TO)]
CASES += [running(kind, actions) for kind, ways in COMPUTE.items() for actions in ways]
TWINS = [
    pytest.param({**case, **changes}, id=f"{case['name']}: {name}")
    for case in CASES
    for name, changes in case["clean"].items()
]
PLANTS = [pytest.param(case, id=case["name"]) for case in CASES]


def who(case: dict[str, Any]) -> str:
    name = case.get("of", "eve")
    return NAMES.get(name, name)


def asked(case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Everybody that who-can names, by ARN."""
    estate = AccessEstate.of(snapshot(case))
    answer = who_can(estate, case.get("ask", "kms:Decrypt"), KEY, case.get("context"))
    assert answer["complete"], answer["reasons"]
    return {entry["principal"]: entry for entry in answer["principals"]}


def test_the_table_is_large_and_each_case_says_why_and_where() -> None:
    assert len(CASES) >= 90
    assert len(TWINS) >= 250
    for case in CASES:
        assert case["because"]
        assert case["source"].endswith(".html")
        assert DOCS not in case["source"]


@pytest.mark.parametrize("case", PLANTS)
def test_a_planted_escalation_is_found_with_the_statements_of_each_step(case: dict[str, Any]) -> None:
    entry = asked(case)[who(case)]
    assert entry["via"] == ["escalation"]
    assert entry["verdict"] == "CONDITIONAL"
    assert case["finds"] in [action for step in entry["steps"] for action in step["actions"]]
    assert entry["path"] == [
        f"{s['actor']} does {' and '.join(s['actions'])} on {s['resource']}" for s in entry["steps"]
    ]
    assert entry["steps"][0]["actor"] == who(case)
    assert len(entry["steps"]) == case.get("steps", len(entry["steps"]))
    assert set(case.get("conditions", ())) <= set(entry["conditions"])
    told = [ref for step in entry["steps"] for ref in step["because"]]
    assert told
    assert all(ref["document"] and ref["pointer"].startswith("/Statement") for ref in told)


@pytest.mark.parametrize("case", TWINS)
def test_nothing_is_invented_in_a_clean_twin(case: dict[str, Any]) -> None:
    assert who(case) not in asked(case)


@pytest.mark.parametrize("case", [pytest.param(c, id=c["name"]) for c in CASES if "effect" in c])
def test_what_an_action_does_beside_use_is_told_in_its_class(case: dict[str, Any]) -> None:
    answer = who_can(AccessEstate.of(snapshot(case)), case["ask"], KEY)
    assert answer["effect"]["class"] == case["effect"]
    assert answer["effect"]["says"]


def administrator(case: dict[str, Any]) -> dict[str, Any]:
    """The same world, in which she administers the key by its policy."""
    stated = case.get("policy", "only app")
    named = {"delegated": [{"allow": "kms:*", "to": "account"}], "only app": [{"allow": "kms:Decrypt", "to": "app"}]}
    statements = named[stated] if isinstance(stated, str) else stated
    return {**case, "policy": [*statements, {"allow": "kms:DisableKey", "to": case.get("of", "eve")}]}


def becoming(case: dict[str, Any]) -> list[str]:
    (key, *_) = (k for arn, k in build(snapshot(administrator(case)), Settings()).keys.items() if arn == KEY)
    return [access.arn for access in known_members(key.admins_becoming_users)]


RULED = [case for case in CASES if case.get("of", "eve") == "eve" and "ask" not in case]
OWN_DOING = ("kms:PutKeyPolicy", "kms:CreateGrant")


@pytest.mark.parametrize("case", [pytest.param(c, id=c["name"]) for c in RULED if c["finds"] not in OWN_DOING])
def test_the_rule_sees_an_administrator_who_can_become_a_user(case: dict[str, Any]) -> None:
    assert who(case) in becoming(case)


TWINNED = [case for case in RULED if any("context" not in twin for twin in case["clean"].values())]


@pytest.mark.parametrize("case", [pytest.param(c, id=c["name"]) for c in TWINNED])
def test_the_rule_sees_nobody_in_the_first_twin(case: dict[str, Any]) -> None:
    changes = next(twin for twin in case["clean"].values() if "context" not in twin)
    assert who(case) not in becoming({**case, **changes})


def test_the_command_line_says_the_same(run: Any, tmp_path: Path) -> None:
    case = next(case for case in CASES if case["name"] == "assume one role through another")
    path = tmp_path / "world.snapshot"
    world = snapshot(case)
    with SnapshotWriter(path, world.source) as writer:
        for item in world.items():
            writer.add(item)
        writer.finish(world.source)
    done = run("access", "who-can", "kms:Decrypt", KEY, "--snapshot", str(path), "-f", "json")
    entry = next(e for e in json.loads(done.out)["principals"] if e["principal"] == NAMES["eve"])
    assert entry["path"] == [
        f"{NAMES['eve']} does sts:AssumeRole on {NAMES['hop']}",
        f"{NAMES['hop']} does sts:AssumeRole on {NAMES['app']}",
        f"{NAMES['app']} does kms:Decrypt on {KEY}",
    ]
