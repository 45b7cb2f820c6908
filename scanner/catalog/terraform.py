"""Which attributes of Terraform's AWS provider name a KMS key, of types in the encryption table and of all others.

The table is `data/terraform-key-attributes.json`, with its source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

JSON_TEXT = ("json",)
"""Stands for the switches beside an attribute whose text is JSON: whether it names a key is not read."""


@cache
def key_attributes() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Terraform type to its attributes that an author can set to name a key, each with the switches beside it."""
    text = Path(__file__).with_name("data").joinpath("terraform-key-attributes.json").read_text(encoding="utf-8")
    table = json.loads(text)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for kind, attributes in table["attributes"].items():
        settable = {
            path: tuple(facts.get("flags", ())) for path, facts in attributes.items() if "computed" not in facts
        }
        if settable:
            found[kind] = settable
    for kind, paths in table["documents"].items():
        found.setdefault(kind, {}).update(dict.fromkeys(paths, JSON_TEXT))
    return found
