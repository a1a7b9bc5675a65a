"""What was trusted stays counted; a version that does not add up stands beside it, and disputes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from billfold.ledger import booking, catalog, identities, query, restatements, store
from billfold.ledger.digest import compute_digest
from billfold.model.bill import State
from billfold.model.finding_codes import FindingCode
from tests.ledger.kit import Ledger, bill, open_ledger

WRONG: dict[str, Any] = {"total": "1000"}


def read_counted(ledger: Ledger) -> list[str]:
    return [
        f"{charge.BilledCost:f}".rstrip("0").rstrip(".")
        for charge in query.iter_charges(ledger.db, query.LedgerFilter())
    ]


def read_marks(ledger: Ledger) -> list[tuple[str | None, bool, bool]]:
    bills = catalog.list_bills(ledger.db, query.LedgerFilter())
    return [(row.total, bool(row.parked), row.is_disputing) for row in bills]


@pytest.mark.parametrize("state", State)
def test_a_wrong_version_disputes_and_is_not_counted(state: State, tmp_path: Path) -> None:
    """A later version that does not add up changes no amount; told again it is not new, and it ends with what adds up."""
    with open_ledger(tmp_path) as ledger:
        assert ledger.book(bill("7", state=state))
        first_digest = compute_digest(ledger.db)
        assert ledger.book(bill("8", state=state, **WRONG))
        assert not ledger.book(bill("8", state=state, **WRONG))
        assert (read_counted(ledger), read_marks(ledger)) == (["7"], [("7", False, False), ("1000", True, True)])
        disputing_bill = catalog.list_parked_bills(ledger.db, query.LedgerFilter())[0]
        (finding,) = disputing_bill.findings
        assert (finding.code, finding.data["cause"]) == (FindingCode.INVOICE_DISPUTED, "total-mismatch")
        assert [row.total for row in query.list_invoices(ledger.db, query.LedgerFilter())] == ["7"]
        assert compute_digest(ledger.db) != first_digest
        assert ledger.book(bill("7", state=state)), "the dispute is over"
        assert compute_digest(ledger.db) == first_digest
        ledger.book(bill("8", state=state, **WRONG))
        assert ledger.book(bill("9", state=state))
        assert (read_counted(ledger), read_marks(ledger)) == (["9"], [("9", False, False)])


def test_of_two_disputing_versions_the_later_stands(tmp_path: Path) -> None:
    """A dispute is told as the vendor told it last."""
    with open_ledger(tmp_path) as ledger:
        for version in (bill("7"), bill("8", total="100"), bill("9", total="200")):
            ledger.book(version)
            ledger.write(f"INSERT INTO runs (run, ended) VALUES ({ledger.seq}, datetime('now'))")
        assert read_marks(ledger) == [("7", False, False), ("200", True, True)]
        (event,) = restatements.list_restatements(ledger.db)
        assert event.change.parked


def test_an_invoice_that_never_added_up_is_parked(tmp_path: Path) -> None:
    """Without a trusted version there is nothing to dispute: the newest is parked."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("7", total="100"))
        ledger.book(bill("8", total="100"))
        assert read_marks(ledger) == [("100", True, False)]


def test_a_parked_invoice_ends_no_estimate(tmp_path: Path) -> None:
    """The estimate stays counted beside an invoice that does not add up, until one does."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("5", state=State.ESTIMATE))
        ledger.book(bill("7", **WRONG))
        assert read_counted(ledger) == ["5"]
        ledger.write("INSERT OR REPLACE INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        with store.open_transaction(ledger.db):
            identity = identities.resolve_account(ledger.db, "vendor", "me", "me", 90, 90, [])
            with booking.open_booking(ledger.db, identity) as run_booking:
                june = bill("1", state=State.ESTIMATE, period=bill().period._replace(start=bill().period.end))
                run_booking.book_bill(june)
                run_booking.supersede_missing({june.key}, {}, [june.key])
        store.reload_ledger(ledger.db)
        assert sorted(read_counted(ledger)) == ["1", "5"]
        ledger.book(bill("7"))
        assert sorted(read_counted(ledger)) == ["1", "7"]
