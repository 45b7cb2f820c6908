"""A principal before a key: what is asked and what decides, for two of them or for whole classes."""

from __future__ import annotations

from msgspec import Struct

from scanner.authz.keys import KeySubject
from scanner.authz.request import AccessRequest, Documents
from scanner.authz.subjects import Subject
from scanner.authz.values import Value


class Side(Struct, frozen=True):
    """One question about all actions on a key; the caller of `request` may stand for a class that `subject` is of."""

    subject: Subject
    key: KeySubject
    request: AccessRequest
    documents: Documents
    fixed: dict[str, Value]
    may: int
    """What may succeed as it stands."""
