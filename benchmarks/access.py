"""The access engine on estates of growing size: time, memory, classes and the growth exponent.

Run `python benchmarks/access.py [estate|escalation|who-can|simulate] [SIZE ...]`; without arguments everything.
Goals: 10,000 keys x 10,000 principals, with escalation, in less than 60 s and 4 GB, exponent below 1.2; all
actions of 200 roles x 100 keys in less than 1 s after loading; 5,000 simulated requests in less than 5 s.
"""

from __future__ import annotations

import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ACCOUNT = "111122223333"
TEAMS = [f"team{i}" for i in range(20)]
REGIONS = ["eu-west-1", "us-east-1"]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def key_arn(number: int) -> str:
    return f"arn:aws:kms:{REGIONS[number % 2]}:{ACCOUNT}:key/{number:08x}-0000-4000-8000-000000000000"


def allowing(actions: str | list[str], resource: str = "*", **more: Any) -> str:
    """A document of one statement."""
    return document({"Effect": "Allow", "Action": actions, "Resource": resource, **more})


ROLES = f"arn:aws:iam::{ACCOUNT}:role"
ESCALATING = {
    "hopper": allowing("sts:AssumeRole", f"{ROLES}/role*7"),
    "passer": allowing(["iam:PassRole", "lambda:CreateFunction"], f"{ROLES}/role1*"),
    "deployer": allowing(["iam:PassRole", "lambda:*"], Condition={"StringEquals": {"aws:PrincipalTag/team": "team1"}}),
    "writer": allowing(["iam:PutRolePolicy", "sts:AssumeRole"], f"{ROLES}/role2*"),
    "tagger": allowing(["kms:TagResource", "kms:CreateAlias"]),
}


def trust_policy(number: int, size: int, dice: random.Random) -> str:
    """Every role trusts a service, some the account, some one other role."""
    trusted: list[Any] = [{"Service": "lambda.amazonaws.com"}]
    trusted += [{"AWS": f"arn:aws:iam::{ACCOUNT}:root"}] if number % 20 == 7 else []
    trusted += [{"AWS": f"{ROLES}/role{dice.randrange(size)}"}] if number % 5 == 0 else []
    return document(*({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"} for who in trusted))


def managed_policies() -> dict[str, str]:
    """Forty managed policies: administrators, readers, Regions, tags by team, services, and much that is not KMS."""
    found = {
        "admin": document({"Effect": "Allow", "Action": "*", "Resource": "*"}),
        "key-admin": document({"Effect": "Allow", "Action": ["kms:Create*", "kms:Put*", "kms:De*"], "Resource": "*"}),
        "reader": document({"Effect": "Allow", "Action": ["kms:Describe*", "kms:List*", "kms:Get*"], "Resource": "*"}),
        "abac": document(
            {
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
            }
        ),
        "guard": document(
            {
                "Effect": "Deny",
                "Action": "kms:ScheduleKeyDeletion",
                "Resource": "*",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
            }
        ),
    }
    found |= ESCALATING
    for region in REGIONS:
        pattern = f"arn:aws:kms:{region}:{ACCOUNT}:key/*"
        found[f"use-{region}"] = document({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": pattern})
    for i in range(28):
        found[f"other{i}"] = document({"Effect": "Allow", "Action": f"s3:Get{i}*", "Resource": "*"})
    return found


def key_policy(number: int, dice: random.Random) -> str:
    """The default statement, the key's own application, and for some a service or a guard."""
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    ]
    if number % 10 == 0:
        del statements[0]["Principal"]["AWS"]
        statements[0]["Principal"]["AWS"] = f"arn:aws:iam::{ACCOUNT}:role/role0"
    statements.append(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/role{dice.randrange(1 + number)}"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant"],
            "Resource": "*",
        }
    )
    if number % 3 == 0:
        via = f"s3.{REGIONS[number % 2]}.amazonaws.com"
        statements.append(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "kms:Decrypt",
                "Resource": "*",
                "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": via}},
            }
        )
    return document(*statements)


def estate(size: int) -> Iterator[Any]:
    """`size` keys and `size` roles of one account."""
    from scanner.model.records import (
        AccountFact,
        GrantFact,
        KeyFact,
        ManagedPolicyFact,
        NamedDocument,
        PrincipalFact,
    )

    dice = random.Random(size)
    policies = managed_policies()
    names = list(policies)
    for name, text in policies.items():
        arn = f"arn:aws:iam::{ACCOUNT}:policy/{name}"
        yield ManagedPolicyFact(account=ACCOUNT, region="aws-global", arn=arn, name=name, document=text)
    yield AccountFact(account=ACCOUNT, region="aws-global", organization=None, scps=None, rcps=None)
    for i in range(size):
        attached = [f"arn:aws:iam::{ACCOUNT}:policy/{name}" for name in dice.sample(names, 3)]
        own = document({"Effect": "Allow", "Action": "kms:*", "Resource": key_arn(dice.randrange(size))})
        yield PrincipalFact(
            account=ACCOUNT,
            region="aws-global",
            arn=f"arn:aws:iam::{ACCOUNT}:role/role{i}",
            id=f"AROA{i:016d}",
            name=f"role{i}",
            type="role",
            inline=(NamedDocument(name="own", document=own),) if i % 4 == 0 else (),
            attached=tuple(attached),
            trust=trust_policy(i, size, dice),
            boundary=f"arn:aws:iam::{ACCOUNT}:policy/admin" if i % 7 == 0 else None,
            tags={"team": dice.choice(TEAMS)},
        )
    for i in range(size):
        grantee = f"arn:aws:iam::{ACCOUNT}:role/role{dice.randrange(size)}"
        grants = (GrantFact(id=f"g{i}", operations=("Decrypt", "Encrypt"), grantee=grantee),) if i % 5 == 0 else ()
        yield KeyFact(
            account=ACCOUNT,
            region=REGIONS[i % 2],
            arn=key_arn(i),
            id=key_arn(i).rpartition("/")[2],
            manager="CUSTOMER",
            spec="SYMMETRIC_DEFAULT",
            usage="ENCRYPT_DECRYPT",
            origin="AWS_KMS",
            multi_region_type=None,
            policies=(NamedDocument(name="default", document=key_policy(i, dice)),),
            grants=grants,
            tags={"team": dice.choice(TEAMS)},
        )


def measure_estate(size: int) -> float:
    """CPU seconds to know who may and must do what with every key."""
    from scanner.authz.estate import AccessEstate
    from scanner.model.records import Source
    from scanner.model.snapshot import snapshot_of

    snapshot = snapshot_of(Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC)), estate(size))
    start, cpu = time.perf_counter(), time.process_time()
    access = AccessEstate.of(snapshot)
    counts = access.relation.count()
    took, worked = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{size:>7} keys x {size} principals: {took:6.1f} s ({worked:.1f} s CPU), {memory:6.0f} MB,", end=" ")
    print(f"{counts.may:,} may and {counts.must:,} must of (principal, action, key);", end=" ")
    print(f"{counts.pairs:,} class pairs, {counts.special:,} special")
    return worked


def measure_escalation(size: int) -> float:
    """CPU seconds to know who may, and who can come to do, what with every key; and one question's answer."""
    from scanner.authz.estate import AccessEstate
    from scanner.model.records import Source
    from scanner.model.snapshot import snapshot_of

    snapshot = snapshot_of(Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC)), estate(size))
    start, cpu = time.perf_counter(), time.process_time()
    access = AccessEstate.of(snapshot)
    access.relation.count()
    triples = access.escalation.reached.count()
    took, worked = time.perf_counter() - start, time.process_time() - cpu
    asked = time.process_time()
    found = len(access.escalation.reaching(key_arn(1), "kms:PutKeyPolicy"))
    asked = time.process_time() - asked
    homes, memory = access.escalation.homes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{size:>7} keys x {size} principals with escalation: {took:6.1f} s ({worked:.1f} s CPU), {memory:6.0f} MB,",
        end=" ",
    )
    print(f"{triples:,} (principal, action, key) by escalation alone;", end=" ")
    print(f"{len(homes.of):,} nodes in {len(homes.all):,} homes, {len(homes.hubs)} hubs;", end=" ")
    print(f"{found:,} paths to one key in {asked:.2f} s CPU")
    return worked


def measure_who_can(roles: int = 200, keys: int = 100) -> None:
    """Everybody with any action on each of 100 keys, explained."""
    from scanner.authz.estate import AccessEstate
    from scanner.model.records import KeyFact, Source
    from scanner.model.snapshot import snapshot_of

    items = [item for item in estate(roles) if not isinstance(item, KeyFact) or item.arn in map(key_arn, range(keys))]
    access = AccessEstate.of(snapshot_of(Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC)), items))
    start, cpu = time.perf_counter(), time.process_time()
    found = sum(len(list(access.access(key).reaches())) for key in access.keys)
    took, worked = time.perf_counter() - start, time.process_time() - cpu
    print(f"{roles} roles x {keys} keys, all actions, explained: {took:.2f} s ({worked:.2f} s CPU), {found:,} answers")


def measure_simulate(count: int = 5000) -> None:
    """Simulated requests with the start of a process included."""
    dice = random.Random(1)
    policies = list(managed_policies().values())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.jsonl"
        path.write_text("\n".join(json.dumps(case(i, dice, policies)) for i in range(count)))
        program = (
            "import sys\nfrom scanner.authz.simulate import answer_lines\n"
            "answers = list(answer_lines(open(sys.argv[1]), lambda n, m: sys.exit(m)))\nprint(len(answers))"
        )
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        print(f"{done.stdout.strip()} simulated requests, start-up included: {time.perf_counter() - start:.2f} s")


def case(number: int, dice: random.Random, policies: list[str]) -> dict[str, Any]:
    """One request with documents of its own."""
    caller = f"arn:aws:iam::{ACCOUNT}:user/user{number}"
    return {
        "id": number,
        "principal": caller,
        "principalAccount": ACCOUNT,
        "action": dice.choice(["kms:Decrypt", "kms:Encrypt", "kms:PutKeyPolicy", "kms:CreateGrant"]),
        "resource": key_arn(number),
        "resourceAccount": ACCOUNT,
        "keyPolicy": json.loads(key_policy(number, dice)),
        "identityPolicies": [json.loads(text) for text in dice.sample(policies, 3)],
        "scps": [[{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]],
        "context": {"aws:PrincipalArn": caller, "aws:PrincipalAccount": ACCOUNT, "kms:CallerAccount": ACCOUNT},
    }


def main(what: str = "", *sizes: str) -> None:
    """Print what was asked for."""
    if what in ("", "simulate"):
        measure_simulate()
    if what in ("", "who-can"):
        measure_who_can()
    for name, measure in (("estate", measure_estate), ("escalation", measure_escalation)):
        if what in ("", name):
            measured = [(int(size), measure(int(size))) for size in sizes or ("1000", "3000", "10000")]
            if len(measured) > 1:
                (small, fast), (large, slow) = measured[0], measured[-1]
                print(f"growth exponent over keys: {math.log(slow / fast) / math.log(large / small):.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
