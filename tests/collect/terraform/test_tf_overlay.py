"""A plan laid over a live snapshot: what the merge changes, and nothing else."""

import json
from datetime import UTC, datetime

from tf_builder import ACCOUNT, AFTER_APPLY, NEW_KEY, PlanText, a_key, ref

from scanner.collect.terraform import PlanOptions, options_over, overlay
from scanner.model.records import (
    UNSET,
    AccountFact,
    AliasFact,
    GrantFact,
    KeyFact,
    KeyUse,
    NamedDocument,
    PlanChange,
    PrincipalFact,
    ResourceFact,
    Rotation,
    Source,
)
from scanner.model.snapshot import Snapshot, snapshot_of

ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/0000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
LIVE = Source(type="aws", started=datetime(2026, 10, 1, tzinfo=UTC), accounts=(ACCOUNT,), regions=("eu-central-1",))
STATED = {
    "arn": ARN,
    "key_id": "0000",
    "id": "0000",
    "is_enabled": True,
    "policy": '{"a":1}',
    "enable_key_rotation": True,
}
GRANT = GrantFact(id="g-live", operations=("Decrypt",), grantee=ROLE)


def live_key(**fields) -> KeyFact:
    facts = {
        "state": "Enabled", "policies": (NamedDocument("default", '{"a":1}'),), "grants": (GRANT,),
        "rotation": Rotation(enabled=True), "created": datetime(2020, 1, 1, tzinfo=UTC), "tags": {},
    }  # fmt: skip
    return KeyFact(account=ACCOUNT, region="eu-central-1", arn=ARN, id="0000", **(facts | fields))


def laid(plan: PlanText, *items) -> tuple[Snapshot, Snapshot]:
    return overlay(snapshot_of(LIVE, items), plan.load(), PlanOptions("plan.json"))


def key_of(snapshot: Snapshot) -> KeyFact:
    (key,) = [one for one in snapshot.of(KeyFact) if one.arn == ARN]
    return key


def test_a_plan_that_changes_nothing_changes_nothing() -> None:
    live = live_key()
    before, after = laid(PlanText().resource("aws_kms_key.main", STATED, actions=("no-op",), before=STATED), live)
    assert key_of(before) is live
    known = [name for name in KeyFact.__struct_fields__ if getattr(live, name) is not UNSET]
    assert {name: getattr(key_of(after), name) for name in known} == {name: getattr(live, name) for name in known}


def test_a_changed_policy_is_the_only_change() -> None:
    plan = PlanText().resource("aws_kms_key.main", STATED | {"policy": '{"b":2}'}, actions=("update",), before=STATED)
    key = key_of(laid(plan, live_key())[1])
    assert key.policies == (NamedDocument("default", '{"b":2}'),)
    assert (key.grants, key.created, key.unread) == ((GRANT,), live_key().created, {})


def test_a_policy_known_only_after_apply_becomes_unknown() -> None:
    values = STATED | {"policy": AFTER_APPLY}
    plan = PlanText().resource("aws_kms_key.main", values, {"policy": ref("local.policy")}, ("update",), STATED)
    key = key_of(laid(plan, live_key())[1])
    assert key.policies is UNSET
    assert "known only after apply" in key.unread["policies"]


def test_a_new_grant_joins_the_live_ones() -> None:
    plan = PlanText().resource(
        "aws_kms_grant.g",
        {"key_id": ARN, "grantee_principal": "arn:aws:iam::999988887777:root", "operations": ["Decrypt"]},
    )
    before, after = laid(plan, live_key())
    assert [grant.id for grant in key_of(before).grants] == ["g-live"]
    assert [grant.id for grant in key_of(after).grants] == ["aws_kms_grant.g", "g-live"]
    assert "grants" not in key_of(after).unread
    assert key_of(after).policies == live_key().policies


def test_a_deleted_key_is_pending_deletion_with_its_live_facts() -> None:
    plan = PlanText().resource("aws_kms_key.main", {}, actions=("delete",), before=STATED)
    key = key_of(laid(plan, live_key())[1])
    assert (key.state, key.created, key.grants) == ("PendingDeletion", live_key().created, (GRANT,))


def test_a_replaced_key_leaves_live_dependants_on_the_old_one() -> None:
    bucket = ResourceFact(
        account=ACCOUNT, region="eu-central-1", arn="arn:aws:s3:::x", type="AWS::S3::Bucket", name="x",
        uses=(KeyUse(field="storage", state="KEY", key=ARN),),
    )  # fmt: skip
    plan = PlanText().resource("aws_kms_key.main", NEW_KEY, actions=("delete", "create"), before=STATED)
    after = laid(plan, live_key(), bucket)[1]
    assert {key.state for key in after.of(KeyFact)} == {"PendingDeletion", "Enabled"}
    assert after.of(ResourceFact) == [bucket]
    assert after.of(PlanChange)[0].action == "replace"


def test_attaching_a_policy_widens_the_live_role_and_detaching_narrows_it() -> None:
    role = PrincipalFact(
        account=ACCOUNT, region="aws-global", arn=ROLE, id="AROA", name="app", type="role", trust="{}",
        inline=(), attached=("arn:aws:iam::aws:policy/A",), boundary=None,
    )  # fmt: skip
    attach = {"role": "app", "policy_arn": "arn:aws:iam::aws:policy/B"}
    after = laid(PlanText().resource("aws_iam_role_policy_attachment.a", attach), role)[1]
    assert after.of(PrincipalFact)[0].attached == ("arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B")
    assert after.of(PrincipalFact)[0].unread == {}
    detach = {"role": "app", "policy_arn": "arn:aws:iam::aws:policy/A"}
    plan = PlanText().resource("aws_iam_role_policy_attachment.a", {}, actions=("delete",), before=detach)
    assert laid(plan, role)[1].of(PrincipalFact)[0].attached == ()


def test_a_resource_changes_key_and_keeps_its_other_fields() -> None:
    arn = f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:d"
    database = ResourceFact(
        account=ACCOUNT, region="eu-central-1", arn=arn, type="AWS::RDS::DBInstance", name="d",
        uses=(KeyUse(field="activity-stream", state="KEY", key=ARN), KeyUse(field="storage", state="UNENCRYPTED")),
        tags={"a": "b"},
    )  # fmt: skip
    old = {"arn": arn, "identifier": "d", "storage_encrypted": False}
    plan = PlanText().resource(
        "aws_db_instance.d", old | {"storage_encrypted": True, "kms_key_id": ARN}, actions=("update",), before=old
    )
    (after,) = laid(plan, database)[1].of(ResourceFact)
    assert {use.field: use.key for use in after.uses} == {"activity-stream": ARN, "storage": ARN}
    assert after.tags == {"a": "b"}


def test_without_its_separate_policy_a_live_key_has_one_that_nobody_knows() -> None:
    old = {"key_id": ARN, "policy": '{"b":1}'}
    key = key_of(laid(PlanText().resource("aws_kms_key_policy.p", {}, actions=("delete",), before=old), live_key())[1])
    assert (key.policies, key.state, key.grants) == (UNSET, "Enabled", (GRANT,))
    assert "the plan deletes what set it" in key.unread["policies"]


def live_bucket(**attributes) -> ResourceFact:
    return ResourceFact(
        account=ACCOUNT, region="eu-central-1", arn="arn:aws:s3:::x", type="AWS::S3::Bucket", name="x",
        uses=(KeyUse(field="storage", state="KEY", key=ARN),), attributes=attributes,
    )  # fmt: skip


def bucket_after(plan: PlanText, bucket: ResourceFact) -> ResourceFact:
    (after,) = laid(plan, bucket)[1].of(ResourceFact)
    return after


def test_a_bucket_without_its_encryption_is_not_one_without_use_of_a_key() -> None:
    rule = [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms", "kms_master_key_id": ARN}]}]
    kind = "aws_s3_bucket_server_side_encryption_configuration.x"
    plan = PlanText().resource(kind, {}, actions=("delete",), before={"bucket": "x", "id": "x", "rule": rule})
    (use,) = bucket_after(plan, live_bucket()).uses
    assert (use.field, use.state, use.key) == ("storage", "UNKNOWN", None)
    assert "the plan deletes what set it" in str(use.reason)


def test_object_lock_that_the_plan_deletes_is_gone_from_a_live_bucket() -> None:
    lock = [{"default_retention": [{"mode": "COMPLIANCE", "days": 365}]}]
    plan = PlanText().resource(
        "aws_s3_bucket_object_lock_configuration.x", {}, actions=("delete",), before={"bucket": "x", "rule": lock}
    )
    bucket = live_bucket(object_lock_mode="COMPLIANCE", object_lock_days=365, versioning="Enabled")
    assert bucket_after(plan, bucket).attributes == {"versioning": "Enabled"}


def log_group(**values) -> dict:
    return {"name": "g", "arn": f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:g", "retention_in_days": 30} | values


def test_retention_without_end_is_no_retention_of_before() -> None:
    live = ResourceFact(
        account=ACCOUNT, region="eu-central-1", arn=log_group()["arn"], type="AWS::Logs::LogGroup", name="g",
        attributes={"retention_days": 30},
    )  # fmt: skip
    endless = log_group(retention_in_days=0)
    plan = PlanText().resource("aws_cloudwatch_log_group.g", endless, actions=("update",), before=log_group())
    assert bucket_after(plan, live).attributes == {}
    plan = PlanText().resource(
        "aws_cloudwatch_log_group.g",
        log_group(retention_in_days=AFTER_APPLY),
        {"retention_in_days": ref("data.external.days.result")},
        actions=("update",),
        before=log_group(),
    )
    after = bucket_after(plan, live)
    assert after.attributes == {}
    assert "aws_cloudwatch_log_group.g.retention_in_days" in after.unread["attributes.retention_days"]


def test_new_content_of_a_control_policy_shows_where_it_is_attached_outside_the_plan() -> None:
    account = AccountFact(
        account=ACCOUNT, region="aws-global", ou_path=("r-1",), rcps=None,
        scps=((NamedDocument("deny", '{"D":1}'),), (NamedDocument("other", "{}"),)),
    )  # fmt: skip
    old = {"id": "p-1", "name": "deny", "content": '{"D":1}', "type": "SERVICE_CONTROL_POLICY"}
    kind = "aws_organizations_policy.p"
    (after,) = laid(PlanText().resource(kind, old | {"content": '{"D":2}'}, None, ("update",), old), account)[1].of(
        AccountFact
    )
    assert after.scps == ((NamedDocument("deny", '{"D":2}'),), (NamedDocument("other", "{}"),))
    unknown = old | {"content": AFTER_APPLY}
    plan = PlanText().resource(kind, unknown, {"content": ref("local.content")}, ("update",), old)
    (after,) = laid(plan, account)[1].of(AccountFact)
    assert after.scps is UNSET
    assert "aws_organizations_policy.p.content" in after.unread["scps"]


def test_a_control_policy_that_the_plan_detaches_is_gone_from_its_level() -> None:
    full, deny = NamedDocument("FullAWSAccess", "{}"), NamedDocument("deny", '{"D":1}')
    account = AccountFact(
        account=ACCOUNT, region="aws-global", ou_path=("r-1",), scps=((full, deny), (full, deny)), rcps=None
    )
    policy = {"id": "p-1", "name": "deny", "content": '{"D":1}', "type": "SERVICE_CONTROL_POLICY"}
    for action, left in (("delete", (full,)), ("forget", (full, deny))):
        plan = PlanText().resource("aws_organizations_policy.p", policy, actions=("no-op",), before=policy)
        attachment = {"target_id": "r-1", "policy_id": "p-1"}
        plan.resource("aws_organizations_policy_attachment.a", {}, actions=(action,), before=attachment)
        (after,) = laid(plan, account)[1].of(AccountFact)
        assert after.scps == (left, (full, deny))


def test_a_deleted_alias_is_gone() -> None:
    arn = f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/x"
    alias = AliasFact(account=ACCOUNT, region="eu-central-1", arn=arn, name="alias/x", target_key_id="0000")
    stated = {"arn": arn, "name": "alias/x", "target_key_id": "0000"}
    before, after = laid(PlanText().resource("aws_kms_alias.x", {}, actions=("delete",), before=stated), alias)
    assert (before.of(AliasFact), after.of(AliasFact)) == ([alias], [])


def test_a_service_control_policy_lands_on_its_level() -> None:
    full = NamedDocument("FullAWSAccess", "{}")
    account = AccountFact(
        account=ACCOUNT, region="aws-global", ou_path=("r-1", "ou-1"), scps=((full,), (full,), (full,)), rcps=None
    )
    plan = PlanText().resource("aws_organizations_policy.p", {"name": "deny", "content": '{"D":1}', "id": AFTER_APPLY})
    plan.resource(
        "aws_organizations_policy_attachment.a",
        {"target_id": "ou-1", "policy_id": AFTER_APPLY},
        {"policy_id": ref("aws_organizations_policy.p.id")},
    )
    (after,) = laid(plan, account)[1].of(AccountFact)
    assert after.scps == ((full,), (full, NamedDocument("deny", '{"D":1}')), (full,))


def test_the_account_comes_from_the_snapshot_when_the_plan_does_not_tell() -> None:
    live = snapshot_of(LIVE, [])
    options = options_over(PlanOptions("p"), live)
    assert (options.account, options.region) == (ACCOUNT, "eu-central-1")
    plan = a_key(PlanText(account=None, region=None)).load(account=options.account, region=options.region)
    assert json.loads(plan.after[0].policies[0].document)["Statement"][0]["Principal"]["AWS"].startswith(
        f"arn:aws:iam::{ACCOUNT}"
    )
