"""Resource instances of a document, each with its values now and after apply, what is unknown, and the action on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from msgspec import Struct

from scanner.collect.terraform.address import Key, ModulePath, module_path, quoted, resource_address, without_keys
from scanner.collect.terraform.document import (
    Change,
    Document,
    RawResource,
    ResourceChange,
    StatedModule,
    StateDocument,
    StatedResource,
    StateValues,
)
from scanner.collect.terraform.masking import mask, secrets_to_come
from scanner.model.records import PlanAction
from scanner.model.words import plural

Values = dict[str, Any]


class Instance(Struct):
    """One resource or data source instance; `after` is None when it is gone, `before` None when it is new."""

    address: str
    type: str
    name: str
    mode: str
    module: ModulePath
    key: Key
    after: Values | None
    before: Values | None = None
    unknown: Any = None
    """Mirror of `after`: `true` at what is known only after apply."""
    mirrored: bool = True
    """False where the document has no such mirror, so that a missing value may be an unknown one."""
    action: PlanAction = "no-op"
    reason: str | None = None
    moved_from: str | None = None
    imported: bool = False
    deposed: str = ""
    """Terraform's name for an object that was replaced and not yet deleted; it shares its address with the new one."""
    drifted: bool = False
    secrets: tuple[str, ...] = ()
    block: tuple[tuple[str, ...], str, str, str] = ((), "", "", "")
    """Where its block stands in the configuration."""

    def __post_init__(self) -> None:
        self.block = (without_keys(self.module), self.mode, self.type, self.name)

    @property
    def id(self) -> tuple[str, str]:
        """What tells it from every other instance of its world."""
        return (self.address, self.deposed)


class Instances(Struct):
    """Every instance of a document by address; deposed objects, which share an address, stand apart."""

    by_address: dict[str, Instance] = {}
    deposed: list[Instance] = []
    partial: list[str] = []
    """Why the document does not show the whole change."""

    def add(self, instance: Instance) -> None:
        """Keep an instance; the first of an address stays."""
        if instance.deposed:
            self.deposed.append(instance)
        else:
            self.by_address.setdefault(instance.address, instance)


def read_instances(document: Document) -> Instances:
    """All instances of a plan, a state or a raw state."""
    found = Instances()
    if isinstance(document, StateDocument):
        for resource in document.resources or ():
            _add_raw(found, resource)
        _add_stated(found, document.values, set())
        return found
    drifted = {change.address for change in document.resource_drift or ()}
    moved: set[str] = set()
    for change in document.resource_changes or ():
        _add_change(found, change, drifted)
        if change.previous_address:
            moved.add(change.previous_address)
    for put_off in document.deferred_changes or ():
        if put_off.resource_change is not None:
            _add_change(found, put_off.resource_change, drifted, put_off.reason or "deferred")
    if document.resource_changes is None:
        _add_stated(found, document.planned_values, moved, mirrored=False)
    _add_stated(found, document.prior_state.values if document.prior_state else None, moved)
    found.partial += _why_partial(document, found)
    return found


def _why_partial(document: Document, found: Instances) -> Iterator[str]:
    if document.errored:
        yield "terraform reports that planning ended with an error"
    elif document.complete is False:
        yield "terraform reports that the plan is not complete (targeted, or something was deferred)"
    put_off = sum(instance.action == "deferred" for instance in found.by_address.values())
    if put_off:
        yield f"{plural(put_off, 'change is', 'changes are')} deferred to a later run"
    if document.resource_changes is None and not _changes_nothing(document):
        yield "the plan has no `resource_changes`, so what it does to each resource is not known"


def _changes_nothing(document: Document) -> bool:
    """Whether a plan has no changes because it makes none: one that only refreshes, or of no resources.

    Both leave `planned_values` empty; `errored` is in every plan since Terraform 1.6.
    """
    stated = document.planned_values.root_module if document.planned_values else None
    return document.errored is not None and not (stated and (stated.resources or stated.child_modules))


def action_of(actions: Iterable[str]) -> PlanAction:
    """One word for a list of actions; a delete among them always counts (replacing either way round)."""
    words = frozenset(actions)
    if "delete" in words:
        return "replace" if "create" in words else "delete"
    for word in ("create", "update", "forget", "read"):
        if word in words:
            return cast("PlanAction", word)
    return "no-op"


def _add_change(found: Instances, entry: ResourceChange, drifted: set[str], put_off: str | None = None) -> None:
    parts = resource_address(entry.address)
    kind, name = entry.type or (parts and parts.type), entry.name or (parts and parts.name)
    if not kind or not name:
        return
    change, after_secrets = _masked(kind, entry.change)
    action = action_of(change.actions)
    gone = action in ("delete", "forget")
    path = module_path(entry.module_address) if entry.module_address else parts.module if parts else ()
    found.add(
        Instance(
            address=entry.address,
            type=kind,
            name=name,
            mode=entry.mode or (parts.mode if parts else "managed"),
            module=path,
            key=_key(entry.index, parts.key if parts else None),
            after=None if gone else _mapping(change.after) or {},
            before=_mapping(change.before),
            unknown=change.after_unknown,
            action="deferred" if put_off else action,
            reason=put_off or entry.action_reason,
            moved_from=entry.previous_address if entry.previous_address != entry.address else None,
            imported=bool(change.importing),
            deposed=entry.deposed or "",
            drifted=entry.address in drifted,
            secrets=after_secrets,
        )
    )


def _masked(kind: str, change: Change) -> tuple[Change, tuple[str, ...]]:
    after, secrets = mask(kind, change.after, change.after_sensitive)
    before, old_secrets = mask(kind, change.before, change.before_sensitive)
    masked = Change(change.actions, before, after, change.after_unknown, importing=change.importing)
    return masked, tuple(sorted({*secrets, *old_secrets, *secrets_to_come(kind, change.after_unknown)}))


def _mapping(value: Any) -> Values | None:
    return value if isinstance(value, dict) else None


def _key(index: str | int | float | None, parsed: Key) -> Key:
    if isinstance(index, float):
        return int(index) if index.is_integer() else parsed
    return parsed if index is None else index


def _add_stated(found: Instances, values: StateValues | None, moved: set[str], mirrored: bool = True) -> None:
    modules = [values.root_module] if values and values.root_module else []
    while modules:
        module: StatedModule = modules.pop()
        modules += module.child_modules or ()
        for resource in module.resources or ():
            if resource.address not in found.by_address and resource.address not in moved:
                _add_one_stated(found, resource, module.address, mirrored)


def _add_one_stated(found: Instances, resource: StatedResource, module: str | None, mirrored: bool) -> None:
    parts = resource_address(resource.address)
    kind, name = resource.type or (parts and parts.type), resource.name or (parts and parts.name)
    if not kind or not name:
        return
    values, secrets = mask(kind, resource.values or {}, resource.sensitive_values)
    found.add(
        Instance(
            address=resource.address,
            type=kind,
            name=name,
            mode=resource.mode or (parts.mode if parts else "managed"),
            module=module_path(module) if module else parts.module if parts else (),
            key=_key(resource.index, parts.key if parts else None),
            after=values,
            before=values,
            mirrored=mirrored,
            secrets=secrets,
        )
    )


def _add_raw(found: Instances, resource: RawResource) -> None:
    prefix = f"{resource.module}." if resource.module else ""
    block = f"{prefix}{'data.' if resource.mode == 'data' else ''}{resource.type}.{resource.name}"
    for raw in resource.instances or ():
        key = _key(raw.index_key, None)
        index = "" if key is None else f"[{quoted(key)}]" if isinstance(key, str) else f"[{key}]"
        values, secrets = mask(resource.type, raw.attributes or {}, _raw_mirror(raw.sensitive_attributes))
        found.add(
            Instance(
                address=block + index,
                type=resource.type,
                name=resource.name,
                mode=resource.mode,
                module=module_path(resource.module),
                key=key,
                after=values,
                before=values,
                deposed=raw.deposed or "",
                secrets=secrets,
            )
        )


def _raw_mirror(paths: Any) -> Any:
    """The sensitive mirror of a raw state: a list of attribute paths becomes a tree; an inner index masks the whole."""
    mirror: Values = {}
    for path in paths if isinstance(paths, list) else ():
        steps = path if isinstance(path, list) else [path]
        first = steps[0] if steps else None
        name = first.get("value") if isinstance(first, dict) else None
        if isinstance(name, str):
            mirror[name] = True
    return mirror
