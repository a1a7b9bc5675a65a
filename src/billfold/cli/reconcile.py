"""Say what does not add up: lines, invoices, histories, months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from billfold.cli.options import Narrowing, books, filters, gaps, wanted, write
from billfold.model.period import Month

if TYPE_CHECKING:
    from billfold.report.reconcile import Drift, Finding

COLUMNS = ("provider", "account", "month", "wrong", "words")


@click.command("reconcile")
@filters
@click.pass_context
def command(ctx: click.Context, shape: str, narrowing: Narrowing) -> None:
    """Say what does not add up: lines = invoice = what the vendor says elsewhere = FOCUS sums, and no month is missing.

    Among what the vendor says elsewhere are the invoices' PDFs that came, where their text can be read. Exit code 1 where
    anything is wrong; months that may still change are named, but are not wrong.
    """
    from billfold.ledger import query
    from billfold.model.bill import together
    from billfold.report import document_check, reconcile

    with books(ctx) as kept, kept.ledger() as db:
        chosen = wanted(kept, narrowing)
        found, count = reconcile.findings(db, chosen), len(together(query.invoices(db, chosen)))
        drifts, rounded = reconcile.drifts(db, chosen), query.rounded(db, chosen)
        found = [
            *map(reconcile.of_gap, gaps(ctx, kept, db, chosen)),
            *document_check.unlike(kept.archive, db, chosen),
            *found,
        ]
    rows = [{name: getattr(one, name) for name in COLUMNS} for one in found]
    if shape != "table":
        write(shape, rows, COLUMNS)
    else:
        _tell(reconcile.once(found), drifts, rounded, count)
    ctx.exit(1 if any(one.wrong for one in found) else 0)


def _tell(found: list[Finding], drifts: list[Drift], rounded: list[dict[str, Any]], count: int) -> None:
    from billfold.model.money import shown
    from billfold.report import render
    from billfold.report.reconcile import wrongs

    for wrong, title in ((True, "Does not add up"), (False, "May still change")):
        mine = [one for one in found if one.wrong is wrong]
        if mine:
            click.echo(f"{title}:")
        for one in mine:
            click.echo(f"  {' '.join(filter(None, one[:3]))}: {one.words}")
    if drifts:
        click.echo(
            "The last estimate of a month (of its day, and without what is bought beforehand) against what was invoiced:"
        )
        money = ("estimated", "invoiced", "difference")
        rows = [one._asdict() | {name: shown(getattr(one, name)) for name in money} for one in drifts]
        render.print_table(rows, drifts[0]._fields, money)
    if rounded:
        click.echo("Adds up by a rounding charge of ours (the vendor's total is not the sum of its lines):")
        months = [row | {"month": str(Month.of(row["period_start"])), "cost": shown(row["cost"])} for row in rounded]
        render.print_table(months, ("provider", "account", "month", "invoice_id", "currency", "cost"), ("cost",))
    bad = wrongs(found)
    verdict = f"{render.counted(bad, 'thing')} wrong" if bad else "everything adds up" if count else "nothing to add up"
    click.echo(f"{render.counted(count, 'bill')} checked: {verdict}.")
