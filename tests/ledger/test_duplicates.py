"""Invoices that may be one and the same are named; what only looks so is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from billfold.ledger import catalog, query
from billfold.ledger.duplicates import find_duplicates
from billfold.model.bill import Bill
from billfold.model.period import Month
from tests.ledger.kit import bill, open_ledger

TWENTY = [str(number) for number in range(1, 21)]


def make_pair(costs: list[str], **fields: Any) -> list[Bill]:
    """Make an invoice of twenty lines, and another of the same period."""
    return [
        bill(*TWENTY, purchase_order="PO-1"),
        bill(*costs, **{"invoice_id": "i2", "purchase_order": "PO-1"} | fields),
    ]


@pytest.mark.parametrize(
    ("bills", "fragment"),
    [
        (make_pair(TWENTY), "has the same period and total (210) as invoice i1"),
        (make_pair(["211"], total="210"), ""),
        (make_pair([*TWENTY[:-1], "30"]), "has 19 of 20 lines in common with invoice i1"),
        (make_pair([*TWENTY, "7"]), "has 20 of 21 lines in common with invoice i1"),
        (make_pair([*TWENTY[:-3], "30", "31", "32"]), ""),
        (make_pair(TWENTY[:-1], invoice_id="I-1"), "has the id of invoice 'i1' in another spelling"),
        (make_pair(TWENTY[:-1], invoice_id="i1 ", period=Month(2026, 7).period), "in another spelling"),
        (make_pair(TWENTY, purchase_order="PO-2"), ""),
        (make_pair(TWENTY, corrects="i1"), ""),
        (make_pair(TWENTY, currency="EUR"), ""),
        (make_pair(TWENTY, period=Month(2026, 7).period), ""),
        ([bill("0"), bill("0", invoice_id="i2")], ""),
        (make_pair([*TWENTY[:-1], "30"], replaces_estimates=("estimate 2026-05-01 c2 USD",)), "19 of 20 lines"),
    ],
)
def test_what_may_be_one_invoice_is_named(bills: list[Bill], fragment: str, tmp_path: Path) -> None:
    """Two invoices of one period, contract and total, or of nearly the same lines, or of one id, are told once."""
    with open_ledger(tmp_path) as ledger:
        for one_bill in bills:
            ledger.book(one_bill)
        located_findings = list(find_duplicates(ledger.db, catalog.list_bills(ledger.db, query.LedgerFilter())))
    assert [fragment in located.finding.text for located in located_findings] == ([True] if fragment else [])
    assert all(located.finding.data["other"] == "i1" for located in located_findings)
