"""Encrypted resources: their uses of keys, lineage and data classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from scanner.catalog.running import RUNNING_TYPES
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import fact, members
from scanner.graph.planned import created_keys
from scanner.graph.retention import kept_days, locked_days
from scanner.graph.scope import Placed, Scope, spread
from scanner.graph.views import Key, Resource, Use
from scanner.model.arn import account_of
from scanner.model.records import AccountFact, KeyUse, ResourceFact
from scanner.model.unknown import Partial, PartialMap, Unknown, known_members, reason_of

NO_KEY = {"UNENCRYPTED": "UNENCRYPTED", "AWS_OWNED": "AWS_OWNED"}


_ONLY_RUN = frozenset(row.type for row in RUNNING_TYPES)


def add_resources(graph: KeyGraph) -> None:
    """Every resource of the snapshot with its uses, and the uses of every key."""
    used: dict[str, list[Use]] = defaultdict(list)
    doubtful: dict[tuple[str | None, str], str] = {}
    for record in graph.snapshot.of(ResourceFact):
        if record.type in _ONLY_RUN and not record.uses:
            continue  # no key protects it, so that there is nothing to judge
        resource = _resource(record)
        resource.uses = tuple(_use(graph, resource, use) for use in record.uses)
        resource.keys = _keys(resource.uses)
        graph.resources[resource.arn] = resource
        for use in resource.uses:
            if isinstance(use.key, Key):
                used[use.key.arn].append(use)
                graph.relations.relate(use.key.arn, "protects", resource.arn)
            elif isinstance(use.key, Unknown):
                place = graph.index.may_still_mean(use.reference, resource.account, resource.region)
                if place is not None:
                    doubtful.setdefault(place, f"{resource.label}: {use.key.reason}")
    _hang_uses(graph, used, doubtful)


def _resource(record: ResourceFact) -> Resource:
    return Resource(
        arn=record.arn,
        type=record.type,
        name=record.name,
        label=f"{record.type} {record.name}",
        account=record.account,
        region=record.region,
        tags=fact(record, "tags"),
        attributes=_attributes(record),
        kept_days=kept_days(record),
        locked_days=locked_days(record),
    )


def _attributes(record: ResourceFact) -> dict[str, str | Unknown]:
    """What AWS states as text; an attribute behind a refused call is there, and unknown."""
    refused = {
        name.removeprefix("attributes."): Unknown(reason)
        for name, reason in record.unread.items()
        if name.startswith("attributes.")
    }
    return PartialMap(refused | {name: _text(value) for name, value in record.attributes.items() if value is not None})


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _use(graph: KeyGraph, resource: Resource, stated: KeyUse) -> Use:
    key, custody = _protection(graph, resource, stated)
    return Use(
        id=f"{resource.arn}#{stated.field}",
        field=stated.field,
        reference=stated.key,
        custody=custody,
        encrypted=_encrypted(stated, custody),
        key=key,
        key_account=_key_account(resource, stated),
        resource=resource,
    )


def _key_account(resource: Resource, stated: KeyUse) -> str | None | Unknown:
    if stated.state == "UNKNOWN" and stated.key is None:
        named = {account_of(arn) for arn in stated.candidates}
        return named.pop() if len(named) == 1 else Unknown(stated.reason or f"the key of {resource.label} is not known")
    if stated.key is None:
        return None
    named_account = account_of(stated.key) or resource.account
    doubtful = None in (account_of(named_account), account_of(resource.account))  # a plan may not tell an account
    if doubtful and named_account != resource.account:
        return Unknown(f"the account of {resource.label} or of its key is not known")
    return named_account


def _encrypted(stated: KeyUse, custody: str | Unknown) -> bool | Unknown:
    """A field that names a key is encrypted, whatever is known of that key."""
    if stated.state == "KEY":
        return True
    return custody if isinstance(custody, Unknown) else custody != "UNENCRYPTED"


def _protection(graph: KeyGraph, resource: Resource, stated: KeyUse) -> tuple[Key | Unknown | None, str | Unknown]:
    """The key behind a use and the custody of its material."""
    if stated.state in NO_KEY:
        return None, NO_KEY[stated.state]
    if stated.key is None:
        return _one_of(graph, resource, stated)
    key = graph.index.find(stated.key, resource.account, resource.region)
    if graph.index.is_aws_managed(stated.key, resource.account, resource.region):
        return (key if isinstance(key, Key) else None), "AWS_MANAGED"
    return (key, key.custody) if isinstance(key, Key) else (key, key)


def _one_of(graph: KeyGraph, resource: Resource, stated: KeyUse) -> tuple[Unknown, str | Unknown]:
    """A plan may leave several candidates: where all have the same custody, the custody is known."""
    why = Unknown(stated.reason or f"the key of {stated.field} was not collected")
    found = [graph.index.find(name, resource.account, resource.region) for name in stated.candidates]
    custodies = [key.custody if isinstance(key, Key) else key for key in found]
    if not custodies or any(isinstance(custody, Unknown) for custody in custodies):
        return why, why
    return why, custodies[0] if len(set(custodies)) == 1 else why


def _keys(uses: Iterable[Use]) -> tuple[Key, ...] | Partial[Key]:
    found = {use.key.arn: use.key for use in uses if isinstance(use.key, Key)}
    doubt = next((use.key.reason for use in uses if isinstance(use.key, Unknown)), None)
    return members(found.values(), doubt)


def _hang_uses(graph: KeyGraph, used: dict[str, list[Use]], doubtful: dict[tuple[str | None, str], str]) -> None:
    """A key's uses are complete when every resource of its Region was read, or when only the plan can name it yet."""
    missing: dict[str, str | None] = {}
    created = created_keys(graph)
    for key in graph.keys.values():
        if key.region not in missing:
            missing[key.region] = graph.completeness.why_missing("resource:", None, key.region)
        unlisted = None if key.arn in created else missing[key.region]
        why = unlisted or doubtful.get((None, key.region)) or doubtful.get((key.account, key.region))
        uses = used.get(key.arn, [])
        key.uses = members(uses, why)
        key.resources = members({use.resource.arn: use.resource for use in uses}.values(), why)


def relate_lineage(graph: KeyGraph) -> None:
    """Edges between resources: copies, flows of data, secrets that open databases."""
    names: dict[tuple[str, str, str], str] = {}
    for resource in graph.resources.values():
        names[resource.account, resource.region, resource.name] = resource.arn
    for record in graph.snapshot.of(ResourceFact):
        links = fact(record, "links")
        for link in known_members(links):
            target = names.get((record.account, record.region, link.target), link.target)
            graph.relations.relate(record.arn, link.relation, target)
    for record in graph.snapshot.of(ResourceFact):
        if record.arn in graph.resources:
            _lineage(graph, graph.resources[record.arn], reason_of(fact(record, "links")))


def _lineage(graph: KeyGraph, resource: Resource, why: str | None) -> None:
    found = {
        verb: [graph.resources[arn] for arn in graph.relations.targets(resource.arn, verb) if arn in graph.resources]
        for verb in ("derived_from", "unlocks")
    }
    resource.derived_from = members(found["derived_from"], why)
    resource.unlocks = members(found["unlocks"], why)


def add_scope(graph: KeyGraph) -> None:
    """Data classes of resources and keys, and the custody that the settings demand."""
    units = {account.account: fact(account, "ou_path") for account in graph.snapshot.of(AccountFact)}
    not_read = Unknown("the account's organizational units were not collected")
    scope = spread(
        (_placed(resource, units.get(resource.account, not_read)) for resource in graph.resources.values()),
        graph.settings.data_classes,
        graph.relations,
    )
    _leave_open(graph, scope)
    custody = {data_class.name: data_class.custody for data_class in graph.settings.data_classes}
    for resource in graph.resources.values():
        resource.data_classes = scope.classes(resource.arn)
        resource.declared_classes = scope.declared.get(resource.arn, ())
        resource.scope_path = scope.lines(resource.arn)
        allowed = [set(custody[name]) for name in known_members(resource.data_classes) if custody.get(name)]
        resource.required_custody = members(
            sorted(set.intersection(*allowed)) if allowed else (), reason_of(resource.data_classes)
        )
    _key_classes(graph, units)


def _placed(thing: Resource | Key, ou_path: tuple[str, ...] | Unknown) -> Placed:
    kind = thing.type if isinstance(thing, Resource) else "AWS::KMS::Key"
    name = thing.name if isinstance(thing, Resource) else thing.label
    return Placed(thing.arn, thing.label, thing.account, kind, name, thing.tags, ou_path)


def _leave_open(graph: KeyGraph, scope: Scope) -> None:
    """A link that was not read may bring a further class."""
    for resource in graph.resources.values():
        if why := reason_of(resource.derived_from):
            scope.open.setdefault(resource.arn, why)


def _key_classes(graph: KeyGraph, units: dict[str, tuple[str, ...] | Unknown]) -> None:
    not_read = Unknown("the account's organizational units were not collected")
    own = spread(
        (_placed(key, units.get(key.account, not_read)) for key in graph.keys.values()),
        graph.settings.data_classes,
        type(graph.relations)(),
    )
    for key in graph.keys.values():
        key.declared_classes = own.classes(key.arn)
        parts = [key.declared_classes, *(r.data_classes for r in known_members(key.resources))]
        doubt = reason_of(key.resources) or next((why for part in parts if (why := reason_of(part))), None)
        key.data_classes = members(sorted({name for part in parts for name in known_members(part)}), doubt)
