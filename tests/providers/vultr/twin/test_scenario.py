"""The invented Vultr account's charges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from billfold.model.period import Month
from billfold.providers.vultr.api import GetAccount, ListInvoices, ListPendingCharges
from billfold.providers.vultr.twin import scenario
from tests.providers.kit import NOW
from tests.providers.vultr.twin.kit import ACCOUNT, answer_request


def test_month_is_pending_until_invoiced() -> None:
    """A month is pending until its invoice is issued, half an hour into the next month."""
    before, after = (datetime(2026, 12, 1, 0, minute, tzinfo=UTC) for minute in (20, 40))
    assert {charge.end_date[:10] for charge in answer_request(ListPendingCharges(), before).pending_charges} >= {
        "2026-12-01"
    }
    assert answer_request(ListPendingCharges(), after).pending_charges == []
    assert answer_request(GetAccount(), after).account.pending_charges == 0
    latest = answer_request(ListInvoices(per_page=1), after).billing_invoices[0]
    assert latest.date.startswith("2026-12-01T00:30:")
    assert latest.id != answer_request(ListInvoices(per_page=1), before).billing_invoices[0].id
    assert answer_request(ListPendingCharges(), after + timedelta(days=1)).pending_charges


def test_running_month_grows_at_midnight() -> None:
    """The cost of a running month only grows, and only at midnight."""
    totals = [
        answer_request(GetAccount(), NOW + timedelta(hours=hours)).account.pending_charges for hours in range(0, 240, 6)
    ]
    assert totals == sorted(totals)
    assert len(set(totals)) == 10


def test_months_are_lifelike() -> None:
    """Every month has a lifelike number of lines, and resources that come and go."""
    for month in scenario.closed_months(ACCOUNT, NOW):
        lines = scenario.list_items(ACCOUNT, month)
        assert 70 <= len(lines) <= 110
        whole_month_lines = [line for line in lines if (line.start, line.end) == month.period]
        assert len(whole_month_lines) < len(lines) - 8
        assert len({line.product for line in lines}) >= 9
    categories = {
        line.category for month in scenario.closed_months(ACCOUNT, NOW) for line in scenario.list_items(ACCOUNT, month)
    }
    assert categories == {"Usage", "Adjustment", "Credit", "Tax"}


def test_full_month_costs_monthly_price() -> None:
    """A full month costs its monthly price, not 720 hours."""
    month = Month(2026, 9)
    line = next(
        line for line in scenario.list_items(ACCOUNT, month) if line.product == "Load Balancer" and line.units == 720
    )
    assert line.total in {Decimal(10), Decimal(20)}
    assert line.units * line.rate > line.total
