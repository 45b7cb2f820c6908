"""What the applied estates cannot hold, for the provider at hand is older: plans by hand beside the demo's emulator."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from test_tf_apply import ASSESSED, Outcomes, outcomes
from tf_builder import AFTER_APPLY, PlanText, a_key, ref

from scanner.cli.app import execute
from scanner.collect.terraform import PlanOptions, load_plan, source_of
from scanner.demo.emulator import serve
from scanner.model.rule import Outcome
from scanner.model.snapshot import snapshot_of
from scanner.store.reading import read_snapshot

REGIONS = ("eu-central-1", "us-west-2")
ACCOUNT = "111122223333"
OPEN = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"},
    ],
}


NAMES = ("slow", "open", "everywhere")


def planned() -> PlanText:
    """Three keys of newer kinds: a long rotation period, a policy of its own, a multi-Region one."""
    plan = a_key(PlanText(), "aws_kms_key.slow", enable_key_rotation=True, rotation_period_in_days=2000)
    plan = a_key(plan, "aws_kms_key.open")
    values = {"key_id": AFTER_APPLY, "policy": json.dumps(OPEN), "bypass_policy_lockout_safety_check": False}
    plan.resource("aws_kms_key_policy.open", values, {"key_id": ref("aws_kms_key.open.id")})
    return a_key(plan, "aws_kms_key.everywhere", multi_region=True)


def made(kms: Any) -> dict[str, str]:
    """The same keys through the API: their ARNs by Terraform address."""
    arns = {name: kms.create_key(MultiRegion=name == "everywhere")["KeyMetadata"]["Arn"] for name in NAMES}
    kms.enable_key_rotation(KeyId=arns["slow"], RotationPeriodInDays=2000)
    kms.put_key_policy(KeyId=arns["open"], PolicyName="default", Policy=json.dumps(OPEN))
    return {f"aws_kms_key.{name}": arn for name, arn in arns.items()}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outcomes, Outcomes, dict[str, str]]]:
    """Outcomes of the plan and of a scan, with the ARNs that AWS gave by address."""
    path = tmp_path_factory.mktemp("newer") / "live.keyproof"
    with pytest.MonkeyPatch.context() as patched, serve(account=ACCOUNT) as endpoint:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patched.setenv(name, "test")
        arns = made(boto3.client("kms", region_name=REGIONS[0], endpoint_url=endpoint))
        yield judged(arns), scanned(path, endpoint), arns


def judged(arns: dict[str, str]) -> Outcomes:
    now = datetime.now(UTC)
    options = PlanOptions("plan.json")
    plan = load_plan(options, now, planned().text())
    names = {change.subject: arns[change.address] for change in plan.changes if change.address in arns}
    return outcomes(snapshot_of(source_of(plan, options, now), plan.items()), {str(k): v for k, v in names.items()})


def scanned(path: Path, endpoint: str) -> Outcomes:
    regions = [part for region in REGIONS for part in ("--region", region)]
    report = f"json={path.with_suffix('.json')}"
    code = execute(["scan", "-q", "--endpoint-url", endpoint, *regions, "--save-snapshot", str(path), "-f", report])
    assert code in (0, 1, 3)
    return outcomes(read_snapshot(path))


@pytest.mark.parametrize(
    ("name", "rule"),
    [("slow", "key-rotation-period-long"), ("open", "key-policy-public"), ("everywhere", "key-rotation-off")],
)
def test_a_newer_kind_of_key_is_judged_as_the_live_one(
    name: str, rule: str, both: tuple[Outcomes, Outcomes, dict[str, str]]
) -> None:
    plan, live, arns = both
    subject = arns[f"aws_kms_key.{name}"]
    assert plan[rule, subject] is live[rule, subject]
    assert live[rule, subject] is Outcome.FAIL
    told = {one: outcome for (one, of), outcome in plan.items() if of == subject and outcome in ASSESSED}
    answers = {one: live[one, subject] for one in told if live[one, subject] is not Outcome.NOT_ASSESSED}
    assert answers == {one: told[one] for one in answers}
    assert len(answers) > 5
