"""Ask the ledger in SQL, for reading only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from billfold.cli.options import Narrowing, books, filters, virtual_rates, wanted


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
    (every archived answer, its body as JSON text). Money is decimal; DuckDB's division and avg are not.
    """
    from billfold.report import render
    from billfold.report.focus.frames import Ledger
    from billfold.report.focus.rows import Part

    with books(ctx) as kept:
        kept.catch_up()
        part = Part(wanted(kept, narrowing), include_parked, virtual_rates(ctx))
        with Ledger(kept.directory, part) as ledger:
            names, rows = ledger.rows(query)
            if shape == "json":
                _stream(rows)
            elif shape == "csv":
                click.echo(render.as_csv([], names), nl=False)
                for row in rows:
                    click.echo(render.as_csv([row], names).partition("\n")[2], nl=False)
            else:
                render.as_table(list(rows), names)


def _stream(rows: Iterator[dict[str, Any]]) -> None:
    from billfold.report.render import word

    first = True
    for row in rows:
        text = json.dumps({name: word(value) for name, value in row.items()}, ensure_ascii=False, default=str)
        click.echo(("[" if first else ",\n ") + text, nl=False)
        first = False
    click.echo("[]" if first else "]")
