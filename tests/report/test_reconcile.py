"""What does not add up is a finding, told once."""

from __future__ import annotations

from dataclasses import replace

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.model.finding import AccountFinding, describe_finding, describe_labelled, make_finding
from billfold.model.finding_codes import FindingCode, Severity
from billfold.report import reconcile
from billfold.report.completeness import judge_months
from tests import stage
from tests.findings import list_located
from tests.ledger import kit


def test_what_could_not_be_booked_does_not_add_up(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "cockroach")
    entry = list(books.archive.iter_answers(operation="list_invoices"))[-1]
    books.archive._db.execute("UPDATE bodies SET packed=x'00' WHERE hash=?", [entry.body])
    books.drop_ledger()
    with books.open_ledger() as db:
        findings = reconcile.find_mismatches(db, query.LedgerFilter())
    assert any(is_wrong and "missing or damaged" in text for is_wrong, text in list_located(findings))


def test_damage_of_an_earlier_collection_is_found(books: Workspace) -> None:
    """What an earlier collection brought and is damaged does not add up."""
    host = stage.twin(months=2)
    stage.collected(host, books, "vultr")
    stage.collected(host, books, "vultr")
    entry = next(iter(books.archive.iter_answers(operation="get_invoice_items")))
    books.archive._db.execute("UPDATE bodies SET packed=x'00' WHERE hash=?", [entry.body])
    books.drop_ledger()
    with books.open_ledger() as db:
        findings = reconcile.find_mismatches(db, query.LedgerFilter())
    assert any(is_wrong and "missing or damaged" in text for is_wrong, text in list_located(findings))


def test_unbooked_is_told_once_and_doubts_every_month(books: Workspace) -> None:
    """What could not be booked is told once, and every month stays in doubt."""
    july = {"period_start": '"2026-07-01T00:00:00Z"', "period_end": '"2026-08-01T00:00:00Z"'}
    kit.collected(books, kit.invoices(kit.invoice("a", total="1"), kit.invoice("a"), kit.invoice("b", **july)))
    with books.open_ledger() as db:
        findings = reconcile.find_mismatches(db, query.LedgerFilter())
        judged = judge_months(catalog.list_bills(db, query.LedgerFilter()), catalog.list_last_runs(db))
    problem = "a USD: is told twice by one collection, and not alike: the first is kept"
    repeated = [finding for finding in findings if finding.finding.code is FindingCode.BILL_REPEATED]
    assert [
        (mismatch.month, describe_labelled(mismatch.finding)) for mismatch in reconcile.drop_repeated(repeated)
    ] == [("", f"not booked: {problem}")]
    open_months = {mismatch.month for mismatch in repeated if not mismatch.finding.is_wrong}
    assert open_months == {str(month.month) for month in judged if month.bills} == {"2026-07", "2026-08"}
    assert all(problem in map(describe_finding, month.findings) for month in judged)


def test_a_months_doubt_that_no_finding_repeats_is_told() -> None:
    finding = make_finding(FindingCode.ANSWER_UNREADABLE, "x")
    here = AccountFinding("vultr", "mine", "", finding)
    doubt = here._replace(month="2026-08", finding=replace(finding, severity=Severity.OPEN))
    another = doubt._replace(finding=make_finding(FindingCode.MONTH_OPEN, "there is only a draft"))
    elsewhere = here._replace(account="other")
    assert reconcile.drop_repeated([elsewhere, doubt, another]) == [elsewhere, doubt, another]
    assert reconcile.drop_repeated([here, doubt, another]) == [here, another]


def test_an_invoice_that_vanishes_from_the_list_is_disputed(books: Workspace) -> None:
    host = stage.twin(months=3)
    for vendor, operation in (
        ("cockroach", "list_invoices"),
        ("vultr", "list_invoices"),
        ("fastly", "list_invoices"),
    ):
        stage.collected(host, books, vendor)
        host.set_fault(stage.fault(vendor, "invoice-vanishing", operation=operation, times=9))
        stage.collected(host, books, vendor)
        with books.open_ledger() as db:
            findings = reconcile.find_mismatches(db, query.LedgerFilter(vendor))
        assert FindingCode.INVOICE_VANISHED in {
            finding.finding.code for finding in findings if finding.finding.is_wrong
        }, vendor
        host.clear_faults()
