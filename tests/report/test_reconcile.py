"""What does not add up is a finding, told once."""

from __future__ import annotations

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.report import reconcile
from billfold.report.completeness import judge_months
from tests import stage
from tests.ledger import kit


def test_what_could_not_be_booked_does_not_add_up(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "cockroach")
    kept = list(books.archive.iter_answers(operation="list_invoices"))[-1]
    books.archive._db.execute("UPDATE bodies SET packed=x'00' WHERE hash=?", [kept.body])
    books.drop_ledger()
    with books.open_ledger() as db:
        found = reconcile.find_mismatches(db, query.LedgerFilter())
    assert any(one.wrong and "missing or damaged" in one.words for one in found)


def test_damage_of_an_earlier_collection_is_found(books: Workspace) -> None:
    """What an earlier collection brought and is damaged does not add up."""
    host = stage.twin(months=2)
    stage.collected(host, books, "vultr")
    stage.collected(host, books, "vultr")
    kept = next(iter(books.archive.iter_answers(operation="get_invoice_items")))
    books.archive._db.execute("UPDATE bodies SET packed=x'00' WHERE hash=?", [kept.body])
    books.drop_ledger()
    with books.open_ledger() as db:
        found = reconcile.find_mismatches(db, query.LedgerFilter())
    assert any(one.wrong and "missing or damaged" in one.words for one in found)


def test_unbooked_is_told_once_and_doubts_every_month(books: Workspace) -> None:
    """What could not be booked is told once, and every month stays in doubt."""
    july = {"period_start": '"2026-07-01T00:00:00Z"', "period_end": '"2026-08-01T00:00:00Z"'}
    kit.collected(books, kit.invoices(kit.invoice("a", total="1"), kit.invoice("a"), kit.invoice("b", **july)))
    with books.open_ledger() as db:
        found = reconcile.find_mismatches(db, query.LedgerFilter())
        judged = judge_months(query.list_bills(db, query.LedgerFilter()), query.list_last_runs(db))
    problem = "a USD: is told twice by one collection, and not alike"
    assert [(one.month, one.words) for one in reconcile.drop_repeated(found) if problem in one.words] == [
        ("", f"could not be booked: {problem}")
    ]
    doubts = {one.month for one in found if problem in one.words and not one.wrong}
    assert doubts == {str(one.month) for one in judged if one.bills} == {"2026-07", "2026-08"}
    assert all(f"could not be read: {problem}" in one.reasons for one in judged)


def test_a_months_doubt_that_no_finding_repeats_is_told() -> None:
    doubt = reconcile.ReconcileFinding(
        "vultr", "mine", "2026-08", wrong=False, words="could not be read: x", problem="x"
    )
    here = doubt._replace(month="", wrong=True, words="could not be booked: x")
    elsewhere, another = here._replace(account="other"), doubt._replace(words="there is only a draft", problem="")
    assert reconcile.drop_repeated([elsewhere, doubt, another]) == [elsewhere, doubt, another]
    assert reconcile.drop_repeated([here, doubt, doubt._replace(wrong=True), another]) == [here, another]


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
            words = [one.words for one in reconcile.find_mismatches(db, query.LedgerFilter(vendor)) if one.wrong]
        assert any("no longer listed" in said for said in words), vendor
        host.clear_faults()
