"""Add, list and remove users of the desk; a password comes from a prompt or from stdin, and is never an argument."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from billfold.cli.context import note_command, require_ledger_directory
from billfold.cli.keys import add_rights_options
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import FORMAT_OPTION, WIDE_OPTION, StrictGroup, add_location_options
from billfold.model.extras import require_libraries
from billfold.model.identity import Role, parse_patterns, parse_scopes
from billfold.report.table import TableLayout

LAYOUT = TableLayout(
    ("name", "role", "accounts", "scopes", "created_at", "last_login_at"), droppable=("created_at", "scopes")
)


@click.group("users", cls=StrictGroup)
@add_location_options
def command() -> None:
    """Add, list and remove users of the desk, who log in with a password."""
    require_libraries("argon2")


@command.command("add")
@click.argument("name")
@add_rights_options
@add_location_options
@click.pass_context
def add(ctx: click.Context, name: str, role: str, accounts: str | None, scope: str | None) -> None:
    """Add the user NAME, or give him another password and other rights: his sessions end then.

    The password is asked for; where stdin is no terminal, its first line is read.
    """
    from billfold.tasks import users

    directory = require_ledger_directory(ctx)
    patterns, scopes = parse_patterns(accounts), parse_scopes(scope, Role(role))
    user = users.put_user(directory, name, _read_password(), Role(role), patterns, scopes, datetime.now(UTC))
    note_command(ctx, directory, "add user", f"{user.name} ({user.role})")
    print_line(f"{user.name} may log in as {user.role}.")


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


@command.command("list")
@FORMAT_OPTION
@WIDE_OPTION
@add_location_options
@click.pass_context
def list_(ctx: click.Context, output_format: str) -> None:
    """List the users, and when each last logged in."""
    from billfold.tasks import users

    rows = users.list_users(require_ledger_directory(ctx))
    if output_format != "table":
        print_rows(output_format, [row._asdict() for row in rows], users.UserListing._fields)
    elif not rows:
        print_line("There are no users: `billfold users add NAME` adds one.")
    else:
        times = [{name: (getattr(row, name) or "never")[:10] for name in LAYOUT.columns[-2:]} for row in rows]
        print_table([row._asdict() | cells for row, cells in zip(rows, times, strict=True)], LAYOUT)


@command.command("remove")
@click.argument("name")
@add_location_options
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Remove a user, and end his sessions."""
    from billfold.tasks import users

    directory = require_ledger_directory(ctx)
    users.remove_user(directory, name)
    note_command(ctx, directory, "remove user", name)
    print_line(f"{name} may log in no longer.")
