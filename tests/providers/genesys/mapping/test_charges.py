"""The bills of a run of Genesys Cloud: which estimates stay, and what the answers say beside the charges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from billfold.model.bill import State
from billfold.model.period import Month, parse_instant
from billfold.providers.genesys import PROVIDER
from billfold.providers.genesys.api import (
    GetBillingContractBillingperiod,
    GetBillingContracts,
    GetBillingContractsInvoiceDocument,
    GetBillingContractsInvoices,
)
from tests.findings import list_wrong
from tests.providers.genesys.kit import CONTRACT_ID, LINES_REQUEST, OPERATIONS, make_line, read_bills, read_sample
from tests.providers.kit import SavedAnswers


def test_orphan_lines_are_parked() -> None:
    """Lines without their invoice are parked."""
    (bill,) = read_bills((LINES_REQUEST, read_sample("invoice_lines.page2")))
    assert "the invoice itself was not read" in list_wrong(bill.findings)
    assert bill.total is None


def test_unreadable_lines_park_only_their_invoice() -> None:
    """Lines that cannot be read park their own invoice and no other."""
    readable_request = msgspec.structs.replace(LINES_REQUEST, invoice_id="INV0000001")
    readable_lines = {"entities": [make_line(1, "15600.00", dateStart="2026-10-01")]}
    bills = read_bills(
        (GetBillingContractsInvoices(), read_sample("invoices.page1")),
        (LINES_REQUEST, b'{"entities": 7}'),
        (readable_request, readable_lines),
    )
    assert {bill.invoice_id: bool(list_wrong(bill.findings)) for bill in bills} == {
        "INV0000001": False,
        "INV0000002": True,
    }


def read_two_contracts(*invoices: dict[str, Any], **items: dict[str, Any]) -> list[tuple[str | None, str]]:
    """Return invoices, and September's and October's estimates of contracts A (the sample's) and B, by their scopes."""
    contracts = [read_sample("contract.v269") | {"id": "A"}]
    contracts.append(contracts[0] | {"id": "B", "purchaseOrderNumbers": ["PO-B"]})
    defaults = {"dateInvoiced": "2026-10-01", "currencyIsoCode": "USD", "customerPoNumber": "PO-2026-011"}
    details = [
        (GetBillingContractBillingperiod(contract_id=contract["id"], billing_period_id=str(month)), read_sample("billingperiod.v269") | days)
        for contract in contracts
        for month, days in ((9, {}), (10, {"dateStart": "2026-10-01", "dateEnd": "2026-10-31", "status": "Open"}))
    ]  # fmt: skip
    bills = read_bills(
        (GetBillingContracts(), {"entities": contracts}),
        (GetBillingContractsInvoices(), {"entities": [defaults | {"amount": items[invoice["id"]]["amount"]} | invoice for invoice in invoices]}),
        *((msgspec.structs.replace(LINES_REQUEST, invoice_id=name), {"entities": [item]}) for name, item in items.items()),
        *details,
    )  # fmt: skip
    return [(bill.invoice_id, bill.scope and f"{bill.scope} {Month.of(bill.period.start)}") for bill in bills]


AUGUST = {"dateStart": "2026-08-01", "dateEnd": "2026-08-31"}
ALL_ESTIMATES = [(None, "A 2026-09"), (None, "B 2026-09"), (None, "A 2026-10"), (None, "B 2026-10")]


def test_billed_use_ends_only_its_estimate() -> None:
    """Use that an invoice bills ends the estimate of its contract and leaves that of the other contract."""
    overage = make_line(1, "100.00", description="overage", dateStart="2026-09-01", dateEnd="2026-09-30")
    assert read_two_contracts({"id": "INV8"}, INV8=overage) == [
        ("INV8", ""),
        *(estimate for estimate in ALL_ESTIMATES if estimate != ALL_ESTIMATES[0]),
    ]
    late_invoice = {"id": "INV8", "dateInvoiced": "2026-11-05"}
    assert read_two_contracts(late_invoice, INV8=overage) == [
        ("INV8", ""),
        *(estimate for estimate in ALL_ESTIMATES if estimate != ALL_ESTIMATES[0]),
    ]


@pytest.mark.parametrize(
    ("invoice", "item"),
    [
        ({"id": "INV9"}, make_line(1, "100.00", description="Seats - Prepay")),
        ({"id": "INV9"}, make_line(1, "100.00", description="Seats - Prepay", dateStart="2026-09-01")),
        ({"id": "INV9"}, make_line(1, "100.00", description="overage", **AUGUST)),
        (
            {"id": "CM9", "customerInvoiceType": "Credit Memo"},
            make_line(1, "-5.00", description="overage", quantity=-1),
        ),
    ],
)
def test_prepay_and_memo_end_no_estimate(invoice: dict[str, Any], item: dict[str, Any]) -> None:
    """Purchases in advance and credits end no estimate."""
    assert read_two_contracts(invoice, **{invoice["id"]: item}) == [(invoice["id"], ""), *ALL_ESTIMATES]


def test_incomplete_invoice_ends_prior_estimate() -> None:
    """An invoice that may bill more than was read ends the estimate of the month before it."""
    incomplete_invoice = {"id": "INV9", "amount": Decimal("250.00")}
    assert read_two_contracts(incomplete_invoice, INV9=make_line(1, "100.00", description="Seats - Prepay")) == [
        ("INV9", ""),
        *ALL_ESTIMATES[1:],
    ]


def test_partial_estimate_is_dropped() -> None:
    """Half an estimate is no estimate: the period of every contract must have been read."""
    detail = read_sample("billingperiod.v269") | {"status": "Open"}
    contracts = read_sample("contracts.page1")
    partial_bills = read_bills((GetBillingContracts(), contracts), (OPERATIONS["billingperiod"], detail))
    assert partial_bills == []
    second_request = msgspec.structs.replace(OPERATIONS["billingperiod"], contract_id=contracts["entities"][1]["id"])
    bills = read_bills(
        (GetBillingContracts(), contracts), (OPERATIONS["billingperiod"], detail), (second_request, detail)
    )
    assert [(bill.state, bill.scope, bill.line_count) for bill in bills] == [
        (State.ESTIMATE, contract["id"], 5) for contract in contracts["entities"][:2]
    ]


def test_broken_documents_are_reported() -> None:
    """Documents that are not whole PDFs are reported."""
    document = GetBillingContractsInvoiceDocument(invoice_id="INV1")
    for raw, reason in ((b"<html>", "not a PDF"), (b"%PDF-1.7 ...", "cut off")):
        (finding,) = PROVIDER.check_answers(SavedAnswers((document, raw)))
        assert reason in finding.text
    assert not list(PROVIDER.check_answers(SavedAnswers((document, b"%PDF-1.7 ... %%EOF\n"))))


def test_listing_has_end_and_reach() -> None:
    """A listing has the invoices, the end and the reach of the list; the account is that of the first contract."""
    op = GetBillingContractsInvoices(date_start=date(2026, 1, 1))
    partial_listing = PROVIDER.read_listing(SavedAnswers((op, read_sample("invoices.page1"))))
    assert partial_listing
    assert (partial_listing.has_end_mark, partial_listing.since, len(partial_listing.ids)) == (
        False,
        parse_instant("2026-01-01"),
        2,
    )
    whole_listing = PROVIDER.read_listing(
        SavedAnswers((op, read_sample("invoices.page1")), (op, read_sample("invoices.page2")))
    )
    assert whole_listing
    assert (whole_listing.has_end_mark, len(whole_listing.ids)) == (True, 3)
    assert PROVIDER.read_listing(SavedAnswers()) is None
    assert PROVIDER.find_identity(SavedAnswers((GetBillingContracts(), read_sample("contracts.page1")))) == CONTRACT_ID
    assert PROVIDER.find_identity(SavedAnswers()) is None
