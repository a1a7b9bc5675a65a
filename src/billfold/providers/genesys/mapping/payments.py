"""Which invoices Genesys says are paid, and what its wallets held, period by period."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billfold.model.balance import Balance
from billfold.model.money import EXACT_CONTEXT, ZERO
from billfold.model.payment import Payment, PaymentKind
from billfold.model.period import Period
from billfold.providers.currencies import read_currency
from billfold.providers.genesys.mapping.charges import read_contracts, read_listed_invoices, read_usages
from billfold.providers.genesys.mapping.classify import format_unit
from billfold.providers.genesys.mapping.invoice_periods import BillingCalendar, is_closed
from billfold.providers.genesys.mapping.lines import find_amount
from billfold.providers.genesys.records import BillingWallet
from billfold.providers.provider import RunAnswers
from billfold.wire.codec import Maybe, get_or

KINDS_BY_STATUS = {"paid": PaymentKind.SETTLED, "unpaid": PaymentKind.UNSETTLED}
"""The API writes Unpaid, its documentation UnPaid."""


def read_payments(run_answers: RunAnswers) -> Iterator[Payment]:
    """Yield of each listed invoice whether it is paid; nothing of one that does not say."""
    for record in read_listed_invoices(run_answers).values():
        invoice_id = str(get_or(record.invoice.id, ""))
        kind = KINDS_BY_STATUS.get(get_or(record.invoice.payment_status, "").strip().lower())
        if invoice_id and kind:
            yield Payment(kind, "", invoice_id, read_currency(record.invoice.currency_iso_code))


def read_balances(run_answers: RunAnswers) -> Iterator[Balance]:
    """Yield what each wallet held in each period that was read."""
    calendar = BillingCalendar(read_contracts(run_answers).values())
    for period, usages in read_usages(run_answers, calendar, []).items():
        for usage in usages:
            for wallet in get_or(usage.detail.wallets, []):
                yield _build_balance(wallet, period, is_open=not is_closed(usage.detail))


def _build_balance(wallet: BillingWallet, period: Period, *, is_open: bool) -> Balance:
    increase, decrease = find_amount(wallet.balance_increase), find_amount(wallet.balance_decrease)
    bought = None if increase is None else EXACT_CONTEXT.subtract(increase, decrease or ZERO)
    return Balance(
        str(get_or(wallet.id, "")) or get_or(wallet.name, "") or "wallet",
        get_or(wallet.name, "") or "wallet",
        format_unit(get_or(wallet.unit_of_measure, "")),
        period,
        find_amount(wallet.starting_balance),
        bought,
        find_amount(wallet.balance_consumption),
        find_amount(wallet.ending_balance),
        _read_overage(wallet.balance_overage),
        is_open,
    )


def _read_overage(overage: Maybe[Decimal]) -> Decimal:
    return find_amount(overage) or ZERO
