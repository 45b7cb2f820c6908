"""Checking a plan and scanning what was applied give the same findings for the same subjects."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tf_real import Terraform

from scanner.cli.ruleset import all_rules
from scanner.collect.terraform import Plan, PlanOptions, load_plan, source_of
from scanner.graph.build import build
from scanner.model.rule import Outcome
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot, snapshot_of
from scanner.rules.evaluate import evaluate
from scanner.store import read_snapshot

ESTATE = Path(__file__).parents[3] / "fixtures" / "plans" / "applied"
NOW = datetime.now(UTC)
ASSESSED = (Outcome.PASS, Outcome.FAIL)

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


def test_a_plan_and_what_it_became_are_judged_alike(applied: Path, live: Outcomes) -> None:
    plan, snapshot = loaded(applied / "plan.json", source=applied)
    state, _ = loaded(applied / "state.json")
    names = real_names(plan, state)
    planned = {key: one for key, one in outcomes(snapshot, names).items() if key[1] in names.values()}
    assessed = [key for key in planned if planned[key] in ASSESSED]
    told = [key for key in assessed if live.get(key) is not Outcome.NOT_ASSESSED]  # the emulator refuses some listings
    contradictions = {key for key in told if planned[key] != live.get(key)}
    assert not contradictions
    answered = [key for key in planned if live.get(key) in ASSESSED]
    themes = {rule.info.id: rule.info.theme for rule in all_rules((), Settings())}
    open_ones = {themes[key[0]] for key in answered if planned[key] not in ASSESSED}
    assert open_ones <= {"access"}, "IAM outside the plan may open a key to others"
    assert sum(live[key] is Outcome.FAIL for key in answered) > 20


def test_a_state_says_nothing_that_the_live_account_contradicts(applied: Path, live: Outcomes) -> None:
    for name in ("state.json", "terraform.tfstate"):
        stated = outcomes(loaded(applied / name)[1])
        assert not {key for key in stated if stated[key] in ASSESSED and live.get(key, stated[key]) != stated[key]}


def test_every_reference_of_the_plan_is_the_key_that_apply_took(applied: Path) -> None:
    plan, _ = loaded(applied / "plan.json", source=applied)
    state, _ = loaded(applied / "state.json")
    names = real_names(plan, state)
    given = {fact.address: fact for fact in state.after if hasattr(fact, "uses")}
    compared = 0
    for fact in plan.after:
        for use in getattr(fact, "uses", ()):
            (real,) = [one for one in given[fact.address].uses if one.field == use.field]
            if use.certainty in ("exact", "index-matched"):
                assert (names.get(use.key, use.key), use.state) == (real.key, real.state), use.pointer
                compared += 1
    assert compared > 15
