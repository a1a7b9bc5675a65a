"""A client generated from CockroachDB Cloud's OpenAPI document reads from the twin what is true."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.witnesses.conftest import Running
from tests.witnesses.witness import run

NORIGHT = {"api_key": "twin-cockroach-noright"}


@pytest.fixture(scope="module")
def read(running: Running) -> dict[str, Any]:
    account = running.account("cockroach")
    return run(
        "cockroach-openapi",
        "cockroach",
        {
            "base_url": account["base_url"],
            "credentials": account["credentials"],
            "noright": NORIGHT,
            "twin_root": running.root,
            "ids": {"times": ["2026-03-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00"]},
        },
    )


def test_every_invoice_is_read_with_its_true_total(running: Running, read: dict[str, Any]) -> None:
    true = {bill["invoice_id"]: bill for bill in running.bills("cockroach")}
    listed = read["list_invoices"]["invoices"]
    assert set(listed) == set(true)
    for invoice_id, invoice in listed.items():
        assert {c: Decimal(t) for c, t in invoice["totals"].items()} == {"USD": Decimal(true[invoice_id]["total"])}


def test_one_invoice_is_read_as_it_is_listed(read: dict[str, Any]) -> None:
    assert read["get_invoice"]
    for invoice_id, invoice in read["get_invoice"].items():
        assert invoice["totals"] == read["list_invoices"]["invoices"][invoice_id]["totals"]


def test_filters_are_understood(running: Running, read: dict[str, Any]) -> None:
    draft = {bill["invoice_id"] for bill in running.bills("cockroach") if bill["state"] == "draft"}
    assert set(read["list_invoices_by_status"]["DRAFT"]["invoices"]) == draft
    assert len(read["list_invoices_between"]["invoices"]) == 3


def test_every_answer_fits_the_vendors_schema(read: dict[str, Any]) -> None:
    for answer in (read["list_invoices"], read["list_invoices_between"], *read["get_invoice"].values()):
        assert not answer.get("schema_errors")


def test_refusals_are_read_with_their_status(read: dict[str, Any]) -> None:
    refused = {
        name: answer["error"]["status"]
        for name, by in read["refused"].items()
        for answer in by.values()
        if "error" in answer
    }
    assert read["refused"]["bad_credential"]
    statuses = {
        kind: {answer["error"]["status"] for answer in by.values() if "error" in answer}
        for kind, by in read["refused"].items()
    }
    assert statuses["bad_credential"] == {401}, refused
    assert statuses["no_right"] == {403}
    assert statuses["unknown_id"] == {404}
    assert statuses["bad_version"] == {400}
