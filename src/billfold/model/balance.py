"""What vendors state of balances that are paid for beforehand and used up: credits, wallets, what an account has in its favor."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.model.period import Period


class BalanceKind(StrEnum):
    """Whether something is bought and used up, or so much of it may be used each month."""

    PREPAID = "prepaid"
    ALLOWANCE = "allowance"


class Balance(NamedTuple):
    """A balance over one period, as far as the vendor states it (None: it does not); ``unit`` is a currency or what it counts.

    ``used`` is all that was used, ``overage`` the part of it that the balance did not cover. ``is_open`` tells that the period
    runs: what is stated may still change. ``commitment_id`` is that of the contract commitment that it fulfills ("": of none, or unknown).
    Of an allowance ``bought`` is how much of it there is in the period.
    """

    balance_id: str
    name: str
    unit: str
    period: Period
    opening: Decimal | None = None
    bought: Decimal | None = None
    used: Decimal | None = None
    closing: Decimal | None = None
    overage: Decimal | None = None
    is_open: bool = False
    kind: BalanceKind = BalanceKind.PREPAID
    commitment_id: str = ""
