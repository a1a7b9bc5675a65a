"""Changes are held against a signature or a time: of the months that were closed then, and of nothing later."""

from __future__ import annotations

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.as_of import resolve_as_of
from billfold.ledger.query import MAX_SEQ, LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.money import ZERO
from billfold.model.period import Month, parse_instant
from billfold.tasks.changes import find_all_changes, find_baseline, find_changes
from billfold.tasks.close import CloseSettings, judge_month, sign_month
from tests.ledger.kit import collected, invoice, invoices

NOVEMBER = {"period_start": '"2026-11-01T00:00:00Z"', "period_end": '"2026-11-10T00:00:00Z"'}
SIGNED_MONTH = Month(2026, 8)


def list_changes(books: Workspace, since: str, as_of: str = "") -> list[tuple[str, str]]:
    """Return what happened to which invoice since a time or a signature."""
    with books.open_ledger() as db:
        seq = resolve_as_of(books.archive, parse_instant(as_of)) if as_of else MAX_SEQ
        filters = LedgerFilter(seq=seq)
        changes = find_changes(db, find_baseline(books, db, since, seq), filters)
        if not as_of:
            assert {change.id for change in changes} <= {located.id for located in find_all_changes(books, db, filters)}
    return [(change.invoice_id, change.change) for change in changes]


def sign(books: Workspace, name: str) -> None:
    """Sign August, whatever is found of it."""
    with books.open_ledger() as db:
        verdict = judge_month(books, db, SIGNED_MONTH, LedgerFilter(), CloseSettings())
        sign_month(books, db, verdict, LedgerFilter(), name, parse_instant("2026-11-15T12:00:00Z"))


def test_changes_since_a_time_are_of_months_that_had_ended(books: Workspace) -> None:
    """An invoice of the month that ran then is no change, whatever became of it; as of a time later ones are not known."""
    collected(books, invoices(invoice("old"), invoice("new", **NOVEMBER)))
    collected(books, invoices(invoice("old", "2", ["2"]), invoice("new", "3", ["3"], **NOVEMBER)), days=2)
    collected(books, invoices(invoice("old", "2", ["2"]), invoice("late")), days=4)
    assert list_changes(books, "2026-11-15") == [("late", "appeared"), ("old", "changed")]
    assert list_changes(books, "2026-11-16T00:00:00Z", as_of="2026-11-18T00:00:00Z") == [("old", "changed")]
    assert list_changes(books, "2026-11-17") == [("late", "appeared")]
    assert list_changes(books, "2026-12-24") == []
    with pytest.raises(InvalidArgument, match="is a time before --since"):
        list_changes(books, "2026-11-18T00:00:00Z", as_of="2026-11-16T00:00:00Z")


def test_changes_since_a_signature_end_with_the_next_one(books: Workspace) -> None:
    """Earlier months are looked at too, later ones are not; who signs again knows what there is."""
    june = {"period_start": '"2026-06-01T00:00:00Z"', "period_end": '"2026-07-01T00:00:00Z"'}
    collected(books, invoices(invoice("a"), invoice("j", **june)))
    sign(books, "Ann")
    assert list_changes(books, "close:2026-08") == []
    changed = invoices(invoice("a", "2", ["2"]), invoice("j", "4", ["4"], **june), invoice("n", **NOVEMBER))
    collected(books, changed, days=2)
    assert list_changes(books, "close:2026-08") == [("j", "changed"), ("a", "changed")]
    assert list_changes(books, "close:2026-08", as_of="2026-11-16T00:00:00Z") == []
    sign(books, "Bo")
    assert list_changes(books, "close:2026-08", as_of="2026-11-30T00:00:00Z") == []


@pytest.mark.parametrize(
    ("since", "message"),
    [("close:2026-08", "2026-08 is not signed"), ("close:August", "not a month"), ("yesterday", "close:2026-05")],
)
def test_what_names_nothing_is_refused(books: Workspace, since: str, message: str) -> None:
    """A month that nobody signed, and what is neither a month nor a time, is asked wrongly."""
    collected(books, invoices(invoice("a")))
    with pytest.raises(InvalidArgument, match=message):
        list_changes(books, since)


def test_an_unlisted_invoice_is_one_thing_to_accept(books: Workspace) -> None:
    """That it vanished has one id, whatever tells it; a month that was signed can be signed again once it is accepted."""
    collected(books, invoices(invoice("a"), invoice("b")))
    sign(books, "Ann")
    collected(books, invoices(invoice("b")), days=2)
    with books.open_ledger() as db:
        verdict = judge_month(books, db, SIGNED_MONTH, LedgerFilter(), CloseSettings())
    wrong_checks = [check for check in verdict.checks if check.subject == "a" and check.state == "wrong"]
    assert sorted(check.check for check in wrong_checks) == ["changes", "invoice"]
    (finding_id,) = {check.id for check in wrong_checks}
    assert [
        check for check in verdict.accept([finding_id]).checks if check.subject == "a" and check.state == "wrong"
    ] == []
    filters = LedgerFilter(acknowledged_ids=frozenset({finding_id}))
    with books.open_ledger() as db:
        (change,) = find_changes(db, find_baseline(books, db, "close:2026-08", MAX_SEQ), filters)
        again = judge_month(books, db, SIGNED_MONTH, filters, CloseSettings())
    assert (change.change, change.acknowledged, change.moved) == ("vanished", True, ZERO)
    assert [check for check in again.checks if check.subject == "a" and check.state == "wrong"] == []
