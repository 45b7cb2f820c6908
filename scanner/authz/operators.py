"""The condition operators of IAM as a table: how one value of a request compares with one of a policy.

IAM user guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

from scanner.authz.patterns import ANYTHING, Pattern
from scanner.authz.values import Truth

Compare = Callable[[str, str], bool]
"""(value of the request, value of the policy)"""
Fit = Callable[[Pattern, Pattern], Truth]
"""(shape of the request's value, pattern of the policy)"""


def fits(shape: Pattern, pattern: Pattern) -> Truth:
    """Whether a text of this shape matches the pattern."""
    if shape.literal is not None:
        return Truth.YES if pattern.matches(shape.literal) else Truth.NO
    wanted, stated = pattern.split(":", 6), shape.split(":", 6)
    if len(wanted) == len(stated) == 6 and stated[0].literal == "arn":
        # what is open in the shape of an ARN holds no colon before the resource
        return min(_overlap(part, want) for part, want in zip(stated, wanted, strict=True))
    return _overlap(shape, pattern)


def _overlap(shape: Pattern, pattern: Pattern) -> Truth:
    if not pattern.intersects(shape):
        return Truth.NO
    return Truth.YES if pattern.covers(shape) else Truth.MAYBE


def _fits_any_case(shape: Pattern, pattern: Pattern) -> Truth:
    return fits(shape.lower(), pattern.lower())


def _fits_arn(shape: Pattern, pattern: Pattern) -> Truth:
    """ARNs compare part by part, so a `*` does not reach over a colon before the resource."""
    wanted = pattern.split(":", 6)
    stated = shape.split(":", 6)
    if len(wanted) < 6:
        return Truth.MAYBE if pattern == ANYTHING else Truth.NO  # AWS does not say whether a lone `*` is an ARN
    if len(stated) < 6:
        return Truth.NO if shape.literal is not None else fits(shape, pattern) and Truth.MAYBE
    return min(fits(part, want) for part, want in zip(stated, wanted, strict=True))


@lru_cache(maxsize=65536)
def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_W3C = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?\Z")


@lru_cache(maxsize=65536)
def _date(text: str) -> Decimal | None:
    """Seconds since 1970 of an ISO 8601 date as W3C writes them, or of epoch seconds; None for anything else."""
    match = _W3C.match(text.strip())
    if match is None:
        return _number(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    stamp = f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
    try:
        moment = datetime.fromisoformat(stamp + (zone or "Z"))
    except ValueError:
        return None
    whole = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return Decimal(int(whole)) + (Decimal(f"0.{fraction}") if fraction else 0)


@lru_cache(maxsize=65536)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _in_network(stated: str, wanted: str) -> bool:
    network = _network(wanted)
    try:
        return network is not None and ip_address(stated.strip()) in network
    except ValueError:
        return False


def _same_bytes(stated: str, wanted: str) -> bool:
    try:
        return base64.b64decode(stated, validate=True) == base64.b64decode(wanted, validate=True)
    except (binascii.Error, ValueError):
        return False


def _same_bool(stated: str, wanted: str) -> bool:
    return stated.lower() == wanted.lower() and wanted.lower() in ("true", "false")


def _ordered(parse: Callable[[str], Decimal | None], holds: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compare(stated: str, wanted: str) -> bool:
        left, right = parse(stated), parse(wanted)
        return left is not None and right is not None and holds(left, right)

    return compare


class Operator(Struct, frozen=True):
    """One operator. Either `fit` compares patterns (and policy variables work) or `compare` compares values."""

    name: str
    says: str
    """In words, between key and values; `is not` and the like for negated ones."""
    negated: bool = False
    fit: Fit | None = None
    wild: bool = False
    """`*` and `?` of the policy's text are wildcards."""
    compare: Compare | None = None

    def test(self, shape: Pattern, pattern: Pattern) -> Truth:
        """Whether a value of this shape satisfies the operator before negation."""
        if self.fit is not None:
            return self.fit(shape, pattern)
        if self.compare is None:
            raise TypeError(f"{self.name} compares nothing")
        if shape.literal is None:
            return Truth.MAYBE
        return Truth.YES if self.compare(shape.literal, str(pattern)) else Truth.NO


_ORDERS: tuple[tuple[str, str, Callable[[Decimal, Decimal], bool]], ...] = (
    ("Equals", "is", operator.eq),
    ("LessThan", "is less than", operator.lt),
    ("LessThanEquals", "is at most", operator.le),
    ("GreaterThan", "is more than", operator.gt),
    ("GreaterThanEquals", "is at least", operator.ge),
)

_TABLE: tuple[Operator, ...] = (
    Operator("StringEquals", "is", fit=fits),
    Operator("StringNotEquals", "is not", True, fit=fits),
    Operator("StringEqualsIgnoreCase", "is (in any case)", fit=_fits_any_case),
    Operator("StringNotEqualsIgnoreCase", "is not (in any case)", True, fit=_fits_any_case),
    Operator("StringLike", "is like", fit=fits, wild=True),
    Operator("StringNotLike", "is not like", True, fit=fits, wild=True),
    Operator("ArnEquals", "is like", fit=_fits_arn, wild=True),
    Operator("ArnLike", "is like", fit=_fits_arn, wild=True),
    Operator("ArnNotEquals", "is not like", True, fit=_fits_arn, wild=True),
    Operator("ArnNotLike", "is not like", True, fit=_fits_arn, wild=True),
    Operator("Bool", "is", compare=_same_bool),
    Operator("BinaryEquals", "is", compare=_same_bytes),
    Operator("IpAddress", "is in", compare=_in_network),
    Operator("NotIpAddress", "is not in", True, compare=_in_network),
    *(Operator(f"Numeric{name}", says, compare=_ordered(_number, holds)) for name, says, holds in _ORDERS),
    Operator("NumericNotEquals", "is not", True, compare=_ordered(_number, operator.eq)),
    *(Operator(f"Date{name}", says, compare=_ordered(_date, holds)) for name, says, holds in _ORDERS),
    Operator("DateNotEquals", "is not", True, compare=_ordered(_date, operator.eq)),
    Operator("Null", "is missing:"),
)
OPERATORS: dict[str, Operator] = {entry.name.lower(): entry for entry in _TABLE}
NULL = OPERATORS["null"]
