"""List issued invoices that changed, with the lines that moved."""

from __future__ import annotations

import json

import click

from billfold.cli.options import books, places


@click.command("restatements")
@click.option("--format", "shape", type=click.Choice(["table", "json"]), default="table", show_default=True)
@places
@click.pass_context
def command(ctx: click.Context, shape: str) -> None:
    """List issued invoices that changed after they were booked, with the lines that moved and the money.

    Both versions are kept: every command shows the older one with --as-of a time before the change was seen.
    """
    from billfold.ledger import history
    from billfold.report.render import word

    with books(ctx) as kept, kept.ledger() as db:
        events = history.restatements(db)
    if shape == "json":
        click.echo(json.dumps(events, default=word, indent=1))
        return
    for event in events:
        click.echo(
            f"{event['provider']} {event['account']} {event['invoice_id']}: was {event['was']}, is {event['is']} "
            f"{event['currency']} ({event['difference']}), seen {word(event['seen_at'])}"
        )
        for sign, name in (("-", "gone"), ("+", "come")):
            for line in event[name]:
                click.echo(f"  {sign} {word(line['cost']):>20}  {line['category']}: {line['description']}")
    if not events:
        click.echo("No issued invoice has changed.")
