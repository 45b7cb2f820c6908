"""Values with words about them, which are no part of what they are."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import astuple


class Worded(Struct, frozen=True, eq=False):
    """Base of structs whose last field is only for messages: equal where the others are."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and astuple(self)[:-1] == astuple(other)[:-1]

    def __ne__(self, other: object) -> bool:  # that of Struct would compare identities
        return not self == other

    def __hash__(self) -> int:
        return hash(astuple(self)[:-1])
