"""The records of Vultr's twin."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from billfold.model.money import exact_sum, format_decimal
from billfold.providers.vultr.api import GetAccount, ListBillingHistory, ListPendingCharges
from billfold.providers.vultr.twin.handlers import TWIN
from tests.providers.kit import NOW
from tests.providers.vultr.twin.kit import ACCOUNT, answer_request


def test_account_agrees_with_history() -> None:
    """The account agrees with its history and its pending charges."""
    account = answer_request(GetAccount()).account
    rows = answer_request(ListBillingHistory()).billing_history
    assert account.balance == rows[0].balance
    pending = answer_request(ListPendingCharges()).pending_charges
    assert account.pending_charges == exact_sum(charge.total for charge in pending)
    for row, older in pairwise(rows):
        assert row.balance == older.balance + (-row.amount if row.type == "credit" else row.amount)
    assert [row.amount > 0 for row in rows if row.type == "credit"] == [True] * 3
    assert {row.type for row in rows} == {"invoice", "payment", "credit"}


def test_account_without_history_owes_nothing() -> None:
    """An account owes nothing before the first row of its history."""
    account = answer_request(GetAccount(), datetime(2025, 9, 1, tzinfo=UTC)).account
    assert (account.balance, account.last_payment_amount) == (0, 0)


def test_csv_matches_list() -> None:
    """The CSV file has what the list has."""
    csv_request = TWIN.example_operations(ACCOUNT, NOW)[5]
    csv_lines = answer_request(csv_request).body.decode().splitlines()
    pending = answer_request(ListPendingCharges()).pending_charges
    assert len(csv_lines) == len(pending) + 1
    assert csv_lines[1].endswith(
        f",{pending[0].unit_type},{format_decimal(pending[0].unit_price)},{format_decimal(pending[0].total)}"
    )
