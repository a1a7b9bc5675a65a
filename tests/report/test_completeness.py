"""Whether a month is complete is a fact for every account."""

from __future__ import annotations

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.model.period import Month
from billfold.report import reconcile
from billfold.report.completeness import judge_months
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
