"""Policy documents, parsed once: text or JSON values in, statements with everything compiled out.

Nothing here raises for a bad document. A document that cannot be read has `fault` set and no statements; a
statement that AWS would never have stored has its own `fault`. Whoever evaluates them treats a faulty Allow
as nothing and a faulty Deny as one that may apply, so a malformed policy never turns into an allow.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from scanner.authz.actions import EVERY, matching
from scanner.authz.conditions import ConditionFault, Test, parse_conditions
from scanner.authz.jsontext import RepeatedKeys, is_larger, read_json, repeats
from scanner.authz.principals import Principals, parse_principals
from scanner.authz.worded import Worded

VERSIONS = ("2008-10-17", "2012-10-17")
_ELEMENTS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)


class Statement(Struct, frozen=True, eq=False):
    """One statement. `actions` is a mask of `scanner.authz.actions`; 0 for a statement without effect."""

    allows: bool
    actions: int
    pointer: str
    """JSON pointer in its document: `/Statement/0`."""
    sid: str | None = None
    principals: Principals | None = None
    except_principals: bool = False
    """`principals` comes from NotPrincipal."""
    resources: tuple[str, ...] | None = None
    except_resources: bool = False
    conditions: tuple[Test, ...] = ()
    variables: bool = False
    """Policy variables are replaced (`Version` 2012-10-17)."""
    fault: str | None = None
    ignored: str | None = None
    """Why KMS takes no notice of a statement of a key policy, though it stores it."""
    raw: Any = None

    @property
    def index(self) -> int:
        """Its place in the document."""
        last = self.pointer.rpartition("/")[2]
        return int(last) if last.isdigit() else 0

    @property
    def label(self) -> str:
        """The Sid, else the place."""
        return self.sid or str(self.index)


class Document(Struct, frozen=True, dict=True):
    """One policy document under the name that evidence uses (`key-policy/default`)."""

    name: str
    statements: tuple[Statement, ...] = ()
    fault: str | None = None
    """Why it could not be read."""

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """Everything in it that could not be read, or that has no effect."""
        whole = (f"{self.name}: {self.fault}",) if self.fault else ()
        broken = ((s.pointer, s.fault or s.ignored) for s in self.statements)
        return whole + tuple(f"{self.name}#{pointer}: {why}" for pointer, why in broken if why)


class StatementRef(Worded, frozen=True, eq=False):
    """A statement as evidence; equal where it is the same place, whatever its text."""

    document: str
    sid: str | None
    pointer: str
    text: str

    @property
    def label(self) -> str:
        """The Sid, else the place in the document."""
        return self.sid or self.pointer.rpartition("/")[2]


def reference(document: str, statement: Statement) -> StatementRef:
    """The evidence for one statement."""
    return StatementRef(document, statement.sid, statement.pointer, describe(statement))


def parse_document(name: str, source: Any) -> Document:
    """The document in `source`: JSON text or the value already parsed."""
    if is_larger(source):
        return Document(name, fault="the document is larger than any that AWS stores")
    statements, fault = _parse_text(source) if isinstance(source, str) else _parse_value(source)
    return Document(name, statements, fault)


def parse_whole(name: str, source: Any) -> Document:
    """A document of a layer in which AWS stores no statement without Action or Resource."""
    document = parse_document(name, source)
    return replace(document, statements=tuple(map(_whole, document.statements)))


def parse_identity(name: str, source: Any) -> Document:
    """A policy of a user, group or role; IAM stores none that names a principal (user guide, "Principal")."""
    document = parse_whole(name, source)
    return replace(document, statements=tuple(map(_without_principal, document.statements)))


def _without_principal(statement: Statement) -> Statement:
    if statement.fault or statement.principals is None:
        return statement
    return replace(statement, actions=EVERY, fault="a policy of an identity names no Principal")


def _whole(statement: Statement) -> Statement:
    lacking = _lacking(statement)
    return replace(statement, actions=EVERY, fault=f"{lacking} is missing") if lacking else statement


def parse_key_policy(name: str, source: Any) -> Document:
    """A key policy. KMS stores statements without Action or Resource and ignores them (API reference, PutKeyPolicy)."""
    document = parse_document(name, source)
    return replace(document, statements=tuple(map(_heeded, document.statements)))


def parse_trust(name: str, source: Any) -> Document:
    """A role's trust policy, whose statements need an Action and a Principal and no Resource."""
    document = parse_document(name, source)
    return replace(document, statements=tuple(map(_trusting, document.statements)))


def _trusting(statement: Statement) -> Statement:
    if statement.fault:
        return statement
    lacking = _lacking(statement) == "Action"
    if lacking or statement.principals is None:
        return replace(statement, actions=EVERY, fault=f"{'Action' if lacking else 'Principal'} is missing")
    return statement if statement.resources is not None else replace(statement, resources=("*",))


def _heeded(statement: Statement) -> Statement:
    lacking = _lacking(statement)
    reason = f"{lacking} is missing, so the statement has no effect"
    return replace(statement, actions=0, ignored=reason) if lacking else statement


def _lacking(statement: Statement) -> str | None:
    """The element without which a statement is none."""
    if statement.fault or not isinstance(statement.raw, dict):
        return None
    return next((name for name in ("Action", "Resource") if not {name, f"Not{name}"} & set(statement.raw)), None)


Parsed = tuple[tuple[Statement, ...], str | None]


@lru_cache(maxsize=65536)
def _parse_text(text: str) -> Parsed:
    try:
        value = read_json(text)
    except ValueError as error:
        return (), f"not JSON: {error}"
    return _parse_value(value)


def _parse_value(value: Any) -> Parsed:
    if not isinstance(value, dict):
        return (), "the document is not a JSON object"
    if isinstance(value, RepeatedKeys):
        return (), "an element stands twice in the document"
    version = value.get("Version", "2008-10-17")
    if version not in VERSIONS:
        return (), "Version is neither 2012-10-17 nor 2008-10-17"
    listed = value.get("Statement")
    if isinstance(listed, dict):
        return (_statement(listed, "/Statement", version),), None
    if not isinstance(listed, list):
        return (), "the document has no Statement"
    return tuple(_statement(raw, f"/Statement/{i}", version) for i, raw in enumerate(listed)), None


def _statement(raw: Any, pointer: str, version: str) -> Statement:
    try:
        return _compile(raw, pointer, version == "2012-10-17")
    except (ValueError, ConditionFault) as error:
        allows = isinstance(raw, dict) and raw.get("Effect") == "Allow"
        sid = raw.get("Sid") if isinstance(raw, dict) else None
        return Statement(allows, EVERY, pointer, sid if isinstance(sid, str) else None, fault=str(error), raw=raw)


def _compile(raw: Any, pointer: str, variables: bool) -> Statement:
    _check_shape(raw)
    principal, except_principals = _one_of(raw, "Principal", "NotPrincipal")
    resources, except_resources = _one_of(raw, "Resource", "NotResource")
    sid = raw.get("Sid")
    return Statement(
        allows=raw["Effect"] == "Allow",
        actions=_actions(raw),
        pointer=pointer,
        sid=sid if isinstance(sid, str) and sid else None,
        principals=None if principal is None else parse_principals(principal),
        except_principals=except_principals,
        resources=None if resources is None else _texts(resources, "Resource"),
        except_resources=except_resources,
        conditions=parse_conditions(raw.get("Condition"), variables),
        variables=variables,
        raw=raw,
    )


def _check_shape(raw: Any) -> None:
    if not isinstance(raw, dict):
        raise ValueError("the statement is not a JSON object")  # noqa: TRY004  a fault of the document
    if repeats(raw):
        raise ValueError("an element stands twice in the statement")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise ValueError("Effect is neither Allow nor Deny")
    empty = sorted(element for element, value in raw.items() if value is None and element != "Sid")
    if empty:
        raise ValueError(f"{empty[0][:80]} is null")
    unknown = sorted(str(element) for element in set(raw) - _ELEMENTS)
    if unknown:
        raise ValueError(f"the element `{unknown[0][:80]}` is not part of the policy language")


def _one_of(raw: dict[str, Any], plain: str, inverted: str) -> tuple[Any, bool]:
    if plain in raw and inverted in raw:
        raise ValueError(f"{plain} and {inverted} stand together")
    return (raw[inverted], True) if inverted in raw else (raw.get(plain), False)


def _texts(value: Any, element: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError(f"{element} is neither text nor a list of texts")


def _actions(raw: dict[str, Any]) -> int:
    """The actions of a statement; none where Action is missing, which has no effect."""
    listed, inverted = _one_of(raw, "Action", "NotAction")
    if listed is None:
        return 0
    mask = 0
    for pattern in _texts(listed, "Action"):
        mask |= matching(pattern)
    return EVERY & ~mask if inverted else mask


@lru_cache(maxsize=65536)
def describe(statement: Statement) -> str:
    """A statement in one line, for people."""
    raw = statement.raw
    if statement.fault or not isinstance(raw, dict):
        return f"unreadable statement: {statement.fault}"
    words = [str(raw.get("Effect"))]
    for element, joint in (
        ("Principal", ""),
        ("NotPrincipal", "everyone except "),
        ("Action", ""),
        ("NotAction", "every action except "),
        ("Resource", "on "),
        ("NotResource", "on everything except "),
    ):
        if element in raw:
            words.append(joint + _inline(raw[element]))
    words += ["if " + " and ".join(str(test) for test in statement.conditions)] if statement.conditions else []
    return _printable(" ".join(words))


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(_inline(item) for item in value.values())
    items = value if isinstance(value, list) else [value]
    shown = ", ".join(str(item) for item in items[:6])
    return f"{shown} and {len(items) - 6} more" if len(items) > 6 else shown


def _printable(text: str) -> str:
    """No control characters, surrogates or endless lines in evidence."""
    clean = text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(clean) <= 500 else clean[:499] + "…"
