"""Arguments to one short function per command; the clock, the environment and the exit code live here."""

from __future__ import annotations

import gc

RARELY = (100_000, 50, 100)
"""Allocations before the collector looks: a command builds one large estate and ends, so nearly all of it is alive."""


def main() -> None:
    """Entry point of the `keyproof` command."""
    gc.set_threshold(*RARELY)
    from scanner.cli.app import run

    run()
