"""List invoices, drafts and estimates as the vendors state them."""

from __future__ import annotations

from collections.abc import Mapping

import click

from billfold.cli.context import build_filter, load_payment_terms, open_workspace
from billfold.cli.gaps import describe_no_bills, end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.params import add_listing_options
from billfold.ledger import catalog, query
from billfold.ledger.catalog import BillRow
from billfold.model.bill import StatedBill, merge_estimate_parts
from billfold.model.money import format_amount
from billfold.model.payment_terms import find_due_date
from billfold.model.period import format_instant
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions

COLUMNS = ("provider", "account", "invoice_id", "state", "period_start", "period_end", "currency", "total", "lines")
EXTRA_COLUMNS = ("issued_on", "due_on", "terms", "note")
TABLE_FORM = TableLayout(
    (*COLUMNS, *EXTRA_COLUMNS),
    numbers=("total", "lines"),
    droppable=("terms", "due_on", "issued_on", "period_end", "lines", "provider", "state"),
)


@click.command("invoices")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, output_format: str, filter_options: FilterOptions) -> None:
    """List invoices, drafts and estimates as the vendors state them.

    Finals, drafts and estimates are told apart by STATE: estimate, draft or issued. Table and csv also have the dates of
    issue and payment, and the terms, where the vendor or the account's `payment_terms` says them, and mark parked bills;
    `billfold sql "SELECT * FROM bills"` has all. Where one comes from tells `billfold explain`, with its id or the word estimate.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        rows = merge_estimate_parts(query.list_invoices(ledger, filters))
        bills = catalog.list_bills(ledger, filters)
        standing_bills = sorted((bill for bill in bills if not bill.is_disputing), key=lambda bill: bool(bill.parked))
        bills_by_key = {_build_bill_key(bill, format_instant(bill.period_start)): bill for bill in standing_bills}
        disputed_names = {_name_bill(bill) for bill in bills if bill.is_disputing}
        agreed_terms = load_payment_terms(ctx)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
        absence = "" if rows else describe_no_bills(ledger, filters, "invoices")
    listed_bills = [bills_by_key[_build_bill_key(row, row.period_start)] for row in rows]
    extra_cells = [
        _build_extra_cells(bill, agreed_terms, is_disputed=_name_bill(bill) in disputed_names) for bill in listed_bills
    ]
    if output_format == "json":
        print_rows(output_format, rows, COLUMNS)
    elif output_format == "csv":
        print_rows(
            output_format,
            [row._asdict() | cells for row, cells in zip(rows, extra_cells, strict=True)],
            (*COLUMNS, *EXTRA_COLUMNS),
        )
    elif rows:
        table_rows = [_shorten_row(row)._asdict() | cells for row, cells in zip(rows, extra_cells, strict=True)]
        print_table(table_rows, TABLE_FORM)
    end_listing(ctx, gaps, [bill for bill in bills if bill.parked], absence)


def _shorten_row(row: StatedBill) -> StatedBill:
    """Return a bill as the table has it: days, and totals for people."""
    return row._replace(
        period_start=row.period_start[:10], period_end=row.period_end[:10], total=format_amount(row.total)
    )


def _build_bill_key(bill: StatedBill | BillRow, start: str) -> tuple[str, ...]:
    """Return what a bill as its vendor states it and the ledger's own row of it have in common."""
    return bill.provider, bill.account, str(bill.invoice_id), bill.currency, bill.state, start


def _name_bill(bill: BillRow) -> tuple[str, ...]:
    """Return what the versions of a bill have in common."""
    return bill.provider, bill.account, bill.invoice_id or str(bill.month), bill.currency


def _build_extra_cells(
    bill: BillRow, agreed_terms: Mapping[tuple[str, str], str], *, is_disputed: bool
) -> dict[str, str]:
    """Say of a bill what the vendors' totals do not: its dates, its terms of payment, and whether it is counted."""
    terms = bill.terms or agreed_terms.get((bill.provider, bill.account))
    times = {"issued_on": bill.issued_on, "due_on": bill.due_on or find_due_date(bill.issued_on, terms)}
    dates = {name: time.date().isoformat() if time else "" for name, time in times.items()}
    note = "parked: not counted" if bill.parked else "disputed: counted" if is_disputed else ""
    return dates | {"terms": terms or "", "note": note}
