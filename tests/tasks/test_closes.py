"""What became of a signed month: the same, changed, signed again, or read otherwise by other code."""

from __future__ import annotations

import pytest

from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.entries import CLOSING, build_run_marker
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.providers.provider import find_provider
from billfold.tasks.access import build_filter
from billfold.tasks.close import CloseSettings, judge_month, sign_month
from billfold.tasks.closes import describe_signed_changes, list_signed_months
from billfold.tasks.filter_options import FilterOptions
from tests.ledger.kit import NOW, Vendor, collected, invoice, invoices

AUGUST = Month(2026, 8)


def sign(books: Workspace, month_hash: str = "") -> None:
    """Sign August, with another hash than it has if wanted."""
    with books.open_ledger() as db:
        verdict = judge_month(books, db, AUGUST, LedgerFilter(), CloseSettings())
        verdict = verdict._replace(hash=month_hash or verdict.hash)
        sign_month(books, db, verdict, LedgerFilter(), "Ann", NOW)


def list_states(books: Workspace, *, rehash: bool = False) -> list[tuple[str, int]]:
    """Return what became of each signature, and how many changes are not accepted."""
    with books.open_ledger() as db:
        rows = list_signed_months(books, db, LedgerFilter(), rehash=rehash)
    return [(row.state, row.changes) for row in rows]


def test_each_signature_says_what_became_of_it(books: Workspace) -> None:
    """A hash that nothing explains but other code is told as read anew; one of before a change or a signature is told so."""
    collected(books, invoices(invoice("a")))
    sign(books, "sha256:of other code")
    assert list_states(books, rehash=True) == [("read anew", 0)]
    sign(books)
    assert list_states(books) == list_states(books, rehash=True) == [("replaced", 0), ("same", 0)]
    collected(books, invoices(invoice("a", "2", ["2"])), days=1)
    assert list_states(books) == [("replaced", 0), ("changed", 1)]


def test_a_renamed_account_keeps_its_signature(books: Workspace) -> None:
    """It is signed under the name that it has now."""
    body = invoices(invoice("a"))
    collected(books, body)
    sign(books)
    account = AccountConfig("new name", find_provider("cockroach"), {})
    sync_accounts(books, [account], connect=lambda _: Vendor(body), clock=lambda: NOW)
    assert list_states(books, rehash=True) == [("same", 0)]
    with pytest.raises(InvalidArgument, match="account 'mine' is called new name now: ask for that"):
        build_filter(books, FilterOptions(account="mine"))
    assert build_filter(books, FilterOptions(account="new name")).account == "new name"


def test_a_damaged_signature_spoils_no_sync(books: Workspace) -> None:
    """It is told after what was collected, and not in its place."""
    collected(books, invoices(invoice("a")))
    books.archive.add_marker(build_run_marker(0, "cockroach", "mine", CLOSING, "{}", NOW))
    assert describe_signed_changes(books)[0].startswith("what was signed cannot be compared: entry ")
