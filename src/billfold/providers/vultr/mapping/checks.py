"""What the lists say beside the charges: whose account it is, which invoices there are, whether the history agrees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise

from billfold.model.finding import LISTED_FIELD, Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, format_decimal
from billfold.model.period import Month
from billfold.providers.provider import InvoiceListing, RunAnswers
from billfold.providers.vultr.api import ListBillingHistory, ListInvoices
from billfold.providers.vultr.mapping.billing_history import is_valid_amount, read_list, read_row_time, sort_by_time
from billfold.providers.vultr.mapping.text_fields import find_billed_month
from billfold.providers.vultr.records import Billing, Invoice
from billfold.wire.codec import get_or


def find_identity(run_answers: RunAnswers) -> str | None:
    """Return the number of the account's first invoice: the API names no account, and numbers invoices across them all.

    None where the list of invoices did not come to its end, or is empty.
    """
    invoice_list = read_list(run_answers, ListInvoices)
    if invoice_list is None or not invoice_list.is_whole:
        return None
    ids = (str(get_or(invoice.id, "")) for invoice in invoice_list.items)
    numbers = [int(invoice_id) for invoice_id in ids if invoice_id.isdecimal()]
    return f"first invoice {min(numbers)}" if numbers else None


def read_listing(run_answers: RunAnswers) -> InvoiceListing | None:
    """Say which invoices were listed; the list reaches back to the account's beginning."""
    invoice_list = read_list(run_answers, ListInvoices)
    if invoice_list is None:
        return None
    months = dict[str, Month]()
    for invoice in invoice_list.items:
        with suppress(ValueError):  # one without a date is read whatever it is of
            months[str(get_or(invoice.id, ""))] = find_billed_month(invoice)
    invoice_ids = frozenset(str(get_or(invoice.id, "")) for invoice in invoice_list.items)
    history = read_list(run_answers, ListBillingHistory)
    quiet_months = find_quiet_months(history.items) if history and history.is_whole else frozenset[Month]()
    return InvoiceListing(invoice_ids, invoice_list.is_whole, months=months, quiet_months=quiet_months)


def find_quiet_months(rows: Iterable[Billing]) -> frozenset[Month]:
    """Return the months before the history's newest invoice that it has no invoice of: nothing was billed in them.

    An invoice of a month is in the history of the month after.
    """
    times = {row_time for row in rows if row.type == "invoice" and (row_time := read_row_time(row))}
    billed_months = {Month.of(row_time).add_months(-1) for row_time in times}
    if not billed_months:
        return frozenset()
    return frozenset(set(min(billed_months).iter_until(max(billed_months))) - billed_months)


def check_answers(run_answers: RunAnswers) -> Iterator[Finding]:
    """Say where the list of invoices and the billing history do not agree with themselves or with each other."""
    invoices, history = read_list(run_answers, ListInvoices), read_list(run_answers, ListBillingHistory)
    for list_name, vendor_list in (("invoices", invoices), ("billing history", history)):
        if vendor_list and vendor_list.stated_count not in {None, len(vendor_list.items)}:
            counts = {"stated": vendor_list.stated_count, "held": len(vendor_list.items)}
            text = f"has {counts['held']} entries, the vendor counts {counts['stated']}"
            yield make_finding(FindingCode.COUNT_MISMATCH, text, f"list of {list_name}", **counts)
    if history and history.has_more:
        yield make_finding(
            FindingCode.NO_END_MARK, "it was not read to its end: nothing is held against it", "billing history"
        )
    if invoices and history and invoices.is_whole and history.is_whole:
        yield from _compare_with_history(invoices.items, history.items)
        yield from _find_balance_jumps(history.items)


def _compare_with_history(invoices: list[Invoice], rows: list[Billing]) -> Iterator[Finding]:
    """Compare the history's rows of type invoice, which have the id and the amount of their invoice, with the list.

    An invoice newer than every row was issued between the two questions.
    """
    history_rows = {row_id: row for row in rows if row.type == "invoice" and (row_id := str(get_or(row.id, "")))}
    invoices_by_id = {invoice_id: invoice for invoice in invoices if (invoice_id := str(get_or(invoice.id, "")))}
    newest_id = max(history_rows, key=_id_sort_key, default="")
    for invoice_id in sorted({*history_rows, *invoices_by_id}, key=_id_sort_key):
        if invoice_id not in invoices_by_id:
            text = "is in the billing history, but not in the list of invoices"
            yield make_finding(FindingCode.HISTORY_MISMATCH, text, invoice_id, **{LISTED_FIELD: "no"})
        elif invoice_id not in history_rows and _id_sort_key(invoice_id) < _id_sort_key(newest_id):
            text = "is listed, but not in the billing history"
            yield make_finding(FindingCode.HISTORY_MISMATCH, text, invoice_id)
        elif invoice_id in history_rows and history_rows[invoice_id].amount != invoices_by_id[invoice_id].amount:
            listed = _format_history_amount(invoices_by_id[invoice_id].amount)
            recorded = _format_history_amount(history_rows[invoice_id].amount)
            text = f"is {listed} in the list, {recorded} in the history"
            yield make_finding(FindingCode.HISTORY_MISMATCH, text, invoice_id, listed=listed, recorded=recorded)


def _id_sort_key(invoice_id: str) -> tuple[int, str]:
    return len(invoice_id), invoice_id


def _find_balance_jumps(rows: list[Billing]) -> Iterator[Finding]:
    """Look for rows that do not move the balance by their amount; in which direction is not documented for every type."""
    for older_row, row in pairwise(sort_by_time(rows)):
        if is_valid_amount(older_row.balance) and is_valid_amount(row.balance) and is_valid_amount(row.amount):
            balance_change = abs(EXACT_CONTEXT.subtract(row.balance, older_row.balance))
            if abs(row.amount) != balance_change:
                change, amount = format_decimal(balance_change), _format_history_amount(row.amount)
                text = f"moves the balance by {change}, and is {amount}"
                subject = f"history row {row.id}"
                yield make_finding(FindingCode.BALANCE_MISMATCH, text, subject, change=change, amount=amount)


def _format_history_amount(amount: object) -> str:
    return format_decimal(amount) if is_valid_amount(amount) else "without an amount"
