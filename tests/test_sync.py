"""A collection believes the vendor's clock, but not one that is outside the calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from billfold.books import Books
from billfold.config import Account
from billfold.providers import provider
from billfold.sync import sync
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

    books, account = Books(tmp_path), Account("mine", provider.find("cockroach"), {})
    (outcome,) = sync(books, [account], opened=lambda _: Dated(invoices(invoice())), clock=lambda: NOW)
    books.close()
    assert (outcome.error, outcome.answers) == (None, 2)
