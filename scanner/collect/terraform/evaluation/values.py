"""Values of expressions: what is known, what apply will give (by the resource that it names), what cannot be told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.masking import MASKED

Value: TypeAlias = Any
"""None, bool, int, float, str, list, dict, Planned, Unknown, or an Instance (a whole resource)."""


class EvaluationError(Exception):
    """An expression that Terraform would refuse too, which `try()` and `can()` catch."""


class Unknown(Struct, frozen=True):
    """A value that cannot be told; `read` is False where not even the source could be read."""

    reason: str
    read: bool = True


class PartlyKnown(Unknown, frozen=True):
    """JSON text of which parts cannot be told; `value` is what it encodes."""

    value: Value = None


class Planned(str):
    """A text that AWS will choose in part: an ARN with the resource's address, alone or inside a longer text.

    `instance` and `attribute` are set where it is that attribute and nothing else. Where `stands` is False, it only
    names the resource, and no text can be made of it.
    """

    __slots__ = ("attribute", "instance", "stands")

    instance: Instance | None
    attribute: str | None
    stands: bool

    def __new__(
        cls, text: str, instance: Instance | None = None, attribute: str | None = None, stands: bool = True
    ) -> Planned:
        """A planned text."""
        made = super().__new__(cls, text)
        made.instance, made.attribute, made.stands = instance, attribute, stands
        return made


class Opened(dict[str, Any]):
    """An object whose type has optional attributes: one that is not given may have a default."""

    __slots__ = ()

    WHY = Unknown("an object with optional attributes is used as a whole")


def opened(value: Value) -> Value:
    """A value with every object in it opened."""
    if isinstance(value, dict):
        return Opened({key: opened(item) for key, item in value.items()})
    return [opened(item) for item in value] if isinstance(value, list) else value


def parts(value: Value) -> Iterator[Value]:
    """A value and everything inside it."""
    yield value
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from parts(item)


def unknown_in(value: Value) -> Unknown | None:
    """The first part of a value that cannot be told; a whole resource is not a value that can be compared or shown."""
    for part in parts(value):
        if isinstance(part, Unknown):
            return part
        if isinstance(part, Opened):
            return Opened.WHY
        if isinstance(part, Instance):
            return Unknown(f"all of {part.address} is used as one value")
    return None


def undecided(value: Value) -> Unknown | None:
    """The first part of a value whose text is not final, so that it cannot be compared, counted or cut."""
    for part in parts(value):
        if isinstance(part, Planned):
            return Unknown(f"{part} is known only after apply")
    return unknown_in(value)


def text_of(value: Value) -> str | Unknown:
    """A value inside a template."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Planned) and not value.stands:
        return Unknown(f"{value} is known only after apply")
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(int(value) if float(value).is_integer() else value)
    raise EvaluationError("only a text, a number or a boolean fits into a template")


LARGEST = 1 << 20
"""Characters and parts of a value beyond which it is not worked out: a few lines can double it often."""
WIDEST = 512
"""Bits of a whole number, which Terraform keeps exactly up to there."""
TOO_LARGE = Unknown("the value is too large to be worked out")


class Size(NamedTuple):
    """How much a value holds with all that is in it; counting ends where it is too large."""

    parts: int
    characters: int

    @property
    def fits(self) -> bool:
        """Whether it is no larger than any value that a policy or a key reference needs."""
        return self.parts + self.characters <= LARGEST


def size_of(value: Value) -> Size:
    """The size of a value. What stands in it twice counts twice, as it would in its text."""
    parts, characters, left = 1, 0, [value]
    while left and parts + characters <= LARGEST:
        part = left.pop()
        if isinstance(part, str):
            characters += len(part)
        elif isinstance(part, (list, dict)):
            parts += len(part)
            left += (*part, *part.values()) if isinstance(part, dict) else part
        elif isinstance(part, int) and part.bit_length() > WIDEST:
            characters = LARGEST
    return Size(parts, characters)


def equal(one: Value, other: Value) -> bool | Unknown:
    """Whether two values are equal; where types differ, Terraform may convert one, which is not worked out."""
    if one is None or other is None:
        beside = other if one is None else one
        return beside if isinstance(beside, Unknown) else beside is None
    for value in (one, other):
        if (missing := undecided(value)) is not None:
            return missing
    if isinstance(one, (int, float)) and isinstance(other, (int, float)) and bool not in (type(one), type(other)):
        return one == other
    if type(one) is not type(other):
        return Unknown("values of different types are compared")
    if one == other and isinstance(one, (list, dict)):
        return Unknown("lists and maps are compared, which are equal only if they are of one type too")
    return bool(one == other)


def joined(pieces: list[Value]) -> Value:
    """One text of several pieces; planned where one of them is."""
    texts: list[str] = []
    for text in map(text_of, pieces):
        if isinstance(text, Unknown):
            return text
        texts.append(text)
    if sum(map(len, texts)) > LARGEST:
        return TOO_LARGE
    whole = "".join(texts)
    return Planned(whole) if any(isinstance(text, Planned) for text in texts) else whole


def to_json(value: Value) -> Value:
    """The JSON text of a value; PartlyKnown where a part of it cannot be told."""
    for part in parts(value):
        if isinstance(part, Planned) and not part.stands:
            return PartlyKnown(f"{part} is known only after apply", value=value)
    if (missing := unknown_in(value)) is not None:
        return PartlyKnown(missing.reason, value=value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Planned(text) if any(isinstance(part, Planned) for part in parts(value)) else text


def with_unknown(value: Value, mark: Any, place: str) -> Value:
    """A value of the plan with what its mirror `mark` calls unknown, and what is masked."""
    if mark is True:
        return Unknown(f"{place} is known only after apply")
    if value == MASKED:
        return Unknown(f"{place} is sensitive")
    if isinstance(value, dict) or isinstance(mark, dict):
        known = value if isinstance(value, dict) else {}
        marks = mark if isinstance(mark, dict) else {}
        names = [*known, *(name for name in marks if name not in known and marks[name])]
        return {name: with_unknown(known.get(name), marks.get(name), f"{place}.{name}") for name in names}
    if isinstance(value, list):
        listed = mark if isinstance(mark, list) else []
        return [
            with_unknown(item, listed[at] if at < len(listed) else None, f"{place}[{at}]")
            for at, item in enumerate(value)
        ]
    return value
