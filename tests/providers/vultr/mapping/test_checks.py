"""What Vultr's lists say beside the charges."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from billfold.model.finding import describe_finding
from billfold.providers.vultr import PROVIDER
from billfold.providers.vultr.api import ListBillingHistory, ListInvoices
from tests.providers.kit import SavedAnswers
from tests.providers.vultr.kit import make_page, read_sample

HISTORY = json.loads(read_sample("constructed_billing_history.json"))
INVOICES = json.loads(read_sample("constructed_billing_invoices.json"))


def check_history(history: dict[str, Any], invoices: dict[str, Any]) -> list[str]:
    """Return the findings on a history and a list of invoices."""
    answers = SavedAnswers((ListBillingHistory(), history), (ListInvoices(), invoices))
    return [describe_finding(finding) for finding in PROVIDER.check_answers(answers)]


def change_row(answer: dict[str, Any], key: str, index: int, **changes: Any) -> dict[str, Any]:
    """Return an answer with other fields in one of its rows."""
    return {**answer, key: [row | changes if position == index else row for position, row in enumerate(answer[key])]}


def test_agreeing_history_gives_no_finding() -> None:
    """A history that agrees with the invoices gives no finding."""
    assert check_history(HISTORY, INVOICES) == []


def test_history_is_checked_against_invoices() -> None:
    """The history is checked against the invoices and against itself."""
    assert check_history(HISTORY, change_row(INVOICES, "billing_invoices", 0, amount=Decimal("60.5"))) == [
        "20260901: is 60.5 in the list, 59.69 in the history"
    ]
    assert len(check_history(HISTORY, {**INVOICES, "billing_invoices": []})) == 2, (
        "another size, and an invoice too few"
    )
    (finding,) = check_history(change_row(HISTORY, "billing_history", 0, balance=-90), INVOICES)
    assert finding == "history row 20260902: moves the balance by 49.69, and is -50.0"


def test_row_without_balance_is_no_leap() -> None:
    """A row without a balance is not a leap of its neighbors."""
    rows: list[dict[str, Any]] = [
        {"id": 3, "type": "credit", "date": "2026-08-03T00:00:00+00:00", "amount": 5, "balance": -15},
        {"id": 2, "type": "credit", "date": "2026-08-02T00:00:00+00:00", "amount": 10},
        {"id": 1, "type": "credit", "date": "2026-08-01T00:00:00+00:00", "amount": 1, "balance": 0},
    ]
    assert check_history(make_page(*rows, key="billing_history"), make_page(key="billing_invoices")) == []


def test_same_second_rows_keep_list_order() -> None:
    """Rows of the same second are in the order of the list, whichever way it runs."""
    rows: list[dict[str, Any]] = [
        {"id": 1, "type": "credit", "date": "2026-08-02T00:00:00+00:00", "amount": 5, "balance": 15},
        {"id": 7, "type": "payment", "date": "2026-08-01T00:00:00+00:00", "amount": -10, "balance": 20},
        {"id": 9, "type": "credit", "date": "2026-08-01T00:00:00+00:00", "amount": 30, "balance": 30},
        {"id": 2, "type": "credit", "date": "2026-07-01T00:00:00+00:00", "amount": 1, "balance": 0},
    ]
    no_invoices = make_page(key="billing_invoices")
    assert check_history(make_page(*rows, key="billing_history"), no_invoices) == check_history(
        make_page(*rows[::-1], key="billing_history"), no_invoices
    )
    assert check_history(make_page(*rows, key="billing_history"), no_invoices) == []


def test_oldest_invoice_identifies_account() -> None:
    """An account is identified by its first invoice once the list was read to its end."""
    rows: list[dict[str, Any]] = [{"id": 30}, {"id": 9}, {"id": "20"}]
    whole_list = SavedAnswers((ListInvoices(), make_page(*rows, key="billing_invoices")))
    assert PROVIDER.find_identity(whole_list) == "first invoice 9"
    listing = PROVIDER.read_listing(whole_list)
    assert listing is not None
    assert (listing.ids, listing.has_end_mark, listing.since) == (frozenset({"30", "9", "20"}), True, None)
    partial_list = SavedAnswers(
        (ListInvoices(), make_page(*rows, key="billing_invoices", links={"next": "bmV4dF9fMjA=", "prev": ""}))
    )
    assert PROVIDER.find_identity(partial_list) is None
    assert PROVIDER.read_listing(partial_list) == listing._replace(has_end_mark=False)
    assert PROVIDER.find_identity(SavedAnswers()) is None
    assert PROVIDER.read_listing(SavedAnswers()) is None
