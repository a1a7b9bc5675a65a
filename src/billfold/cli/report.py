"""Show what is paid, by provider, service and month."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from billfold.cli.options import Narrowing, books, filters, lacking, tell_gaps, wanted, write
from billfold.model.money import exact_sum
from billfold.model.period import Month

if TYPE_CHECKING:
    from billfold.report.summary import Table

COLUMNS = ("provider", "account", "service", "month", "state", "currency", "cost", "charges")
WORDS = {
    "issued": "Issued invoices",
    "draft": "Drafts - may still change",
    "estimate": "Estimates - not invoiced yet, as far as the vendors tell",
}


@click.command("report")
@filters
@click.pass_context
def command(ctx: click.Context, shape: str, narrowing: Narrowing) -> None:
    """Show what is paid, by provider, service and month.

    Issued invoices, drafts and estimates stand in tables of their own, and so does every currency. Amounts in the table
    are rounded to cents; json and csv have all digits.
    """
    from billfold.ledger import query
    from billfold.report import summary

    with books(ctx) as kept, kept.ledger() as db:
        chosen = wanted(kept, narrowing)
        sums, parked = query.sums(db, chosen), query.parked(db, chosen)
        missing = lacking(ctx, kept, db, chosen)
    if shape != "table":
        write(shape, [row | {"month": str(Month.of(row["month"]))} for row in sums], COLUMNS)
    else:
        show(summary.tables(sums), parked)
    tell_gaps(missing)


def show(tables: list[Table], parked: list[dict[str, Any]]) -> None:
    """Print the report's tables, and what was left out."""
    if not tables:
        click.echo("There are no charges to show: none are booked that fit, or were known then.")
    for table in tables:
        click.echo(f"\n{WORDS[table.state]}, {table.currency}")
        _print(table)
    for bill in parked:
        name = bill["invoice_id"] or "estimate"
        click.echo(f"parked, not counted: {bill['provider']} {bill['account']} {name}: {bill['parked']}")


def _print(table: Table) -> None:
    from billfold.report import render
    from billfold.report.summary import rounded

    fit = table.months if not sys.stdout.isatty() else table.months[-_columns() :]
    months = [str(month) for month in fit]
    rows: list[dict[str, Any]] = [
        {"provider": provider, "service": service}
        | {str(m): rounded(costs[m]) if m in costs else "" for m in fit}
        | {"total": rounded(exact_sum(costs.values()))}
        for provider, service, costs in table.rows
    ]
    rows.append(
        {"provider": "total", "service": ""}
        | {str(m): rounded(table.total(m)) for m in fit}
        | {"total": rounded(table.total())}
    )
    render.print_table(rows, ("provider", "service", *months, "total"), numbers=(*months, "total"))
    if len(fit) < len(table.months):
        click.echo(f"(months before {fit[0]} are in the total; a wider window shows them)")


def _columns() -> int:
    import shutil

    return max((shutil.get_terminal_size().columns - 60) // 13, 1)
