"""Open ledgers: kept while nothing changes, opened anew when something does, and in no writer's way."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog
from billfold.ledger.account_lock import open_lock_file, try_file_lock
from billfold.ledger.layout import READERS_FILE
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.serve.views import LedgerView, ViewPool
from tests.ledger.kit import collected, invoice, invoices


def _totals(view: LedgerView) -> list[str | None]:
    return [bill.total for bill in catalog.list_bills(view.db, LedgerFilter())]


def test_a_view_is_kept_until_the_ledger_changes(books: Workspace, tmp_path: Path) -> None:
    collected(books, invoices(invoice()))
    with closing(ViewPool(books.directory, tmp_path / "billfold.toml")) as pool:
        with pool.borrow_view() as first:
            assert _totals(first) == ["1.5"]
        with pool.borrow_view() as again:
            assert again.db is first.db
        collected(books, invoices(invoice(), invoice("i2", "2.5", ["2.5"])), days=40)
        with pool.borrow_view() as later:
            assert _totals(later) == ["1.5", "2.5"]


def test_an_idle_view_holds_no_part(books: Workspace, tmp_path: Path) -> None:
    """A writer may tidy up while nobody is asking, also after a question that was refused."""
    collected(books, invoices(invoice()))
    with closing(ViewPool(books.directory, tmp_path / "billfold.toml")) as pool:
        with pytest.raises(InvalidArgument), pool.borrow_view():
            raise InvalidArgument("no")
        with open_lock_file(books.directory / READERS_FILE) as file:
            assert try_file_lock(file.fileno())
        with pool.borrow_view(), open_lock_file(books.directory / READERS_FILE) as file:
            assert not try_file_lock(file.fileno())


def test_what_fails_is_opened_anew(books: Workspace, tmp_path: Path) -> None:
    collected(books, invoices(invoice()))
    with closing(ViewPool(books.directory, tmp_path / "billfold.toml")) as pool:
        with pytest.raises(ZeroDivisionError), pool.borrow_view():
            raise ZeroDivisionError
        for _ in range(5):
            with pool.borrow_view() as view:
                assert _totals(view) == ["1.5"]


def test_there_must_be_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no ledger"):
        ViewPool(tmp_path, tmp_path / "billfold.toml").require_ledger()


def test_the_configuration_is_in_the_fingerprint(books: Workspace, tmp_path: Path) -> None:
    collected(books, invoices(invoice()))
    config_path = tmp_path / "billfold.toml"
    with closing(ViewPool(books.directory, config_path)) as pool:
        before = pool.read_fingerprint()
        assert pool.read_fingerprint() == before
        config_path.write_text("")
        assert pool.read_fingerprint() != before


def test_files_that_it_names_are_in_the_fingerprint(books: Workspace, tmp_path: Path) -> None:
    """New rules or entries of the bank show at once; a section that is wrong does not hinder what needs none of it."""
    collected(books, invoices(invoice()))
    config_path, rules = tmp_path / "billfold.toml", tmp_path / "rules.toml"
    config_path.write_text('[allocation]\nrules = "rules.toml"\n\n[bank]\nfile = "bank.csv"\n')
    with closing(ViewPool(books.directory, config_path)) as pool:
        states = [pool.read_fingerprint()]
        for path in (rules, tmp_path / "bank.csv"):
            path.write_text("x")
            states.append(pool.read_fingerprint())
        config_path.write_text("[allocation]\nrules = 1\n")
        states.append(pool.read_fingerprint())
    assert len(set(states)) == len(states)
