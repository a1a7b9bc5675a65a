"""What a month owes that is not invoiced yet: estimates carried to the month's end, contracts, shortfalls, tax."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.model.period import Month


class AccrualMethod(StrEnum):
    """How the amount of an accrual comes about."""

    ESTIMATE = "estimate"
    """The vendor's own estimate, as it stood."""
    DRAFT = "draft"
    """The vendor's draft of the invoice, as it stood."""
    CARRIED_FORWARD = "carried-forward"
    """What the days that an estimate or a draft does not reach add, at the rate of those before."""
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
    ``reversal_on`` is the day on which its reversal is booked: the first after the month.
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
