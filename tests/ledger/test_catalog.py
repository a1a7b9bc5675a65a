"""The ledger keeps what was found of its bills and runs, and gives it back as it was."""

from __future__ import annotations

from pathlib import Path

from billfold.ledger import catalog, store
from billfold.ledger.finding_rows import FindingStage, add_findings
from billfold.ledger.query import LedgerFilter
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode
from tests.ledger.kit import bill, open_ledger


def test_a_bills_findings_come_back_as_they_were(tmp_path: Path) -> None:
    """What is wrong with a bill, what is only worth knowing, and its sum come back with its name as their subject."""
    noted = make_finding(FindingCode.ROUNDED, "adds up by a rounding charge", amount="0.01")
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1", total="2", findings=(noted,)))
        (row,) = catalog.list_bills(ledger.db, LedgerFilter())
    assert [(finding.code, finding.subject, dict(finding.data)) for finding in row.findings] == [
        (FindingCode.ROUNDED, "i1", {"amount": "0.01"}),
        (FindingCode.TOTAL_MISMATCH, "i1", {"sum": "1", "stated": "2", "currency": "USD"}),
    ]
    assert row.parked == "its charges sum to 1 USD, the vendor states 2"


def test_a_notice_parks_no_bill(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1", findings=(make_finding(FindingCode.ROUNDED, "x"),)))
        assert ledger.bills("parked") == [(None,)]


def test_a_bill_that_changes_nothing_leaves_no_findings(tmp_path: Path) -> None:
    """A bill that is told again as it was brings its findings no second time."""
    with open_ledger(tmp_path) as ledger:
        for _ in range(3):
            ledger.book(bill("1", total="2"))
        assert ledger.db.execute("SELECT count(*) FROM findings").fetchall() == [(1,)]


def test_a_runs_findings_come_back_by_stage(tmp_path: Path) -> None:
    finding = make_finding(FindingCode.COUNT_MISMATCH, "has 1, counts 2", "list of invoices", stated=2, held=1)
    with open_ledger(tmp_path) as ledger:
        with store.open_transaction(ledger.db):
            add_findings(ledger.db, 7, FindingStage.CHECK, [finding])
        store.reload_ledger(ledger.db)
        assert catalog.read_run_findings(ledger.db, 7, FindingStage.CHECK) == (finding,)
        assert catalog.read_run_findings(ledger.db, 7, FindingStage.BOOKING) == ()
