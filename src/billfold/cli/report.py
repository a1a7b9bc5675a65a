"""Show what is paid, by provider, service and month."""

from __future__ import annotations

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.gaps import end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_listing_options
from billfold.ledger import catalog, query
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report import summary
from billfold.report.summary import Table, rounded
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions

COLUMNS = ("provider", "account", "service", "month", "state", "currency", "cost", "charges")
MIN_SERVICE_WIDTH = 24
"""Services shorten down to this before a month is left out."""
STATE_HEADINGS = {
    "issued": "Issued invoices",
    "draft": "Drafts - may still change",
    "estimate": "Estimates - not invoiced yet, as far as the vendors tell",
}


@click.command("report")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, output_format: str, filter_options: FilterOptions) -> None:
    """Show what is paid, by provider, service and month.

    Issued invoices, drafts and estimates stand in tables of their own, and so does every currency. Amounts in the table
    are rounded to cents; json and csv have all digits.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        sums, uncounted_bills = query.sum_charges(ledger, filters), catalog.list_parked_bills(ledger, filters)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
    if output_format != "table":
        print_rows(output_format, [row._asdict() | {"month": str(Month.of(row.month))} for row in sums], COLUMNS)
    else:
        print_report(summary.tables(sums))
    end_listing(ctx, gaps, uncounted_bills)


def print_report(tables: list[Table]) -> None:
    """Print the report's tables."""
    if not tables:
        print_line("There are no charges to show: none are booked that fit, or were known then.")
    for table in tables:
        print_line()
        print_line(f"{STATE_HEADINGS[table.state]}, {table.currency}")
        _print_table(table)


def _print_table(table: Table) -> None:

    month_columns = [str(month) for month in table.months]
    rows = [
        {"provider": provider, "service": service}
        | {str(month): rounded(costs[month]) if month in costs else "" for month in table.months}
        | {"total": rounded(exact_sum(costs.values()))}
        for provider, service, costs in table.rows
    ]
    rows.append(
        {"provider": "total", "service": ""}
        | {str(month): rounded(table.total(month)) for month in table.months}
        | {"total": rounded(table.total())}
    )
    numbers = (*month_columns, "total")
    layout = TableLayout(("provider", "service", *numbers), numbers, month_columns[:-1], {"service": MIN_SERVICE_WIDTH})
    if print_table(rows, layout):
        print_line("The total is of all months, those left out too.")
