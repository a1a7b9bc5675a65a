"""List issued invoices that changed, with the lines that moved."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.gaps import describe_no_bills, end_listing
from billfold.cli.output import print_data, print_line
from billfold.cli.params import add_listing_options
from billfold.ledger import catalog, restatements
from billfold.ledger.restatements import Restatement
from billfold.model.money import format_amount
from billfold.report import render
from billfold.report.render import word
from billfold.tasks.filter_options import FilterOptions

COLUMNS = (
    "provider",
    "account",
    "invoice_id",
    "period_start",
    "currency",
    "seen_at",
    "was",
    "is",
    "difference",
    "instead",
)


@click.command("restatements")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, output_format: str, filter_options: FilterOptions) -> None:
    """List issued invoices that changed after they were booked, with the lines that moved and the money.

    Both versions are kept: every command shows the older one with --as-of a time before the change was seen. csv has no
    lines. Exit code 1 where one is told otherwise now in a way that does not add up: the older version is counted then.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        events = restatements.list_restatements(ledger, filters)
        absence = "" if events else describe_no_bills(ledger, filters, "invoices")
        accepted_ids = {bill.id for bill in catalog.list_parked_bills(ledger, filters) if bill.is_acknowledged}
    if output_format == "json":
        print_data(json.dumps([_build_row(event) for event in events], default=word, indent=1), newline=True)
    elif output_format == "csv":
        print_data(render.as_csv(map(_build_row, events), COLUMNS))
    elif not absence:
        _print_events(events)
    end_listing(ctx, (), (), absence)
    ctx.exit(1 if any(event.change.parked and event.change.new_bill not in accepted_ids for event in events) else 0)


def _build_row(event: Restatement) -> dict[str, object]:
    """Return an event as it is listed, ``difference`` and the lines behind the columns of the change."""
    change = event.change
    return {
        **{name: getattr(change, name) for name in COLUMNS[: COLUMNS.index("was")]},
        "was": change.old_total,
        "is": change.new_total,
        "instead": change.incomparable,
        "difference": event.difference,
        **{name: [line._asdict() for line in lines] for name, lines in (("gone", event.gone), ("come", event.come))},
    }


def _print_events(events: Sequence[Restatement]) -> None:
    for change, difference, gone_lines, come_lines in events:
        label = f"{change.provider} {change.account} {change.invoice_id} of {word(change.period_start)[:7]}"
        new_state = (
            change.incomparable
            or f"is {format_amount(change.new_total)} {change.currency} ({format_amount(difference)})"
        )
        print_line(f"{label}: was {format_amount(change.old_total)}, {new_state}, seen {word(change.seen_at)}")
        for sign, lines in (("-", gone_lines), ("+", come_lines)):
            for line in lines:
                print_line(f"  {sign} {format_amount(line.cost):>20}  {line.category}: {line.description}")
    if not events:
        print_line("No issued invoice has changed.")
