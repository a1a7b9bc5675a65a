"""List charges as FOCUS 1.4 CostAndUsage rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.gaps import describe_no_bills, end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.params import add_listing_options
from billfold.ledger import catalog, query
from billfold.ledger.columns import CHARGE_COLUMNS
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions

TABLE_COLUMNS = (
    "x_AccountName",
    "x_State",
    "BillingPeriodStart",
    "ServiceName",
    "ChargeCategory",
    "ChargeDescription",
    "BilledCost",
    "BillingCurrency",
)
TABLE_FORM = TableLayout(
    TABLE_COLUMNS,
    numbers=("BilledCost",),
    droppable=("ChargeCategory", "BillingPeriodStart", "x_State", "ServiceName", "x_AccountName"),
)


@click.command("charges")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, output_format: str, filter_options: FilterOptions) -> None:
    """List charges as FOCUS 1.4 CostAndUsage rows.

    The table shows the main columns; json and csv have all columns of the ledger and all digits: virtual currencies as
    they are, where `billfold export focus` and `billfold sql` write them as FOCUS wants. Parked bills are left out, and the exit code is 1 then.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        absence = describe_no_bills(ledger, filters, "charges")
        charges = query.iter_charges(ledger, filters)
        if output_format == "table":
            table_rows = [{name: _shorten_value(getattr(charge, name)) for name in TABLE_COLUMNS} for charge in charges]
            if table_rows:
                print_table(table_rows, TABLE_FORM)
        else:
            print_rows(output_format, charges, CHARGE_COLUMNS)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
        uncounted_bills = catalog.list_parked_bills(ledger, filters)
    end_listing(ctx, gaps, uncounted_bills, absence)


def _shorten_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value[:47] + "..." if isinstance(value, str) and len(value) > 50 else value
