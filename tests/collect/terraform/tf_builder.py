"""Builds small plans in the shape that `terraform show -json` writes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from scanner.collect.terraform import Plan, PlanOptions, load_plan
from scanner.collect.terraform.address import resource_address, without_keys
from scanner.model.records import KeyFact, KeyUse, Record, ResourceFact

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ACCOUNT = "111122223333"
REGION = "eu-central-1"
F = TypeVar("F", bound=Record)

AFTER_APPLY: Any = object()
"""A value that is known only after apply."""


def ref(*names: str) -> dict[str, Any]:
    """An expression that refers to something, least specific references included."""
    return {"references": [text for name in names for text in _shorter(name)]}


def _shorter(name: str) -> list[str]:
    head = name.split(".")[0]
    least = {"module": 2, "data": 3}.get(head, 2)
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), least - 1, -1)]


def const(value: Any) -> dict[str, Any]:
    """An expression that is a constant."""
    return {"constant_value": value}


class PlanText:
    """A plan under construction; every method returns the builder."""

    def __init__(self, account: str | None = ACCOUNT, region: str | None = REGION) -> None:
        provider: dict[str, Any] = {
            "name": "aws",
            "full_name": "registry.terraform.io/hashicorp/aws",
            "expressions": {},
        }
        if region:
            provider["expressions"]["region"] = const(region)
        if account:
            provider["expressions"]["allowed_account_ids"] = const([account])
        self.root: dict[str, Any] = {}
        self.document: dict[str, Any] = {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "resource_changes": [],
            "configuration": {"provider_config": {"aws": provider}, "root_module": self.root},
        }

    def resource(
        self,
        address: str,
        values: dict[str, Any] | None = None,
        expressions: dict[str, Any] | None = None,
        actions: tuple[str, ...] = ("create",),
        before: dict[str, Any] | None = None,
        **more: Any,
    ) -> PlanText:
        """One instance; values that are `AFTER_APPLY` are unknown, and known ones count as written by the author."""
        parts = resource_address(address)
        assert parts is not None
        after, unknown = split(values or {})
        entry: dict[str, Any] = {
            "address": address,
            "mode": parts.mode,
            "type": parts.type,
            "name": parts.name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {
                "actions": list(actions),
                "before": before,
                "after": None if actions in (("delete",), ("forget",)) else after,
                "after_unknown": unknown,
                "before_sensitive": more.pop("before_sensitive", {}),
                "after_sensitive": more.pop("sensitive", {}),
                **more.pop("change", {}),
            },
            **more,
        }
        if parts.key is not None:
            entry["index"] = parts.key
        if parts.module:
            prefix = "data." if parts.mode == "data" else ""
            entry["module_address"] = address.split(f".{prefix}{parts.type}.{parts.name}")[0]
        self.document["resource_changes"].append(entry)
        written = {name: const(value) for name, value in after.items() if not isinstance(value, (list, dict))}
        self.block(without_keys(parts.module), parts.mode, parts.type, parts.name, written | (expressions or {}))
        return self

    def block(
        self, place: tuple[str, ...], mode: str, kind: str, name: str, expressions: dict[str, Any], **more: Any
    ) -> PlanText:
        """A block of the configuration; a second one of the same name adds to the first."""
        blocks = self.module(place).setdefault("resources", [])
        own = next((b for b in blocks if (b["mode"], b["type"], b["name"]) == (mode, kind, name)), None)
        if own is None:
            own = {"address": f"{kind}.{name}", "mode": mode, "type": kind, "name": name, "expressions": {}}
            own["provider_config_key"] = "aws"
            blocks.append(own)
        own["expressions"].update(expressions)
        own.update(more)
        return self

    def module(self, place: tuple[str, ...]) -> dict[str, Any]:
        """The configuration of a module."""
        node = self.root
        for call in place:
            node = node.setdefault("module_calls", {}).setdefault(call, {}).setdefault("module", {})
        return node

    def call(self, name: str, expressions: dict[str, Any] | None = None, **more: Any) -> PlanText:
        """The arguments of a module call of the root."""
        call = self.root.setdefault("module_calls", {}).setdefault(name, {})
        call.setdefault("expressions", {}).update(expressions or {})
        call.update(more)
        return self

    def output(self, place: tuple[str, ...], name: str, expression: dict[str, Any]) -> PlanText:
        """An output of a module."""
        self.module(place).setdefault("outputs", {})[name] = {"expression": expression}
        return self

    def text(self) -> bytes:
        """The plan as JSON."""
        return json.dumps(self.document).encode()

    def load(self, source: Path | None = None, **options: Any) -> Plan:
        """The plan, read."""
        return load_plan(PlanOptions(path="plan.json", source=source, **options), NOW, self.text())


def split(values: Any) -> tuple[Any, Any]:
    """Values without the unknown ones, and the mirror that marks those."""
    if isinstance(values, dict):
        pairs = {name: split(value) for name, value in values.items()}
        after = {name: pair[0] for name, pair in pairs.items() if values[name] is not AFTER_APPLY}
        return after, {name: pair[1] for name, pair in pairs.items() if pair[1] not in (False, {}, [])}
    if isinstance(values, list):
        pairs_of = [split(value) for value in values]
        marks = [pair[1] for pair in pairs_of]
        return [pair[0] for pair in pairs_of], marks if any(mark not in (False, {}) for mark in marks) else []
    return (None, True) if values is AFTER_APPLY else (values, False)


NEW_KEY = {"arn": AFTER_APPLY, "key_id": AFTER_APPLY, "id": AFTER_APPLY, "policy": AFTER_APPLY}


def a_key(plan: PlanText, address: str = "aws_kms_key.main", **values: Any) -> PlanText:
    """A key that the plan creates."""
    expressions = values.pop("expressions", {})
    return plan.resource(address, NEW_KEY | values, expressions)


def facts(plan: Plan, kind: type[F]) -> list[F]:
    """The records of one kind after apply."""
    return [fact for fact in plan.after if isinstance(fact, kind)]


def the_key(plan: Plan, address: str = "aws_kms_key.main") -> KeyFact:
    """The key of an address."""
    (found,) = [key for key in facts(plan, KeyFact) if key.id == address or key.arn == address]
    return found


def uses(plan: Plan, address: str) -> dict[str, KeyUse]:
    """The uses of the resource of an address, by field."""
    (found,) = [fact for fact in facts(plan, ResourceFact) if fact.address == address]
    return {use.field: use for use in found.uses}


def key_arn(name: str = "aws_kms_key.main", account: str = ACCOUNT, region: str = REGION) -> str:
    """The ARN that a planned key has until AWS gives one."""
    return f"arn:aws:kms:{region}:{account}:key/{name}"
