"""Whether a month is complete is a fact for every account."""

from __future__ import annotations

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month
from billfold.report import reconcile
from billfold.report.completeness import judge_months, select_shown
from tests import stage


def test_completeness_is_a_fact_for_every_account_and_month(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books)
    with books.open_ledger() as db:
        judged = judge_months(catalog.list_bills(db, query.LedgerFilter()), catalog.list_last_runs(db))
        mismatches = [
            finding for finding in reconcile.find_mismatches(db, query.LedgerFilter()) if finding.finding.is_wrong
        ]
    assert not mismatches
    running = Month.of(stage.AT)
    assert {month.state for month in judged if month.month == running} == {"provisional"}
    assert {month.state for month in judged if month.month < running} == {"complete"}


def test_an_old_duplicate_is_told_only_where_it_is_shown() -> None:
    """An overview of all months tells what lacks of its own rows, of accounts as a whole, and what is due."""
    gaps = [
        AccountFinding("genesys", "cc", month, make_finding(code, "is odd"))
        for month, code in (
            ("2025-08", FindingCode.DUPLICATE_SUSPECTED),
            ("2025-08", FindingCode.MONTH_EMPTY),
            ("2025-09", FindingCode.INVOICE_LATE),
            ("", FindingCode.RUN_INCOMPLETE),
        )
    ]
    assert select_shown(gaps, {("genesys", "cc", "2026-07")}) == gaps[2:]
    assert select_shown(gaps, {("genesys", "cc", "2025-08")}) == gaps
    assert select_shown(gaps, {("genesys", "cc", "2025-08")}, has_invoices=False) == gaps[1:]
