"""What the ledger booked of the archive's runs."""

from __future__ import annotations

import json
from typing import NamedTuple

from billfold.ledger.catalog import read_run_findings
from billfold.ledger.finding_rows import FindingStage
from billfold.ledger.store import OpenLedger
from billfold.model.finding import Finding


class RunBill(NamedTuple):
    """A bill that a run brought and that changed the ledger."""

    state: str
    invoice_id: str | None
    total: str | None
    currency: str
    parked: str | None
    is_disputing: bool


class BookedRun(NamedTuple):
    """A run's bills, what it brought that could not be booked, and the invoices that it lists and nobody brought lines of."""

    bills: list[RunBill]
    findings: tuple[Finding, ...]
    unbooked_ids: tuple[str, ...]


def list_booked_ids(ledger: OpenLedger) -> set[int]:
    """Return the numbers of the runs that are booked."""
    return {row[0] for row in ledger.execute("SELECT run FROM runs").fetchall()}


def read_booked_run(ledger: OpenLedger, run_id: int) -> BookedRun:
    """Return what was booked of a run, and what was not."""
    bills = ledger.select(
        RunBill,
        """SELECT state, invoice_id, total, currency, parked, disputes IS NOT NULL AS is_disputing
           FROM bills WHERE run=? ORDER BY period_start, invoice_id""",
        [run_id],
    )
    findings = read_run_findings(ledger, run_id, FindingStage.BOOKING)
    (listing,) = ledger.execute("SELECT listing FROM runs WHERE run=?", [run_id]).fetchall()[0]
    account_bills_sql = "SELECT invoice_id FROM bills JOIN runs USING (provider, account) WHERE runs.run=?"
    booked_ids = {row[0] for row in ledger.execute(account_bills_sql, [run_id]).fetchall()}
    listed_ids = set(json.loads(listing)["ids"]) if listing else set()
    return BookedRun(bills, findings, tuple(sorted(listed_ids - booked_ids)))
