"""One world of a document, before or after apply: its instances, what they refer to, where they live, their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from scanner.catalog.terraform import is_computed
from scanner.collect.terraform.arns import arn_by_name, is_named, planned_arn
from scanner.collect.terraform.configuration import ConfigurationIndex
from scanner.collect.terraform.evaluation.values import Planned, Unknown, Value
from scanner.collect.terraform.expressions import CANNOT_TELL
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.places import Places, Where, own_arn
from scanner.collect.terraform.resolver import Found, Resolver
from scanner.collect.terraform.values import Leaf, State, leaf

if TYPE_CHECKING:
    from scanner.collect.terraform.evaluation.evaluation import Evaluation

IDENTIFIERS = (
    "arn",
    "id",
    "key_id",
    "name",
    "bucket",
    "identifier",
    "cluster_identifier",
    "cluster_id",
    "target_key_arn",
)
"""Attributes by whose value one resource names another."""

NO_SOURCE = Unknown("the source is not given", read=False)

MANAGED_IDENTIFIERS = ("target_key_arn", "target_key_id", "arn", "id")

KEY_TYPES = frozenset({"aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"})


class Reference(Struct):
    """What an attribute refers to: a known value, instances of the document, or neither with the reason."""

    value: Any = None
    instances: tuple[Instance, ...] = ()
    certainty: str = "exact"
    reason: str | None = None
    """Set where it cannot be told."""

    @property
    def one(self) -> Instance | None:
        """The instance it certainly is."""
        return self.instances[0] if len(self.instances) == 1 and self.certainty in ("exact", "index-matched") else None


class World(Struct):
    """Everything that the builders of records ask."""

    instances: list[Instance]
    resolver: Resolver
    places: Places
    now: datetime
    """The time of the plan: what it creates is created then."""
    evaluation: Evaluation | None = None
    """Works out by the source what the plan leaves open, where the source was given."""
    claims: dict[str, set[str]] = field(default_factory=dict)
    """Addresses of the instances, before and after, that lead to each planned ARN."""
    _by_type: dict[str, list[Instance]] = field(default_factory=lambda: defaultdict(list))
    _named: dict[str, dict[str, Instance]] = field(default_factory=dict)
    _managed: dict[str, str] | None = None
    _arns: dict[tuple[str, str], str] = field(default_factory=dict)
    _wheres: dict[tuple[str, str], Where] = field(default_factory=dict)

    def of(self, *types: str, mode: str = "managed") -> Iterator[Instance]:
        """Instances of these types that are there in this world."""
        if not self._by_type:
            for instance in self.instances:
                self._by_type[instance.type].append(instance)
        for kind in types:
            yield from (one for one in self._by_type.get(kind, ()) if one.mode == mode)

    @property
    def configuration(self) -> ConfigurationIndex:
        """The configuration of the document."""
        return self.resolver.configuration

    def where(self, instance: Instance) -> Where:
        """The account and Region of an instance."""
        if instance.id not in self._wheres:
            self._wheres[instance.id] = self.places.of(instance)
        return self._wheres[instance.id]

    def arn(self, instance: Instance) -> str:
        """The ARN of an instance: AWS's own, else a stable one."""
        if instance.id not in self._arns:
            known = leaf(instance, "arn")
            stated = own_arn(instance) if known.state is State.VALUE else None
            text = str(stated) if stated else self._planned_arn(instance)
            self._arns[instance.id] = text.removesuffix(":*")
        return self._arns[instance.id]

    def _planned_arn(self, instance: Instance) -> str:
        """The ARN that names lead to, unless they lead to that of another instance too: then one with the address.

        So it is where the plan does not tell two accounts or Regions apart, or the names are those of parts.
        """
        where = self.where(instance)
        text = planned_arn(instance, where)
        shared = len(self.claims.get(text, ())) > 1
        return arn_by_name(instance.type, instance.address, where) if shared else text

    def key_id(self, instance: Instance) -> str:
        """The id of a key: the last part of its ARN."""
        return self.arn(instance).rsplit(":key/", 1)[-1]

    def has_default_tags(self, instance: Instance) -> bool:
        """Whether the provider may add tags of its own: it says so, or its block is not known."""
        provider = self.configuration.providers.get(self.configuration.provider(instance.block))
        return provider is None or "default_tags" in (provider.expressions or {})

    def unwritten(self, instance: Instance, one: Leaf, path: str) -> bool:
        """Whether an unknown value is one that the author left to the provider, which then uses its default.

        An expression of known parts is known, and Terraform plans what it comes to unless that is null.
        """
        if not (self.configuration.known and instance.mirrored and instance.block in self.configuration.blocks):
            return False
        written = self.written(instance, one, path)
        if not isinstance(written, Unknown):
            return written is None
        if written.read:
            return False
        if (expression := self.resolver.expression(instance, path, one.at)) is not None:
            return one.state is State.UNKNOWN and self.resolver.is_known(instance, expression)
        return not self._untraced(instance, one, path)

    def _untraced(self, instance: Instance, one: Leaf, path: str) -> bool:
        """Whether an attribute may stand in a dynamic block: of those a plan holds values and no expressions."""
        if one.state is State.UNKNOWN_BLOCK and is_computed(instance.type, path):
            return False
        around, _, _ = path.rpartition(".")
        written = self.resolver.expression(instance, around, one.at) if around else NO_SOURCE
        return written is None or written is CANNOT_TELL

    def written(self, instance: Instance, one: Leaf, path: str) -> Value:
        """What the source makes of an attribute that the plan leaves open; Unknown where it cannot be told."""
        if self.evaluation is None or one.state not in (State.UNKNOWN, State.UNKNOWN_BLOCK):
            return NO_SOURCE
        return self.evaluation.value(instance, path, one.at)

    def why_unknown(self, instance: Instance, one: Leaf, path: str) -> str:
        """Why an attribute cannot be told, with its address."""
        place = f"{instance.address}.{one.pointer or path}"
        if one.state is State.SENSITIVE:
            return f"{place} is marked sensitive"
        if instance.action == "deferred":
            return f"{place} is deferred to a later run"
        if one.state in (State.UNKNOWN, State.UNKNOWN_BLOCK) and self._may_be_dynamic(instance, one, path):
            hint = "" if self.evaluation else "; `--source DIR`, or the binary plan as `--source`, would tell"
            return f"{place} is known only after apply, in a dynamic block, whose expressions no plan holds{hint}"
        return f"{place} is known only after apply"

    def _may_be_dynamic(self, instance: Instance, one: Leaf, path: str) -> bool:
        if not (self.configuration.known and instance.mirrored and instance.block in self.configuration.blocks):
            return False
        expression = self.resolver.expression(instance, path, one.at)
        return expression is CANNOT_TELL or (expression is None and self._untraced(instance, one, path))

    def refer(
        self, instance: Instance, path: str, wanted: Iterable[str] | None, at: tuple[int | str, ...] = ()
    ) -> Reference:
        """What the attribute at `path` refers to, among resources of the `wanted` types (None: any)."""
        one = leaf(instance, path, at)
        types = None if wanted is None else frozenset(wanted)
        if one.state is State.VALUE:
            return self._by_value(one.value, types)
        if one.state in (State.ABSENT, State.NO_BLOCK) and instance.mirrored:
            return Reference()
        expression = self.resolver.expression(instance, path, one.at)
        if one.state is State.SENSITIVE or expression is None:
            if one.state in (State.ABSENT, State.NO_BLOCK):
                return Reference()
            told = Reference(certainty="opaque", reason=self.why_unknown(instance, one, path))
        else:
            told = self._by_reference(instance, one, path, self.resolver.follow(instance, expression, types))
        certain = told.one is not None and told.certainty == "exact"
        return told if certain else self._by_source(instance, one, path, types, told)

    def _by_source(
        self, instance: Instance, one: Leaf, path: str, types: frozenset[str] | None, told: Reference
    ) -> Reference:
        """The same with what the source adds; what the plan tells stays where it adds nothing."""
        written = self.written(instance, one, path)
        if isinstance(written, Unknown):
            if not written.read:
                return told
            # that the source does not settle the index leaves the one that the plan suggests a guess
            why = told.reason or self.why_unknown(instance, one, path)
            return replace(
                told, certainty=told.certainty if told.reason else "candidates", reason=f"{why}; {written.reason}"
            )
        if isinstance(written, Planned):
            if written.instance is None:
                return told
            found = self.resolver.reach(written.instance, written.attribute, types)
            return self._by_reference(instance, one, path, found) if found.instances else told
        return self._by_value(written, types)

    def _by_value(self, value: Any, types: frozenset[str] | None) -> Reference:
        found = self.named(value, types) if isinstance(value, str) else None
        return Reference(value, (found,) if found else ())

    def _by_reference(self, instance: Instance, one: Leaf, path: str, found: Found) -> Reference:
        why = self.why_unknown(instance, one, path)
        if found.opaque:
            why += f" and refers to {', '.join(sorted(set(found.opaque)))}"
        elif found.too_many or len(found.instances) > 1:
            why += f" and may be any of {found.too_many + len(found.instances)}"
        elif not found.instances:
            literals = [text for text in found.literals if isinstance(text, str)]
            if one.state is not State.UNKNOWN and len(literals) == 1:
                return Reference(literals[0])
            if len(found.key_names) == 1 and not found.literals:
                return self._by_key_name(found.key_names[0])
        listed = [] if found.too_many else [one for one, _ in found.instances]
        instances = tuple(sorted(listed, key=lambda one: one.address))
        certain = len(instances) == 1 and found.certainty in ("exact", "index-matched")
        return Reference(None, instances, found.certainty, None if certain else why)

    def _by_key_name(self, name: Any) -> Reference:
        """The key that a data source is going to look up: one of the document, else the name itself."""
        key = self.named(name, KEY_TYPES) if isinstance(name, str) else None
        alias = self.named(name, frozenset({"aws_kms_alias"})) if key is None and isinstance(name, str) else None
        if alias is not None:
            return self.refer(alias, "target_key_id", KEY_TYPES)
        return Reference(name, (key,) if key else ())

    @property
    def managed_keys(self) -> dict[str, str]:
        """Ids and ARNs of AWS managed keys that data sources have looked up, with the alias of each."""
        if self._managed is None:
            self._managed = {
                identifier: alias
                for data in self.of("aws_kms_alias", "aws_kms_key", mode="data")
                if (alias := _managed_alias(data.after or {}))
                for name in MANAGED_IDENTIFIERS
                if isinstance(identifier := (data.after or {}).get(name), str) and identifier != alias
            }
        return self._managed

    def named(self, value: str, types: frozenset[str] | None) -> Instance | None:
        """The managed instance that `value` (ARN, id or name) identifies."""
        for kind in sorted(types) if types is not None else ():
            if kind not in self._named:
                self._named[kind] = self._index(kind)
            if (found := self._named[kind].get(value)) is not None:
                return found
        return None

    def _index(self, kind: str) -> dict[str, Instance]:
        index: dict[str, Instance] = {}
        for instance in self.of(kind):
            index.setdefault(self.arn(instance), instance)
            for name in IDENTIFIERS:
                value = (instance.after or {}).get(name)
                if isinstance(value, str) and value:
                    index.setdefault(value, instance)
        return index


def share_claims(*worlds: World) -> None:
    """Let worlds of one document agree on which planned ARNs are those of one instance alone."""
    claims: dict[str, set[str]] = defaultdict(set)
    for world in worlds:
        world.claims = claims
        for one in world.instances:
            if one.mode == "managed" and is_named(one.type) and own_arn(one) is None:
                claims[planned_arn(one, world.where(one))].add(one.address)


def _managed_alias(values: dict[str, Any]) -> str | None:
    """`alias/aws/...`, by which a data source names an AWS managed key."""
    names = (values.get("name"), values.get("key_id"))
    return next((name for name in names if isinstance(name, str) and name.startswith("alias/aws/")), None)
