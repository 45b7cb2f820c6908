"""Policy documents of a plan: known text, or what a deferred `aws_iam_policy_document` will say as far as known."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from scanner.collect.terraform.address import drop_prefixes
from scanner.collect.terraform.configuration import references
from scanner.collect.terraform.draft import text, texts
from scanner.collect.terraform.evaluation.values import PartlyKnown, Planned, Unknown, to_json
from scanner.collect.terraform.expressions import expression_at
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.merging import OVERRIDES, SOURCES, merge, merged_in
from scanner.collect.terraform.values import Leaf, State, leaf
from scanner.collect.terraform.world import World

DOCUMENT = "aws_iam_policy_document"

UNTOLD = "known only after apply"
"""Marks a statement that only holds a place."""


class Read(Struct, frozen=True):
    """A policy document: `text` None where there is none or it cannot be told; `reason` why (part of) it cannot."""

    text: str | None
    reason: str | None = None


def read_policy(world: World, instance: Instance, path: str, at: tuple[int | str, ...] = ()) -> Read:
    """The policy document that the attribute at `path` holds or will hold."""
    one = leaf(instance, path, at)
    if one.state is State.VALUE:
        stated = text(one.value)
        return Read(stated) if stated else Read(None, f"{instance.address}.{one.pointer} is not a policy document")
    if one.state in (State.ABSENT, State.NO_BLOCK) and (instance.mirrored or not world.configuration.known):
        return Read(None)
    if world.unwritten(instance, one, path):
        return Read(None)
    expression = world.resolver.expression(instance, path, one.at)
    why = world.why_unknown(instance, one, path)
    if one.state is State.SENSITIVE:
        return Read(None, why)
    told = Read(None, why) if expression is None else _from_data(world, instance, expression, why)
    return told if told.text is not None and told.reason is None else _from_source(world, instance, one, path, told)


def _from_source(world: World, instance: Instance, one: Leaf, path: str, told: Read) -> Read:
    """The document that the source makes; what the plan tells where it adds nothing."""
    written = world.written(instance, one, path)
    if isinstance(written, PartlyKnown) and told.text is None:
        return _told_part(written, f"{instance.address}.{one.pointer or path}")
    if isinstance(written, Unknown):
        return replace(told, reason=f"{told.reason}; {written.reason}") if written.read else told
    if not isinstance(written, str) or (isinstance(written, Planned) and not written.stands):
        return told
    return Read(str(written))


def _told_part(written: PartlyKnown, place: str) -> Read:
    """The statements that are wholly known; if one that denies is not, nothing can be told."""
    value = written.value
    raw = value.get("Statement") if isinstance(value, dict) else None
    statements = raw if isinstance(raw, list) else [raw]
    rest = {name: part for name, part in value.items() if name != "Statement"} if isinstance(value, dict) else {}
    known = [one for one in statements if isinstance(one, dict) and isinstance(to_json(one), str)]
    open_ones = [one for one in statements if one not in known]
    denies = any(not isinstance(one, dict) or one.get("Effect") != "Allow" for one in open_ones)
    if denies or not known or not isinstance(to_json(rest), str):
        return Read(None, f"{place} is known only after apply; {written.reason}")
    text = to_json({**rest, "Statement": known})
    return Read(str(text), f"{len(open_ones)} statement(s) of {place} are known only after apply; {written.reason}")


def _from_data(world: World, instance: Instance, expression: Any, why: str) -> Read:
    """The document behind a reference to a policy document data source, and to that alone."""
    sources = world.resolver.data_sources(instance, expression, DOCUMENT)
    if sources is None or len(sources) != 1:
        named = ", ".join(
            ".".join(step for step in steps[:3] if isinstance(step, str))
            for steps in drop_prefixes(references(expression))[:3]
        )
        return Read(None, f"{why} and is made of {named}" if named else why)
    return render(world, sources[0])


def render(world: World, data: Instance) -> Read:
    """The document that a data source makes of its blocks (registry, hashicorp/aws, `aws_iam_policy_document`).

    A statement that cannot be told is left out and named in `reason`; if it denies, nothing can be told.
    """
    known = text((data.after or {}).get("json"))
    if known:
        return Read(known)
    sources, overrides = merged_in(data, SOURCES), merged_in(data, OVERRIDES)
    if sources is None or overrides is None:
        return Read(None, f"{data.address} merges other documents and is known only after apply")
    raw = (data.after or {}).get("statement")
    own: list[dict[str, Any]] = []
    missing: list[str] = []
    for place, block in enumerate(raw if isinstance(raw, list) else ()):
        statement = _statement(world, data, place, block) if isinstance(block, dict) else None
        if statement is None and not _allows(data, place, block):
            return Read(None, f"{data.address}.statement[{place}] denies something known only after apply")
        if statement is None:
            missing.append(f"{data.address}.statement[{place}]")
        own.append(statement or {"Sid": text(block.get("sid")), UNTOLD: True})
    statements = [one for one in merge(sources, own, overrides) if UNTOLD not in one]
    if not statements:
        return Read(None, f"{data.address} is known only after apply")
    document = {"Version": (data.after or {}).get("version") or "2012-10-17", "Statement": statements}
    reason = f"{', '.join(missing)}: known only after apply" if missing else None
    return Read(msgspec.json.encode(document).decode(), reason)


def _allows(data: Instance, place: int, block: Any) -> bool:
    known = isinstance(block, dict) and not _unknown_at(data, f"statement[{place}].effect")
    return known and str(block.get("effect") or "Allow") == "Allow"


def _statement(world: World, data: Instance, place: int, block: dict[str, Any]) -> dict[str, Any] | None:
    """One statement in JSON, None where a part that narrows or widens it is not known."""
    path = f"statement[{place}]"
    if _unknown_at(data, f"{path}.effect"):
        return None
    statement: dict[str, Any] = {"Effect": block.get("effect") or "Allow"}
    if text(block.get("sid")):
        statement["Sid"] = block["sid"]
    for name, attribute in (
        ("Action", "actions"),
        ("NotAction", "not_actions"),
        ("Resource", "resources"),
        ("NotResource", "not_resources"),
    ):
        listed = _listed(world, data, f"{path}.{attribute}", block.get(attribute))
        if listed is None:
            return None
        if listed:
            statement[name] = listed
    for name, attribute in (("Principal", "principals"), ("NotPrincipal", "not_principals")):
        named = _principals(world, data, f"{path}.{attribute}", block.get(attribute))
        if named is None:
            return None
        if named:
            statement[name] = named
    conditions = _conditions(world, data, path, block.get("condition"))
    if conditions is None:
        return None
    return statement | ({"Condition": conditions} if conditions else {})


def _principals(world: World, data: Instance, path: str, blocks: Any) -> dict[str, list[str]] | str | None:
    found: dict[str, list[str]] = {}
    if not isinstance(blocks, list) and _unknown_at(data, path):
        return None
    for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
        listed = _listed(world, data, f"{path}[{place}].identifiers", _get(block, "identifiers"))
        kind = text(_get(block, "type"))
        if not listed or kind is None:
            return None
        if kind == "*":
            return "*"
        found.setdefault(kind, []).extend(listed)
    return found


def _conditions(world: World, data: Instance, path: str, blocks: Any) -> dict[str, dict[str, list[str]]] | None:
    found: dict[str, dict[str, list[str]]] = {}
    if not isinstance(blocks, list) and _unknown_at(data, f"{path}.condition"):
        return None
    for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
        listed = _listed(world, data, f"{path}.condition[{place}].values", _get(block, "values"))
        test, variable = text(_get(block, "test")), text(_get(block, "variable"))
        if not listed or test is None or variable is None:
            return None
        found.setdefault(test, {}).setdefault(variable, []).extend(listed)
    return found


def _get(block: Any, name: str) -> Any:
    return block.get(name) if isinstance(block, dict) else None


def _listed(world: World, data: Instance, pointer: str, value: Any) -> list[str] | None:
    """The texts of a list, an unknown one replaced by the ARN of the instances it refers to; None if that fails."""
    mark = _mark_at(data.unknown, pointer)
    known = list(texts(value))
    if not _any(mark):
        complete = not isinstance(value, list) or len(known) == len(value)
        return known if complete else None
    expression = _expression(world, data, pointer)
    if expression is None:
        return None
    found = world.resolver.follow(data, expression, None)
    unknown = mark.count(True) if isinstance(mark, list) else None
    arns = sorted({world.arn(one) for one, name in found.instances if name == "arn"})
    if (
        found.opaque
        or found.too_many
        or len(arns) != len(found.instances)
        or not arns
        or (unknown is not None and unknown != len(arns))
    ):
        return None
    if unknown is None and found.literals:
        return None
    return known + arns


def _any(mark: Any) -> bool:
    return mark is True or (isinstance(mark, list) and any(part is True for part in mark))


def _unknown_at(data: Instance, pointer: str) -> bool:
    return _mark_at(data.unknown, pointer) is True


def _mark_at(mirror: Any, pointer: str) -> Any:
    """The mark at `statement[0].principals[1].identifiers`; a mark of `true` holds for all below it."""
    node = mirror
    for part in pointer.replace("]", "").replace("[", ".").split("."):
        if node is True:
            return True
        if isinstance(node, list) and part.isdecimal():
            node = node[int(part)] if int(part) < len(node) else None
        else:
            node = node.get(part) if isinstance(node, dict) else None
    return node


def _expression(world: World, data: Instance, pointer: str) -> Any:
    """The expression of a list; dynamic statements have none and shift those after them, so counts must agree."""
    expressions = world.configuration.expressions(data.block)
    written = expressions.get("statement")
    stated = (data.after or {}).get("statement")
    if not isinstance(written, list) or not isinstance(stated, list) or len(written) != len(stated):
        return None
    parts = [part.split("[") for part in pointer.split(".")]
    at = tuple(int(part[1].rstrip("]")) for part in parts if len(part) > 1)
    return expression_at(expressions, data.after, ".".join(part[0] for part in parts), at)
