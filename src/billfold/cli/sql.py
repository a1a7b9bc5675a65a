"""Ask the ledger in SQL, for reading only."""

from __future__ import annotations

from collections.abc import Iterator

import click

from billfold.cli.context import TIME_LIMIT, build_filter, load_payment_terms, load_virtual_rates, open_workspace
from billfold.cli.gaps import end_listing
from billfold.cli.listing import print_rows, print_table
from billfold.cli.params import add_listing_options
from billfold.cli.query_text import read_query
from billfold.focus.reader import Ledger
from billfold.ledger.focus_views import Selection
from billfold.ledger.reader import SchemaRow, SqlRow
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions


@click.command("sql")
@click.argument("query", metavar="QUERY|@FILE|-")
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
    r"""Ask one SELECT of the ledger: a text, @FILE, or - for what comes on stdin. \d lists the tables, \d TABLE its columns.

    Begin with `costs`: charges with short names. Datasets as they are exported: CostAndUsage, InvoiceDetail, BillingPeriod, ContractCommitment.
    Tables: bills, runs, accounts, findings, and records (every archived answer, its body as JSON text). Money is decimal in the datasets (DuckDB's
    division and avg are not), and in bills as the vendors write it: text. bills has every version ever told; until_seq IS NULL are
    those believed now. The options narrow costs and the datasets only.
    """
    query = query if TIME_LIMIT in ctx.meta else read_query(query)
    with open_workspace(ctx) as workspace:
        workspace.catch_up()
        filters, rates = build_filter(workspace, filter_options), load_virtual_rates(ctx)
        selection = Selection(filters, include_parked, rates, load_payment_terms(ctx))
        with Ledger(workspace.directory, selection) as ledger:
            column_names, rows = _answer_query(ledger, query, ctx.meta.get(TIME_LIMIT))
            if output_format == "table":
                print_table(list(rows), TableLayout(column_names, droppable=column_names[:0:-1]))
            else:
                print_rows(output_format, rows, column_names, default=str)
            uncounted_bills = ledger.left_out
    end_listing(ctx, [], uncounted_bills)


def _answer_query(ledger: Ledger, query: str, time_limit: int | None) -> tuple[list[str], Iterator[SqlRow]]:
    table = _find_described_table(query)
    if table is None:
        return ledger.rows(query, time_limit)
    return list(SchemaRow._fields), (row._asdict() for row in ledger.describe_tables(table))


def _find_described_table(query: str) -> str | None:
    """Return the table whose columns are asked for, "" for the list of tables, None for a SELECT."""
    tokens = query.strip().rstrip(";").split()
    if tokens[:1] in ([r"\d"], [r"\dt"], [r"\d+"]) and len(tokens) <= 2:
        return "".join(tokens[1:])
    return "" if [word.lower() for word in tokens] in (["show", "tables"], ["show", "all", "tables"]) else None
