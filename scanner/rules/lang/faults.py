"""The two ways an expression can be wrong: before a scan (ExpressionError) and while it runs (Fault)."""

from __future__ import annotations

from collections.abc import Iterable


class ExpressionError(Exception):
    """An expression that cannot be accepted: `start` and `end` are offsets into its text."""

    def __init__(self, message: str, start: int, end: int, help: str = "") -> None:
        self.message = message
        self.start = start
        self.end = end
        self.help = help
        super().__init__(message)


class Fault(Exception):
    """A value that does not exist: an overflow, a division by zero, a missing map key."""


class BudgetExceeded(Exception):
    """A rule looked at more list members than it may; unlike a Fault, `&&` and `||` never absorb it."""


RUNTIME_FAULTS = (Fault, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What evaluating a checked expression can raise besides UnknownValueError."""


def suggest(word: str, known: Iterable[str]) -> str:
    """``did you mean `x`?``, or the known words when none is near and they are few."""
    import difflib  # only for what is wrong

    names = sorted(known)
    near = difflib.get_close_matches(word, names, 1, 0.6) or difflib.get_close_matches(
        word.lower(), [name.lower() for name in names], 1, 0.6
    )
    if near:
        exact = next((name for name in names if name == near[0] or name.lower() == near[0]), near[0])
        return f"did you mean `{exact}`?"
    return "one of " + ", ".join(f"`{name}`" for name in names) if 0 < len(names) <= 12 else ""
