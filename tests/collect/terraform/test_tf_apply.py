"""Checking a plan and scanning what was applied give the same findings for the same subjects."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import UnsetType
from tf_real import Terraform

from scanner.cli.ruleset import all_rules
from scanner.collect.terraform import Plan, PlanOptions, load_plan, source_of
from scanner.graph.build import build
from scanner.model.records import KeyFact
from scanner.model.rule import Outcome
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot, snapshot_of
from scanner.rules.evaluate import evaluate
from scanner.store.reading import read_snapshot

ESTATE = Path(__file__).parents[3] / "fixtures" / "plans" / "applied"
ESTATES = ("the root module", *sorted(path.name for path in (ESTATE / "estates").iterdir()))
NOW = datetime.now(UTC)
ASSESSED = (Outcome.PASS, Outcome.FAIL)

OPEN = frozenset({"access"})
"""Themes that a plan may leave open where the live account tells: IAM outside the plan may open a key to others."""

OPEN_HERE = {"volumes": {"resource-unencrypted"}}
"""A setting of the account decides whether a volume that does not say is encrypted."""

ARITHMETIC = "module.key_count.aws_sqs_queue.ring"
"""Its index is `2 - count.index`, which only the source tells from `count.index`."""

Outcomes = dict[tuple[str, str], Outcome]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def applied(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with plan.json, state.json and terraform.tfstate of an estate that was applied."""
    folder = tmp_path_factory.mktemp("applied")
    shutil.copytree(ESTATE, folder, dirs_exist_ok=True)
    terraform = Terraform(folder, endpoint)
    terraform("init", "-no-color")
    terraform("plan", "-no-color", "-input=false", "-out=plan.bin")
    (folder / "plan.json").write_text(terraform("show", "-json", "plan.bin"))
    terraform("apply", "-no-color", "-input=false", "plan.bin")
    (folder / "state.json").write_text(terraform("show", "-json"))
    return folder


def loaded(path: Path, source: Path | None = None) -> tuple[Plan, Snapshot]:
    options = PlanOptions(str(path), source=source)
    plan = load_plan(options, NOW)
    return plan, snapshot_of(source_of(plan, options, NOW), plan.items())


def outcomes(snapshot: Snapshot, names: dict[str, str] | None = None) -> Outcomes:
    """Rule and subject to outcome; `names` gives the real ARN of a planned one."""

    settings = Settings()
    graph = build(snapshot, settings)
    rules = [rule for rule in all_rules((), settings) if rule.info.theme != "plan"]  # these ask about the change itself
    found = evaluate(rules, graph.subjects, {}, NOW, every=True).findings
    return {(one.rule, (names or {}).get(one.subject, one.subject)): one.outcome for one in found}


@pytest.fixture(scope="module")
def live(applied: Path, endpoint: str) -> Outcomes:
    import os

    from scanner.cli.app import execute

    path = applied / "live.keyproof"
    before = dict(os.environ)
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    try:
        regions = ("--region", "eu-central-1", "--region", "us-west-2")
        report = f"json={applied / 'report.json'}"
        code = execute(["scan", "-q", "--endpoint-url", endpoint, *regions, "--save-snapshot", str(path), "-f", report])
    finally:
        os.environ.clear()
        os.environ |= before
    assert code in (0, 1, 3)
    return outcomes(read_snapshot(path))


def real_names(plan: Plan, state: Plan) -> dict[str, str]:
    """Planned subject to the one that AWS gave, by Terraform address."""
    given = {change.address: change.subject for change in state.changes}
    return {change.subject: str(given[change.address]) for change in plan.changes if change.subject}


@pytest.fixture(scope="module")
def planned(applied: Path) -> tuple[Plan, Snapshot]:
    return loaded(applied / "plan.json", source=applied)


@pytest.fixture(scope="module")
def state(applied: Path) -> Plan:
    return loaded(applied / "state.json")[0]


def estate_of(address: str | None) -> str:
    """The estate that an address is in: the module called from the root, where it has a folder of its own."""
    parts = (address or "").split(".")
    return parts[1] if parts[0] == "module" and parts[1] in ESTATES else ESTATES[0]


def test_there_are_twenty_estates_and_each_has_a_key_or_goes_without_on_purpose(state: Plan) -> None:
    found = {estate_of(change.address) for change in state.changes}
    assert found == set(ESTATES)
    assert len(found) >= 20


@pytest.fixture(scope="module")
def judged(planned: tuple[Plan, Snapshot], state: Plan) -> Outcomes:
    plan, snapshot = planned
    return outcomes(snapshot, real_names(plan, state))


@pytest.mark.parametrize("estate", ESTATES)
def test_a_plan_and_what_it_became_are_judged_alike(
    estate: str, judged: Outcomes, planned: tuple[Plan, Snapshot], state: Plan, live: Outcomes
) -> None:
    names = real_names(planned[0], state)
    own = {names[one.subject] for one in planned[0].changes if one.subject and estate_of(one.address) == estate}
    ours = {key: one for key, one in judged.items() if key[1] in own}
    told = [key for key in ours if ours[key] in ASSESSED and live.get(key) is not Outcome.NOT_ASSESSED]
    assert not {key: (ours[key], live.get(key)) for key in told if ours[key] != live.get(key)}
    answered = [key for key in ours if live.get(key) in ASSESSED]
    themes = {rule.info.id: rule.info.theme for rule in all_rules((), Settings())}
    left = {key[0] for key in answered if ours[key] not in ASSESSED and themes[key[0]] not in OPEN}
    assert left <= OPEN_HERE.get(estate, set())
    assert sum(ours[key] is live[key] for key in answered) > 2
    assert any(live[key] is Outcome.FAIL for key in answered)


def test_the_policies_that_the_source_tells_are_those_that_apply_wrote(
    planned: tuple[Plan, Snapshot], state: Plan
) -> None:
    names = real_names(planned[0], state)
    given = {one.arn: one.policies for one in state.after if isinstance(one, KeyFact)}
    written = {name: document for name, document in names.items() if ":" in name}
    compared = 0
    for key in planned[0].after:
        if not isinstance(key, KeyFact) or isinstance(key.policies, UnsetType):
            continue
        (ours,), (theirs,) = key.policies, given[names[key.arn]]
        text = ours.document
        for plan_name in sorted(written, key=len, reverse=True):
            text = text.replace(plan_name, written[plan_name])
        assert canonical(text) == canonical(theirs.document), key.arn
        compared += 1
    assert compared > 40


def canonical(policy: str) -> str:
    """A policy with its lists in one order, for IAM keeps none."""
    return in_order(json.loads(policy))


def in_order(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps({key: in_order(item) for key, item in value.items()}, sort_keys=True)
    if isinstance(value, list):
        return in_order(value[0]) if len(value) == 1 else json.dumps(sorted(map(in_order, value)))
    return json.dumps(value)


def test_a_state_says_nothing_that_the_live_account_contradicts(applied: Path, live: Outcomes) -> None:
    for name in ("state.json", "terraform.tfstate"):
        stated = outcomes(loaded(applied / name)[1])
        assert not {key for key in stated if stated[key] in ASSESSED and live.get(key, stated[key]) != stated[key]}


@pytest.mark.parametrize("source", [None, "folder", "binary plan"])
def test_every_reference_of_the_plan_is_the_key_that_apply_took(applied: Path, state: Plan, source: str | None) -> None:
    root = {None: None, "folder": applied, "binary plan": applied / "plan.bin"}[source]
    plan, _ = loaded(applied / "plan.json", source=root)
    names = real_names(plan, state)
    given = {fact.address: fact for fact in state.after if hasattr(fact, "uses")}
    compared = missing = 0
    for fact in plan.after:
        for use in getattr(fact, "uses", ()):
            (real,) = [one for one in given[fact.address].uses if one.field == use.field]
            if source is None and fact.address.startswith(ARITHMETIC):
                continue
            if use.certainty in ("exact", "index-matched"):
                assert (names.get(use.key, use.key), use.state) == (real.key, real.state), use.pointer
                compared += 1
            missing += use.certainty in ("opaque", "candidates")
    assert compared > 30
    assert (missing == 0) is (source is not None)
