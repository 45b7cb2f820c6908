"""Arguments to one short function per command; the clock, the environment and the exit code live here."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `keyproof` command."""
    from scanner.cli.app import run

    run()
