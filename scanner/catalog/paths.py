"""JMESPath with two functions of our own, for facts that AWS puts inside strings.

`first_match(pattern, text)` is the first group of the first match, or null. `from_json(text)` parses a document
that AWS returns as text; null where it is none.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jmespath
from jmespath import functions


class _Functions(functions.Functions):  # type: ignore[misc]  # jmespath has no types
    @functions.signature({"types": ["string"]}, {"types": ["string", "null"]})  # type: ignore[untyped-decorator]
    def _func_first_match(self, pattern: str, text: str | None) -> str | None:
        found = re.search(pattern, text or "")
        return found.group(1) if found else None

    @functions.signature({"types": ["string", "null"]})  # type: ignore[untyped-decorator]
    def _func_from_json(self, text: str | None) -> Any:
        try:
            return json.loads(text or "null")
        except ValueError:
            return None


_OPTIONS = jmespath.Options(custom_functions=_Functions())


@cache
def _compiled(path: str) -> Any:
    return jmespath.compile(path)


def search(path: str, data: Any) -> Any:
    """What `path` leads to in `data`; None where it leads to nothing."""
    return _compiled(path).search(data, options=_OPTIONS)
