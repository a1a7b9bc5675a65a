"""An invoice with as many lines as wanted, each made only when it is looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import overload

from billfold.model.money import exact_product, exact_sum
from billfold.model.period import Month
from billfold.providers.twin_api import TwinAccount
from billfold.providers.vultr.twin import inventory
from billfold.providers.vultr.twin.history import BilledItem

PATTERN_COUNT = 1000
"""After so many lines, hours and prices repeat; addresses and labels never do."""


def requested_line_count(account: TwinAccount) -> int:
    """Return how many lines the account's first invoice is to have by its kind, as ``lines-100000``; 0 for none."""
    size_match = re.fullmatch(r"lines-(\d{1,8})", account.account_type)
    return int(size_match[1]) if size_match else 0


@lru_cache(maxsize=8)
def _make_patterns(month: Month) -> tuple[BilledItem, ...]:
    month_hours, items = inventory.count_hours(month.start, month.end), []
    for index in range(PATTERN_COUNT):
        units = month_hours if index % 3 else 1 + index * 37 % month_hours
        memory_mb, cents = inventory.PLANS[index % len(inventory.PLANS)]
        items.append(
            BilledItem(
                product=inventory.COMPUTE_PRODUCT,
                description=f"({memory_mb} MB)",
                start=month.end - timedelta(hours=units),
                end=month.end,
                units=Decimal(units),
                rate=inventory.hourly_rate(cents, inventory.MONTHLY_HOUR_CAP, pending=False),
                total=inventory.compute_cost(cents, units, inventory.MONTHLY_HOUR_CAP),
            )
        )
    return tuple(items)


class LargeInvoice(Sequence[BilledItem]):
    """The lines of a large invoice."""

    def __init__(self, month: Month, length: int) -> None:
        self.patterns, self._length = _make_patterns(month), length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, position: int) -> BilledItem: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[BilledItem]: ...
    def __getitem__(self, position: int | slice) -> BilledItem | Sequence[BilledItem]:
        if isinstance(position, slice):
            return [self._make_item(index) for index in range(*position.indices(self._length))]
        return self._make_item(range(self._length)[position])

    def _make_item(self, index: int) -> BilledItem:
        pattern = self.patterns[index % PATTERN_COUNT]
        return BilledItem(pattern[0], self.describe_item(index), *pattern[2:])

    def describe_item(self, index: int) -> str:
        """Return what a line is about, which no other line is."""
        address = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}"
        return f"{address} {self.patterns[index % PATTERN_COUNT][1]} [node-{index:07}]"

    @property
    def total(self) -> Decimal:
        """What they all come to, without looking at them one by one."""
        full_rounds, remaining_count = divmod(self._length, PATTERN_COUNT)
        pattern_sum = exact_sum(item.total for item in self.patterns)
        remaining_sum = exact_sum(item.total for item in self.patterns[:remaining_count])
        return inventory.trim_decimal(exact_sum((exact_product(pattern_sum, Decimal(full_rounds)), remaining_sum)))
