"""`keyproof permissions`: the least-privilege IAM policy of a command, from the calls that it makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from scanner.cli.failures import say
from scanner.cli.output import write
from scanner.cli.words import Word
from scanner.errors import UsageError
from scanner.model.words import many

if TYPE_CHECKING:
    from scanner.cli.policies import Permissions

ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


@click.command("permissions")
@click.option(
    "--format",
    "form",
    type=Word("format", ("json", "terraform", "cloudformation")),
    default="json",
    show_default=True,
    help="As what.",
)
@click.option(
    "--part", type=int, metavar="N", help="JSON: only the N-th of the managed policies that it has to be split into."
)
@click.option(
    "--for",
    "purpose",
    type=Word("purpose", ("scan", "export")),
    default="scan",
    show_default=True,
    help="For `keyproof scan`, which only reads, or for `keyproof export security-hub`.",
)
@click.option("--role", metavar="NAME", help="Terraform and CloudFormation: with a role of this name.")
def command(form: str, part: int | None, purpose: str, role: str | None) -> None:
    """Print the read-only IAM policy that a scan needs.

    It allows nothing else: no call that changes anything, and none that returns a secret, a plaintext or key material.
    An export writes findings, so it has a policy of its own (--for export).

    One managed policy may have 6,144 characters. When all actions need more, attach the parts (--part 1, --part 2 ...)
    as managed policies of the same role, as the other forms do.
    """
    from scanner.cli.policies import as_cloudformation, as_json, as_terraform

    if role is not None and (form == "json" or not ROLE_NAME.fullmatch(role)):
        raise UsageError("`--role` takes the name of an IAM role, with --format terraform or cloudformation")
    permissions = permissions_for(purpose)
    if form != "json":
        write((as_terraform if form == "terraform" else as_cloudformation)(permissions, role), None)
        return
    parts = permissions.parts
    if part is not None and not 1 <= part <= len(parts):
        raise UsageError(f"there {'is' if len(parts) == 1 else 'are'} {many(len(parts), 'part')}, no part {part}")
    if part is None and len(parts) > 1:
        say(f"longer than one managed policy may be: attach it in {len(parts)}, --part 1 to --part {len(parts)}")
    write(as_json(permissions if part is None else parts[part - 1]), None)


def permissions_for(purpose: str) -> Permissions:
    """What `scan` or `export` may do."""
    from scanner.cli.policies import Permissions

    if purpose == "export":
        from scanner.export.hub import ACTIONS

        return Permissions("export", ACTIONS)
    from scanner.collect.collectors import permissions

    return Permissions("read", tuple(permissions()))
