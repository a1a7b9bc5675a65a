"""Make, list, revoke and rotate keys of the API: a secret is printed once, and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from billfold.cli.context import note_command, require_ledger_directory
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import FORMAT_OPTION, WIDE_OPTION, AsOfType, StrictGroup, add_location_options
from billfold.model.identity import DataScope, Role, parse_patterns, parse_scopes
from billfold.model.period import parse_instant
from billfold.report.table import TableLayout
from billfold.tasks import keys
from billfold.tasks.keys import KeyListing, KeyRights, NewSecret

LAYOUT = TableLayout(
    ("id", "name", "role", "accounts", "scopes", "state", "expires_at", "last_used_at"),
    droppable=("scopes", "accounts"),
    min_widths={"id": 8, "state": 7},
)


def add_rights_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept what a key or a user may: a role, patterns of accounts, and scopes."""
    for option in (
        click.option("--scope", metavar="SCOPES", help=f"What may be seen: {','.join(DataScope)}.  [default: by role]"),
        click.option("--accounts", metavar="PATTERNS", help="Which accounts exist, as 'vultr/*,fastly/cdn'.  [all]"),
        click.option(
            "--role", type=click.Choice([role.value for role in Role]), default=Role.READER.value, show_default=True
        ),
    ):
        command = option(command)
    return command


@click.group("keys", cls=StrictGroup)
@add_location_options
def command() -> None:
    """Make, list, revoke and rotate keys of the API, which `billfold serve` asks for."""


@command.command("create")
@click.argument("name")
@add_rights_options
@click.option("--expires", type=AsOfType(), metavar="DAY", help="Good until the end of this day (UTC), or a time.")
@add_location_options
@click.pass_context
def create(
    ctx: click.Context, name: str, role: str, accounts: str | None, scope: str | None, expires: datetime | None
) -> None:
    """Make a key called NAME, and print it: it is shown this once.

    A reader sees numbers, and documents where --scope has them; an accountant also acknowledges findings and signs months;
    an admin also starts syncs and sees keys, users and the audit log. Other accounts than --accounts do not exist for a key.
    """
    directory = require_ledger_directory(ctx)
    rights = KeyRights(Role(role), parse_patterns(accounts), parse_scopes(scope, Role(role)), expires)
    made_key = keys.create_key(directory, name, rights, datetime.now(UTC))
    note_command(ctx, directory, "create key", f"{made_key.key.id} ({made_key.key.name})")
    _print_secret(made_key)


@command.command("list")
@FORMAT_OPTION
@WIDE_OPTION
@add_location_options
@click.pass_context
def list_(ctx: click.Context, output_format: str) -> None:
    """List the keys: what each may, until when, and when it was last used (to the minute)."""
    rows = keys.list_keys(require_ledger_directory(ctx))
    if output_format != "table":
        print_rows(output_format, [row._asdict() for row in rows], KeyListing._fields)
    elif not rows:
        print_line("There are no keys: `billfold keys create NAME` makes one.")
    else:
        print_table([_shorten_times(row) for row in rows], LAYOUT)


def _shorten_times(row: KeyListing) -> dict[str, str]:
    last_day = str((parse_instant(row.expires_at) - timedelta(microseconds=1)).date()) if row.expires_at else "never"
    return row._asdict() | {"expires_at": last_day, "last_used_at": (row.last_used_at or "never")[:10]}


@command.command("revoke")
@click.argument("key_id", metavar="ID")
@add_location_options
@click.pass_context
def revoke(ctx: click.Context, key_id: str) -> None:
    """Let a key be good no longer, from now on."""
    directory = require_ledger_directory(ctx)
    key = keys.revoke_key(directory, key_id, datetime.now(UTC))
    note_command(ctx, directory, "revoke key", f"{key.id} ({key.name})")
    print_line(f"The key {key.id} ({key.name}) is revoked.")


@command.command("rotate")
@click.argument("key_id", metavar="ID")
@add_location_options
@click.pass_context
def rotate(ctx: click.Context, key_id: str) -> None:
    """Give a key another secret, and print it: the old one is good for 24 hours more."""
    directory = require_ledger_directory(ctx)
    made_key = keys.rotate_key(directory, key_id, datetime.now(UTC))
    note_command(ctx, directory, "rotate key", f"{made_key.key.id} ({made_key.key.name})")
    _print_secret(made_key)


def _print_secret(made_key: NewSecret) -> None:
    print_line(made_key.secret)
    if made_key.old_until:
        print_line(f"The old secret ends at {made_key.old_until:%Y-%m-%d %H:%M} UTC.", err=True)
    print_line("This is the only time that it is shown: keep it in a secret store.", err=True)
