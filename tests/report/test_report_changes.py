"""What a plan or a newer snapshot changes, as a reviewer reads it."""

from scanner.report.changes import change_lines

KEY = "arn:aws:kms:eu-central-1:111122223333:key/k"
PARTNER = "arn:aws:iam::999988887777:role/partner"


def access(**more: object) -> str:
    entry = {"change": "gained", "principal": PARTNER, "key": KEY, "actions": ["kms:Decrypt"], "verdict": "ALLOWED"}
    (line,) = change_lines({"access": [entry | {"via": ["key-policy"]} | more]})
    return line


def test_access_is_told_with_its_way_and_conditions() -> None:
    assert access() == f"{PARTNER} gained kms:Decrypt on {KEY} through the key policy"
    told = access(verdict="CONDITIONAL", conditions=["kms:ViaService is s3"])
    assert told.endswith("through the key policy, on conditions: kms:ViaService is s3")
    assert access(other="CONDITIONAL").endswith("(was conditional)")


def test_many_actions_never_hide_the_key() -> None:
    assert f"a5 and 41 more actions on {KEY}" in access(actions=[f"a{number}" for number in range(47)])
    assert f"a5 and 1 more action on {KEY}" in access(actions=[f"a{number}" for number in range(7)])


def test_the_same_access_to_many_keys_is_one_line_and_keys_come_first() -> None:
    gained = {
        "change": "gained",
        "principal": PARTNER,
        "actions": ["kms:Decrypt"],
        "verdict": "ALLOWED",
        "via": ["iam"],
    }
    lost = gained | {"change": "lost", "key": "arn:0", "principal": "arn:old"}
    access = [lost, *(gained | {"key": f"arn:{number}"} for number in range(7))]
    lines = change_lines({"access": access, "keys": [{"key": KEY, "action": "deleted", "dependants": []}]})
    assert lines == [
        f"key {KEY} deleted",
        f"{PARTNER} gained kms:Decrypt on 7 keys through IAM policies: arn:0, arn:1, arn:2, arn:3, arn:4 and 2 others",
        "arn:old lost kms:Decrypt on arn:0 through IAM policies",
    ]


def test_a_custody_that_changes_names_both_keys() -> None:
    change = {"subject": "arn:q", "field": "storage", "before": "CKS", "after": "AWS_MANAGED"}
    lines = change_lines({"custody": [change | {"key_before": KEY, "key_after": "alias/aws/sqs"}]})
    assert lines == [f"arn:q storage: custody CKS becomes AWS_MANAGED, key {KEY} becomes alias/aws/sqs"]


def test_dependants_that_are_not_listed_are_counted() -> None:
    (line,) = change_lines({"keys": [{"key": KEY, "action": "deleted", "dependants": [f"arn:{n}" for n in range(7)]}]})
    assert line.endswith("7 dependants: arn:0, arn:1, arn:2, arn:3, arn:4 and 2 others")


def test_what_cannot_be_compared_is_said_in_words() -> None:
    (line,) = change_lines({"unknown": [{"what": "key.access", "count": 2, "reason": "the policy is not known"}]})
    assert line == "cannot be told for 2: who else gains or loses access to the key, for the policy is not known"
