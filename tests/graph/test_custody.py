"""Where key material lives, and what a reference stands for."""

import pytest
from builders import ACCOUNT, REGION, a_gap, a_key, a_resource, a_snapshot, a_use, an_alias, listed
from msgspec import UNSET

from scanner.graph.build import build
from scanner.graph.views import Key
from scanner.model.settings import Settings
from scanner.model.unknown import Partial, Unknown


def use_of(*items, **use):
    graph = build(a_snapshot(*items, a_resource("vol-1", "AWS::EC2::Volume", a_use(**use))), Settings())
    return next(iter(graph.resources.values())).uses[0]


@pytest.mark.parametrize(
    ("origin", "custody"),
    [("AWS_KMS", "CUSTOMER_MANAGED"), ("EXTERNAL", "IMPORTED"), ("AWS_CLOUDHSM", "CKS"), ("EXTERNAL_KEY_STORE", "XKS")],
)
def test_custody_follows_the_origin(origin, custody):
    assert use_of(a_key(origin=origin)).custody == custody


def test_aws_alias_is_aws_managed_even_when_the_key_says_customer():
    """Some AWS-like endpoints list the key behind alias/aws/ebs as a customer key."""
    use = use_of(a_key(manager="CUSTOMER"), an_alias("alias/aws/ebs"))
    assert use.custody == "AWS_MANAGED"
    assert use.key.manager == "AWS"


def test_aws_alias_that_has_no_key_yet_is_aws_managed_by_its_name():
    use = use_of(key="alias/aws/s3")
    assert (use.custody, use.key) == ("AWS_MANAGED", None)


@pytest.mark.parametrize("reference", ["key-9", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-9"])
def test_the_key_behind_an_aws_alias_is_aws_managed_although_it_is_not_listed(reference):
    use = use_of(an_alias("alias/aws/s3", "key-9"), listed("key"), key=reference)
    assert (use.custody, use.key) == ("AWS_MANAGED", None)


@pytest.mark.parametrize(
    "reference",
    [
        "key-1",
        "alias/card",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-1",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/card",
    ],
)
def test_every_form_of_a_reference_finds_the_key(reference):
    use = use_of(a_key(origin="AWS_CLOUDHSM"), an_alias("alias/card"), key=reference)
    assert isinstance(use.key, Key)
    assert use.custody == "CKS"


@pytest.mark.parametrize("state", ["UNENCRYPTED", "AWS_OWNED"])
def test_no_key_is_its_own_custody(state):
    use = use_of(state=state, key=None)
    assert (use.custody, use.key) == (state, None)


def test_key_of_another_account_is_unknown_with_the_account_named():
    use = use_of(key=f"arn:aws:kms:{REGION}:999999999999:key/k")
    assert isinstance(use.custody, Unknown)
    assert "999999999999" in use.custody.reason


@pytest.mark.parametrize(
    ("use", "encrypted"),
    [
        ({"key": f"arn:aws:kms:{REGION}:999999999999:key/k"}, True),
        ({"key": "alias/aws/s3"}, True),
        ({"state": "AWS_OWNED", "key": None}, True),
        ({"state": "UNENCRYPTED", "key": None}, False),
    ],
)
def test_a_field_that_names_a_key_is_encrypted_whatever_is_known_of_the_key(use, encrypted):
    assert use_of(**use).encrypted is encrypted


def test_while_its_settings_are_unread_nobody_knows_whether_a_field_is_encrypted():
    use = use_of(state="UNKNOWN", key=None, reason="s3:GetBucketEncryption refused")
    assert isinstance(use.encrypted, Unknown)


def test_deleted_key_is_said_to_be_gone():
    use = use_of(a_key(), key="no-such-key")
    assert "does not exist" in use.custody.reason


def test_alias_is_unknown_while_aliases_were_refused():
    use = use_of(a_key(), a_gap("ListAliases", "alias"), key="alias/card")
    assert "kms:ListAliases" in use.custody.reason


def test_unread_metadata_leaves_the_custody_unknown():
    record = a_key(manager=UNSET, origin=UNSET, unread={"manager": "kms:DescribeKey AccessDenied", "origin": "same"})
    assert "DescribeKey" in use_of(record).custody.reason


def test_candidates_of_one_custody_settle_the_custody_but_not_the_key():
    use = use_of(
        a_key("key-1", origin="AWS_CLOUDHSM"),
        a_key("key-2", origin="AWS_CLOUDHSM"),
        state="UNKNOWN",
        key=None,
        reason="one of two",
        candidates=("key-1", "key-2"),
    )
    assert use.custody == "CKS"
    assert isinstance(use.key, Unknown)


FOREIGN = "444455556666"


def key_beside(*items, **use):
    """key-1, in a snapshot with one resource that uses another key, given by `use`."""
    graph = build(a_snapshot(a_key(), *items, a_resource("vol-1", "AWS::EC2::Volume", a_use(**use))), Settings())
    return next(key for key in graph.keys.values() if key.id == "key-1")


@pytest.mark.parametrize(
    "reference",
    [
        f"arn:aws:kms:{REGION}:{FOREIGN}:key/key-9",
        f"arn:aws:kms:{REGION}:{FOREIGN}:alias/theirs",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-9",
        "key-9",
    ],
)
def test_a_key_that_somebody_else_names_is_not_doubted(reference):
    assert key_beside(key=reference).resources == ()


@pytest.mark.parametrize("use", [{"key": "alias/app"}, {"state": "UNKNOWN", "key": None}])
def test_a_reference_that_may_mean_the_key_leaves_its_resources_open(use):
    resources = key_beside(a_gap("kms", "ListAliases", "alias"), **use).resources
    assert isinstance(resources, Partial)
    assert resources.known == ()


def test_an_alias_that_was_not_read_concerns_the_keys_of_its_place_alone():
    gap = a_gap("kms", "ListAliases", "alias")
    graph = build(
        a_snapshot(a_key(), a_key("key-2", account=FOREIGN), gap, a_resource("v", "T", a_use(key="alias/app"))),
        Settings(),
    )
    assert [isinstance(key.resources, Partial) for key in graph.keys.values()] == [True, False]
