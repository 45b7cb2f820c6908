"""Sixty rules over up to 100,000 resources (or the sizes given): time, time per judgement, memory and growth.

Run `python -m benchmarks.rules [SIZE ...]`. Goal: 60 rules over 100,000 resources in less than 10 s; 0.1-0.4 us for a
simple rule and subject. A tenth as many keys as resources carry 10 administrators and 20 users each; one fact in fifty
is unknown.
"""

from __future__ import annotations

import random
import resource as process
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measure import Timed, exponent, table
from scanner.graph.views import Access, Cluster, Hsm, Key, Resource, Store, Use
from scanner.model.facttypes import View
from scanner.model.settings import Settings
from scanner.model.unknown import Unknown, UnknownValueError
from scanner.rules.evaluate import evaluate
from scanner.rules.examples import run_examples
from scanner.rules.load import load_rules
from scanner.rules.rule import Rule
from scanner.rules.source import find_policies

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT, REGION = "111122223333", "eu-central-1"
UNKNOWN = Unknown("kms:GetKeyRotationStatus AccessDenied in 111122223333/eu-central-1")
RESOURCE_RULES = (
    '!("pci" in resource.data_classes) || resource.uses.all(u, u.custody == "CKS")',
    "resource.uses.all(u, u.custody != 'UNENCRYPTED')",
    '"team" in resource.tags && resource.tags["team"] != ""',
    "resource.region in ['eu-central-1', 'eu-west-1']",
    'resource.account == "111122223333" && !resource.arn.startsWith("arn:aws-cn")',
)
KEY_RULES = (
    "key.rotation_enabled == true",
    "!key.admins.intersects(key.users)",
    "key.users.all(u, u.account == key.account)",
    r"key.label.matches('^alias/[a-z0-9-]+$')",
    "key.store == null || key.store.connection_state == 'CONNECTED'",
)


def rule_text(name: str, subject: str, check: str) -> str:
    return (
        f"rule: {name}\ntitle: T\nseverity: high\nsubject: {subject}\nwhere: {subject}.account != '0'\n"
        f"require:\n  - check: |\n      {check}\nwhy: W\nexamples: []\n"
    )


def sixty_rules() -> tuple[Rule, ...]:
    """35 rules on resources and 25 on keys."""
    with tempfile.TemporaryDirectory() as folder:
        for subject, checks, copies in (("resource", RESOURCE_RULES, 7), ("key", KEY_RULES, 5)):
            for number in range(len(checks) * copies):
                name = f"{subject}-{number}"
                (Path(folder) / f"{name}.yaml").write_text(rule_text(name, subject, checks[number % len(checks)]))
        return load_rules([Path(folder)], Settings())


def estate(resources: int) -> dict[str, Sequence[View]]:
    """`resources` resources over a tenth as many keys, a third of them in a custom key store."""
    chance = random.Random(7)
    hsms = tuple(Hsm(id=f"hsm-{zone}", state="ACTIVE", zone=zone) for zone in "ab")
    cluster = Cluster(id="cluster-1", arn="arn:c", account=ACCOUNT, region=REGION, hsms=hsms, active_zones=("a", "b"))
    store = Store(id="cks-1", name="s", account=ACCOUNT, region=REGION, connection_state="CONNECTED", cluster=cluster)
    crowd = [access(number) for number in range(5000)]
    keys = [key(number, chance, crowd, store) for number in range(resources // 10)]
    return {"key": keys, "resource": [resource(number, chance, keys) for number in range(resources)]}


def access(number: int) -> Access:
    return Access(arn=f"arn:aws:iam::{ACCOUNT}:role/r{number}", account=ACCOUNT, type="role", certain=True, because=())


def key(number: int, chance: random.Random, crowd: list[Access], store: Store) -> Key:
    first = chance.randrange(4900)
    facts: dict[str, Any] = {
        "arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number}",
        "id": str(number),
        "label": f"alias/key-{number}",
        "account": ACCOUNT,
        "region": REGION,
        "manager": "CUSTOMER",
        "state": "Enabled",
        "created": AS_OF - timedelta(days=number % 900),
        "rotation_enabled": UNKNOWN if chance.random() < 0.02 else chance.random() < 0.9,
        "store": UNKNOWN if chance.random() < 0.02 else store if number % 3 == 0 else None,
        "admins": tuple(crowd[first : first + 10]),
        "users": tuple(crowd[first + 10 : first + 30]),
        "tags": {},
    }
    return Key(**facts)


def resource(number: int, chance: random.Random, keys: list[Key]) -> Resource:
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-{number}"
    tags = {"team": f"t{number % 20}"} if chance.random() < 0.95 else {}
    one = Resource(
        arn=arn, name=f"vol-{number}", label=f"volume vol-{number}", account=ACCOUNT, region=REGION, tags=tags
    )
    custody = UNKNOWN if chance.random() < 0.02 else "CKS" if number % 3 == 0 else "CUSTOMER_MANAGED"
    one.uses = (Use(id=arn, field="storage", custody=custody, key=keys[number % len(keys)], resource=one),)
    one.data_classes = ("pci",) if number % 30 == 0 else ()
    return one


def simple_rule_times(rules: Sequence[Rule], subjects: dict[str, Sequence[View]]) -> list[list[str]]:
    """Microseconds of the compiled code alone, for one rule of each kind."""
    rows: list[list[str]] = []
    checks = dict(zip((f"resource-{n}" for n in range(5)), RESOURCE_RULES, strict=True))
    checks |= dict(zip((f"key-{n}" for n in range(5)), KEY_RULES, strict=True))
    for rule in rules:
        if rule.info.id not in checks:
            continue
        fast, views = rule.program.fast, subjects[rule.info.subject]
        with Timed() as timed:
            for view in views:
                try:
                    fast(view, AS_OF)
                except UnknownValueError:
                    continue
        rows.append([checks[rule.info.id], f"{timed.seconds / len(views) * 1e6:.2f} us"])
    return rows


def load_time() -> list[list[str]]:
    """Loading, compiling and proving the rules that are shipped."""
    with Timed() as loading:
        rules = load_rules([find_policies()], Settings())
    with Timed() as compiling:
        for rule in rules:
            _ = rule.program.fast
    with Timed() as proving:
        examples = run_examples(rules)
    return [
        [f"load {len(rules)} shipped rules", f"{loading.seconds * 1e3:.1f} ms"],
        ["compile them", f"{compiling.seconds * 1e3:.1f} ms"],
        [f"run their {len(examples)} examples", f"{proving.seconds * 1e3:.1f} ms"],
    ]


def main(sizes: Sequence[int]) -> None:
    rules = sixty_rules()
    rows: list[list[str]] = []
    times: list[float] = []
    for size in sizes:
        subjects = estate(size)
        with Timed() as timed:
            evaluation = evaluate(rules, subjects, {}, AS_OF)
        judged = sum(sum(counts.values()) for counts in evaluation.counts.values())
        peak = process.getrusage(process.RUSAGE_SELF).ru_maxrss / 1024
        times.append(timed.seconds)
        rows.append([
            f"{size:,}", f"{timed.seconds:.2f} s", f"{timed.seconds / judged * 1e6:.2f} us", f"{judged:,}",
            f"{len(evaluation.findings):,}", f"{peak:,.0f} MB",
        ])  # fmt: skip
    table(["resources", "CPU", "per judgement", "judgements", "findings", "peak memory"], rows)
    if len(sizes) > 1:
        print(f"growth exponent {exponent(list(sizes), times):.2f}")
    table(["requirement", "compiled code, per subject"], simple_rule_times(rules, subjects))
    table(["shipped rules", "CPU"], load_time())


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [25_000, 50_000, 100_000])
