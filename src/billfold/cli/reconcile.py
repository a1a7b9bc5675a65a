"""Say what does not add up: lines, invoices, histories, months."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from billfold.cli.options import books, filters, wanted
from billfold.model.period import Month

if TYPE_CHECKING:
    from billfold.report.reconcile import Drift, Finding

COLUMNS = ("provider", "account", "month", "wrong", "words")


@click.command("reconcile")
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
    """Say what does not add up: lines = invoice = what the vendor says elsewhere = FOCUS sums, and no month is missing.

    Exit code 1 where anything is wrong; months that may still change are named, but are not wrong.
    """
    from billfold.ledger import query
    from billfold.report import reconcile, render

    with books(ctx) as kept, kept.ledger() as db:
        chosen = wanted(kept, provider, account, first, last, as_of)
        found, count = reconcile.findings(db, chosen), len(query.invoices(db, chosen))
        drifts = reconcile.drifts(db)
    rows = [one._asdict() for one in found]
    if shape == "json":
        click.echo(render.as_json(rows))
    elif shape == "csv":
        click.echo(render.as_csv(rows, COLUMNS), nl=False)
    else:
        _tell(found, drifts, count)
    ctx.exit(1 if any(one.wrong for one in found) else 0)


def _tell(found: list[Finding], drifts: list[Drift], count: int) -> None:
    from billfold.report import render

    for wrong, title in ((True, "Does not add up"), (False, "May still change")):
        mine = [one for one in found if one.wrong is wrong]
        if mine:
            click.echo(f"{title}:")
        for one in mine:
            click.echo(f"  {one.provider} {one.account} {one.month}: {one.words}".replace(" : ", ": "))
    if drifts:
        click.echo("The last estimate of a month against what was invoiced:")
        render.as_table([one._asdict() for one in drifts], drifts[0]._fields, ("estimated", "invoiced", "difference"))
    bad = sum(one.wrong for one in found)
    click.echo(f"{count} bills checked: {f'{bad} things do not add up' if bad else 'everything adds up'}.")
