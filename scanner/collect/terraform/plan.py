"""A Terraform plan or state as snapshot records: the estate before apply, the estate after it, and the changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from scanner.collect.terraform.changes import Locate, as_before, as_it_stays, build_changes, still_there
from scanner.collect.terraform.configuration import ConfigurationIndex, index_configuration
from scanner.collect.terraform.coverage import coverage_of
from scanner.collect.terraform.detached import without_detached
from scanner.collect.terraform.document import Document, StateDocument, read_bytes, read_document
from scanner.collect.terraform.iam import build_iam
from scanner.collect.terraform.instances import Instance, Instances, read_instances
from scanner.collect.terraform.keys import build_keys
from scanner.collect.terraform.places import NOT_KNOWN, Places
from scanner.collect.terraform.resolver import Resolver
from scanner.collect.terraform.resources import build_resources
from scanner.collect.terraform.stores import build_stores
from scanner.collect.terraform.subjects import completed_by, subject_of
from scanner.collect.terraform.trails import build_event_stores, build_trails
from scanner.collect.terraform.unlisted import build_unlisted
from scanner.collect.terraform.watchers import build_alarms, build_event_rules, build_filters
from scanner.collect.terraform.world import World, share_claims
from scanner.errors import SourceError
from scanner.model.records import Fact, Item, PlanChange, Source
from scanner.model.snapshot import Sink
from scanner.model.words import many

if TYPE_CHECKING:  # who gives no source does not pay for reading one
    from scanner.collect.terraform.evaluation.evaluation import Evaluation
    from scanner.collect.terraform.source import SourceTree

BUILDERS: tuple[Callable[[World], Iterator[Fact]], ...] = (
    build_keys,
    build_stores,
    build_iam,
    build_resources,
    build_unlisted,
    build_trails,
    build_event_stores,
    build_filters,
    build_alarms,
    build_event_rules,
)
"""Every kind of record that a plan yields. One function each; adding a kind is adding a line."""


NO_CONFIGURATION = "the plan has no `configuration`, so references between resources cannot be followed"

HANDED_OVER = (
    "may be in any Region of their provider: the plan does not say which of its configurations their module was handed"
)


class PlanOptions(Struct, frozen=True):
    """What the caller knows beside the plan.

    `source` is the folder of the root module. `account` and `region` hold where the plan does not tell.
    """

    path: str
    source: Path | None = None
    account: str | None = None
    region: str | None = None
    tool: str = ""


class StatedWaiver(Struct, frozen=True):
    """A waiver in a comment: `fields` as written (`owner`, `reason`, `expires`), `subjects` ARNs and addresses."""

    rule: str
    fields: dict[str, str]
    subjects: tuple[str, ...]
    file: str
    line: int


class Plan(Struct):
    """A plan or state that has been read; `after` and `before` are records without coverage rows."""

    kind: str
    """`terraform-plan` or `terraform-state`."""
    after: list[Fact]
    before: list[Fact]
    changes: list[PlanChange]
    partial: tuple[str, ...]
    instances: list[Instance]
    world: World
    world_before: World
    waivers: list[StatedWaiver]
    """Waivers in comments of the source, with the subjects that they cover."""
    notes: tuple[str, ...] = ()
    """What a reader should know about how the document could be read."""

    def items(self) -> Iterator[Item]:
        """Everything that goes into the snapshot: the estate after apply, the changes, what stays open."""
        yield from self.after
        yield from self.changes
        yield from coverage_of(self.after, self.changes)

    def items_before(self) -> Iterator[Item]:
        """The same of the estate before apply: what the plan does not hold, it does not hold on either side."""
        yield from self.before
        yield from coverage_of((*self.before, *self.after), self.changes)

    def places(self) -> list[tuple[str, str]]:
        """Accounts and Regions of the records, sorted."""
        return sorted({(fact.account, fact.region) for fact in self.after})


def load_plan(options: PlanOptions, now: datetime, data: bytes | None = None) -> Plan:
    """Read the document at `options.path` (or `data`); SourceError says what is wrong with it."""
    text = read_bytes(options.path) if data is None else data
    document = read_document(text, options.path)
    try:
        return _plan(document, options, now)
    except RecursionError as problem:
        raise SourceError(f"{options.path}: values are nested too deeply to be a Terraform plan") from problem


def _plan(document: Document, options: PlanOptions, now: datetime) -> Plan:
    found = read_instances(document)
    configuration = index_configuration(document)
    source = _source(options.source, configuration) if options.source else None
    when = _time(document.timestamp) or now
    there = list(without_detached(map(as_it_stays, found.by_address.values()), configuration))
    after = _world(there, configuration, options, when)
    evaluation = after.evaluation = _evaluation(after, source, found) if source else None
    before = _world(_before(found), configuration, options, when)
    share_claims(after, before)
    everything = [*found.by_address.values(), *found.deposed]
    facts_before, facts = _facts(before), _facts(after)
    facts += _not_yet_there(still_there(everything, facts_before), facts)
    locate: Locate = source.locate if source else lambda _: None
    return Plan(
        kind="terraform-state" if isinstance(document, StateDocument) else "terraform-plan",
        after=facts,
        before=facts_before,
        changes=list(build_changes(before, after, everything, locate)),
        partial=tuple(found.partial),
        instances=everything,
        world=after,
        world_before=before,
        waivers=list(_waivers(source, after, everything)) if source else [],
        notes=tuple(_notes(document, after, evaluation)),
    )


def _source(root: Path, configuration: ConfigurationIndex) -> SourceTree:
    from scanner.collect.terraform.source import SourceTree

    return SourceTree(root, configuration)


def _evaluation(world: World, source: SourceTree, found: Instances) -> Evaluation:
    from scanner.collect.terraform.evaluation.evaluation import Evaluation

    return Evaluation(world, source, bool(found.partial))


def _notes(document: Document, world: World, evaluation: Evaluation | None) -> Iterator[str]:
    if document.configuration is None and not isinstance(document, StateDocument):
        yield NO_CONFIGURATION
    told, where = world.configuration.is_told, world.where
    aws = [one for one in world.instances if one.type.startswith("aws_")]
    if lost := [one.address for one in aws if not told(one.block) and where(one).region == NOT_KNOWN]:
        yield f"{many(len(lost), 'resource')} such as {lost[0]} {HANDED_OVER}"
    if evaluation is None:
        return
    if world.instances and not any(map(evaluation.source.locate, world.instances)):
        yield f"`{evaluation.source.root}` declares nothing that is in the plan; give the folder of its root module"
    if (note := evaluation.note()) is not None:
        yield note


def _waivers(source: SourceTree, world: World, instances: list[Instance]) -> Iterator[StatedWaiver]:
    for waiver in source.waivers:
        covered = [one for one in instances if waiver.covers(one)]
        subjects = {of(world, one) for one in covered for of in (subject_of, completed_by)} - {None}
        names = {*map(str, subjects), *(one.address for one in covered)}
        yield StatedWaiver(waiver.rule, waiver.fields, tuple(sorted(names)), waiver.file, waiver.line)


def _facts(world: World) -> list[Fact]:
    return [fact for build in BUILDERS for fact in build(world)]


def _not_yet_there(more: Iterable[Fact], facts: list[Fact]) -> list[Fact]:
    known = {getattr(fact, "arn", None) for fact in facts}
    return [fact for fact in more if getattr(fact, "arn", None) not in known]


def _before(found: Instances) -> list[Instance]:
    """What exists now, data sources that have been read included."""
    return [as_before(one) for one in (*found.by_address.values(), *found.deposed) if one.before]


def _world(instances: list[Instance], configuration: ConfigurationIndex, options: PlanOptions, when: datetime) -> World:
    resolver = Resolver(configuration, instances)
    return World(instances, resolver, Places(instances, resolver, options.account, options.region), when)


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return time if time is None or time.tzinfo else time.replace(tzinfo=UTC)


def read_plan(options: PlanOptions, now: datetime, data: bytes | None = None) -> Iterator[Item]:
    """The records of a plan or state after apply, its changes and what it leaves open."""
    return load_plan(options, now, data).items()


def source_of(plan: Plan, options: PlanOptions, now: datetime) -> Source:
    """What a report says of a plan as a source."""
    places = plan.places()
    return Source(
        type="terraform-plan" if plan.kind == "terraform-plan" else "terraform-state",
        started=now,
        finished=now,
        accounts=tuple(sorted({account for account, _ in places if account not in ("", NOT_KNOWN, "aws")})),
        regions=tuple(sorted({region for _, region in places if region not in ("", NOT_KNOWN, "aws-global")})),
        path=options.path,
        partial=plan.partial,
        tool=options.tool,
    )


def scan_plan(options: PlanOptions, sink: Sink, now: datetime) -> Source:
    """Read a plan or state into `sink`."""
    plan = load_plan(options, now)
    for item in plan.items():
        sink.add(item)
    return source_of(plan, options, now)
