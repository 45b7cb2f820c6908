"""What every benchmark needs: CPU time, growth exponents and a plain table."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Self


class Timed:
    """The CPU seconds of a `with` block, its children left out."""

    seconds = 0.0

    def __enter__(self) -> Self:
        self._start = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self._start


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of `values` over `sizes` on logarithmic axes by least squares: 1.0 grows as fast as the input."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(value, 1e-9)) for value in values]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread


def table(columns: Sequence[str], rows: Sequence[Sequence[float | str]]) -> None:
    """Print `rows` under `columns`, numbers to three digits."""
    print("  ".join(f"{column:>20}" for column in columns))
    for row in rows:
        print("  ".join(f"{_text(value):>20}" for value in row))


def _text(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if value == int(value) and value >= 1000 else f"{value:,.3g}"
