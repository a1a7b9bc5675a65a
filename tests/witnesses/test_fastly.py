"""Fastly's own Python SDKs, unmodified, read from the twin what is true: two of billing v2, two of billing v3."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.witnesses.conftest import Running
from tests.witnesses.witness import run

NORIGHT = {"token": "twin-fastly-noright"}
OLD, LAST_OLD, NEWEST = "fastly-5.6.0", "fastly-7.0.0", "fastly-15.0.0"


def run_witness(running: Running, name: str, script: str, ids: dict[str, Any]) -> dict[str, Any]:
    account = running.account("fastly")
    question = {
        "base_url": account["base_url"],
        "credentials": account["credentials"],
        "noright": NORIGHT,
        "twin_root": running.root,
        "ids": {"customer_id": account["customer_id"], **ids},
    }
    return run(name, script, question)


def months(running: Running) -> list[str]:
    return [bill["period_start"][:7] for bill in posted(running).values()]


def posted(running: Running) -> dict[str, dict[str, Any]]:
    issued_bills = [bill for bill in running.bills("fastly") if bill["state"] == "issued"]
    return {bill["invoice_id"]: bill for bill in sorted(issued_bills, key=lambda bill: bill["period_start"])}


def estimate(running: Running) -> dict[str, Any]:
    return next(bill for bill in running.bills("fastly") if bill["state"] == "estimate")


@pytest.fixture(scope="module", params=[OLD, LAST_OLD])
def v2(running: Running, request: pytest.FixtureRequest) -> dict[str, Any]:
    chosen = months(running)
    running_month = estimate(running)["period_start"][:7]
    return run_witness(
        running, request.param, "fastly_v2", {"months": chosen[:1] + chosen[-3:], "mtd_month": running_month}
    )


@pytest.fixture(scope="module", params=[LAST_OLD, NEWEST])
def v3(running: Running, request: pytest.FixtureRequest) -> dict[str, Any]:
    starts = sorted(months(running))
    return run_witness(
        running, request.param, "fastly_v3", {"limit": "5", "dates": [f"{starts[2]}-01", f"{starts[4]}-31"]}
    )


def amounts_are_true(invoice: dict[str, Any], bill: dict[str, Any], total: str) -> None:
    assert Decimal(invoice[total]) == Decimal(bill["total"])
    assert Decimal(invoice["sum"]) == Decimal(bill["total"])
    assert invoice["lines"] == bill["lines"]


def test_v2_reads_the_true_invoice_of_a_month(running: Running, v2: dict[str, Any]) -> None:
    """V2 reads the invoice of a month with its true id, period and total."""
    true = {bill["period_start"][:7]: bill for bill in posted(running).values()}
    assert len(v2["get_invoice"]) == 4
    for month, invoice in v2["get_invoice"].items():
        bill = true[month]
        assert invoice["invoice_id"] == bill["invoice_id"]
        assert invoice["start_time"].startswith(bill["period_start"][:10])
        assert bill["period_start"] < invoice["end_time"] < bill["period_end"]
        assert invoice["status"] in {"Paid", "Outstanding"}
        amounts_are_true(invoice, bill, "cost")


def test_v2_reads_the_same_by_id(v2: dict[str, Any]) -> None:
    assert list(v2["get_invoice_by_id"].values()) == list(v2["get_invoice"].values())


def test_v2_hears_not_yet_and_then_the_estimate(running: Running, v2: dict[str, Any]) -> None:
    estimate_read, bill = v2["get_invoice_mtd"], estimate(running)
    assert estimate_read["statuses"][-1] == 200
    assert set(estimate_read["statuses"][:-1]) <= {202}
    assert estimate_read["status"] == "MTD"
    amounts_are_true(estimate_read, bill, "cost")
    amounts_are_true(estimate_read["by_month"], bill, "cost")


def test_v2_sees_regions_where_it_can_read_them(v2: dict[str, Any]) -> None:
    region_counts = {len(invoice["regions"]) for invoice in v2["get_invoice"].values()}
    assert region_counts == ({0} if "5.6.0" in str(v2["sdk"]) else {8})


def test_v2_gets_the_same_invoice_as_csv_and_as_pdf(running: Running, v2: dict[str, Any]) -> None:
    first = next(iter(posted(running).values()))
    for answer in v2["documents"]["text/csv"].values():
        assert answer["content_type"] == "text/csv"
        assert answer["rows"] == first["lines"]
        assert Decimal(answer["sum"]) == Decimal(first["total"])
    for answer in v2["documents"]["application/pdf"].values():
        assert answer["content_type"] == "application/pdf"


def statuses(answers: dict[str, Any]) -> dict[str, Any]:
    return {name: answer["error"]["status"] for name, answer in answers.items()}


def test_v2_is_refused_as_documented(v2: dict[str, Any]) -> None:
    refused = v2["refused"]
    assert set(statuses(refused["bad_credential"]).values()) == {401}
    assert set(statuses(refused["no_right"]).values()) == {403}
    assert set(statuses(refused["unknown_id"]).values()) == {404}


def test_v3_lists_every_invoice_on_pages_with_its_true_total(running: Running, v3: dict[str, Any]) -> None:
    true, listed = posted(running), v3["list_invoices"]
    assert list(listed["invoices"]) == list(reversed(true))
    assert [page["count"] for page in listed["pages"]] == [5, 5, len(true) - 10]
    assert {page["total"] for page in listed["pages"]} == {len(true)}
    assert {page["limit"] for page in listed["pages"]} == {5}
    for key, invoice in listed["invoices"].items():
        assert invoice["currency_code"] == "USD"
        assert invoice["billing_start_date"].startswith(true[key]["period_start"][:10])
        assert true[key]["period_start"] < invoice["billing_end_date"] < true[key]["period_end"]
        assert invoice["invoice_posted_on"].startswith(true[key]["period_end"][:10])
        amounts_are_true(invoice, true[key], "monthly_transaction_amount")


def test_v3_reads_one_invoice_as_it_is_listed(v3: dict[str, Any]) -> None:
    assert v3["get_invoice_by_invoice_id"] == v3["list_invoices"]["invoices"]


def test_v3_lists_what_lies_between_two_dates(v3: dict[str, Any]) -> None:
    assert len(v3["list_invoices_between"]["ids"]) == 3


def test_v3_hears_not_yet_and_then_the_estimate(running: Running, v3: dict[str, Any]) -> None:
    estimate_read = v3["get_month_to_date_invoice"]
    assert estimate_read["answers"][-1]["status"] == 200
    assert all(answer["status"] == 202 for answer in estimate_read["answers"][:-1])
    assert "statement_number" not in estimate_read
    amounts_are_true(estimate_read, estimate(running), "monthly_transaction_amount")


def test_v3_reads_usage_and_shares_it_out_over_services(v3: dict[str, Any]) -> None:
    rows = v3["get_usage_metrics"]["rows"]
    assert len(rows) > 25
    share = v3["get_service_level_usage"]
    first = next(row for row in rows if row["usage_type"] == share["asked"]["usage_type_name"])
    assert Decimal(share["sum"]) == Decimal(str(first["quantity"]))
    assert [len(share["pages"]), len(share["rows"])] == [3, 12]
    assert {page["meta"]["total"] for page in share["pages"]} == {12}


def test_v3_is_refused_as_documented(v3: dict[str, Any]) -> None:
    refused = v3["refused"]
    assert set(statuses(refused["bad_credential"]).values()) == {401}
    assert set(statuses(refused["no_right"]).values()) == {403}
    assert set(statuses(refused["unknown_id"]).values()) == {404}
    assert set(statuses(refused["unknown_cursor"]).values()) == {400}
    assert set(statuses(refused["limit_too_large"]).values()) == {400}


def test_the_body_of_a_401_is_json_that_is_labelled_as_text(v3: dict[str, Any]) -> None:
    error = v3["refused"]["bad_credential"]["list_invoices"]["error"]
    assert error["content_type"] == "text/plain"
    assert "Provided credentials are missing or invalid" in str(error["body"])
