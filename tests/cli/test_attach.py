"""A document is attached to its invoice; another total is exit code 1, and what there is not is refused."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.terminal import Terminal, clear


@pytest.fixture
def books(terminal: Terminal, synced: Terminal) -> Terminal:
    """Return a terminal with a ledger of its own."""
    shutil.copytree(synced.home / "ledger", terminal.home / "ledger")
    return terminal


def test_a_document_is_attached_and_compared(books: Terminal) -> None:
    bill = next(row for row in books.rows("--ledger", "ledger", "invoices") if row["state"] == "issued")
    line = ["--ledger", "ledger", "attach", bill["invoice_id"]]
    (books.home / "right.csv").write_text(f"line,total\nall,{bill['total']}\n")
    (books.home / "wrong.json").write_text('{"total": "0.77"}')
    (books.home / "none.pdf").write_bytes(b"%PDF-1.7 nothing %%EOF")
    clear(books.run(*line, "right.csv"), 0, "the document says the invoice's total")
    clear(books.run(*line, "right.csv"), 0, "attached already: cockroach mine ")
    clear(books.run(*line, "none.pdf"), 0, "no amounts that can be read")
    clear(books.run(*line, "wrong.json"), 1, "does not say the invoice's total")
    clear(books.run("--ledger", "ledger", "reconcile"), 1, bill["invoice_id"])
    clear(books.run("--ledger", "ledger", "documents", "out"), 0, "cockroach mine: 3")
    clear(books.run("--ledger", "ledger", "verify"), 0, "")


def test_what_there_is_not_is_refused(books: Terminal) -> None:
    (books.home / "a.csv").write_text("a,b\n")
    clear(books.run("--ledger", "ledger", "attach", "nothing", "a.csv"), 2, "there is no issued invoice 'nothing'")
    clear(books.run("--ledger", "ledger", "attach", "nothing", "none.csv"), 2, "does not exist")


def test_a_file_that_is_no_document_is_named(books: Terminal) -> None:
    bill = next(row for row in books.rows("--ledger", "ledger", "invoices") if row["state"] == "issued")
    line = ["--ledger", "ledger", "attach", bill["invoice_id"]]
    clear(books.run(*line, "/dev/zero"), 2, "billfold: /dev/zero: it is a device, not a file")
    (books.home / "empty.csv").touch()
    clear(books.run(*line, "empty.csv"), 2, "billfold: empty.csv: it is empty")
