"""What a list of lines comes to, and whether it came to its end: counted while its charges are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.providers.vultr.mapping.text_fields import when
from billfold.providers.vultr.records import InvoiceItem
from billfold.wire.codec import get_or
from billfold.wire.paging import PagedOperation


@dataclass
class Survey:
    """A list of lines as far as it was read; ``more`` says that it goes on, ``proven`` that it came to its end mark."""

    count: int = 0
    summed: Decimal = ZERO
    flaws: list[str] = field(default_factory=list)
    stated: int | None = None
    more: bool = False
    proven: bool = False

    def add(self, count: int, totals: Sequence[Decimal], flaws: Sequence[tuple[int, str]]) -> None:
        """Add some lines: how many, the totals of those that can be charges, which of them cannot and why."""
        self.flaws += [f"line {self.count + index + 1} {why}" for index, why in flaws]
        self.count, self.summed = self.count + count, EXACT_CONTEXT.add(self.summed, exact_sum(totals))

    def turn(self, op: PagedOperation[Any, Any], page: Any) -> None:
        """Note what a page says of the whole list."""
        self.stated, self.more, self.proven = (
            op.stated_total(page),
            op.next_operation(page) is not None,
            op.has_end_mark(page),
        )

    def problems(self) -> Iterator[str]:
        """Say what cannot be trusted."""
        yield from self.flaws[:3]
        if len(self.flaws) > 3:
            yield f"{len(self.flaws) - 3} more lines like these"
        if not self.proven:
            yield "the list of its lines has no end mark"
        if self.stated is not None and self.stated != self.count:
            yield f"the vendor counts {self.stated} lines, {self.count} were read"


def latest(items: Sequence[InvoiceItem], name: str) -> datetime | None:
    """Return the latest ``start_date`` or ``end_date`` that some lines say; None where they say none."""
    said = list[datetime]()
    for item in items:
        with suppress(ValueError):
            said.append(when(get_or(getattr(item, name), "")))
    return max(said, default=None)
