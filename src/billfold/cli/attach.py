"""Put a document that you have of an invoice into the archive, and compare its total."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import ACCOUNT_OPTION, PROVIDER_OPTION, add_location_options
from billfold.collect.attaching import Attachment, attach_document
from billfold.collect.workspace import Workspace
from billfold.ledger import catalog
from billfold.ledger.catalog import BillRow
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.money import format_amount
from billfold.report.document_check import compare_document
from billfold.tasks.filter_options import FilterOptions

VERDICTS = {
    True: "the document says the invoice's total",
    False: "the document does not say the invoice's total: it is kept, and `billfold reconcile` names it",
    None: "the document has no amounts that can be read: it is kept, and its total is not checked",
}


@click.command("attach")
@click.argument("invoice")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@PROVIDER_OPTION
@ACCOUNT_OPTION
@add_location_options
@click.pass_context
def command(ctx: click.Context, invoice: str, file: Path, provider: str | None, account: str | None) -> None:
    """Put FILE into the archive as a document of INVOICE: a PDF, CSV or JSON of any vendor, as from its portal.

    It is an entry in the chain of the invoice's account: `documents` writes it, and `verify`, `merge` and `rebuild` keep it. A
    later one of the same kind is a newer version. Exit code 1: it does not say the total of the invoice.
    """
    with open_workspace(ctx) as workspace:
        bills = _find_bills(workspace, invoice, FilterOptions(provider, account))
        attachment = attach_document(workspace, bills[0], file)
        totals = [Decimal(bill.total) for bill in bills if bill.total is not None]
        verdict = compare_document(workspace.archive, attachment.entry, totals) if totals else None
    _print_attachment(bills, attachment)
    print_line(VERDICTS[verdict], err=verdict is False)
    ctx.exit(1 if verdict is False else 0)


def _find_bills(workspace: Workspace, invoice: str, filter_options: FilterOptions) -> list[BillRow]:
    """Return an issued invoice as it is in each of its currencies; raises ``InvalidArgument`` where it is none, or of two accounts."""
    with workspace.open_ledger() as db:
        all_bills = catalog.list_bills(db, build_filter(workspace, filter_options))
    bills = [bill for bill in all_bills if bill.invoice_id == invoice and bill.state == State.ISSUED]
    if not bills:
        raise InvalidArgument(f"there is no issued invoice {invoice!r}: `billfold invoices` lists them")
    accounts = sorted({f"{bill.provider} {bill.account}" for bill in bills})
    if len(accounts) > 1:
        raise InvalidArgument(f"{invoice!r} is an invoice of {' and of '.join(accounts)}: say which with --account")
    return sorted(bills, key=lambda bill: bill.is_disputing)


def _print_attachment(bills: list[BillRow], attachment: Attachment) -> None:
    totals = " and ".join(f"{format_amount(bill.total)} {bill.currency}" for bill in bills if not bill.is_disputing)
    entry, bill = attachment.entry, bills[0]
    verb = "attached" if attachment.is_new else "attached already"
    print_line(f"{verb}: {bill.provider} {bill.account} {bill.name} ({totals}): entry {entry.seq}, sha256 {entry.body}")
