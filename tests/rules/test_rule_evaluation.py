"""Rules over subjects: outcomes, messages, evidence, and what is said of subjects that nobody could list."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.graph.views import Access, Cluster, Hsm, Key, Resource, Statement, Store, Use
from scanner.model.finding import Unlisted
from scanner.model.rule import Outcome
from scanner.model.unknown import Partial, Unknown
from scanner.rules.evaluate import Evaluation, evaluate
from scanner.rules.lang import codegen
from tests.rules.ruletext import SEPARATION, rule_of, small_rule

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:kms:eu-central-1:111122223333:key/k1"


def a_key(**facts: Any) -> Key:
    base = {"arn": ARN, "id": "k1", "label": "alias/card", "account": "111122223333", "region": "eu-central-1"}
    return Key(**{**base, "manager": "CUSTOMER", "state": "Enabled", "tags": {}, **facts})


def access(arn: str, certain: bool = True, conditions: tuple[str, ...] = ()) -> Access:
    pointer = "/Statement/0"
    statement = Statement(
        id=f"key-policy/default#{pointer}", document="key-policy/default", pointer=pointer, sid="s", text="allow kms:*"
    )
    return Access(
        arn=arn, type="role", account="111122223333", certain=certain, conditions=conditions,
        actions=("kms:Decrypt",), via=("key-policy",), because=(statement,),
    )  # fmt: skip


def judged(folder: Path, text: str, subject: Any, **more: Any) -> Evaluation:
    rule = rule_of(folder, text)
    return evaluate([rule], {rule.info.subject: [subject]}, {}, AS_OF, **more)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"admins": (access("a"),), "users": (access("b"),)}, Outcome.PASS),
        ({"admins": (access("a"),), "users": (access("a"),)}, Outcome.FAIL),
        ({"admins": (access("a"),), "users": Partial((access("a"),), "r")}, Outcome.FAIL),
        ({"admins": (access("a"),), "users": Partial((access("b"),), "r")}, Outcome.NOT_ASSESSED),
        ({"admins": (), "users": Unknown("r")}, Outcome.PASS),
        ({"admins": Unknown("r"), "users": (access("b"),)}, Outcome.NOT_ASSESSED),
        ({"manager": "AWS"}, Outcome.NOT_APPLICABLE),
        ({"manager": Unknown("r"), "state": "PendingDeletion"}, Outcome.NOT_APPLICABLE),
        ({"manager": Unknown("r"), "admins": (), "users": ()}, Outcome.NOT_ASSESSED),
    ],
)
def test_the_four_outcomes(tmp_path: Path, facts: dict[str, Any], outcome: Outcome) -> None:
    evaluation = judged(tmp_path, SEPARATION, a_key(**facts))
    listed = [finding.outcome for finding in evaluation.findings]
    assert listed == ([outcome] if outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED) else [])
    counts = {name: number for name, number in evaluation.counts["key-admin-can-decrypt"].items() if number}
    assert counts == {outcome.value: 1}
    every = judged(tmp_path, SEPARATION, a_key(**facts), every=True)
    assert [finding.outcome for finding in every.findings] == [outcome]
    assert every.counts == evaluation.counts


def test_a_failure_shows_the_statements_and_fields_behind_it(tmp_path: Path) -> None:
    key = a_key(admins=(access("a"),), users=(access("a"),))
    (finding,) = judged(tmp_path, SEPARATION, key).findings
    assert finding.message == "1 principal both administers and uses alias/card"
    assert (finding.subject, finding.account, finding.region) == (ARN, "111122223333", "eu-central-1")
    (statement,) = finding.evidence  # the sizes of the lists would say less than the statement does
    assert (statement.type, statement.subject, statement.document) == ("statement", "a", "key-policy/default")
    assert (statement.pointer, statement.text) == ("/Statement/0", "allow kms:*")
    assert statement.facts["certain"] is True


def test_a_failure_on_conditional_access_alone_names_the_conditions(tmp_path: Path) -> None:
    sure, perhaps = access("a"), access("b", certain=False, conditions=("aws:SourceVpc is vpc-1",))
    key = a_key(admins=(perhaps,), users=(perhaps,))
    (finding,) = judged(tmp_path, SEPARATION, key).findings
    assert finding.message.endswith("alias/card, if aws:SourceVpc is vpc-1")
    key = a_key(admins=(sure, perhaps), users=(sure, perhaps))
    (finding,) = judged(tmp_path, SEPARATION, key).findings
    assert "aws:SourceVpc" not in finding.message


def test_a_layer_that_was_not_read_is_no_condition(tmp_path: Path) -> None:
    conditions = ("aws:SourceVpc is vpc-1", "SCPs of account 1 were not read: refused")
    perhaps = access("b", certain=False, conditions=conditions)
    (finding,) = judged(tmp_path, SEPARATION, a_key(admins=(perhaps,), users=(perhaps,))).findings
    assert finding.message.endswith(
        ", if aws:SourceVpc is vpc-1, as far as is known: SCPs of account 1 were not read: refused"
    )


def test_what_is_unknown_is_said_with_its_reason(tmp_path: Path) -> None:
    reason = "kms:ListGrants AccessDenied in 111122223333/eu-central-1"
    key = a_key(admins=(access("a"),), users=Partial((), reason))
    (finding,) = judged(tmp_path, SEPARATION, key).findings
    assert finding.reasons == (reason,)
    assert reason in finding.message
    assert [(piece.type, piece.text) for piece in finding.evidence] == [("reason", reason)]


@pytest.mark.parametrize(
    ("check", "facts", "fields"),
    [
        ("key.state == 'Enabled' && key.origin == 'AWS_KMS'", {"origin": "EXTERNAL"}, {"origin": "EXTERNAL"}),
        ("key.state == 'Disabled' || key.manager == 'AWS'", {}, {"state": "Enabled", "manager": "CUSTOMER"}),
        ("!(key.state == 'Enabled')", {}, {"state": "Enabled"}),
        ("key.state == 'Enabled' ? key.origin == 'AWS_KMS' : true", {"origin": "EXTERNAL"},
         {"state": "Enabled", "origin": "EXTERNAL"}),
    ],
)  # fmt: skip
def test_evidence_names_the_fields_that_decided(
    tmp_path: Path, check: str, facts: dict[str, Any], fields: dict[str, Any]
) -> None:
    (finding,) = judged(tmp_path, small_rule(f'"{check}"'), a_key(**facts)).findings
    assert {name: value for piece in finding.evidence for name, value in piece.facts.items()} == fields


def test_evidence_names_the_member_that_decided(tmp_path: Path) -> None:
    resource = Resource(arn="arn:r", label="volume v", account="1", region="eu")
    uses = tuple(
        Use(id=f"arn:r#{field}", field=field, custody=custody, resource=resource)
        for field, custody in (("storage", "CKS"), ("logs", "AWS_MANAGED"))
    )
    resource.uses = uses
    text = small_rule("resource.uses.all(u, u.custody == 'CKS')", subject="resource")
    (finding,) = judged(tmp_path, text, resource).findings
    assert [(piece.subject, piece.text) for piece in finding.evidence] == [
        ("arn:r", "resource.uses has 2 members"),
        ("arn:r#logs", "u.custody is AWS_MANAGED"),
    ]


def test_evidence_is_cut_to_what_a_person_can_read(tmp_path: Path) -> None:
    crowd = tuple(access(f"arn:{number}") for number in range(200))
    (finding,) = judged(tmp_path, SEPARATION, a_key(admins=crowd, users=crowd)).findings
    assert finding.message.startswith("200 principals")
    assert "150 more are not shown" in [piece.text for piece in finding.evidence]


def test_a_plain_value_is_evidence_once(tmp_path: Path) -> None:
    text = small_rule("age(key.created) < days(10)", evidence="key.created")
    (finding,) = judged(tmp_path, text, a_key(created=datetime(2025, 1, 1, tzinfo=UTC))).findings
    (piece,) = finding.evidence
    assert (piece.subject, piece.pointer, piece.text) == (ARN, "key.created", "key.created is 2025-01-01")
    assert piece.facts == {"created": "2025-01-01T00:00:00Z"}


def test_a_subject_without_an_arn_goes_by_its_id(tmp_path: Path) -> None:
    store = Store(id="cks-1", name="pci", account="1", region="eu", connection_state="FAILED")
    (finding,) = judged(tmp_path, small_rule("store.connection_state == 'CONNECTED'", subject="store"), store).findings
    assert (finding.subject, finding.label, finding.subject_type) == ("cks-1", "pci", "store")


def test_a_rule_that_breaks_is_not_an_answer_and_is_reported(tmp_path: Path) -> None:
    text = small_rule("100 / key.aliases.size() > 1")
    evaluation = judged(tmp_path, text, a_key(aliases=()))
    assert evaluation.faulty == {"key-admin-can-decrypt"}
    assert evaluation.findings[0].outcome is Outcome.NOT_ASSESSED
    assert evaluation.findings[0].reasons == ("rule-error: division by zero",)
    assert not judged(tmp_path, text, a_key(aliases=("a",))).faulty


def test_a_rule_that_is_too_expensive_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen, "MAX_STEPS", 50_000)
    nested = "key.aliases.all(a, key.aliases.all(b, key.aliases.all(c, a + b + c != 'x')))"
    rule = rule_of(tmp_path, small_rule(f'"{nested}"'))
    keys = [a_key(aliases=tuple(map(str, range(100))), arn=f"{ARN}{number}") for number in range(40)]
    evaluation = evaluate([rule], {"key": keys}, {}, AS_OF)
    assert evaluation.counts[rule.info.id][Outcome.NOT_ASSESSED.value] == 40
    assert all("rule-error" in finding.reasons[0] for finding in evaluation.findings)


def test_subjects_that_could_not_be_listed_are_not_assessed(tmp_path: Path) -> None:
    rule = rule_of(tmp_path)
    refused = [
        Unlisted("key", "1", "eu-central-1", "kms:ListKeys AccessDenied"),
        Unlisted("key", "1", "eu-central-1", "another reason"),
        Unlisted("key", "1", "us-gov-east-1", "kms:ListKeys AccessDenied"),
    ]
    evaluation = evaluate([rule], {}, {"key": refused, "store": [Unlisted("store", "1", "x", "r")]}, AS_OF)
    assert [(finding.subject, finding.reasons) for finding in evaluation.findings] == [
        ("arn:aws:keyproof:eu-central-1:1:unlisted/key", ("kms:ListKeys AccessDenied", "another reason")),
        ("arn:aws-us-gov:keyproof:us-gov-east-1:1:unlisted/key", ("kms:ListKeys AccessDenied",)),
    ]
    assert {finding.outcome for finding in evaluation.findings} == {Outcome.NOT_ASSESSED}
    assert evaluation.counts[rule.info.id][Outcome.NOT_ASSESSED.value] == 2


def test_text_of_a_scanned_account_is_data_in_messages(tmp_path: Path) -> None:
    text = small_rule('"false"\n    message: "{key.label} {key.tags.size()}"')
    key = a_key(label="{key.arn} {{}} %s \x1b[31m", tags={"a": "b"})
    (finding,) = judged(tmp_path, text, key).findings
    assert finding.message == "{key.arn} {{}} %s \x1b[31m 1"


def test_lists_inside_objects_are_followed(tmp_path: Path) -> None:
    hsms = tuple(Hsm(id=f"hsm-{n}", state="ACTIVE", zone=zone) for n, zone in enumerate("aab"))
    check = "cluster.hsms.filter(h, h.state == 'ACTIVE').map(h, h.zone).distinct().size() >= 3"
    cluster = Cluster(id="c", arn="arn:c", account="1", region="eu", hsms=hsms)
    (finding,) = judged(tmp_path, small_rule(f'"{check}"', subject="cluster"), cluster).findings
    assert finding.subject == "arn:c"
