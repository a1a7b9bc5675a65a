"""Show the audit log: who saw or did what in the desk."""

from __future__ import annotations

from datetime import datetime

import click

from billfold.cli.context import require_ledger_directory
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import FORMAT_OPTION, WIDE_OPTION, TimeType, add_location_options
from billfold.ledger.audit_log import AuditRow, list_events, read_audit_head
from billfold.report.table import TableLayout

LAYOUT = TableLayout(
    ("at", "identity", "address", "action", "route", "account", "result"),
    droppable=("account", "route", "address"),
    min_widths={"at": 16, "action": 13, "result": 24, "identity": 20},
)


@click.command("audit")
@click.option("--since", type=TimeType(), metavar="TIME", help="Only what happened since this time (UTC).")
@FORMAT_OPTION
@WIDE_OPTION
@add_location_options
@click.pass_context
def command(ctx: click.Context, since: datetime | None, output_format: str) -> None:
    """Show who saw or did what in the desk, the newest first.

    In the log are logins, refusals, actions, changes of keys and users, and whenever a document, an archived answer, an SQL answer or
    charges were read; pages of numbers are not. `billfold verify` checks that no row was changed or removed; keep the head elsewhere.
    """
    directory = require_ledger_directory(ctx)
    rows = list_events(directory, since)
    if output_format != "table":
        print_rows(output_format, [row._asdict() for row in rows], AuditRow._fields)
        return
    if not rows:
        print_line("Nothing is in the audit log.")
        return
    print_table([row._asdict() | {"at": row.at[:16].replace("T", " ")} for row in rows], LAYOUT)
    count, head = read_audit_head(directory)
    print_line(f"audit head {count} sha256:{head}")
