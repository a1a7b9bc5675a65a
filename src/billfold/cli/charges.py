"""List charges as FOCUS 1.4 CostAndUsage rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from billfold.cli.options import Narrowing, books, filters, lacking, tell_gaps, wanted, write

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
    from billfold.ledger.columns import CHARGE_COLUMNS
    from billfold.report import render

    with books(ctx) as kept, kept.ledger() as db:
        chosen = wanted(kept, narrowing)
        rows = query.stream(query.charges(db, chosen))
        if shape == "table":
            cut = [{name: _cut(row[name]) for name in SHORT} for row in rows]
            render.print_table(cut, SHORT, numbers=("BilledCost",))
        else:
            write(shape, rows, CHARGE_COLUMNS)
        missing = lacking(ctx, kept, db, chosen)
    tell_gaps(missing)


def _cut(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value[:47] + "..." if isinstance(value, str) and len(value) > 50 else value
