"""Terms of payment and due dates of invoice lines: the vendor's, else the account's, else none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from billfold.ledger.focus_views import FocusViews, Selection
from billfold.model.period import parse_instant
from tests.ledger.kit import bill, open_ledger

RUN_SQL = "INSERT INTO runs (run, provider, account, ended, seq) SELECT run, provider, account, '2026-11-15', from_seq FROM bills"


@pytest.mark.parametrize(
    ("stated", "agreed", "terms", "due_on"),
    [
        (None, None, "Not stated", None),
        (None, "Net 30", "Net 30", datetime(2026, 7, 1)),  # noqa: DTZ001
        (None, "it's complicated", "it's complicated", None),
        ("Net15", "Net 30", "Net15", datetime(2026, 6, 16)),  # noqa: DTZ001
        ("2/10 net 30", "Net 30", "2/10 net 30", None),
    ],
)
def test_terms_are_the_vendors_or_agreed_on(
    stated: str | None, agreed: str | None, terms: str, due_on: datetime | None, tmp_path: Path
) -> None:
    """What the vendor states goes before what is configured, and nothing is invented."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("3", terms=stated, issued_on=parse_instant("2026-06-01")))
        ledger.write(RUN_SQL)
        agreed_terms = {("vendor", "me"): agreed} if agreed else {}
        FocusViews(ledger.db, Selection(payment_terms={("vendor", "other"): "Net 1"} | agreed_terms))
        rows = ledger.db.execute('SELECT "PaymentTerms", "PaymentDueDate" FROM "InvoiceDetail"').fetchall()
        assert rows == [(terms, due_on)]
