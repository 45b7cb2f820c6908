"""Each call denied in turn: a gap for it, and no PASS or NOT_APPLICABLE that another answer to it would change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import botocore.endpoint
import pytest
from fakes.aws import ACCOUNT, FakeAws, denied
from fakes.bench import Bench, VirtualClock
from fakes.estate import REGION
from fakes.twins import KEYS, rotten_in, sound_in

from scanner.collect.collectors import COLLECTORS, Row
from scanner.collect.runner import Job, run
from scanner.collect.session import GLOBAL
from scanner.graph.build import build
from scanner.model.records import Gap, Item, KeyUse, ResourceFact, Source
from scanner.model.rule import Outcome
from scanner.model.settings import Settings
from scanner.model.snapshot import snapshot_of
from scanner.rules.evaluate import evaluate
from scanner.rules.load import load_rules

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
RULES = load_rules([Path(__file__).parents[2] / "policies"], Settings())
SERVICES = {"s3", "ec2", "rds", "dynamodb", "secretsmanager", "sqs", "logs", "cloudtrail"}
ROWS = tuple(row for row in COLLECTORS if "resources" not in row.name or row.name.split()[0] in SERVICES)
CALLS = sorted({call for row in ROWS for call in row.calls})
TELLING = {
    "cloudhsmv2:DescribeBackups", "cloudhsmv2:DescribeClusters", "cloudhsmv2:GetResourcePolicy",
    "cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus",
    "dynamodb:DescribeTable", "ec2:DescribeSnapshots", "ec2:DescribeVolumes", "ec2:GetEbsDefaultKmsKeyId",
    "iam:GetAccountAuthorizationDetails", "iam:GetPolicy", "iam:GetPolicyVersion", "kms:DescribeCustomKeyStores",
    "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants",
    "kms:ListKeyRotations", "kms:ListResourceTags", "logs:DescribeLogGroups", "rds:DescribeDBInstances",
    "rds:DescribeDBSnapshots", "s3:GetBucketEncryption", "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketReplication", "s3:GetObjectLockConfiguration", "sqs:GetQueueAttributes",
}  # fmt: skip
"""Calls whose rotten answer alone takes a PASS away."""
Call = tuple[str, str]
Verdicts = dict[tuple[str, str], Outcome]


class Estate:
    """The sound estate, read once; then again with one call denied, or answered as in the rotten one."""

    def __init__(self, aws: FakeAws, clock: VirtualClock) -> None:
        self.aws, self.clock = aws, clock
        sound_in(aws)
        self.sound = dict(aws._handlers)
        rotten_in(aws)
        self.rotten = dict(aws._handlers)
        self._use(self.sound)
        self.items = {row: self._read(row) for row in ROWS}
        self.asked = set(aws.calls)
        self.verdicts = self.judged(self.everything())

    def denying(self, call: Call) -> tuple[list[Gap], Verdicts]:
        """The new gaps and the verdicts when `call` is refused."""
        self._use({**self.sound, call: lambda _: denied()})
        items = self._again(call)
        return [item for item in items if isinstance(item, Gap) and item not in self.gaps()], self.judged(items)

    def with_rotten(self, call: Call) -> Verdicts:
        """The verdicts when `call` alone is answered as in the rotten estate."""
        self._use({**self.sound, **{name: answer for name, answer in self.rotten.items() if name == call}})
        return self.judged(self._again(call))

    def with_hidden(self, gaps: list[Gap]) -> Verdicts:
        """The verdicts when each listing that `gaps` hide had one more resource, on every key."""
        uses = tuple(KeyUse(field=name, state="KEY", key=arn) for name, arn in KEYS.items())
        listings = [word for gap in gaps if gap.subject is None for word in gap.makes_unknown]
        types = {word.partition(":")[2] for word in listings if word.startswith("resource:")}
        stated = {"account": ACCOUNT, "region": REGION, "name": "hidden", "tags": {}, "links": ()}
        hidden = [ResourceFact(type=name, arn=f"arn:{name}", uses=uses, **stated) for name in types]
        return self.judged([*self.everything(), *hidden])

    def gaps(self) -> list[Gap]:
        """What cannot be read of the sound estate."""
        return [item for items in self.items.values() for item in items if isinstance(item, Gap)]

    def judged(self, items: list[Item]) -> Verdicts:
        """Rule and subject to outcome."""
        source = Source(type="aws", started=AS_OF, accounts=(), regions=(REGION,))
        graph = build(snapshot_of(source, items), Settings())
        found = evaluate(RULES, graph.subjects, graph.unlisted, AS_OF, every=True).findings
        return {(finding.rule, finding.subject): finding.outcome for finding in found}

    def everything(self) -> list[Item]:
        """All records of the sound estate."""
        return [item for items in self.items.values() for item in items]

    def _again(self, call: Call) -> list[Item]:
        return [item for row in ROWS for item in (self._read(row) if call in row.calls else self.items[row])]

    def _use(self, handlers: dict[Call, Callable]) -> None:
        self.aws._handlers.clear()
        self.aws._handlers.update(handlers)

    def _read(self, row: Row) -> list[Item]:
        bench, kept = Bench(self.clock), []
        scope = bench.scope(region=REGION if row.where == "regional" else GLOBAL)
        run([Job(row, scope)], SimpleNamespace(add=kept.append), None, bench.workers[0])
        return kept


@pytest.fixture(scope="module")
def estate() -> Iterator[Estate]:
    clock = VirtualClock()
    with pytest.MonkeyPatch.context() as patch, FakeAws() as aws:
        patch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=clock.sleep))
        yield Estate(aws, clock)


def passed(verdicts: Verdicts) -> set[tuple[str, str]]:
    return {about for about, outcome in verdicts.items() if outcome is Outcome.PASS}


def test_the_sound_estate_is_read_whole_and_passes(estate: Estate) -> None:
    assert estate.gaps() == []
    verdicts = estate.verdicts
    assert {about for about, outcome in verdicts.items() if outcome is Outcome.FAIL} == set()


@pytest.mark.parametrize("call", CALLS, ids=":".join)
def test_no_pass_rests_on_what_was_refused(estate: Estate, call: Call) -> None:
    gaps, verdicts = estate.denying(call)
    if call in estate.asked:
        assert {(gap.service, gap.operation) for gap in gaps} == {call}
    rotten = estate.with_rotten(call)
    for world in (estate.verdicts, rotten, estate.with_hidden(gaps)):
        settled = {about for about, outcome in verdicts.items() if outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)}
        assert {about for about in settled if world.get(about, verdicts[about]) is not verdicts[about]} == set()
    assert passed(estate.verdicts) - passed(rotten) or ":".join(call) not in TELLING
