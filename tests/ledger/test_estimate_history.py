"""The track record of estimates has each day's word, and what was invoiced then."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from billfold.ledger import booking, identities, store
from billfold.ledger.estimate_history import count_days_over, list_estimate_records
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import State
from billfold.model.period import Month
from tests.ledger.kit import MAY, Ledger, bill, open_ledger


def collect(books: Ledger, days: int, *bills: object) -> None:
    """Book bills as a run of some days after the beginning of May brought them, and note the run."""
    for new_bill in bills:
        assert books.book(new_bill)  # type: ignore[arg-type]
    asked_at = MAY.start + timedelta(days=days, hours=9)
    books.seq += 10
    with store.open_transaction(books.db):
        identity = identities.resolve_account(books.db, "vendor", "me", "me", books.seq, books.seq, [])
        booking.close_run(
            books.db,
            identity,
            asked_at.isoformat(),
            "complete",
            asked_at=asked_at,
            booking_findings=[],
            check_findings=[],
            listing=None,
            chain_hash="",
        )
    store.reload_ledger(books.db)


def estimate(cost: str, scope: str = "") -> object:
    return bill(cost, state=State.ESTIMATE, scope=scope)


def test_each_day_has_its_estimate_and_the_invoice(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        collect(books, 4, estimate("10", "a"), estimate("1", "b"))
        collect(books, 5)
        collect(books, 29, estimate("60", "a"))
        collect(books, 33, bill("75"))
        records = list_estimate_records(books.db, LedgerFilter())
        records_then = list_estimate_records(books.db, LedgerFilter(seq=40))
    rows = [(record.days_over, record.estimated, record.invoiced) for record in records]
    assert rows == [
        (4, Decimal(11), Decimal(75)),
        (5, Decimal(11), Decimal(75)),
        (29, Decimal(61), Decimal(75)),
    ]
    assert {record.invoiced for record in records_then} == {None}
    assert {(record.account, record.month, record.currency, record.state) for record in records} == {
        ("me", MAY, "USD", "estimate")
    }


def test_days_are_counted_within_their_month() -> None:
    february = Month(2026, 2)
    instants = (february.start, february.end - timedelta(seconds=1), february.end + timedelta(days=9))
    assert [count_days_over(february, instant) for instant in instants] == [0, 27, 28]
    assert count_days_over(february, february.start - timedelta(seconds=1)) < 0
