"""List issued invoices that changed, with the lines that moved."""

from __future__ import annotations

import json

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.params import FilterOptions, add_listing_options
from billfold.ledger import restatements
from billfold.model.money import format_amount
from billfold.report import render
from billfold.report.render import word

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
    lines.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        events = restatements.list_restatements(db, build_filter(workspace, filter_options))
    if output_format == "json":
        click.echo(json.dumps(events, default=word, indent=1))
        return
    if output_format == "csv":
        click.echo(render.as_csv(events, COLUMNS), nl=False)
        return
    for event in events:
        label = f"{event['provider']} {event['account']} {event['invoice_id']} of {word(event['period_start'])[:7]}"
        new_state = (
            event["instead"]
            or f"is {format_amount(event['is'])} {event['currency']} ({format_amount(event['difference'])})"
        )
        click.echo(f"{label}: was {format_amount(event['was'])}, {new_state}, seen {word(event['seen_at'])}")
        for sign, lines_key in (("-", "gone"), ("+", "come")):
            for line in event[lines_key]:
                click.echo(f"  {sign} {format_amount(line['cost']):>20}  {line['category']}: {line['description']}")
    if not events:
        click.echo("No issued invoice has changed.")
