"""What a Fastly bill says of itself, of either API version, and how its lines become a bill that can be judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, DetailIds, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.model.period import Month, Period, after_day, instant
from billfold.model.pricing import residual, rounding
from billfold.providers.fastly.mapping.lines import Line
from billfold.providers.fastly.mapping.services import FASTLY
from billfold.providers.provider import Answer


class Source(NamedTuple):
    """The answer that a bill stands in, where in it, and whose it is if the bill itself does not say."""

    answer: Answer
    path: str
    owner: str | None


class Envelope(NamedTuple):
    """Everything of a bill but its lines; ``total_path`` is where its total stands."""

    state: State
    invoice_id: str | None
    customer: str
    period: Period
    currency: str
    total: Decimal | None
    total_path: str
    issued_on: datetime | None
    problems: tuple[str, ...]
    terms: str | None = None


def when(words: str) -> datetime | None:
    """Read a time; None for anything that is none."""
    try:
        return instant(words)
    except ValueError:
        return None


def told_at(answer: Answer) -> datetime:
    """Return when an answer was given, by the vendor's own clock where it said so: what is over is over there."""
    try:
        return parsedate_to_datetime(answer.response.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return answer.fetched_at


def unfinished(span: Period, answer: Answer) -> bool:
    """Tell whether a period was not over when the vendor told of it: nothing in it is final then."""
    return span.end > told_at(answer)


def period(start: str, end: str, fetched: datetime) -> tuple[Period, list[str]]:
    """Make a half-open period of a first and a last day, both included, and say what is wrong with it.

    NOTE: the vendor's end is the last day itself, ``2019-04-30T00:00:00Z`` for April 2019 (a real bill, tap-fastly).
    """
    first, last = when(start), when(end)
    if first is None or last is None:
        return Month.of(fetched).period, [f"its period is not known: {start or 'no start'} to {end or 'no end'}"]
    found = Period(first, after_day(last.date()))
    if found.start >= found.end:
        return Month.of(fetched).period, [f"its period ends before it starts: {start} to {end}"]
    return found, []


def bill(envelope: Envelope, lines: Sequence[Line], source: Source, listed: int) -> Bill:
    """Put a bill together; what may be rounding between its lines and its total becomes one flagged row."""
    common = _common(envelope, source)
    return Bill(
        state=envelope.state,
        invoice_id=envelope.invoice_id,
        period=envelope.period,
        currency=envelope.currency,
        total=envelope.total,
        listed=listed,
        charges=list(_charges(common, lines, envelope)),
        issuer=FASTLY,
        issued_on=envelope.issued_on,
        terms=envelope.terms,
        problems=envelope.problems,
    )


def _common(envelope: Envelope, source: Source) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountId=envelope.customer or source.owner,
        BillingAccountName=envelope.customer or source.owner,
        BillingAccountType="Customer",
        BillingCurrency=envelope.currency,
        BillingPeriodEnd=envelope.period.end,
        BillingPeriodStart=envelope.period.start,
        ChargePeriodEnd=envelope.period.end,
        ChargePeriodStart=envelope.period.start,
        HostProviderName=FASTLY,
        InvoiceId=envelope.invoice_id,
        InvoiceIssuerName=FASTLY,
        PricingCurrency=envelope.currency,
        ServiceProviderName=FASTLY,
        x_ArchiveSeq=source.answer.seq,
    )


def _charges(common: CostAndUsage, lines: Sequence[Line], envelope: Envelope) -> Iterator[Charges]:
    if lines:
        yield Charges(common, lines)
    summed = exact_sum(line.BilledCost for line in lines)
    missing = residual(envelope.total, summed, len(lines)) if envelope.total is not None else None
    if missing:
        row = rounding(common, missing, "the invoice's total less the sum of its lines")
        detail = DetailIds(envelope.invoice_id).next("rounding") if envelope.invoice_id else None
        yield Charges.of(
            [
                row._replace(
                    InvoiceDetailId=detail,
                    PricingCurrencyEffectiveCost=missing,
                    ServiceCategory="Other",
                    ServiceName=FASTLY,
                    ServiceSubcategory="Other (Other)",
                    x_JsonPath=envelope.total_path,
                )
            ]
        )
