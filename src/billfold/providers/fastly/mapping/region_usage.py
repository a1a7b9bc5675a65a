"""How much an account used of each product in each region: what its running month is known by where there is no estimate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from billfold.model.errors import InvalidResponse
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month, Period
from billfold.model.usage import MeasuredUsage, UserType
from billfold.providers.currencies import read_currency
from billfold.providers.fastly.api import GetMonthToDateInvoice, GetUsageMetrics, ListInvoices
from billfold.providers.fastly.mapping.bill_header import parse_time, read_answer_time
from billfold.providers.fastly.mapping.lines import read_number, read_text
from billfold.providers.fastly.records import Usagemetric
from billfold.providers.mapping import make_slug
from billfold.providers.pages import iter_pages
from billfold.providers.provider import RunAnswers
from billfold.wire.operation import salvage_response

ESTIMATE_CURRENCY = "USD"
"""A month to date names no currency: it is in US dollars."""


def iter_region_usage(run_answers: RunAnswers) -> Iterator[MeasuredUsage]:
    """Yield the usage by product and region where no estimate tells of it: there is none, or the invoices' currency is another.

    An account with an estimate has no need of it, and every day's would be kept.
    """
    if _has_own_estimate(run_answers):
        return
    for answer in run_answers.answers(GetUsageMetrics):
        metrics_by_month = defaultdict[Month, list[Usagemetric]](list)
        for metric in salvage_response(answer.op, answer.response):
            if month := parse_month(read_text(metric.month)):
                metrics_by_month[month].append(metric)
        for month, metrics in metrics_by_month.items():
            if period := _find_measured_period(month, metrics, read_answer_time(answer)):
                yield from _sum_metrics(period, metrics)


def _has_own_estimate(run_answers: RunAnswers) -> bool:
    if not any(True for _ in run_answers.requests(GetMonthToDateInvoice)):
        return False
    return _find_last_currency(run_answers) in {None, ESTIMATE_CURRENCY}


def _find_last_currency(run_answers: RunAnswers) -> str | None:
    """Return the currency of the newest invoice, None where it is not told; the newest come first."""
    try:
        invoices = (invoice for page in iter_pages(run_answers, ListInvoices) for invoice in page.items)
        return next((read_currency(invoice.currency_code) for invoice in invoices), None)
    except InvalidResponse:
        return None


def _find_measured_period(month: Month, metrics: Iterable[Usagemetric], answered_at: datetime) -> Period | None:
    """Return the days of a month that were over when the vendor last measured one of its products; None where none was."""
    updated_times = [time for metric in metrics if (time := parse_time(read_text(metric.last_updated_at)))]
    measured_at = min(max(updated_times, default=answered_at), answered_at)
    # GUESS: what was last updated on a day holds the days before it, whole; a product's own date is that of its last use.
    end = min(measured_at.replace(hour=0, minute=0, second=0, microsecond=0), month.end)
    return Period(month.start, end) if end > month.start else None


def _sum_metrics(period: Period, metrics: Sequence[Usagemetric]) -> Iterator[MeasuredUsage]:
    """Yield what was used of each product, by the name that it has on an invoice, in each region."""
    quantities, units = defaultdict[tuple[str, str], list[Decimal]](list), dict[tuple[str, str], str]()
    for metric in metrics:
        name, quantity = read_text(metric.name) or read_text(metric.usage_type), read_number(metric.quantity)
        if name and quantity is not None and quantity >= ZERO:
            key = make_slug(name), read_text(metric.region)
            quantities[key].append(quantity)
            units.setdefault(key, read_text(metric.unit))
    for (sku, region), parts in quantities.items():
        region_id = make_slug(region) if region else ""
        yield MeasuredUsage(period, sku, UserType.REGION, region_id, region, units[sku, region], exact_sum(parts))


def parse_month(text: str | None) -> Month | None:
    """Read a month such as ``2026-05``; None for anything that is none."""
    try:
        return Month.parse(text or "")
    except ValueError:
        return None
