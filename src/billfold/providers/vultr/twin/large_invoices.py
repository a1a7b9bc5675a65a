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
from billfold.providers.vultr.twin.history import Entry

ROUND = 1000
"""After so many lines, hours and prices repeat; addresses and labels never do."""


def wanted(account: TwinAccount) -> int:
    """Return how many lines the account's first invoice is to have by its kind, as ``lines-100000``; 0 for none."""
    found = re.fullmatch(r"lines-(\d{1,8})", account.account_type)
    return int(found[1]) if found else 0


@lru_cache(maxsize=8)
def _patterns(month: Month) -> tuple[Entry, ...]:
    whole, made = inventory.hours(month.start, month.end), []
    for index in range(ROUND):
        units = whole if index % 3 else 1 + index * 37 % whole
        memory, cents = inventory.PLANS[index % len(inventory.PLANS)]
        made.append(
            Entry(
                product=inventory.COMPUTE,
                description=f"({memory} MB)",
                start=month.end - timedelta(hours=units),
                end=month.end,
                units=Decimal(units),
                rate=inventory.rate(cents, inventory.CAP, pending=False),
                total=inventory.cost(cents, units, inventory.CAP),
            )
        )
    return tuple(made)


class Large(Sequence[Entry]):
    """The lines of a large invoice."""

    def __init__(self, month: Month, length: int) -> None:
        self.patterns, self._length = _patterns(month), length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Entry: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...
    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(at, slice):
            return [self._entry(index) for index in range(*at.indices(self._length))]
        return self._entry(range(self._length)[at])

    def _entry(self, index: int) -> Entry:
        pattern = self.patterns[index % ROUND]
        return Entry(pattern[0], self.description(index), *pattern[2:])

    def description(self, index: int) -> str:
        """Return what a line is about, which no other line is."""
        address = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}"
        return f"{address} {self.patterns[index % ROUND][1]} [node-{index:07}]"

    @property
    def total(self) -> Decimal:
        """What they all come to, without looking at them one by one."""
        rounds, rest = divmod(self._length, ROUND)
        a_round = exact_sum(entry.total for entry in self.patterns)
        begun = exact_sum(entry.total for entry in self.patterns[:rest])
        return inventory.trimmed(exact_sum((exact_product(a_round, Decimal(rounds)), begun)))
