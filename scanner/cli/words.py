"""Names that a person types: checked against the known ones, with the nearest one named when it is none of them."""

from __future__ import annotations

from collections.abc import Iterable

import click


def unknown_word(what: str, word: str, known: Iterable[str]) -> str:
    """The message for a `word` that is no known `what`."""
    from scanner.rules.lang.faults import suggest

    return "; ".join(filter(None, (f"no {what} `{word}`", suggest(word, known))))


class Word(click.ParamType[str]):
    """An option value out of a few known words."""

    def __init__(self, what: str, known: Iterable[str]) -> None:
        self.name = what
        self.known = tuple(known)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word, in whatever case it was typed."""
        if value.lower() not in self.known:
            self.fail(unknown_word(self.name, value, self.known), param, ctx)
        return value.lower()

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The words themselves, for the help text."""
        return f"[{'|'.join(self.known)}]"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The words that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(word) for word in self.known if word.startswith(incomplete.lower())]


class Group(click.Group):
    """A group of subcommands that answers an unknown name with the nearest valid one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand that the arguments name."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            raise click.UsageError(unknown_word("command", args[0], known), ctx)
        return super().resolve_command(ctx, args)
