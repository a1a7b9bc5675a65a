"""List invoices, drafts and estimates as the vendors state them."""

from __future__ import annotations

from datetime import datetime

import click

from billfold.cli.options import books, filters, wanted
from billfold.model.period import Month

COLUMNS = ("provider", "account", "invoice_id", "state", "period_start", "period_end", "currency", "total", "lines")


@click.command("invoices")
@filters
@click.pass_context
def command(
    ctx: click.Context,
    shape: str,
    as_of: datetime | None,
    provider: str | None,
    account: str | None,
    first: Month | None,
    last: Month | None,
) -> None:
    """List invoices, drafts and estimates as the vendors state them.

    Finals, drafts and estimates are told apart by STATE: estimate, draft or issued.
    """
    from billfold.ledger import query
    from billfold.report import render

    with books(ctx) as kept, kept.ledger() as db:
        rows = query.invoices(db, wanted(kept, provider, account, first, last, as_of))
    if shape == "json":
        click.echo(render.as_json(rows))
    elif shape == "csv":
        click.echo(render.as_csv(rows, COLUMNS), nl=False)
    else:
        short = [row | {name: row[name][:10] for name in ("period_start", "period_end")} for row in rows]
        render.as_table(short, COLUMNS, numbers=("total", "lines"))
