"""A customer is counted once, under whatever names, and never under another customer's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger import booking, identities, query, store
from billfold.providers import provider
from billfold.providers.provider import Provider
from tests import stage
from tests.findings import list_notices
from tests.laws.kit import DOORS, named
from tests.ledger.kit import bill, open_ledger


@pytest.mark.parametrize("provider", DOORS, ids=named)
def test_renaming_an_account_keeps_its_history(provider: Provider, books: Workspace) -> None:
    """Renaming an account keeps its history and its hash, and restates nothing."""
    host = stage.twin(months=2)
    [name, *_] = [account.name for account in stage.stage(host, provider.name).accounts]
    stage.collected(host, books, provider.name)
    live, count = stage.read_digest(books), len(stage.list_invoices(books))
    with books.open_ledger() as db:
        account_ids = {charge.BillingAccountId for charge in query.iter_charges(db, query.LedgerFilter())}
    outcomes = stage.collected(host, books, provider.name, called={name: "renamed"})
    assert stage.read_digest(books) == live
    assert [outcome.findings for outcome in outcomes if list_notices(outcome.findings)] == []
    assert len(stage.list_invoices(books)) == count
    names = {bill["account"] for bill in stage.list_invoices(books)}
    assert ("renamed" in names, name in names) == (True, False)
    with books.open_ledger() as db:
        assert {charge.BillingAccountId for charge in query.iter_charges(db, query.LedgerFilter())} == account_ids
    assert name not in account_ids, "an account without an id bears its identity, whatever it is called"


def test_a_key_of_another_customer_is_not_booked(books: Workspace) -> None:
    """A key of another customer is not booked under an account's name."""
    host = stage.twin(months=2)
    first, other = [account.name for account in stage.stage(host, "fastly").accounts][:2]
    stage.collected(host, books, "fastly")
    live = stage.read_digest(books)
    outcomes = stage.collected(host, books, "fastly", called={first: other, other: first})
    assert {str(outcome.error).partition(";")[0] for outcome in outcomes if outcome.account in {first, other}} == {
        "its key belongs to another customer than before"
    }
    assert stage.read_digest(books) == live
    assert all(outcome.error is None for outcome in stage.collected(host, books, "fastly"))
    assert stage.read_digest(books) == live


def test_two_accounts_with_one_key_are_one_customer(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts with one key are one customer, though their vendor does not say who it is."""
    monkeypatch.setenv("VULTR_API_KEY", "one-key-for-both-of-them")
    host = stage.twin(months=0)
    [account, *_] = stage.stage(host, "vultr").accounts
    for names in (["first", "second"], ["second", "first"]):
        configured = [AccountConfig(name, provider.find_provider("vultr"), {}) for name in names]
        outcomes = sync_accounts(
            books, configured, connect=lambda _: stage.connection(host, account), clock=host.clock.now
        )
        errors = {outcome.account: str(outcome.error or "") for outcome in outcomes}
        assert errors["first"] == ""
        assert "the same customer as account 'first'" in errors["second"]
    assert {bill["account"] for bill in stage.list_invoices(books)} == {"first"}


def test_one_customer_under_two_names_is_counted_once(books: Workspace) -> None:
    """One customer under two names is refused and counted once."""
    host = stage.twin(months=2)
    stage.collected(host, books, "fastly")
    count = len(stage.list_invoices(books))
    outcomes = stage.collected(host, books, "fastly", called={"fastly": "again"}, configured_names=["fastly"])
    refused = next(outcome for outcome in outcomes if outcome.account == "again")
    assert "same customer as account 'fastly'" in str(refused.error)
    assert len(stage.list_invoices(books)) == count


@pytest.mark.parametrize(
    ("identity", "name", "is_stable", "account"),
    [
        ("first invoice 2", "new name", False, "first invoice 1"),
        ("first invoice 2", "new name", True, "first invoice 2"),
        ("first invoice 2", "me", True, "first invoice 1"),
        (None, "new name", True, "first invoice 1"),
        ("first invoice 9", "new name", False, "first invoice 9"),
    ],
)
def test_a_customer_is_known_by_its_invoices(
    identity: str | None, name: str, is_stable: bool, account: str, tmp_path: Path
) -> None:
    """While one of its invoices is still listed, a customer is recognized by whatever name and first invoice."""
    listed_ids = ["9"] if identity == "first invoice 9" else ["2", "3"]
    with open_ledger(tmp_path) as ledger, store.open_transaction(ledger.db):
        owner = identities.resolve_account(ledger.db, "vendor", "first invoice 1", "me", 10, 10, ["1", "2"])
        with booking.open_booking(ledger.db, owner) as run_booking:
            for invoice_id in ("1", "2"):
                run_booking.book_bill(bill("7", invoice_id=invoice_id))
        resolved = identities.resolve_account(
            ledger.db, "vendor", identity, name, 20, 20, listed_ids, is_stable=is_stable
        )
    assert resolved.account == account
