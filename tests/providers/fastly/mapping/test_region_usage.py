"""Usage by product and region is read where no estimate tells of it, as far as the vendor had measured it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.model.period import Month, Period, parse_instant
from billfold.model.usage import MeasuredUsage, UserType
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api import GetMonthToDateInvoice, GetUsageMetrics, ListInvoices
from tests.providers.kit import SavedAnswers

QUESTION = GetUsageMetrics(start_month="2026-09", end_month="2026-11")
ESTIMATE: tuple[Any, Any] = (GetMonthToDateInvoice(), {"monthly_transaction_amount": "1.00"})
NOVEMBER, OCTOBER = Month(2026, 11), Month(2026, 10)


def metric(month: Month, quantity: int, updated: str, **fields: object) -> dict[str, object]:
    return {
        "month": str(month),
        "name": "Asia Requests",
        "region": "Asia",
        "unit": "unit",
        "quantity": quantity,
        "last_updated_at": updated,
        **fields,
    }


def read(*metrics: dict[str, object], others: tuple[tuple[Any, Any], ...] = ()) -> list[MeasuredUsage]:
    return list(PROVIDER.read_usages(SavedAnswers((QUESTION, {"data": list(metrics)}), *others)))


def used(period: Period, quantity: int) -> MeasuredUsage:
    return MeasuredUsage(period, "asia-requests", UserType.REGION, "asia", "Asia", "unit", Decimal(quantity))


def test_usage_is_measured_until_a_midnight() -> None:
    """Of a month that is over, to its end; the latest of its products counts, and nothing after the answer (15 November)."""
    so_far = Period(NOVEMBER.start, parse_instant("2026-11-12T00:00:00Z"))
    october = metric(OCTOBER, 31, "2026-11-02T01:00:00Z")
    rows = read(october, metric(NOVEMBER, 5, "2026-11-03"), metric(NOVEMBER, 0, "2026-11-12T17:00:00Z", name="Idle"))
    idle = used(so_far, 0)._replace(sku="idle")
    assert rows == [used(OCTOBER.period, 31), used(so_far, 5), idle]
    (row,) = read(metric(NOVEMBER, 5, "2026-12-24"))
    assert row.period.end == parse_instant("2026-11-15T00:00:00Z")
    assert read(metric(NOVEMBER, 5, "")) == [row]


def test_products_of_a_name_and_region_are_added() -> None:
    rows = read(metric(OCTOBER, 3, ""), metric(OCTOBER, 4, "", product_id="b"), metric(OCTOBER, 1, "", region=""))
    assert [(row.user_id, row.quantity) for row in rows] == [("asia", Decimal(7)), ("", Decimal(1))]


def test_what_is_no_usage_is_left_out() -> None:
    assert read(metric(NOVEMBER, 5, "2026-11-01"), metric(OCTOBER, -1, ""), metric(OCTOBER, 1, "", name="")) == []
    assert read(metric(OCTOBER, 1, "") | {"month": "October"}) == []


@pytest.mark.parametrize(("currency", "is_read"), [("USD", False), ("EUR", True)])
def test_an_estimate_in_the_invoices_currency_says_it_better(currency: str, is_read: bool) -> None:
    """A month to date is in US dollars."""
    invoices = (ListInvoices(), {"data": [{"invoice_id": "1", "currency_code": currency}], "meta": {"next_cursor": ""}})
    assert bool(read(metric(OCTOBER, 1, ""), others=(ESTIMATE, invoices))) == is_read
    assert read(metric(OCTOBER, 1, ""), others=(ESTIMATE,)) == []
