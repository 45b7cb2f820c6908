"""What runs with a role: the role is read, environment, parameters and outputs are not kept."""

from __future__ import annotations

from functools import partial
from typing import Any

from fakes.aws import ACCOUNT, FakeAws, Fault
from fakes.bench import Bench, Reading
from fakes.estate import REGION

from scanner.catalog.running import RUNNING_TYPES
from scanner.collect import resources

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
ROWS = {row.type: row for row in RUNNING_TYPES}


def read(bench: Bench, kind: str) -> Reading:
    return bench.read(partial(resources.collect, types=[ROWS[kind]]), region=REGION)


def test_an_instance_names_its_profile(aws: FakeAws, bench: Bench) -> None:
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/web"
    listed: list[dict[str, Any]] = [
        {"InstanceId": "i-1", "IamInstanceProfile": {"Arn": profile}, "Tags": [{"Key": "a", "Value": "b"}]},
        {"InstanceId": "i-2"},
    ]
    aws.pages("ec2", "DescribeInstances", "Reservations", [{"Instances": listed}])
    first, second = read(bench, "AWS::EC2::Instance").facts
    assert first.arn == f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1"
    assert (first.attributes, first.tags) == ({"instance_profile": profile}, {"a": "b"})
    assert second.attributes == {"instance_profile": None}


def test_a_stack_keeps_its_role_and_neither_parameters_nor_outputs(aws: FakeAws, bench: Bench) -> None:
    stack = {
        "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/s/1",
        "StackName": "s",
        "RoleARN": ROLE,
        "Parameters": [{"ParameterKey": "password", "ParameterValue": "hunter2"}],
        "Outputs": [{"OutputKey": "token", "OutputValue": "hunter2"}],
    }
    aws.pages("cloudformation", "DescribeStacks", "Stacks", [stack])
    (fact,) = read(bench, "AWS::CloudFormation::Stack").facts
    assert fact.attributes == {"role": ROLE}
    assert "hunter2" not in repr(fact)


def test_a_refused_listing_leaves_open_who_runs_with_a_role_and_no_use_of_keys(aws: FakeAws, bench: Bench) -> None:
    aws.fault("cloudformation", "DescribeStacks", Fault(400, "AccessDenied"))
    reading = read(bench, "AWS::CloudFormation::Stack")
    (gap,) = reading.gaps
    assert gap.makes_unknown == ("compute:AWS::CloudFormation::Stack",)
    assert gap.action == "cloudformation:DescribeStacks"
