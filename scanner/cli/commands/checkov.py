"""`keyproof checkov`: an environment for checkov, whose pinned libraries do not go with ours."""

from __future__ import annotations

import os

import click

from scanner.cli.words import Group


@click.group("checkov", cls=Group)
def command() -> None:
    """Install checkov beside keyproof, for `plan --checkov`."""


@command.command("install")
def install() -> None:
    """Install the checkov that `plan --checkov` runs, in an environment of its own below the cache folder.

    `KEYPROOF_CHECKOV` or a checkov on the PATH win over it.
    """
    from scanner.cli.checkov import cache_folder
    from scanner.collect.checkov import install_checkov

    click.echo(install_checkov(cache_folder(os.environ)))
