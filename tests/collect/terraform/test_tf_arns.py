"""ARNs by name: of what a plan creates, and of what it only completes."""

from typing import Any

import pytest
from tf_builder import AFTER_APPLY, PlanText, facts, uses

from scanner.collect.terraform.arns import ROWS, TEMPLATES, arn_by_name
from scanner.collect.terraform.places import Where
from scanner.model.arn import parse_arn
from scanner.model.records import PrincipalFact, ResourceFact

HERE = Where("111122223333", "eu-central-1")


@pytest.mark.parametrize("kind", sorted({*ROWS, *TEMPLATES}))
def test_every_type_has_an_arn_with_the_name_as_it_is(kind: str) -> None:
    arn = arn_by_name(kind, "odd{name}{0}", HERE)
    assert parse_arn(arn)
    one_of_a_region = arn == arn_by_name(kind, "another", HERE)
    assert one_of_a_region or "odd{name}{0}" in arn
    assert not set("{}") & set(arn.replace("odd{name}{0}", ""))


def test_a_name_with_braces_is_a_name() -> None:
    plan = PlanText().resource("aws_sqs_queue.q", {"name": "a{b}{}", "arn": AFTER_APPLY})
    (queue,) = facts(plan.load(), ResourceFact)
    assert queue.arn == "arn:aws:sqs:eu-central-1:111122223333:a{b}{}"
    assert uses(plan.load(), "aws_sqs_queue.q")


def test_what_a_plan_only_completes_has_the_arn_that_it_would_have_as_a_resource() -> None:
    assert arn_by_name("aws_rds_cluster", "pay", HERE) == "arn:aws:rds:eu-central-1:111122223333:cluster:pay"
    values = {"resource_arn": "pay", "kms_key_id": "alias/x", "mode": "async"}
    (cluster,) = facts(PlanText().resource("aws_rds_cluster_activity_stream.s", values).load(), ResourceFact)
    assert cluster.arn == "arn:aws:rds:eu-central-1:111122223333:cluster:pay"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("aws_s3_object.a", {"bucket": "a", "key": "x"}), ("aws_s3_object.b", {"bucket": "b", "key": "x"})),
        (("aws_ecs_service.w", {"name": "web"}), ("aws_athena_database.w", {"name": "web"})),
        (("aws_keyspaces_table.a", {"table_name": "t"}), ("aws_keyspaces_table.b", {"table_name": "t"})),
        (("module.a.aws_sqs_queue.q", {"name": "q"}), ("module.b.aws_sqs_queue.q", {"name": "q"})),
        (("aws_iam_role.a", {"name": "r"}), ("aws_iam_role.b", {"name": "r"})),
    ],
)
def test_two_things_of_one_name_stay_two(first: tuple[str, Any], second: tuple[str, Any]) -> None:
    read = PlanText(account=None, region=None).resource(*first).resource(*second).load()
    assert {change.address for change in read.changes} == {first[0], second[0]}
    assert len({change.subject for change in read.changes}) == 2
    found = [fact.arn for fact in read.after if isinstance(fact, (ResourceFact, PrincipalFact))]
    assert len(set(found)) == 2
