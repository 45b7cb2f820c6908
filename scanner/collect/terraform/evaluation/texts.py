"""Functions of Terraform's language on texts, numbers and combinations of lists, as `functions` takes them."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import math
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import product, zip_longest
from urllib.parse import quote_plus

from scanner.collect.terraform.evaluation.values import LARGEST, TOO_LARGE, EvaluationError, Unknown, Value


def _hashed(algorithm: str, *, as_base64: bool = False) -> Callable[[str], str]:
    def work(text: str) -> str:
        made = hashlib.new(algorithm, text.encode(), usedforsecurity=False)
        return base64.b64encode(made.digest()).decode() if as_base64 else made.hexdigest()

    return work


def _title(text: str) -> str:
    return re.sub(r"(?<!\w)[^\W\d_]", lambda letter: letter[0].upper(), text)


def _indent(spaces: int, text: str) -> Value:
    pad = "\n" + " " * min(spaces, LARGEST)
    return TOO_LARGE if len(text) + text.count("\n") * len(pad) > LARGEST else text.replace("\n", pad)


def _range(*bounds: float) -> Value:
    first, last = (0, bounds[0]) if len(bounds) == 1 else bounds[:2]
    step = bounds[2] if len(bounds) == 3 else 1 if first <= last else -1
    if not step or (last - first) * step < 0:
        raise EvaluationError("`range()` would not end")
    count = math.ceil((last - first) / step)
    return [first + place * step for place in range(count)] if count <= 1024 else TOO_LARGE


def _sum(numbers: list[Value]) -> Value:
    if not numbers or not all(isinstance(one, (int, float)) for one in numbers):
        raise EvaluationError("not a list of numbers")
    return sum(numbers)


def _index(values: list[Value], one: Value) -> int:
    for place, value in enumerate(values):
        if type(value) is type(one) and value == one:
            return place
    raise EvaluationError("not in the list")


def _transpose(table: Mapping[str, list[str]]) -> Value:
    made: dict[str, list[str]] = {}
    for key in sorted(table):
        for value in table[key]:
            made.setdefault(value, []).append(key)
    return made


def _rows(text: str) -> Value:
    rows = csv.DictReader(io.StringIO(text))
    cells = len(rows.fieldnames or ()) * text.count("\n")  # a short line has all columns too
    return TOO_LARGE if cells > LARGEST else [dict(row) for row in rows]


def _digits(text: str, base: int) -> int:
    if not re.fullmatch(r"-?[0-9A-Za-z]+", text):
        raise EvaluationError("not a number")
    return int(text, base)


TEXTS: Mapping[str, Callable[..., Value]] = {
    "abs": abs,
    "base64decode": lambda text: base64.b64decode(text, validate=True).decode(),
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "base64sha256": _hashed("sha256", as_base64=True),
    "base64sha512": _hashed("sha512", as_base64=True),
    "basename": lambda path: posixpath.basename(path.rstrip("/")) or ("/" if path else "."),
    "ceil": math.ceil,
    "chomp": lambda text: text.rstrip("\r\n"),
    "csvdecode": _rows,
    "dirname": lambda path: posixpath.dirname(path) or ".",
    "floor": math.floor,
    "indent": _indent,
    "index": _index,
    "md5": _hashed("md5"),
    "parseint": _digits,
    "range": _range,
    "sha1": _hashed("sha1"),
    "sha256": _hashed("sha256"),
    "sha512": _hashed("sha512"),
    "signum": lambda number: (number > 0) - (number < 0),
    "strcontains": lambda text, part: part in text,
    "strrev": lambda text: text[::-1],
    "sum": _sum,
    "title": _title,
    "transpose": _transpose,
    "urlencode": quote_plus,
}
"""Functions that need every argument known."""


def _chunks(values: Value, size: Value) -> Value:
    if isinstance(values, Unknown) or isinstance(size, Unknown):
        return values if isinstance(values, Unknown) else size
    return [values[at : at + size] for at in range(0, len(values), size)] if size else [values]


def _products(*lists: Value) -> Value:
    for one in lists:
        if isinstance(one, Unknown):
            return one
    if math.prod(len(one) for one in lists) > LARGEST:
        return TOO_LARGE
    return [list(one) for one in product(*lists)]


def _formatted(format_one: Callable[..., Value]) -> Callable[..., Value]:
    def work(template: Value, *values: Value) -> Value:
        for value in (template, *values):
            if isinstance(value, Unknown):
                return value
        lists = [value for value in values if isinstance(value, list)]
        if not lists:
            return [format_one(template, *values)]
        if len({len(one) for one in lists}) > 1:
            raise EvaluationError("lists of different lengths")
        columns = [value if isinstance(value, list) else [value] * len(lists[0]) for value in values]
        return _limited(format_one(template, *row) for row in zip_longest(*columns))

    return work


def _limited(texts: Iterable[Value]) -> Value:
    found: list[Value] = []
    size = 0
    for text in texts:
        found.append(text)
        size += len(text) if isinstance(text, str) else 1
        if size > LARGEST:
            return TOO_LARGE
    return found


def moving(format_one: Callable[..., Value]) -> Mapping[str, Callable[..., Value]]:
    """Functions that only move values; `format_one` is `format()`."""
    return {"chunklist": _chunks, "formatlist": _formatted(format_one), "setproduct": _products}
