"""Vultr's own Python SDK, unmodified, reads from the twin what is true."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.witnesses.conftest import Running
from tests.witnesses.witness import run

NORIGHT = {"api_key": "twin-vultr-noright"}


@pytest.fixture(scope="module")
def read(running: Running) -> dict[str, Any]:
    account = running.account("vultr")
    return run(
        "vultr-1.0.2",
        "vultr",
        {
            "base_url": account["base_url"],
            "credentials": account["credentials"],
            "noright": NORIGHT,
            "twin_root": running.root,
        },
    )


@pytest.fixture(scope="module")
def true(running: Running) -> dict[str, dict[str, Any]]:
    return {bill["invoice_id"]: bill for bill in running.bills("vultr") if bill["state"] == "issued"}


def test_every_invoice_is_listed_with_its_true_total(read: dict[str, Any], true: dict[str, dict[str, Any]]) -> None:
    listed = read["list_invoices"]
    assert {row["id"]: Decimal(row["amount"]) for row in listed["rows"]} == {
        key: Decimal(bill["total"]) for key, bill in true.items()
    }
    assert (listed["total"], listed["next"], listed["prev"]) == (len(true), "", "")
    for row in listed["rows"]:
        assert row["date"].startswith(true[row["id"]]["period_end"][:10])
        assert row["description"] == f"Invoice #{row['id']}"


def test_one_invoice_is_read_as_it_is_listed(read: dict[str, Any], true: dict[str, dict[str, Any]]) -> None:
    assert set(read["get_invoice"]) == set(true)
    assert list(read["get_invoice"].values()) == read["list_invoices"]["rows"]


def test_the_lines_of_every_invoice_are_true(read: dict[str, Any], true: dict[str, dict[str, Any]]) -> None:
    """The lines of every invoice are as many and as much as is true."""
    lines_read = {
        key: (items["lines"], items["total"], Decimal(items["sum"])) for key, items in read["get_invoice_items"].items()
    }
    assert lines_read == {key: (bill["lines"], bill["lines"], Decimal(bill["total"])) for key, bill in true.items()}
    for items in read["get_invoice_items"].values():
        assert set(items["first_line"]) == {
            "description", "product", "start_date", "end_date", "units", "unit_type", "unit_price", "total",
        }  # fmt: skip


def test_the_history_names_every_invoice(read: dict[str, Any], true: dict[str, dict[str, Any]]) -> None:
    """The history names every invoice, and its balances follow."""
    rows = read["list_billing_history"]["rows"]
    assert {row["id"] for row in rows if row["type"] == "invoice"} == set(true)
    for row, older in pairwise(rows):
        moved = -Decimal(row["amount"]) if row["type"] == "credit" else Decimal(row["amount"])
        assert Decimal(row["balance"]) == Decimal(older["balance"]) + moved


def test_the_answer_has_the_sdks_content_type(read: dict[str, Any]) -> None:
    """The answer comes in the only content type that the SDK takes."""
    assert (read["raw"]["status"], read["raw"]["content_type"]) == (200, "application/json")


def test_refusals_are_read_with_their_status_and_body(read: dict[str, Any]) -> None:
    statuses = {kind: {answer["error"]["status"] for answer in by.values()} for kind, by in read["refused"].items()}
    assert statuses == {"bad_credential": {401}, "no_right": {403}, "unknown_id": {404}}
    for answer in read["refused"]["bad_credential"].values():
        assert answer["error"]["body"] == {"error": "Invalid API token.", "status": 401}
