"""Parameters of rules: declared with a type and a default in the file, changed by settings."""

from __future__ import annotations

from typing import Any

from scanner.model.facttypes import FactType

TYPES: dict[str, tuple[FactType, type]] = {
    "bool": (FactType("bool"), bool),
    "int": (FactType("int"), int),
    "double": (FactType("double"), float),
    "string": (FactType("string"), str),
}


def declared_type(name: str) -> FactType:
    """The type that a rule file writes: a scalar or `list<scalar>`."""
    if name.startswith("list<"):
        return FactType("list", TYPES[name[5:-1]][0])
    return TYPES[name][0]


def accepted(value: Any, type: FactType) -> Any:
    """`value` as the rule sees it; ValueError in words when it is not of this type."""
    if type.name == "list":
        assert type.item is not None
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{_said(value)} is not a list")
        return tuple(accepted(item, type.item) for item in value)
    python = TYPES[type.name][1]
    if python is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, python) or (isinstance(value, bool) and python is not bool):
        raise ValueError(f"{_said(value)} is not {type}")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"{_said(value)} does not fit in 64 bits")
    return value


def _said(value: Any) -> str:
    return f"`{str(value)[:60]}`"
