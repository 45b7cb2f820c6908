"""`keyproof completion`: the script that teaches a shell the commands and options."""

from __future__ import annotations

import click

from scanner.cli.output import write
from scanner.cli.words import Word

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=Word("shell", SHELLS))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(keyproof completion bash)"            in ~/.bashrc
    zsh:   eval "$(keyproof completion zsh)"             in ~/.zshrc
    fish:  keyproof completion fish | source             in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from scanner.cli.app import keyproof

    completion = get_completion_class(shell)
    assert completion is not None
    write(completion(keyproof, {}, "keyproof", "_KEYPROOF_COMPLETE").source() + "\n", None)
