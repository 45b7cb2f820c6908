"""What a resource lists of itself that another resource of the plan takes away."""

import json

import pytest
from tf_builder import ACCOUNT, PlanText, facts, the_key, uses

from scanner.model.records import PrincipalFact

ROLE = {"name": "app", "id": "app", "arn": f"arn:aws:iam::{ACCOUNT}:role/app", "managed_policy_arns": []}
POLICY = json.dumps({"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]})
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def a_role(plan: PlanText, **values: object) -> PlanText:
    plan.resource("aws_iam_role.app", ROLE | values, actions=("no-op",), before=ROLE | values)
    expressions = plan.root["resources"][-1]["expressions"]
    for name in ("managed_policy_arns", "inline_policy"):
        expressions.pop(name, None)
    return plan


def the_role(plan: PlanText) -> PrincipalFact:
    (role,) = [one for one in facts(plan.load(), PrincipalFact) if one.name == "app"]
    return role


def test_an_inline_policy_that_the_plan_deletes_is_gone_from_its_role() -> None:
    listed = [{"name": "kms", "policy": POLICY}, {"name": "other", "policy": POLICY}]
    plan = a_role(PlanText(), inline_policy=listed)
    gone = {"role": "app", "name": "kms", "policy": POLICY}
    plan.resource("aws_iam_role_policy.kms", actions=("delete",), before=gone)
    assert [one.name for one in the_role(plan).inline] == ["other"]


@pytest.mark.parametrize(
    ("kind", "named"),
    [("aws_iam_role_policy_attachment", {"role": "app"}), ("aws_iam_policy_attachment", {"roles": ["app"]})],
)
def test_a_policy_that_the_plan_detaches_is_gone_from_its_role(kind: str, named: dict) -> None:
    plan = a_role(PlanText(), managed_policy_arns=[ADMIN, "arn:aws:iam::aws:policy/ReadOnlyAccess"])
    plan.resource(f"{kind}.admin", actions=("delete",), before=named | {"policy_arn": ADMIN})
    assert the_role(plan).attached == ("arn:aws:iam::aws:policy/ReadOnlyAccess",)


def test_a_list_that_the_author_wrote_stays() -> None:
    plan = a_role(PlanText(), managed_policy_arns=[ADMIN])
    plan.block((), "managed", "aws_iam_role", "app", {"managed_policy_arns": {"constant_value": [ADMIN]}})
    attachment = {"role": "app", "policy_arn": ADMIN}
    plan.resource("aws_iam_role_policy_attachment.admin", actions=("delete",), before=attachment)
    assert the_role(plan).attached == (ADMIN,)


def test_a_bucket_whose_encryption_the_plan_deletes_goes_back_to_the_default() -> None:
    rule = [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms", "kms_master_key_id": "k"}]}]
    bucket = {"bucket": "b", "id": "b", "server_side_encryption_configuration": [{"rule": rule}]}
    plan = PlanText().resource("aws_s3_bucket.b", bucket, actions=("no-op",), before=bucket)
    kind = "aws_s3_bucket_server_side_encryption_configuration"
    plan.resource(f"{kind}.b", actions=("delete",), before={"bucket": "b", "rule": rule})
    assert uses(plan.load(), "aws_s3_bucket.b")["storage"].state == "AWS_OWNED"


def test_a_key_whose_separate_policy_the_plan_deletes_gets_the_default_one() -> None:
    key = {"arn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/k", "key_id": "k", "policy": POLICY}
    plan = PlanText().resource("aws_kms_key.main", key, actions=("no-op",), before=key)
    del plan.root["resources"][-1]["expressions"]["policy"]
    plan.resource("aws_kms_key_policy.p", actions=("delete",), before={"key_id": "k", "policy": POLICY})
    (policy,) = the_key(plan.load(), key["arn"]).policies
    assert f"arn:aws:iam::{ACCOUNT}:root" in policy.document
