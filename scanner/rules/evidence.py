"""What decided, as evidence: objects with their facts, the statements behind an access, the fields that were read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from scanner.graph.views import Access, Grant, Statement
from scanner.model.facttypes import View, fact_names, fields_of
from scanner.model.finding import Evidence
from scanner.model.unknown import Partial, Unknown
from scanner.rules.lang.partial import AtLeast, Broken, PartList, Undecided
from scanner.rules.lang.template import label_of, shown

MOST = 50
"""Objects that one finding shows."""


def evidence_of(value: Any, subject: str, path: str) -> tuple[Evidence, ...]:
    """Evidence for the value of a rule's `evidence`: an object, a list of them, or plain values.

    `subject` is the ARN or id that the rule judges, `path` the expression that gave the value.
    """
    members = members_of(value)
    shown_ones = [member for member in members[:MOST] if isinstance(member, View)]
    found = [piece for member in shown_ones for piece in _pieces(member)]
    if members and not shown_ones:
        facts = {path.rsplit(".", 1)[-1]: plain(value)}
        found.append(Evidence("field", subject, f"{path} is {shown(value)}", pointer=path, facts=facts))
    elif len(members) > MOST:
        found.append(Evidence("reason", subject, f"{len(members) - MOST} more are not shown"))
    if isinstance(value, PartList):
        found.append(Evidence("reason", subject, "there may be others: " + "; ".join(value.reasons)))
    return tuple(found)


def members_of(value: Any) -> tuple[Any, ...]:
    """The known members of a list, or the one known thing."""
    if isinstance(value, (PartList, Partial)):
        return tuple(value.known)
    if isinstance(value, (Undecided, Unknown, Broken)) or value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _pieces(member: View) -> Iterator[Evidence]:
    if isinstance(member, Access):
        yield from _access(member)
    elif isinstance(member, Statement):
        yield _statement(member, identity_of(member), {})
    elif isinstance(member, Grant):
        yield Evidence("grant", identity_of(member), f"grant {label_of(member)} to {shown(member.grantee)}",
                       f"grant/{identity_of(member)}", None, facts_in(member))  # fmt: skip
    else:
        text = member.in_words() or f"{member.type_name().lower()} {label_of(member)}"
        yield Evidence("object", identity_of(member), text, facts=facts_in(member))


def _access(access: Access) -> Iterator[Evidence]:
    """The statements and grants that give an access, or the access itself when none is known."""
    statements = members_of(access.because)
    facts = facts_in(access)
    for statement in statements:
        yield _statement(statement, access.arn, facts)
    if not statements:
        text = f"{identity_of(access)} may {shown(members_of(access.actions))}"
        yield Evidence("object", identity_of(access), text, facts=facts)


def _statement(statement: Statement, subject: str, facts: dict[str, Any]) -> Evidence:
    document, pointer = _text(statement.document), _text(statement.pointer)
    text = _text(statement.text) or "statement"
    return Evidence("statement", subject, text, document, pointer, facts or facts_in(statement))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def identity_of(view: View) -> str:
    """ARN or id, or `unknown`."""
    facts = fact_names(type(view))
    for name in ("arn", view.identity):
        if name in facts and isinstance(value := getattr(view, name), str):
            return value
    return "unknown"


def facts_in(view: View) -> dict[str, Any]:
    """The known facts of an object that are plain values: scalars, lists of scalars and maps."""
    found: dict[str, Any] = {}
    for name, fact in fields_of(type(view)).items():
        if fact.lazy or fact.type.name == "object" or (fact.type.item and fact.type.item.name == "object"):
            continue
        value = getattr(view, name)
        if not isinstance(value, (Unknown, Partial)):
            found[name] = plain(value)
    return found


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    for types, convert in PLAIN:
        if isinstance(value, types):
            return convert(value)
    return value


PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (View, identity_of),
    (datetime, lambda value: value.isoformat().replace("+00:00", "Z")),
    (timedelta, lambda value: value.total_seconds()),
    ((tuple, list), lambda value: [plain(item) for item in value[:MOST]]),
    (dict, lambda value: {key: plain(item) for key, item in list(value.items())[:MOST]}),
    ((Partial, PartList), lambda value: [plain(item) for item in value.known[:MOST]]),
    (AtLeast, lambda value: value.least),
    ((Unknown, Undecided, Broken), lambda _: None),
)


def conditional(value: Any) -> tuple[str, ...]:
    """The conditions of accesses when none of them is certain; empty when one is, or there is none."""
    accesses = [member for member in members_of(value) if isinstance(member, Access)]
    if not accesses or any(access.certain is not False for access in accesses):
        return ()
    return _distinct(condition for access in accesses for condition in members_of(access.conditions))


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
