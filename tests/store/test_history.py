"""A history of findings: the same on SQLite and PostgreSQL, in any order, with two runs at once."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy
from report.samples import ACCOUNT, GRANTS_GAP, REGION, VOLUMES_GAP, a_finding, a_report, a_rule, a_source

from scanner.errors import KeyproofError, SourceError, UsageError
from scanner.model.finding import Finding, Report, WaiverNote
from scanner.model.reach import unlisted_arn
from scanner.model.rule import Outcome
from scanner.store import history_tables
from scanner.store.history import prepare, record
from scanner.store.history_database import reading, writing
from scanner.store.history_tables import METADATA, MIGRATIONS, STEPS
from scanner.store.history_trends import trends

NIGHT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
ROTATION = a_rule()
VOLUME = a_rule("volume-unencrypted", subject="resource")
GRANT = a_rule("grant-too-wide", subject="grant")
RULES = (ROTATION, VOLUME, GRANT)
EVERYWHERE_GAP = msgspec.structs.replace(VOLUMES_GAP, region="aws-global")


def night(number: int, *findings: Finding, **facts: object) -> Report:
    """The report of the scan in a night."""
    at = NIGHT + timedelta(days=number)
    source = a_source(started=at - timedelta(minutes=9), finished=at)
    defaults = {"source": source, "as_of": at, "digest": f"sha256:{number}", "rules": RULES}
    return a_report(*findings, **defaults | facts)


def first_seen(report: Report) -> list[datetime | None]:
    return [finding.first_seen for finding in report.findings]


def rotation(store: str) -> tuple[int, int, int, timedelta | None]:
    """(open, resolved, regressed, mean time to fix) of the one rule that these tests are about."""
    rule = next(rule for rule in trends(store).fixes.rules if rule.name == ROTATION.id)
    taken = None if rule.mean_time_to_fix is None else timedelta(seconds=rule.mean_time_to_fix)
    return rule.open, rule.resolved, rule.regressed, taken


def test_a_finding_keeps_when_it_was_first_seen(store: str) -> None:
    assert first_seen(record(night(0, a_finding()), store)) == [NIGHT]
    assert first_seen(record(night(3, a_finding()), store)) == [NIGHT]


def test_what_was_never_seen_to_fail_has_no_first_sight(store: str) -> None:
    open_verdict = a_finding(outcome=Outcome.NOT_ASSESSED)
    assert first_seen(record(night(0, open_verdict), store)) == [None]
    assert trends(store).fixes.rules == ()


def test_a_failure_that_is_listed_no_more_is_resolved_and_one_that_returns_has_regressed(store: str) -> None:
    record(night(0, a_finding()), store)
    record(night(2), store)
    assert rotation(store) == (0, 1, 0, timedelta(days=2))
    assert first_seen(record(night(5, a_finding()), store)) == [NIGHT]
    assert rotation(store) == (1, 0, 1, timedelta(days=2))
    assert trends(store).fixes.rules[0].open_since == NIGHT + timedelta(days=5)
    record(night(9), store)
    assert rotation(store) == (0, 1, 1, timedelta(days=3))


def test_a_waived_failure_stays_open(store: str) -> None:
    note = WaiverNote("team", "accepted", (NIGHT + timedelta(days=90)).date())
    record(night(0, a_finding()), store)
    record(night(1, a_finding(waiver=note)), store)
    assert rotation(store)[:2] == (1, 0)
    assert [point.failed["medium"] for point in trends(store).scopes[0].points] == [1, 0]


def test_a_fixed_failure_that_a_baseline_lists_is_resolved(store: str) -> None:
    record(night(0, a_finding()), store)
    record(night(1, a_finding(outcome=Outcome.PASS, status="fixed")), store)
    assert rotation(store)[:2] == (0, 1)


UNSEEN = [
    pytest.param(a_finding(), night(1, source=a_source(interrupted=True)), id="stopped"),
    pytest.param(a_finding(account="999999999999"), night(1), id="another-account"),
    pytest.param(a_finding(region="sa-east-1"), night(1), id="another-region"),
    pytest.param(a_finding(), night(1, rules=(VOLUME,)), id="another-rule"),
    pytest.param(a_finding(), night(1, a_finding(outcome=Outcome.NOT_ASSESSED)), id="not-assessed"),
    pytest.param(
        a_finding(),
        night(1, a_finding(subject=unlisted_arn("key", ACCOUNT, REGION), outcome=Outcome.NOT_ASSESSED)),
        id="keys-not-listed",
    ),
    pytest.param(a_finding(VOLUME), night(1, gaps=(VOLUMES_GAP,)), id="volumes-not-listed"),
    pytest.param(a_finding(VOLUME), night(1, gaps=(EVERYWHERE_GAP,)), id="not-listed-for-the-account"),
    pytest.param(a_finding(GRANT, region="us-east-1"), night(1, gaps=(GRANTS_GAP,)), id="grants-of-a-key"),
]  # fmt: skip


@pytest.mark.parametrize(("earlier", "later"), UNSEEN)
def test_a_scan_resolves_nothing_that_it_could_not_see(earlier: Finding, later: Report, store: str) -> None:
    place = a_source(accounts=(earlier.account,), regions=(earlier.region,), finished=NIGHT)
    record(night(0, earlier, source=place), store)
    record(later, store)
    rule = next(rule for rule in trends(store).fixes.rules if rule.name == earlier.rule)
    assert (rule.open, rule.resolved) == (1, 0)


def test_what_was_seen_with_another_region_is_resolved_only_with_it(store: str) -> None:
    """A failure may rest on what another Region holds: a replica in PCI scope, a trail, an alarm."""
    record(night(0, a_finding()), store)
    record(night(1, source=a_source(regions=(REGION,), finished=NIGHT + timedelta(days=1))), store)
    assert rotation(store)[:2] == (1, 0)
    record(night(2), store)
    assert rotation(store)[:2] == (0, 1)


def test_a_narrower_run_that_still_saw_it_may_resolve_it(store: str) -> None:
    def narrower(number: int, *findings: Finding) -> Report:
        return night(number, *findings, source=a_source(regions=(REGION,), finished=NIGHT + timedelta(days=number)))

    record(night(0, a_finding()), store)
    record(narrower(1, a_finding()), store)
    record(narrower(2), store)
    assert rotation(store)[:2] == (0, 1)


def test_a_read_that_failed_elsewhere_keeps_nothing_open(store: str) -> None:
    record(night(0, a_finding()), store)
    record(night(1, gaps=(VOLUMES_GAP, GRANTS_GAP)), store)
    assert rotation(store)[:2] == (0, 1)


def test_recording_a_report_twice_changes_nothing(store: str) -> None:
    record(night(0, a_finding()), store)
    last = record(night(1), store)
    known = trends(store)
    assert record(night(1), store) == last
    assert trends(store) == known


def test_an_older_scan_that_arrives_late_only_moves_the_first_sight(store: str) -> None:
    record(night(4, a_finding()), store)
    assert first_seen(record(night(1, a_finding()), store)) == [NIGHT + timedelta(days=1)]
    record(night(2), store)
    assert rotation(store)[:3] == (1, 0, 0)
    record(night(5), store)
    record(night(3, a_finding()), store)
    assert rotation(store) == (0, 1, 0, timedelta(days=4))


def test_the_trend_of_a_report_holds_the_earlier_runs_of_its_scope(store: str) -> None:
    elsewhere = a_source(accounts=("999999999999",), finished=NIGHT)
    record(night(0, a_finding(), a_finding(VOLUME, outcome=Outcome.NOT_ASSESSED), gaps=(VOLUMES_GAP,)), store)
    record(night(0, source=elsewhere), store)
    record(night(1, framework="pci-dss-4.0.1"), store)
    (point,) = record(night(2), store).trend
    assert (point.as_of, point.failed["medium"], point.not_assessed, point.complete) == (NIGHT, 1, 1, False)
    assert [scope.scope for scope in trends(store).scopes] == [
        "111122223333 in eu-west-1, us-east-1",
        "111122223333 in eu-west-1, us-east-1, pci-dss-4.0.1",
        "999999999999 in eu-west-1, us-east-1",
    ]


def test_the_time_to_fix_of_a_standard_is_that_of_its_rules(store: str) -> None:
    record(night(0, a_finding(), a_finding(GRANT)), store)
    record(night(2, a_finding(GRANT)), store)
    record(night(6), store)
    pci = next(one for one in trends(store).fixes.frameworks if one.name == "pci-dss-4.0.1")
    assert (pci.fixes, pci.mean_time_to_fix, pci.open) == (2, 4 * 86400, 0)


def test_a_report_tells_how_long_faults_of_its_accounts_stay(store: str) -> None:
    elsewhere = a_source(accounts=("999999999999",), finished=NIGHT)
    record(night(0, a_finding(GRANT, account="999999999999"), source=elsewhere), store)
    record(night(0, a_finding()), store)
    fixes = record(night(3), store).fixes
    assert fixes is not None
    assert [(one.name, one.mean_time_to_fix) for one in fixes.rules] == [(ROTATION.id, 3 * 86400)]
    assert {one.name for one in fixes.frameworks} == {"pci-dss-4.0.1", "nist-800-53-r5"}


def test_two_runs_at_once_lose_nothing(store: str) -> None:
    def scan_of(account: int) -> None:
        name = f"{account:012d}"
        source = a_source(accounts=(name,), finished=NIGHT)
        findings = [a_finding(account=name, subject=f"arn:{account}:{number}") for number in range(50)]
        record(night(account, *findings, source=source), store)
        record(night(account, source=a_source(accounts=(name,), finished=NIGHT + timedelta(days=1))), store)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(scan_of, range(8)))
    assert rotation(store) == (0, 400, 0, timedelta(days=1))
    assert len(trends(store).scopes) == 8


def test_the_same_scan_recorded_at_once_counts_once(store: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: record(night(0, a_finding()), store), range(4)))
    assert rotation(store)[:3] == (1, 0, 0)
    assert len(trends(store).scopes[0].points) == 1


def test_names_of_any_kind_are_kept(store: str) -> None:
    odd = a_finding(subject="arn:aws:s3:::\u202e'; DROP TABLE keyproof_finding; --\U0001f511\0")
    assert first_seen(record(night(0, odd), store)) == [NIGHT]
    assert first_seen(record(night(1, odd), store)) == [NIGHT]


def test_a_plan_has_no_history(store: str) -> None:
    with pytest.raises(UsageError, match="a plan is compared"):
        record(night(0, source=a_source(type="terraform-plan")), store)


# --- the database ---------------------------------------------------------------------------------


def test_the_steps_make_the_tables_that_the_queries_expect(store: str) -> None:
    prepare(store)
    with reading(store) as connection:
        inspector = sqlalchemy.inspect(connection)
        for table in METADATA.sorted_tables:
            made = inspector.get_columns(table.name)
            stated = [(column.name, column.nullable) for column in table.columns]
            assert [(column["name"], column["nullable"]) for column in made] == stated
        assert connection.scalars(sqlalchemy.select(STEPS.c.step)).all() == list(range(1, len(MIGRATIONS) + 1))


def test_a_history_of_a_later_version_is_left_alone(store: str) -> None:
    with writing(store) as connection:
        connection.execute(STEPS.insert(), {"step": 99})
    for ask in (lambda: record(night(0), store), lambda: trends(store)):
        with pytest.raises(SourceError, match="written by a later keyproof \\(step 99\\)"):
            ask()


def test_where_there_is_no_history_that_is_said(store: str) -> None:
    with pytest.raises(SourceError, match=r"no history here; `keyproof scan --store"):
        trends(store)


def test_a_transaction_that_fails_leaves_nothing(store: str) -> None:
    record(night(0, a_finding()), store)

    def fail() -> None:
        with writing(store) as connection:
            connection.execute(sqlalchemy.text("DELETE FROM keyproof_finding"))
            connection.execute(sqlalchemy.text("SELECT * FROM no_such_table"))

    with pytest.raises(SourceError, match="no_such_table"):
        fail()
    assert rotation(store)[0] == 1


def test_a_sqlite_history_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    prepare(str(tmp_path / "history.db"))
    assert stat.S_IMODE((tmp_path / "history.db").stat().st_mode) == 0o600


def test_a_database_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE mine(a)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(SourceError, match="not a history of keyproof"):
        prepare(str(file))
    assert file.read_bytes() == before


WRONG = [
    ("mysql://host/db", UsageError, "`mysql` cannot hold a history"),
    ("sqlite://", UsageError, "`sqlite` cannot hold a history"),
    ("postgresql://me:secret@host:port/db", UsageError, "no URL that can be read"),
    ("{tmp}/no/such/history.db", SourceError, "cannot write the history here \\(no such file"),
    ("{tmp}/text.db", SourceError, "the history cannot be used \\(file is not a database"),
    ("postgresql://me:secret@127.0.0.1:1/db", SourceError, "the history cannot be used \\(connection"),
]


@pytest.mark.parametrize(("place", "error", "words"), WRONG)
def test_a_wrong_store_is_named_without_its_password(
    place: str, error: type[KeyproofError], words: str, tmp_path: Path
) -> None:
    (tmp_path / "text.db").write_text("not a database " * 100)
    with pytest.raises(error, match=words) as caught:
        prepare(place.format(tmp=tmp_path))
    assert "secret" not in str(caught.value)


def test_a_history_survives_a_killed_writer(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    record(night(0, a_finding()), str(file))
    script = textwrap.dedent(
        """
        import sys, time
        from sqlalchemy import text
        from scanner.store.history_database import writing
        with writing(sys.argv[1]) as connection:
            connection.execute(text("PRAGMA cache_size = 1"))
            for number in range(3000):
                connection.execute(text("UPDATE keyproof_finding SET subject = :s"), {"s": "x" * 20000 + str(number)})
                row = {"n": number, "s": "y" * 2000}
                connection.execute(text("INSERT INTO keyproof_rule_framework VALUES(:n, :s)"), row)
            print("written", flush=True)
            time.sleep(60)
        """
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"written\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    assert Path(f"{file}-journal").exists()
    assert first_seen(record(night(1, a_finding()), str(file))) == [NIGHT]
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT max(length(subject)) FROM keyproof_finding").fetchone()[0] < 200
    connection.close()


def test_a_writer_killed_at_any_moment_leaves_whole_runs(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    prepare(str(file))
    script = textwrap.dedent(
        """
        import itertools, sys
        sys.path[:0] = sys.argv[2:]
        from report.samples import a_finding
        from store.test_history import night
        from scanner.store.history import record
        findings = [a_finding(subject=f"arn:{number}") for number in range(1500)]
        print("begins", flush=True)
        for number in itertools.count():
            record(night(number, *findings[number % 2 :: 2]), sys.argv[1])
        """
    )
    tests = str(Path(__file__).parents[1])
    for moment in (0.05, 0.11, 0.18, 0.29):
        arguments = [sys.executable, "-c", script, str(file), tests, str(Path(tests) / "report")]
        writer = subprocess.Popen(arguments, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begins\n"
        time.sleep(moment)
        writer.kill()
        writer.communicate()
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT count(*) % 750 FROM keyproof_finding").fetchone() == (0,)
            open_ones = connection.execute("SELECT count(*) FROM keyproof_finding WHERE resolved IS NULL").fetchone()
            assert open_ones in ((0,), (750,))
        connection.close()


# --- earlier histories ----------------------------------------------------------------------------

STEP_1 = """
CREATE TABLE keyproof_step (step INTEGER NOT NULL, PRIMARY KEY (step));
CREATE TABLE keyproof_run(
  id TEXT NOT NULL PRIMARY KEY, scope TEXT NOT NULL, as_of BIGINT NOT NULL, read_at BIGINT NOT NULL,
  complete INTEGER NOT NULL, not_assessed INTEGER NOT NULL, critical INTEGER NOT NULL,
  high INTEGER NOT NULL, medium INTEGER NOT NULL, low INTEGER NOT NULL, info INTEGER NOT NULL);
CREATE TABLE keyproof_finding(
  fingerprint TEXT NOT NULL PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL,
  region TEXT NOT NULL, severity TEXT NOT NULL, first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL,
  opened BIGINT NOT NULL, resolved BIGINT, regressed BIGINT, regressions INTEGER NOT NULL,
  fixes INTEGER NOT NULL, fix_time BIGINT NOT NULL);
CREATE TABLE keyproof_rule_framework(rule TEXT NOT NULL, framework TEXT NOT NULL, PRIMARY KEY(rule, framework));
CREATE INDEX keyproof_run_scope ON keyproof_run(scope, read_at);
CREATE INDEX keyproof_finding_account ON keyproof_finding(account);
INSERT INTO keyproof_step VALUES(1);
INSERT INTO keyproof_run VALUES
  ('r1', '111122223333 in eu-west-1, us-east-1', {night}, {night}, 1, 0, 0, 0, 1, 0, 0);
INSERT INTO keyproof_finding VALUES
  ('{known}', 'key-rotation-off', 'arn', '111122223333', 'eu-west-1', 'medium',
   {night}, {night}, {night}, NULL, NULL, 0, 0, 0);
INSERT INTO keyproof_rule_framework VALUES('key-rotation-off', 'pci-dss-4.0.1');
"""
"""A history as its first version left it, in words of its own: it must never follow the code."""


@pytest.fixture
def first_version(store: str) -> str:
    """A store that was last written by the first version."""
    url = store.replace("postgresql://", "postgresql+psycopg://")
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    microseconds = int(NIGHT.timestamp()) * 1_000_000
    with engine.begin() as connection:
        for statement in STEP_1.format(night=microseconds, known=a_finding().fingerprint).split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()
    return store


def test_a_history_of_the_first_version_goes_on(first_version: str) -> None:
    later = record(night(2, a_finding()), first_version)
    assert first_seen(later) == [NIGHT]
    assert [point.as_of for point in later.trend] == [NIGHT]
    record(night(3), first_version)
    assert rotation(first_version) == (0, 1, 0, timedelta(days=3))


def test_a_later_step_is_taken_once_and_keeps_what_is_there(
    first_version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = (*MIGRATIONS, ("ALTER TABLE keyproof_finding ADD COLUMN ticket TEXT NOT NULL DEFAULT 'none'",))
    monkeypatch.setattr(history_tables, "MIGRATIONS", later)
    for _ in range(2):
        prepare(first_version)
        with reading(first_version) as connection:
            assert connection.scalars(sqlalchemy.select(STEPS.c.step)).all() == list(range(1, len(later) + 1))
            rows = connection.execute(sqlalchemy.text("SELECT subject, ticket FROM keyproof_finding")).all()
            assert [tuple(row) for row in rows] == [("arn", "none")]


def test_a_step_that_fails_leaves_the_history_as_it_was(first_version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ("DELETE FROM keyproof_finding", "ALTER TABLE no_such_table ADD COLUMN a TEXT")
    with monkeypatch.context() as patch:
        patch.setattr(history_tables, "MIGRATIONS", (*MIGRATIONS, broken))
        with pytest.raises(SourceError, match="no_such_table"):
            prepare(first_version)
    assert rotation(first_version)[:2] == (1, 0)
