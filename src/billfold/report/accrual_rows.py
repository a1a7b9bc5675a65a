"""Accruals as rows: how the amount of each comes about, what it is for, and when it is reversed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.model.period import Month
from billfold.report.line_history import LineKind


class AccrualMethod(StrEnum):
    """How the amount of an accrual comes about."""

    ESTIMATE = "estimate"
    """The vendor's own estimate, as it stood."""
    DRAFT = "draft"
    """The vendor's draft of the invoice, as it stood."""
    CARRIED_FORWARD = "carried-forward"
    """What the days that an estimate, a draft or a measurement does not reach add, at the rate of those before."""
    USAGE = "usage"
    """What was used so far, as the vendor measured it, at the prices of the last invoices."""
    CONTRACT = "contract"
    """What a contract sells beforehand each month: quantity x price."""
    SHORTFALL = "shortfall"
    """What is missing to an agreed minimum."""
    TAX = "tax"
    """Tax at the last rate of the account."""
    RUN_RATE = "run-rate"
    """As the last invoices had it."""


class AccrualRow(NamedTuple):
    """An amount of a month that is not invoiced yet; ``text`` says why it is owed and how it comes about.

    ``contract`` is the id of the contract or purchase order it belongs to, where an account has several ("" else).
    ``reversal_on`` is the day on which its reversal is booked: the first after the month. ``parts`` are what it is for.
    """

    provider: str
    account: str
    contract: str
    currency: str
    method: str
    amount: Decimal
    text: str
    month: Month
    reversal_on: date
    parts: tuple[tuple[LineKind, Decimal], ...] = ()

    @property
    def last_day(self) -> date:
        """The last day of the month, on which it is booked."""
        return self.reversal_on - timedelta(days=1)


def negate_rows(rows: Iterable[AccrualRow]) -> Iterator[AccrualRow]:
    """Yield the reversals of accruals."""
    for row in rows:
        yield row._replace(amount=-row.amount, text=f"reversal: {row.text}", parts=tuple((k, -a) for k, a in row.parts))
