"""What a scan has learnt not to ask again: credentials that expired, operations that an endpoint does not have."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from scanner.collect.refused import Refused

TRIES = 3
"""So often is an operation asked for that the endpoint does not seem to have: a single answer may be a hiccup."""

Question = tuple[str, str, str]
"""boto3's service, the API operation and the Region."""


class Learnt:
    """Shared by all threads of a scan."""

    def __init__(self) -> None:
        self._expired: set[str] = set()
        self._answered: set[Question] = set()
        self._unsupported: Counter[Question] = Counter()
        self._lock = Lock()

    def check(self, account: str, question: Question) -> None:
        """Raise the Refused that asking would come to."""
        service, operation, _ = question
        if account in self._expired:
            raise Refused(service, operation, "ExpiredToken", "the credentials expired while the scan was running")
        if self._unsupported[question] >= TRIES and question not in self._answered:
            raise Refused(service, operation, "Unsupported", "the endpoint does not know the operation")

    def answered(self, question: Question) -> None:
        """There was an answer."""
        self._answered.add(question)

    def refused(self, account: str, question: Question, refused: Refused) -> None:
        """There was none."""
        with self._lock:
            if refused.code == "ExpiredToken":
                self._expired.add(account)
            elif refused.code == "Unsupported":
                self._unsupported[question] += 1
