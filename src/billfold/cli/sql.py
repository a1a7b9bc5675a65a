"""Ask the ledger in SQL, for reading only."""

from __future__ import annotations

import click

from billfold.cli.options import Narrowing, books, filters, virtual_rates, wanted, write


@click.command("sql")
@click.argument("query")
@click.option("--include-parked", is_flag=True, help="Count bills too that do not add up.")
@filters
@click.pass_context
def command(
    ctx: click.Context,
    query: str,
    include_parked: bool,
    shape: str,
    narrowing: Narrowing,
) -> None:
    """Ask one SELECT of the four FOCUS datasets, the ledger's tables and the vendors' own records.

    Datasets as they are exported: CostAndUsage, InvoiceDetail, BillingPeriod, ContractCommitment. Tables: bills, runs, accounts, and records
    (every archived answer, its body as JSON text). Money is decimal in the datasets (DuckDB's division and avg are not), and
    in bills as the vendors write it: text. bills has every version ever told; until_seq IS NULL are those believed now. The
    options narrow the datasets only.
    """
    from billfold.focus.reader import Ledger
    from billfold.focus.views import Part
    from billfold.report import render

    with books(ctx) as kept:
        kept.catch_up()
        part = Part(wanted(kept, narrowing), include_parked, virtual_rates(ctx))
        with Ledger(kept.directory, part) as ledger:
            names, rows = ledger.rows(query)
            if shape == "table":
                render.print_table(list(rows), names)
            else:
                write(shape, rows, names, default=str)
