"""What an organization had left at the end of each invoice, by currency, as its invoices state it beside their totals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billfold.model.balance import Balance
from billfold.model.money import exact_sum
from billfold.providers.cockroach.api import ListInvoices
from billfold.providers.cockroach.mapping.charges import read_invoice_period
from billfold.providers.cockroach.mapping.lines import currency_of, remove_float_dust
from billfold.providers.cockroach.records import CurrencyAmount, Invoice
from billfold.providers.mapping import is_in_bounds
from billfold.providers.pages import iter_pages
from billfold.providers.provider import RunAnswers
from billfold.wire.codec import get_or


def read_balances(run_answers: RunAnswers) -> Iterator[Balance]:
    """Yield what each invoice says was used in its currency, and left after it; what was bought, no answer says."""
    for page in iter_pages(run_answers, ListInvoices):
        for invoice in get_or(page.reply.invoices, []):
            yield from _list_balances(invoice)


def _list_balances(invoice: Invoice) -> Iterator[Balance]:
    period = read_invoice_period(invoice)
    if period is None:
        return
    for stated in get_or(invoice.balances, []):
        closing = _read_amount(stated)
        if closing is not None:
            currency = currency_of(stated)
            used = _sum_totals(invoice, currency)
            is_open = get_or(invoice.status, "") == "DRAFT"
            yield Balance(currency, currency, currency, period, used=used, closing=closing, is_open=is_open)


def _read_amount(amount: CurrencyAmount) -> Decimal | None:
    value = get_or(amount.amount, None)
    return remove_float_dust(value) if isinstance(value, Decimal) and is_in_bounds(value) else None


def _sum_totals(invoice: Invoice, currency: str) -> Decimal:
    totals = (_read_amount(total) for total in get_or(invoice.totals, []) if currency_of(total) == currency)
    return exact_sum(total for total in totals if total is not None)
