"""What a JSON Schema has against a value, in words for the person who wrote it."""

from __future__ import annotations

from typing import Any

from scanner.rules.lang.faults import suggest

KINDS = {
    "object": "a table",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
EMPTY = ("minItems", "minLength", "minProperties")
LONGEST = 60


def in_words(error: Any) -> tuple[str, str]:
    """(message, mend) for one error of jsonschema; the mend may be empty."""
    rule, wanted = error.validator, error.validator_value
    if rule == "enum":
        return f"{_written(error.instance)} is not allowed here", suggest(str(error.instance)[:LONGEST], wanted)
    if rule == "type" and isinstance(wanted, str):
        mend = "quote it" if wanted == "string" and isinstance(error.instance, (int, float)) else ""
        return f"{_written(error.instance)} stands where {KINDS.get(wanted, wanted)} belongs", mend
    if rule == "required":
        missing = [key for key in wanted if key not in error.instance]
        return f"missing {', '.join(f'`{key}`' for key in missing)}", ""
    if rule == "pattern":
        return f"{_written(error.instance)} does not fit here", error.schema.get("description") or f"as in `{wanted}`"
    if rule == "format" and wanted == "date":
        return f"{_written(error.instance)} is no date", "write it as 2026-01-31"
    if rule in EMPTY and not error.instance:
        return "nothing stands here", "fill it in, or leave the key out"
    value = repr(error.instance)
    message = str(error.message)
    return (message.replace(value, "this") if len(value) > LONGEST else message)[:300], ""


def _written(value: Any) -> str:
    """The value as it stands in the file, or what kind of value it is where that would be long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    return f"`{str(value)[:LONGEST]}`"
