"""The vendor's own SDK, in the documented version and in today's, reads from the twin what is true."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.witnesses.conftest import Running
from tests.witnesses.witness import run

NORIGHT = {"client_id": "twin-genesys-noright", "client_secret": "twin-genesys-secret"}
PAGES = {"contracts": "2", "invoices": "5", "lines": "10"}


@pytest.fixture(scope="module", params=["genesys-236.0.0", "genesys-269.0.0"])
def read(request: pytest.FixtureRequest, running: Running) -> dict[str, Any]:
    account = running.account("genesys")
    question = {
        "base_url": account["base_url"],
        "credentials": account["credentials"],
        "noright": NORIGHT,
        "twin_root": running.root,
        "ids": {
            "contract_ids": account["contract_ids"],
            "trustor_org_ids": account["trustor_org_ids"],
            "overview_periods": 14,
            "usage": ["2026-10-01T00:00:00+00:00", "2026-11-01T00:00:00+00:00"],
            "dates": ["2026-03-01", "2026-05-31"],
            "page_size": PAGES,
        },
    }
    return run(request.param, "genesys", question)


def issued(running: Running) -> dict[str, dict[str, Any]]:
    return {bill["invoice_id"]: bill for bill in running.bills("genesys") if bill["state"] == "issued"}


def test_every_invoice_is_read_with_its_true_total(running: Running, read: dict[str, Any]) -> None:
    true, rows = issued(running), read["get_billing_contracts_invoices"]["rows"]
    assert len(rows) == len(true)
    for row in rows:
        bill = true[row["id"]]
        assert Decimal(row["amount"]) == Decimal(bill["total"])
        assert row["currency_iso_code"] == bill["currency"]
        assert row["date_invoiced"] == bill["period_end"][:10]


def test_every_line_of_every_invoice_is_read(running: Running, read: dict[str, Any]) -> None:
    true, lines_read = issued(running), read["get_billing_contracts_invoice_lines"]
    assert set(lines_read) == set(true)
    for number, lines in lines_read.items():
        assert lines["lines"] == true[number]["lines"]
        tax = Decimal(true[number]["total"]) - Decimal(lines["sum"])
        assert tax == 0 or Decimal("0.07") < tax / Decimal(lines["sum"]) < Decimal("0.08")


def test_lists_are_read_page_by_page_and_end(read: dict[str, Any]) -> None:
    for name, size in (("contracts", 2), ("contracts_invoices", 5)):
        pages = read[f"get_billing_{name}"]["pages"]
        assert len(pages) > 1
        assert [page["count"] for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert pages[-1]["next"] is None
        assert pages[0]["previous"] is None
        assert all(page["next"].startswith("/api/v2/billing/") for page in pages[:-1])
    rows = read["get_billing_contracts_invoices"]["rows"]
    last = read["get_billing_contracts_invoices"]["pages"][-1]["count"]
    assert read["before"] == [row["id"] for row in rows[: len(rows) - last]][-5:]


def test_contracts_have_their_orders_periods_and_plans(running: Running, read: dict[str, Any]) -> None:
    account = running.account("genesys")
    rows = read["get_billing_contracts"]["rows"]
    assert [row["id"] for row in rows] == account["contract_ids"]
    assert read["get_billing_contract"] == {row["id"]: row for row in rows}
    for row in rows:
        assert row["purchase_orders"]
        assert row["plans"]
        assert row["periods"]
    active = [row for row in rows if row["status"] == "Active"]
    assert {period["status"] for row in active for period in row["periods"][:-1]} == {"Closed"}
    assert {row["periods"][-1]["status"] for row in active} == {"Open"}


def test_the_open_periods_come_to_the_true_estimate(running: Running, read: dict[str, Any]) -> None:
    true = [bill for bill in running.bills("genesys") if bill["state"] == "estimate"]
    details = [answer for by in read["get_billing_contract_billingperiod"].values() for answer in by.values()]
    open_ = [detail for detail in details if detail["status"] == "Open"]
    wallets = [wallet for detail in open_ for wallet in detail["wallets"]]
    over = [Decimal(detail["overage"]) for detail in open_] + [Decimal(w["balance_overage_charge"]) for w in wallets]
    assert sum(over) == sum(Decimal(bill["total"]) for bill in true)
    assert sum(len(detail["charges"]) for detail in open_) + len(wallets) == sum(bill["lines"] for bill in true)


def test_quantities_are_whole_for_the_old_sdk(read: dict[str, Any]) -> None:
    """Quantities are whole for the old SDK, and exact for the new."""
    details = [answer for by in read["get_billing_contract_billingperiod"].values() for answer in by.values()]
    charges = [charge for detail in details for charge in detail["charges"]]
    assert all(charge["actual_quantity"] is not None for charge in charges)
    fractions = [charge for charge in charges if Decimal(charge["actual_quantity"]) % 1]
    assert bool(fractions) == read["sdk"].endswith("269.0.0")


def test_filters_are_understood(read: dict[str, Any]) -> None:
    answer = read["filtered"]
    assert len(answer["contracts status Active"]) == 2
    assert len(answer["contracts status Inactive"]) == 1
    assert all(len(ids) == 1 for name, ids in answer.items() if "external_number" in name)
    paid, unpaid = answer["invoices payment_status Paid"], answer["invoices payment_status UnPaid"]
    assert unpaid
    assert sorted(paid + unpaid) == sorted(row["id"] for row in read["get_billing_contracts_invoices"]["rows"])
    assert len(answer["invoices dates"]) == 7
    assert len(answer["contracts dates"]) == 2


def test_documents_are_pdfs(read: dict[str, Any]) -> None:
    for answer in read["get_billing_contracts_invoice_document"].values():
        assert answer["status"] == 200
        assert answer["content_type"] == "application/pdf"
        assert answer["head"].startswith("%PDF")


def test_the_report_is_waited_for(read: dict[str, Any]) -> None:
    report = read["get_billing_reports_billableusage"]
    assert report["statuses"][-1] == "Complete"
    assert set(report["statuses"][:-1]) <= {"InProgress"}
    assert any(row["resources"] for row in report["rows"])


def test_a_customers_overview_goes_back_to_the_first_period(running: Running, read: dict[str, Any]) -> None:
    for by_index in read["get_billing_trusteebillingoverview_trustor_org_id"].values():
        assert by_index["0"]["billing_period_start_date"].startswith("2026-11-01")
        assert by_index["1"]["billing_period_end_date"].startswith("2026-10-31T23:59:59")
        assert by_index["12"]["rows"]
        assert by_index["13"]["error"]["status"] == 404


def statuses(answers: dict[str, Any]) -> set[int]:
    return {answer["error"]["status"] for answer in answers.values()}


def test_refusals_are_read_with_the_vendors_words(read: dict[str, Any]) -> None:
    refused = read["refused"]
    assert refused["bad_client"]["error"]["status"] == 400
    assert refused["bad_client"]["error"]["body"]["description"] == "client not found"
    assert refused["bad_secret"]["error"]["status"] == 401
    assert refused["bad_secret"]["error"]["body"]["description"] == "authentication failed"
    assert statuses(refused["bad_token"]) == {401}
    assert statuses(refused["no_right"]) == {403}
    assert statuses(refused["unknown_id"]) == {404}
    codes = {answer["error"]["body"]["code"] for answer in refused["no_right"].values()}
    assert codes == {"missing.any.permissions"}
