"""List charges as FOCUS 1.4 CostAndUsage rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from billfold.cli.options import Narrowing, books, filters, wanted

if TYPE_CHECKING:
    import duckdb

SHORT = (
    "x_AccountName",
    "x_State",
    "BillingPeriodStart",
    "ServiceName",
    "ChargeCategory",
    "ChargeDescription",
    "BilledCost",
    "BillingCurrency",
)


@click.command("charges")
@filters
@click.pass_context
def command(ctx: click.Context, shape: str, narrowing: Narrowing) -> None:
    """List charges as FOCUS 1.4 CostAndUsage rows.

    The table shows the main columns; json and csv have all columns of the ledger and all digits: virtual currencies as
    they are, where `billfold export focus` and `billfold sql` write them as FOCUS wants. Parked bills are left out.
    """
    from billfold.ledger import query
    from billfold.report import render

    with books(ctx) as kept, kept.ledger() as db:
        result = query.charges(db, wanted(kept, narrowing))
        names = [column[0] for column in result.description or ()]
        rows = _rows(result, names)
        if shape == "json":
            _stream(rows)
        elif shape == "csv":
            click.echo(render.as_csv([], names), nl=False)
            for row in rows:
                click.echo(render.as_csv([row], names).partition("\n")[2], nl=False)
        else:
            cut = [{name: _cut(row[name]) for name in SHORT} for row in rows]
            render.as_table(cut, SHORT, numbers=("BilledCost",))


def _rows(result: duckdb.DuckDBPyConnection, names: list[str]) -> Iterator[dict[str, Any]]:
    while batch := result.fetchmany(2048):
        for row in batch:
            yield {n: v.replace(tzinfo=UTC) if isinstance(v, datetime) else v for n, v in zip(names, row, strict=True)}


def _stream(rows: Iterator[dict[str, Any]]) -> None:
    from billfold.report.render import word

    first = True
    for row in rows:
        text = json.dumps({name: word(value) for name, value in row.items()}, ensure_ascii=False)
        click.echo(("[" if first else ",\n ") + text, nl=False)
        first = False
    click.echo("[]" if first else "]")


def _cut(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value[:47] + "..." if isinstance(value, str) and len(value) > 50 else value
