"""What a list of lines comes to, and whether it came to its end: read before its charges are made, then forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billfold.model.money import EXACT, ZERO, exact_sum
from billfold.providers.provider import Reading
from billfold.providers.vultr.api import GetInvoiceItems
from billfold.providers.vultr.lines import flaw
from billfold.providers.vultr.records import InvoiceItem
from billfold.providers.vultr.words import when
from billfold.wire.codec import given
from billfold.wire.operation import read
from billfold.wire.paging import Paged


@dataclass
class Survey:
    """A list of lines as far as it was read; ``more`` says that it goes on, ``proven`` that it came to its end mark."""

    count: int = 0
    summed: Decimal = ZERO
    flaws: list[str] = field(default_factory=list)
    stated: int | None = None
    more: bool = False
    proven: bool = False
    latest: datetime | None = None

    def take(self, items: Sequence[InvoiceItem]) -> None:
        """Count some lines and add them up."""
        good: list[Decimal] = []
        for item in items:
            self.count += 1
            if why := flaw(item):
                self.flaws.append(f"line {self.count} {why}")
            else:
                good.append(given(item.total, ZERO))
        self.summed = EXACT.add(self.summed, exact_sum(good))
        self.latest = self.latest or _latest(items)

    def turn(self, op: Paged[Any, Any], page: Any) -> None:
        """Note what a page says of the whole list."""
        self.stated, self.more, self.proven = op.stated_total(page), op.after(page) is not None, op.ended(page)

    def problems(self) -> Iterator[str]:
        """Say what cannot be trusted."""
        yield from self.flaws[:3]
        if len(self.flaws) > 3:
            yield f"{len(self.flaws) - 3} more lines like these"
        if not self.proven:
            yield "the list of its lines has no end mark"
        if self.stated is not None and self.stated != self.count:
            yield f"the vendor counts {self.stated} lines, {self.count} were read"


def _latest(items: Sequence[InvoiceItem]) -> datetime | None:
    ends = []
    for item in items:
        try:
            ends.append(max(when(given(item.start_date, "")), when(given(item.end_date, ""))))
        except ValueError:
            continue
    return max(ends, default=None)


def surveys(reading: Reading) -> dict[int | str, Survey]:
    """Read the lines of all invoices once, keyed by the invoice id as it was asked."""
    found: dict[int | str, Survey] = {}
    for answer in reading.answers(GetInvoiceItems):
        op: Any = answer.op
        page = read(op, answer.response)
        survey = found.setdefault(op.invoice_id, Survey())
        survey.take(op.items(page))
        survey.turn(op, page)
    return found
