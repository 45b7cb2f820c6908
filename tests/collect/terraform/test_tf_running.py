"""What a plan makes run with a role, by a profile or by itself: it leads to that role."""

from tf_builder import ACCOUNT, AFTER_APPLY, NOW, PlanText, const, facts, ref

from scanner.authz.estate import AccessEstate
from scanner.model.records import PrincipalFact, ResourceFact, Source
from scanner.model.snapshot import snapshot_of

ROLE = {"name": "app", "arn": AFTER_APPLY, "assume_role_policy": "{}", "path": "/"}
PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/machines"
APP = f"arn:aws:iam::{ACCOUNT}:role/app"


def machines(named, instance, role="app", **values):
    plan = PlanText().resource("aws_iam_role.app", ROLE, {"name": const("app")})
    plan.resource(
        "aws_iam_instance_profile.machines",
        {"name": "machines", "role": role, "path": "/", "arn": AFTER_APPLY, "id": AFTER_APPLY},
        {"role": ref("aws_iam_role.app.name")},
    )
    return plan.resource("aws_instance.one", {"iam_instance_profile": named, "id": AFTER_APPLY, **values}, instance)


def test_an_instance_leads_to_the_role_of_its_profile_by_name():
    read = machines("machines", {"iam_instance_profile": ref("aws_iam_instance_profile.machines.name")}).load()
    (role,) = facts(read, PrincipalFact)
    assert role.instance_profiles == (PROFILE,)
    assert led_to(read) == {APP}


def test_an_instance_leads_to_the_role_of_a_profile_whose_id_is_not_known_yet():
    read = machines(AFTER_APPLY, {"iam_instance_profile": ref("aws_iam_instance_profile.machines.id")}).load()
    (instance,) = facts(read, ResourceFact)
    assert instance.attributes["instance_profile"] == PROFILE
    assert led_to(read) == {APP}


def test_a_profile_whose_role_is_not_known_yet_holds_the_role_that_it_refers_to():
    read = machines("machines", {"iam_instance_profile": const("machines")}, role=AFTER_APPLY).load()
    assert led_to(read) == {APP}


def test_an_instance_without_profile_leads_nowhere():
    assert led_to(machines(None, {}).load()) == set()


def test_a_function_leads_to_a_role_that_the_plan_makes():
    plan = PlanText().resource("aws_iam_role.app", ROLE)
    function = {"function_name": "f", "role": AFTER_APPLY, "arn": AFTER_APPLY}
    read = plan.resource("aws_lambda_function.f", function, {"role": ref("aws_iam_role.app.arn")}).load()
    (found,) = facts(read, ResourceFact)
    assert found.attributes["role"] == APP
    assert led_to(read) == {APP}


def led_to(read):
    """The roles that something of the plan runs with."""
    estate = AccessEstate.of(snapshot_of(Source(type="terraform-plan", started=NOW), read.after))
    targets = estate.escalation.becoming.targets.values()
    return {arn for target in targets if target.kind.startswith("AWS::") for arn in target.leads}
