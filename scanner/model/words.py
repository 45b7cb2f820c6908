"""Numbers with the words that go with them."""

from __future__ import annotations


def plural(number: int, one: str, many: str) -> str:
    """`1 key is`, `2,000 keys are`."""
    return f"{number:,} {one if number == 1 else many}"


def many(number: int, noun: str) -> str:
    """`1 read`, `2,000 reads`."""
    return plural(number, noun, f"{noun}s")
