"""The table of KMS and CloudHSM actions covers what the installed botocore knows."""

from __future__ import annotations

import pytest
from botocore.session import get_session

from scanner.catalog.kms_actions import USAGE_OF, KmsAction, actions_of, key_condition_keys, table_source

NOT_AN_ACTION = {"ReEncrypt": {"ReEncryptFrom", "ReEncryptTo"}}
"""Operations that IAM splits into several actions."""
CLASSES = {"use", "administration", "grant-management", "read"}


def operations(service: str) -> set[str]:
    names = set(get_session().get_service_model(service).operation_names)
    return {action for name in names for action in NOT_AN_ACTION.get(name, {name})}


@pytest.mark.parametrize(("service", "prefix"), [("kms", "kms"), ("cloudhsmv2", "cloudhsm")])
def test_every_operation_has_a_class(service: str, prefix: str) -> None:
    table = {name.partition(":")[2]: action for name, action in actions_of(prefix).items()}
    assert operations(service) <= set(table)
    assert all(action.cls in CLASSES and action.subclass for action in table.values())


def test_grant_operations_are_those_of_the_service_model() -> None:
    model = get_session().get_service_model("kms")
    stated = set(model.shape_for("GrantOperation").enum)
    assert stated == {name.partition(":")[2] for name, action in actions_of("kms").items() if action.grantable}


def test_operations_across_accounts_are_those_that_say_so() -> None:
    model = get_session().get_service_model("kms")
    for name in model.operation_names:
        text = model.operation_model(name).documentation
        if name in NOT_AN_ACTION or "Cross-account use" not in text:
            continue
        stated = text.partition("Cross-account use")[2][:40].lower()
        action = actions_of("kms")[f"kms:{name}"]
        if not action.keyless and ("yes" in stated or ": no" in stated or "> no" in stated):
            assert action.cross_account == ("yes" in stated), name


def test_actions_without_a_key_are_void_in_key_policies() -> None:
    void = {name for name, action in actions_of("kms").items() if not action.in_key_policy}
    keyless = {name for name, action in actions_of("kms").items() if action.keyless}
    assert void == keyless | {"kms:RetireGrant"}


def test_the_table_says_where_it_comes_from_and_what_keys_describe() -> None:
    assert "botocore" in table_source()
    assert "kms:ResourceAliases" in key_condition_keys()
    assert isinstance(actions_of("kms")["kms:Decrypt"], KmsAction)
    assert actions_of("kms")["kms:Decrypt"].subclass == "secret"


def test_every_cryptographic_action_on_a_key_has_the_usage_that_it_needs() -> None:
    usages = set(get_session().get_service_model("kms").shape_for("KeyUsageType").enum)
    on_keys = {name for name, action in actions_of("kms").items() if action.cls == "use" and not action.keyless}
    assert set(USAGE_OF) == on_keys
    assert set(USAGE_OF.values()) == usages
