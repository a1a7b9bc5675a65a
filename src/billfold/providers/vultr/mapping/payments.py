"""Vultr's billing history as payments, and what the account had in its favor month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from billfold.model.balance import Balance
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.model.payment import Payment, PaymentKind
from billfold.model.period import Month
from billfold.providers.provider import RunAnswers
from billfold.providers.vultr.api import ListBillingHistory
from billfold.providers.vultr.mapping.billing_history import is_valid_amount, read_list, read_row_time, sort_by_time
from billfold.providers.vultr.records import Billing
from billfold.wire.codec import get_or
from billfold.wire.vendor_time import choose_vendor_time

CURRENCY = "USD"
BALANCE_ID, BALANCE_NAME = "account", "Account credit"
MAX_MONTHS = 1_200
"""Months over which a history may go: a date that is further away is a mistake."""


class HistoryStep(NamedTuple):
    """A row of the history: when, its number, what it is, by how much it moved what is owed, and what is owed after it."""

    paid_at: datetime
    row_id: str
    kind: PaymentKind
    change: Decimal
    owed: Decimal | None


def read_payments(run_answers: RunAnswers) -> Iterator[Payment]:
    """Yield the billing history, oldest first; nothing where it was not read to its end, or a row cannot be placed in it."""
    for step in _read_steps(run_answers):
        amount = step.change if step.kind is PaymentKind.BILLED else EXACT_CONTEXT.minus(step.change)
        invoice_id = step.row_id if step.kind is PaymentKind.BILLED else None
        yield Payment(step.kind, step.row_id, invoice_id, CURRENCY, step.paid_at, amount + 0, step.owed)


def read_balances(run_answers: RunAnswers) -> Iterator[Balance]:
    """Yield month by month what the account had in its favor: what was billed is used, what was paid or credited is bought.

    Opening and closing are the balances that the vendor states in the rows before and in the month.
    """
    steps = _read_steps(run_answers)
    if not steps or any(step.owed is None for step in steps):
        return
    now = _find_vendor_time(run_answers)
    steps_by_month = {
        month: list(month_steps) for month, month_steps in groupby(steps, key=lambda step: Month.of(step.paid_at))
    }
    owed = EXACT_CONTEXT.subtract(steps[0].owed or ZERO, steps[0].change)
    first_month, last_month = min(steps_by_month), max(*steps_by_month, Month.of(now))
    if last_month > first_month.add_months(MAX_MONTHS):
        return
    for month in first_month.iter_until(last_month):
        month_steps = steps_by_month.get(month, [])
        opening, owed = owed, (month_steps[-1].owed or ZERO) if month_steps else owed
        yield _build_month(month, month_steps, opening, owed, is_open=month.end > now)


def _find_vendor_time(run_answers: RunAnswers) -> datetime:
    """Return when the history was answered, by the vendor's clock."""
    times = (
        choose_vendor_time(answer.response.headers, answer.fetched_at)
        for answer in run_answers.answers(ListBillingHistory)
    )
    return max(times)


def _build_month(
    month: Month, steps: Sequence[HistoryStep], opening: Decimal, owed: Decimal, *, is_open: bool
) -> Balance:
    billed = exact_sum(step.change for step in steps if step.kind is PaymentKind.BILLED)
    paid = exact_sum(step.change for step in steps if step.kind is not PaymentKind.BILLED)
    return Balance(
        BALANCE_ID,
        BALANCE_NAME,
        CURRENCY,
        month.period,
        opening=ZERO - opening,
        bought=ZERO - paid,
        used=billed,
        closing=ZERO - owed,
        is_open=is_open,
    )


def _read_steps(run_answers: RunAnswers) -> list[HistoryStep]:
    history = read_list(run_answers, ListBillingHistory)
    rows = sort_by_time(history.items) if history and history.is_whole else []
    if not all(is_valid_amount(row.amount) for row in rows):
        return []
    return list(_iter_steps(rows))


def _iter_steps(rows: Iterable[Billing]) -> Iterator[HistoryStep]:
    id_counts, owed_before = Counter[str](), None
    for row in rows:
        row_id = str(get_or(row.id, ""))
        id_counts[row_id] += 1
        numbered_id = row_id if id_counts[row_id] == 1 else f"{row_id} #{id_counts[row_id]}"
        owed = row.balance if is_valid_amount(row.balance) else None
        change, row_time = _find_change(row, owed_before, owed), read_row_time(row)
        if row_time is not None:
            yield HistoryStep(row_time, numbered_id, _find_kind(row), change, owed)
        owed_before = owed


def _find_kind(row: Billing) -> PaymentKind:
    row_type = get_or(row.type, "").strip().lower()
    if row_type == "invoice":
        return PaymentKind.BILLED
    # GUESS: what is neither an invoice nor has payment or refund in its type was given by the vendor
    is_payment = "payment" in row_type or "refund" in row_type
    return PaymentKind.PAID if is_payment else PaymentKind.CREDITED


def _find_change(row: Billing, owed_before: Decimal | None, owed: Decimal | None) -> Decimal:
    """Return by how much a row moved what is owed: as its balance moved, where that is by its amount.

    The one documented credit is positive and payments are negative: the sign of an amount says nothing by itself.
    """
    size = abs(row.amount) if is_valid_amount(row.amount) else ZERO
    if owed_before is not None and owed is not None:
        balance_change = EXACT_CONTEXT.subtract(owed, owed_before)
        if abs(balance_change) == size:
            return balance_change
    if _find_kind(row) is PaymentKind.BILLED:
        return row.amount if is_valid_amount(row.amount) else ZERO
    return ZERO - size
