"""What Fastly's twin answers by billing v3."""

from __future__ import annotations

import json

from billfold.model.money import exact_sum
from billfold.model.period import parse_instant
from billfold.providers.fastly.api import GetServiceLevelUsage, GetUsageMetrics, ListInvoices
from tests.providers.fastly.twin.kit import answer_body, answer_request


def test_list_is_newest_first() -> None:
    """The list begins with the newest invoice and ends with an empty cursor."""
    page = json.loads(answer_body(ListInvoices(limit=5)))
    starts = [invoice["billing_start_date"] for invoice in page["data"]]
    assert starts == sorted(starts, reverse=True)
    assert starts[0] == "2026-10-01T00:00:00Z"
    assert {key: page["meta"][key] for key in ("limit", "total", "sort")} == {
        "limit": 5,
        "total": 12,
        "sort": "billing_start_date",
    }
    assert json.loads(answer_body(ListInvoices(limit=12)))["meta"]["next_cursor"] == ""


def test_cursor_survives_new_month() -> None:
    """A cursor stays valid when a month is posted in between."""
    first_page = json.loads(answer_body(ListInvoices(limit=5)))
    later = parse_instant("2026-12-01T00:00:00Z")
    second_page = json.loads(answer_body(ListInvoices(limit=5, cursor=first_page["meta"]["next_cursor"]), later))
    assert second_page["data"][0]["billing_start_date"] == "2026-05-01T00:00:00Z"
    assert second_page["meta"]["total"] == 13


def test_service_usage_sums_to_account_usage() -> None:
    """Usage by service sums to the usage of the account."""
    months = {"start_month": "2026-09", "end_month": "2026-10"}
    rows = answer_request(GetUsageMetrics(start_month="2026-09", end_month="2026-10")).data
    account_usage = exact_sum([row.quantity for row in rows if row.usage_type == "Europe Requests"])
    op = GetServiceLevelUsage(
        product_id="cdn_usage", usage_type_name="Europe Requests", start_month="2026-09", end_month="2026-10"
    )
    assert exact_sum([detail.usage_units for detail in answer_request(op).data.details]) == account_usage
    assert {row.month for row in rows} == set(months.values())
