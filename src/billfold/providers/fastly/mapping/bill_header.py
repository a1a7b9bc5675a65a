"""What a Fastly bill says of itself, of either API version, and how its lines become a bill that can be judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, DetailIds, State
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.model.period import Month, Period, parse_instant
from billfold.model.pricing import find_residual, note_rounding
from billfold.providers.fastly.mapping.lines import FastlyLine
from billfold.providers.fastly.mapping.services import FASTLY
from billfold.providers.mapping import build_bill_row, build_residual_row
from billfold.providers.periods import close_period
from billfold.providers.provider import ArchivedAnswer
from billfold.wire.vendor_time import choose_vendor_time


class Source(NamedTuple):
    """The answer that a bill stands in, where in it, and whose it is if the bill itself does not say."""

    answer: ArchivedAnswer
    path: str
    customer_id: str | None


class BillHeader(NamedTuple):
    """Everything of a bill but its lines; ``total_path`` is where its total stands."""

    state: State
    invoice_id: str | None
    customer_id: str
    period: Period
    currency: str
    total: Decimal | None
    total_path: str
    issued_on: datetime | None
    findings: tuple[Finding, ...]
    terms: str | None = None


def parse_time(text: str) -> datetime | None:
    """Read a time; None for anything that is none."""
    try:
        return parse_instant(text)
    except ValueError:
        return None


def read_answer_time(answer: ArchivedAnswer) -> datetime:
    """Return when an answer was given, by the vendor's clock where that can be believed."""
    return choose_vendor_time(answer.response.headers, answer.fetched_at)


def is_unfinished(period: Period, answer: ArchivedAnswer) -> bool:
    """Tell whether a period was still running when its bill was fetched: its amounts may still change."""
    return period.end > read_answer_time(answer)


def read_period(start: str, end: str, fetched_at: datetime) -> tuple[Period, list[Finding]]:
    """Make a half-open period of a first and a last day, and say what is wrong with it.

    NOTE: the vendor's end is the last day itself, ``2019-04-30T00:00:00Z`` for April 2019 (a real bill, tap-fastly); the first
    of the next month would be no day of its own (``close_period``).
    """
    first_day, last_day = parse_time(start), parse_time(end)
    if first_day is None or last_day is None:
        text = f"its period is not known: {start or 'no start'} to {end or 'no end'}"
        return Month.of(fetched_at).period, [make_finding(FindingCode.DATE_UNREADABLE, text)]
    period = close_period(first_day, last_day)
    if period.start >= period.end:
        text = f"its period ends before it starts: {start} to {end}"
        return Month.of(fetched_at).period, [make_finding(FindingCode.DATE_UNREADABLE, text)]
    return period, []


def note_missing_amount(number: int, detail: str = "") -> Finding:
    """Say that a line has no amount, and what it has; lines are counted from 1."""
    return make_finding(FindingCode.AMOUNT_MISSING, f"line {number} has no amount{detail}", line=number)


def build_bill(header: BillHeader, lines: Sequence[FastlyLine], source: Source, line_count: int) -> Bill:
    """Put a bill together; what may be rounding between its lines and its total becomes one flagged row."""
    common = _build_common_row(header, source)
    line_sum = exact_sum(line.BilledCost for line in lines)
    residual = find_residual(header.total, line_sum, len(lines), header.currency)
    rounding_findings = (note_rounding(residual, header.currency),) if residual else ()
    return Bill(
        state=header.state,
        invoice_id=header.invoice_id,
        period=header.period,
        currency=header.currency,
        total=header.total,
        line_count=line_count,
        charges=list(_build_charges(common, lines, header, residual)),
        issuer=FASTLY,
        issued_on=header.issued_on,
        terms=header.terms,
        findings=(*header.findings, *rounding_findings),
    )


def _build_common_row(header: BillHeader, source: Source) -> CostAndUsage:
    return build_bill_row(FASTLY, "Customer", header.period, header.currency)._replace(
        BillingAccountId=header.customer_id or source.customer_id,
        BillingAccountName=header.customer_id or source.customer_id,
        ChargePeriodEnd=header.period.end,
        ChargePeriodStart=header.period.start,
        InvoiceId=header.invoice_id,
        x_ArchiveSeq=source.answer.seq,
    )


def _build_charges(
    common: CostAndUsage, lines: Sequence[FastlyLine], header: BillHeader, residual: Decimal | None
) -> Iterator[Charges]:
    if lines:
        yield Charges.of(lines, common)
    if residual:
        detail_id = DetailIds(header.invoice_id).next_id("rounding") if header.invoice_id else None
        yield Charges.of([build_residual_row(common, residual, "the invoice's total", detail_id, header.total_path)])
