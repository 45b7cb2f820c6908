"""Which KMS events a trail records.

kms:Decrypt and the like are *management* events, most of them read events; a trail can leave out
kms.amazonaws.com by a basic selector (ExcludeManagementEventSources) or by an advanced one.
Source: CloudTrail user guide, "Logging management events"; KMS developer guide, "Excluding KMS events".
"""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.records import AdvancedSelector, EventSelector, FieldSelector

KMS = "kms.amazonaws.com"


def kms_events(basic: tuple[EventSelector, ...], advanced: tuple[AdvancedSelector, ...]) -> str:
    """ALL, READ_ONLY, WRITE_ONLY, SOME or NONE of the KMS management events.

    A trail without any selector records all management events (CloudTrail user guide, default of a trail).
    """
    if not basic and not advanced:
        return "ALL"
    kinds = {kind for selector in basic for kind in _basic(selector)}
    partly = False
    for selector in advanced:
        found, narrowed = _advanced(selector)
        kinds |= set() if narrowed else found
        partly = partly or (narrowed and bool(found))
    return _word(kinds, partly)


def records_management(basic: tuple[EventSelector, ...], advanced: tuple[AdvancedSelector, ...]) -> bool:
    """Whether the trail is one for management events at all (some trails record data events only)."""
    if not basic and not advanced:
        return True
    return any(selector.management for selector in basic) or any(
        _matches(_fields(selector, "eventCategory"), "Management") for selector in advanced
    )


def _word(kinds: Iterable[bool], partly: bool) -> str:
    kinds = set(kinds)
    if kinds == {True, False}:
        return "ALL"
    if partly:
        return "SOME"
    if not kinds:
        return "NONE"
    return "READ_ONLY" if True in kinds else "WRITE_ONLY"


def _basic(selector: EventSelector) -> set[bool]:
    """The values of readOnly that a basic selector records for KMS."""
    if not selector.management or KMS in selector.excluded_sources:
        return set()
    return {"ReadOnly": {True}, "WriteOnly": {False}}.get(selector.read_write, {True, False})


def _advanced(selector: AdvancedSelector) -> tuple[set[bool], bool]:
    """The values of readOnly that an advanced selector records for KMS, and whether other fields narrow them."""
    if not _matches(_fields(selector, "eventCategory"), "Management"):
        return set(), False
    if not _matches(_fields(selector, "eventSource"), KMS):
        return set(), False
    kinds = {flag for flag in (True, False) if _matches(_fields(selector, "readOnly"), str(flag).lower())}
    known = {"eventCategory", "eventSource", "readOnly"}
    return kinds, any(condition.field not in known for condition in selector.fields)


def _fields(selector: AdvancedSelector, name: str) -> list[FieldSelector]:
    return [condition for condition in selector.fields if condition.field == name]


def _matches(conditions: list[FieldSelector], value: str) -> bool:
    """Whether `value` passes every condition; alternatives inside one operator are OR, operators are AND."""
    return all(_holds(condition, value) for condition in conditions)


def _holds(condition: FieldSelector, value: str) -> bool:
    lowered = value.lower()
    positive = (
        (condition.equals, lambda text: lowered == text),
        (condition.starts_with, lowered.startswith),
        (condition.ends_with, lowered.endswith),
    )
    negative = (
        (condition.not_equals, lambda text: lowered == text),
        (condition.not_starts_with, lowered.startswith),
        (condition.not_ends_with, lowered.endswith),
    )
    wanted = all(any(test(text.lower()) for text in texts) for texts, test in positive if texts)
    return wanted and not any(test(text.lower()) for texts, test in negative for text in texts)
