"""What a list of lines comes to, and whether it came to its end: counted while its charges are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.providers.pages import AnswerPage
from billfold.providers.vultr.mapping.text_fields import read_time
from billfold.providers.vultr.records import InvoiceItem
from billfold.wire.codec import get_or


@dataclass
class LineTally:
    """A list of lines as far as it was read; ``has_more`` says that it goes on, ``has_end_mark`` that it ended."""

    count: int = 0
    line_sum: Decimal = ZERO
    findings: list[Finding] = field(default_factory=list)
    stated_count: int | None = None
    has_more: bool = False
    has_end_mark: bool = False

    def add_lines(self, count: int, totals: Sequence[Decimal], unusable_lines: Sequence[tuple[int, str]]) -> None:
        """Add some lines: how many, the totals of those that can be charges, which of them cannot and why."""
        numbered_defects = ((self.count + index + 1, defect) for index, defect in unusable_lines)
        self.findings += [
            make_finding(FindingCode.VALUE_UNUSABLE, f"line {number} {defect}", line=number)
            for number, defect in numbered_defects
        ]
        self.count, self.line_sum = self.count + count, EXACT_CONTEXT.add(self.line_sum, exact_sum(totals))

    def note_page(self, page: AnswerPage) -> None:
        """Note what a page says of the whole list."""
        self.stated_count, self.has_end_mark = page.stated_total, page.has_end_mark
        self.has_more = page.op.next_operation(page.reply) is not None

    def check_lines(self) -> Iterator[Finding]:
        """Yield what cannot be trusted."""
        yield from self.findings
        if not self.has_end_mark and self.stated_count != self.count:
            yield make_finding(FindingCode.LINES_INCOMPLETE, "the list of its lines has no end mark")
        if self.stated_count is not None and self.stated_count != self.count:
            text = f"the vendor counts {self.stated_count} lines, {self.count} were read"
            yield make_finding(FindingCode.LINES_INCOMPLETE, text, stated=self.stated_count, read=self.count)


def find_latest(items: Sequence[InvoiceItem], field_name: str) -> datetime | None:
    """Return the latest ``start_date`` or ``end_date`` that some lines say; None where they say none."""
    times = list[datetime]()
    for item in items:
        with suppress(ValueError):
            times.append(read_time(get_or(getattr(item, field_name), "")))
    return max(times, default=None)
