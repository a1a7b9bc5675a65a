"""Periods as vendors mean them: last days that are in them or not, and periods that overlap."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from billfold.model.period import Month, Period, parse_instant
from billfold.providers.cockroach import PROVIDER as COCKROACH
from billfold.providers.cockroach.api import ListInvoices
from billfold.providers.fastly import PROVIDER as FASTLY
from billfold.providers.fastly.api import ListInvoices as ListFastlyInvoices
from billfold.providers.genesys import PROVIDER as GENESYS
from billfold.providers.genesys.api import GetBillingContracts
from billfold.providers.periods import check_overlaps, close_period, round_up_end
from tests.providers.cockroach import kit as cockroach
from tests.providers.fastly import kit as fastly
from tests.providers.genesys import kit as genesys
from tests.providers.kit import SavedAnswers


def make_period(start: str, end: str) -> Period:
    """Make a period of two days, the second of which is not in it."""
    return Period(parse_instant(start), parse_instant(end))


@pytest.mark.parametrize(
    ("first_day", "last_day", "end"),
    [
        ("2026-10-01", "2026-10-31", "2026-11-01"),
        ("2026-10-01", "2026-11-01", "2026-11-01"),
        ("2026-10-21", "2026-11-20", "2026-11-21"),
        ("2026-10-21", "2026-11-21", "2026-11-21"),
        ("2026-01-01", "2027-01-01", "2027-01-01"),
        ("2026-10-01", "2026-10-01", "2026-10-02"),
        ("2026-10-01", "2026-10-31T23:59:59Z", "2026-11-01"),
        ("2026-10-02", "2026-10-01", "2026-10-02"),
    ],
)
def test_last_day_is_read_as_it_is_meant(first_day: str, last_day: str, end: str) -> None:
    """A last day is in its period, unless the period is of whole months without it."""
    assert close_period(parse_instant(first_day), parse_instant(last_day)).end == parse_instant(end)


@pytest.mark.parametrize("end", ["2026-10-31T23:59:59Z", "2026-10-31T23:59:59.999Z", "2026-11-01T00:00:00Z"])
def test_last_second_is_the_end_of_the_day(end: str) -> None:
    """Who writes the last second of a day means its end."""
    assert round_up_end(parse_instant(end)) == parse_instant("2026-11-01")
    (bill,) = cockroach.read_bills(period_start="2026-10-01T00:00:00Z", period_end=end)
    assert bill.period == Month(2026, 10).period


@pytest.mark.parametrize("end", ["2026-10-31T00:00:00Z", "2026-11-01T00:00:00Z", "2026-10-31T23:59:59Z"])
def test_fastly_month_ends_once(end: str) -> None:
    """However its end is written, October is October."""
    invoice = fastly.make_invoice(billing_start_date="2026-10-01T00:00:00Z", billing_end_date=end)
    assert fastly.read_bills(fastly.V3_REQUEST, invoice)[0].period == Month(2026, 10).period


@pytest.mark.parametrize(
    ("periods", "count"),
    [
        ([("2026-09-01", "2026-10-01"), ("2026-10-01", "2026-11-01")], 0),
        ([("2026-10-01", "2026-11-01"), ("2026-10-01", "2026-11-01")], 0),
        ([("2026-01-01", "2027-01-01"), ("2026-10-01", "2026-11-01")], 0),
        ([("2026-10-01", "2026-11-02"), ("2026-11-01", "2026-12-01")], 1),
        ([("2026-11-01", "2026-12-01"), ("2026-10-15", "2026-11-15"), ("2026-10-01", "2026-11-01")], 2),
    ],
)
def test_staggered_periods_overlap(periods: list[tuple[str, str]], count: int) -> None:
    """Periods that begin within another and end after it are named; equal and nested ones are not."""
    findings = list(check_overlaps((f"invoice {start}", make_period(start, end)) for start, end in periods))
    assert len(findings) == count
    assert {finding.code for finding in findings} <= {"periods-overlap"}


def test_overlap_is_named_at_each_vendor() -> None:
    """Invoices of Fastly and CockroachDB, and periods of a Genesys contract, are held against each other."""
    days = [("2026-09-01", "2026-10-04"), ("2026-10-01", "2026-10-31")]
    fastly_invoices = [
        fastly.make_invoice(invoice_id=start, billing_start_date=start, billing_end_date=end) for start, end in days
    ]
    cockroach_invoices = [
        cockroach.INVOICE
        | {"invoice_id": start, "period_start": f"{start}T00:00:00Z", "period_end": f"{end}T00:00:00Z"}
        for start, end in days
    ]
    contract = genesys.read_sample("contract.v269") | {
        "billingPeriods": [{"id": start, "dateStart": start, "dateEnd": end} for start, end in days]
    }
    answers: list[tuple[Any, tuple[Any, Any]]] = [
        (FASTLY, (ListFastlyInvoices(), {"data": fastly_invoices, "meta": {"total": 2}})),
        (COCKROACH, (ListInvoices(), {"invoices": cockroach_invoices})),
        (GENESYS, (GetBillingContracts(), {"entities": [contract]})),
    ]
    findings = chain.from_iterable(provider.check_answers(SavedAnswers(answer)) for provider, answer in answers)
    assert [finding.code for finding in findings] == ["periods-overlap"] * 3
