"""List invoices, drafts and estimates as the vendors state them."""

from __future__ import annotations

from typing import Any

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.gaps import find_wrong_gaps, print_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.params import FilterOptions, add_listing_options
from billfold.ledger import query
from billfold.model.bill import merge_estimate_parts
from billfold.model.money import format_amount
from billfold.report.table import TableLayout

COLUMNS = ("provider", "account", "invoice_id", "state", "period_start", "period_end", "currency", "total", "lines")
EXTRA_COLUMNS = ("issued_on", "due_on", "note")
TABLE_FORM = TableLayout(
    (*COLUMNS, *EXTRA_COLUMNS),
    numbers=("total", "lines"),
    droppable=("due_on", "issued_on", "period_end", "lines", "provider", "state"),
)


@click.command("invoices")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, output_format: str, filter_options: FilterOptions) -> None:
    """List invoices, drafts and estimates as the vendors state them.

    Finals, drafts and estimates are told apart by STATE: estimate, draft or issued. Table and csv also have the dates of
    issue and payment where the vendor says them, and mark parked bills; `billfold sql "SELECT * FROM bills"` has all. Where one
    comes from tells `billfold explain`, with its id or the word estimate.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options)
        rows = merge_estimate_parts(query.list_invoices(db, filters))
        bills_by_key = {
            _build_bill_key(bill): bill
            for bill in sorted(query.list_bills(db, filters), key=lambda bill: bool(bill["parked"]))
        }
        gaps = find_wrong_gaps(ctx, workspace, db, filters)
    if output_format == "json":
        print_rows(output_format, rows, COLUMNS)
    elif output_format == "csv":
        print_rows(
            output_format,
            [row | _build_extra_cells(bills_by_key[_build_bill_key(row)]) for row in rows],
            (*COLUMNS, *EXTRA_COLUMNS),
        )
    else:
        date_columns = ("period_start", "period_end")
        short_rows = [
            row | {name: row[name][:10] for name in date_columns} | {"total": format_amount(row["total"])}
            for row in rows
        ]
        table_rows = [row | _build_extra_cells(bills_by_key[_build_bill_key(row)]) for row in short_rows]
        print_table(table_rows, TABLE_FORM)
    print_gaps(gaps)


def _build_bill_key(bill: dict[str, Any]) -> tuple[str, ...]:
    start = bill["period_start"] if isinstance(bill["period_start"], str) else bill["period_start"].date().isoformat()
    return (bill["provider"], bill["account"], str(bill["invoice_id"]), bill["currency"], bill["state"], start[:10])


def _build_extra_cells(bill: dict[str, Any]) -> dict[str, str]:
    """Say of a bill what the vendors' totals do not: its dates, and whether it is counted."""
    dates = {name: bill[name].date().isoformat() if bill[name] else "" for name in ("issued_on", "due_on")}
    return dates | {"note": "parked: not counted" if bill["parked"] else ""}
