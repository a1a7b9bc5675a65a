"""A collection believes the vendor's clock, but not one that is outside the calendar, and leaves nothing behind that crashes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger import booking
from billfold.providers import provider
from billfold.wire.message import Response
from tests.ledger.kit import NOW, Vendor, invoice, invoices


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 99999999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -0500", "today", ""]
)
def test_a_date_that_is_none_is_not_believed_and_fails_nobody(date: str, tmp_path: Path) -> None:
    class Dated(Vendor):
        def send(self, op: Any, /) -> Response:
            response = super().send(op)
            return response._replace(headers={**response.headers, "date": date})

    books, account = Workspace(tmp_path), AccountConfig("mine", provider.find_provider("cockroach"), {})
    (outcome,) = sync_accounts(books, [account], connect=lambda _: Dated(invoices(invoice())), clock=lambda: NOW)
    books.close()
    assert (outcome.error, outcome.answers) == (None, 2)


def test_no_thread_is_left_that_would_crash_a_process_which_ends_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading = threading.Event()
    monkeypatch.setattr(booking, "preload_duckdb", lambda: loading.wait(60))
    before = set(threading.enumerate())
    books = Workspace(tmp_path)
    account = AccountConfig("mine", provider.find_provider("cockroach"), {})
    sync_accounts(books, [account], connect=lambda _: Vendor(invoices(invoice())), clock=lambda: NOW)
    left = set(threading.enumerate()) - before
    loading.set()
    books.close()
    assert [one.daemon for one in left] == [False]
