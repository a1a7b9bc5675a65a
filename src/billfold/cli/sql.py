"""Ask the ledger in SQL, for reading only."""

from __future__ import annotations

import click

from billfold.cli.context import build_filter, load_payment_terms, load_virtual_rates, open_workspace
from billfold.cli.gaps import end_listing
from billfold.cli.listing import print_rows, print_table
from billfold.cli.params import add_listing_options
from billfold.focus.reader import Ledger
from billfold.ledger.focus_views import Selection
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions


@click.command("sql")
@click.argument("query")
@click.option("--include-parked", is_flag=True, help="Count bills too that do not add up.")
@add_listing_options
@click.pass_context
def command(
    ctx: click.Context,
    query: str,
    include_parked: bool,
    output_format: str,
    filter_options: FilterOptions,
) -> None:
    """Ask one SELECT of the four FOCUS datasets, the ledger's tables and the vendors' own records.

    Datasets as they are exported: CostAndUsage, InvoiceDetail, BillingPeriod, ContractCommitment. Tables: bills, runs, accounts, and records
    (every archived answer, its body as JSON text). Money is decimal in the datasets (DuckDB's division and avg are not), and
    in bills as the vendors write it: text. bills has every version ever told; until_seq IS NULL are those believed now. The
    options narrow the datasets only.
    """
    with open_workspace(ctx) as workspace:
        workspace.catch_up()
        filters, rates = build_filter(workspace, filter_options), load_virtual_rates(ctx)
        selection = Selection(filters, include_parked, rates, load_payment_terms(ctx))
        with Ledger(workspace.directory, selection) as ledger:
            column_names, rows = ledger.rows(query)
            if output_format == "table":
                print_table(list(rows), TableLayout(column_names, droppable=column_names[:0:-1]))
            else:
                print_rows(output_format, rows, column_names, default=str)
            uncounted_bills = ledger.left_out
    end_listing(ctx, [], uncounted_bills)
