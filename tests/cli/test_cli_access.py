"""`keyproof access simulate`: one answer a line, and a bad line does not cost the others theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

CASE = {
    "id": "one",
    "principal": "arn:aws:iam::111122223333:role/app",
    "principalAccount": "111122223333",
    "action": "kms:Decrypt",
    "resource": "arn:aws:kms:eu-west-1:111122223333:key/1",
    "resourceAccount": "111122223333",
    "keyPolicy": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
                "Action": "kms:Decrypt",
                "Resource": "*",
            }
        ],
    },
    "identityPolicies": [],
    "context": {},
}


def test_every_case_is_answered_in_its_line(tmp_path: Path, run: Callable) -> None:
    cases = tmp_path / "cases.jsonl"
    denied = CASE | {"id": "two", "action": "kms:Encrypt"}
    cases.write_text("".join(json.dumps(case) + "\n" for case in (CASE, denied)), encoding="utf-8")
    outcome = run("access", "simulate", cases)
    assert (outcome.code, outcome.err) == (0, "")
    answers = [json.loads(line) for line in outcome.out.splitlines()]
    assert [(answer["id"], answer["decision"]) for answer in answers] == [
        ("one", "Allowed"),
        ("two", "ImplicitlyDenied"),
    ]


def test_a_bad_line_is_named_and_the_others_are_answered(tmp_path: Path, run: Callable) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_bytes(b"{nonsense\n\xff\n" + json.dumps(CASE).encode() + b"\n")
    outcome = run("access", "simulate", cases)
    assert outcome.code == 2
    assert json.loads(outcome.out)["decision"] == "Allowed"
    assert f"{cases}:1: " in outcome.err
    assert f"{cases}:2: " in outcome.err
    assert "Traceback" not in outcome.err


def test_a_missing_file_is_one_message(run: Callable) -> None:
    assert run("access", "simulate", "nowhere") == (2, "", "keyproof: nowhere: no such file or directory\n")
