"""What vendors state of who used what is billed: each resource, each organization of a partner, or each region, by SKU and period."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.model.period import Period


class UserType(StrEnum):
    """What used something: in the words of what charges are grouped by."""

    RESOURCE = "resource"
    SUB_ACCOUNT = "sub-account"
    REGION = "region"
    """All that an account used in a region; of what is sold without regions, the id is empty."""


class MeasuredUsage(NamedTuple):
    """How much of a SKU was used by one resource, by one organization or in one region in a period, as its vendor measured it.

    A period that is not over ends where the measurement does. ``sku`` is a SkuId's last part: what stands after its last slash. ``amount`` is what it comes to at the prices that the vendor
    states beside it, before tax, in ``currency`` (None: no price is stated): no charge, and in no sum of bills.
    """

    period: Period
    sku: str
    user_type: UserType
    user_id: str
    user_name: str
    unit: str
    quantity: Decimal
    amount: Decimal | None = None
    currency: str = ""
