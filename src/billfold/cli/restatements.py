"""List issued invoices that changed, with the lines that moved."""

from __future__ import annotations

import json

import click

from billfold.cli.options import Narrowing, books, filters, wanted

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
@filters
@click.pass_context
def command(ctx: click.Context, shape: str, narrowing: Narrowing) -> None:
    """List issued invoices that changed after they were booked, with the lines that moved and the money.

    Both versions are kept: every command shows the older one with --as-of a time before the change was seen. csv has no
    lines.
    """
    from billfold.ledger import restatements
    from billfold.model.money import shown
    from billfold.report import render
    from billfold.report.render import word

    with books(ctx) as kept, kept.ledger() as db:
        events = restatements.restatements(db, wanted(kept, narrowing))
    if shape == "json":
        click.echo(json.dumps(events, default=word, indent=1))
        return
    if shape == "csv":
        click.echo(render.as_csv(events, COLUMNS), nl=False)
        return
    for event in events:
        name = f"{event['provider']} {event['account']} {event['invoice_id']} of {word(event['period_start'])[:7]}"
        new = event["instead"] or f"is {shown(event['is'])} {event['currency']} ({shown(event['difference'])})"
        click.echo(f"{name}: was {shown(event['was'])}, {new}, seen {word(event['seen_at'])}")
        for sign, name in (("-", "gone"), ("+", "come")):
            for line in event[name]:
                click.echo(f"  {sign} {shown(line['cost']):>20}  {line['category']}: {line['description']}")
    if not events:
        click.echo("No issued invoice has changed.")
