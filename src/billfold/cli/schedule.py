"""Show when each account is collected next, why then, and how its last sync ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click

from billfold import config
from billfold.cli.context import build_filter, open_workspace
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import ACCOUNT_OPTION, FORMAT_OPTION, PROVIDER_OPTION, WIDE_OPTION, add_location_options
from billfold.ledger.server_schedule import FAILED, RUNNING, is_schedule_led
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions
from billfold.tasks.schedule import ScheduleRow, list_schedule

LAYOUT = TableLayout(
    ("provider", "account", "last_at", "state", "next_at", "why"),
    droppable=("provider", "last_at"),
    min_widths={"last_at": 11, "next_at": 11, "state": 11, "why": 22},
)


@click.command("schedule")
@PROVIDER_OPTION
@ACCOUNT_OPTION
@FORMAT_OPTION
@WIDE_OPTION
@add_location_options
@click.pass_context
def command(ctx: click.Context, provider: str | None, account: str | None, output_format: str) -> None:
    """Show when each account is collected next and why then, how its last sync ended, and what its key has no right to.

    `billfold serve --sync` keeps these times. json and csv also have when the newest answer came. Exit code 1 where the last
    sync of an account failed.
    """
    config_path = config.find_config(ctx.find_root().obj["config"])
    with open_workspace(ctx, new=True) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, FilterOptions(provider, account, None, None, None))
        rows = list_schedule(workspace, db, config_path, filters, datetime.now(UTC))
        is_led = is_schedule_led(workspace.directory)
    if output_format != "table":
        print_rows(output_format, rows, ScheduleRow._fields)
    elif not rows:
        print_line("No account is configured: `billfold connect` names one.")
    else:
        _print_schedule(rows, is_led=is_led)
    ctx.exit(1 if any(row.state == FAILED for row in rows) else 0)


def _print_schedule(rows: Sequence[ScheduleRow], *, is_led: bool) -> None:
    print_table(list(map(_build_cells, rows)), LAYOUT)
    for row in rows:
        if row.text:
            print_line(f"{row.account}: {row.text}")
        if row.refused:
            print_line(f"{row.account}: its key has no right to {', '.join(row.refused)}; `billfold doctor` names it")
    if not is_led:
        print_line("Nothing is collected by itself now: `billfold serve --sync` keeps these times (UTC).")


def _build_cells(row: ScheduleRow) -> Mapping[str, str]:
    """Return a row with times short enough for a terminal."""
    next_at = "now" if row.state == RUNNING else _write_time(row.next_at)
    return {
        "provider": row.provider,
        "account": row.account,
        "last_at": _write_time(row.last_at),
        "state": row.state,
        "next_at": next_at,
        "why": row.why,
    }


def _write_time(instant: datetime | None) -> str:
    return f"{instant:%m-%d %H:%M}" if instant else "-"
