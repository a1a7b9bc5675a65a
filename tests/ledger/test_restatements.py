"""An issued invoice that changes is told with what it was, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import booking, identities, query, restatements, store
from billfold.model.bill import Charges
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month, parse_instant
from tests import stage
from tests.laws.kit import DOORS
from tests.ledger.kit import COMMON, Ledger, Line, bill, open_ledger


@pytest.mark.parametrize("kind", ["restated-added", "restated-changed", "restated-split"])
@pytest.mark.parametrize("provider", [provider.name for provider in DOORS])
def test_a_restated_month_is_kept_twice_and_told(provider: str, kind: str, books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, provider)
    before = stage.list_invoices(books)
    host.clock.advance(timedelta(hours=1))
    before_change = host.clock.now()
    host.set_fault(stage.fault(provider, kind))
    stage.collected(host, books, provider, recheck_months=3)
    after = stage.list_invoices(books)
    with books.open_ledger() as db:
        events = restatements.list_restatements(db)
        seq_before = books.archive.find_seq_at(before_change - timedelta(minutes=1))
        then = [bill._asdict() for bill in query.list_invoices(db, query.LedgerFilter(seq=seq_before))]
    assert then == before
    changed = [bill for bill in after if bill not in before]
    assert events
    assert len(changed) <= len(events)
    assert changed or kind == "restated-split"
    assert {event.change.invoice_id for event in events} >= {bill["invoice_id"] for bill in changed}
    moved = {"restated-added": (0, 1), "restated-changed": (1, 1), "restated-split": (1, 2)}[kind]
    assert moved in {(len(event.gone), len(event.come)) for event in events}


def list_changes(ledger: Ledger) -> list[restatements.Change]:
    return [event.change for event in restatements.list_restatements(ledger.db)]


def test_another_due_date_is_no_restatement(tmp_path: Path) -> None:
    """A restatement is another total or period, and not another due date."""
    with open_ledger(tmp_path) as ledger:
        ledger.write("INSERT OR REPLACE INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        versions: list[tuple[str, dict[str, Any]]] = [
            ("0", {}),
            ("0", {"due_on": parse_instant("2026-07-02T00:00:00Z")}),
            ("7", {}),
            ("7", {"period": Month(2026, 6).period}),
        ]
        for number, (cost, change) in enumerate(versions):
            ledger.book(bill(cost, total=cost, **change))
            ledger.write(f"INSERT INTO runs (run, ended) VALUES ({number + 1}0, datetime('now'))")
        changes = [(change.old_total, change.new_total, change.period_start.month) for change in list_changes(ledger)]
    assert changes == [("0", "7", 5), ("7", "7", 5)]


def test_what_follows_a_parked_bill_restates_nothing(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.write("INSERT OR REPLACE INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        for number, (cost, total) in enumerate([("1", "7"), ("7", "7"), ("8", "8")]):
            ledger.book(bill(cost, total=total))
            ledger.write(f"INSERT INTO runs (run, ended) VALUES ({number + 1}0, datetime('now'))")
        changes = [(change.old_total, change.new_total) for change in list_changes(ledger)]
    assert changes == [("7", "8")]


def test_a_parked_newer_version_moves_no_line(tmp_path: Path) -> None:
    """A newer version that is parked is named and moves no line."""
    with open_ledger(tmp_path) as ledger:
        ledger.write("INSERT OR REPLACE INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        for number, version in enumerate(
            [bill("7"), bill(total=None, findings=(make_finding(FindingCode.BILL_UNREADABLE, "unread"),))]
        ):
            ledger.book(version)
            ledger.write(f"INSERT INTO runs (run, ended) VALUES ({number + 1}0, datetime('now'))")
        (event,) = restatements.list_restatements(ledger.db)
    assert (event.change.old_total, event.change.new_total, event.difference) == ("7", None, None)
    assert event.change.incomparable == "what it is told as now is parked, not counted: unread"
    assert event.gone == event.come == []


@pytest.mark.parametrize(("last", "moved"), [("7", []), ("9", [("7", "9", "2")])], ids=["as it was", "otherwise"])
def test_what_was_parked_between_two_versions_is_passed_over(
    last: str, moved: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.write("INSERT OR REPLACE INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        for number, version in enumerate([bill("7"), bill("1", total="8"), bill(last)]):
            ledger.book(version)
            ledger.write(f"INSERT INTO runs (run, ended) VALUES ({number + 1}0, datetime('now'))")
        events = restatements.list_restatements(ledger.db)
        told_moved = [(event.change.old_total, event.change.new_total, event.difference) for event in events]
        assert told_moved == moved
        assert len(restatements.list_restatements(ledger.db, query.LedgerFilter(seq=25))) == 1, (
            "parked, as far as was known then"
        )


def test_an_invoice_in_another_currency_is_restated(tmp_path: Path) -> None:
    """An issued invoice that is told in another currency is restated."""
    with open_ledger(tmp_path) as ledger:
        ledger.write("INSERT OR REPLACE INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        ledger.book(bill("7"))
        with store.open_transaction(ledger.db):
            identity = identities.resolve_account(ledger.db, "vendor", "me", "me", 20, 20, [])
            with booking.open_booking(ledger.db, identity) as run_booking:
                euros = [Charges.of([Line(Decimal(7))], COMMON._replace(BillingCurrency="EUR"))]
                run_booking.book_bill(bill("7", currency="EUR", charges=euros))
                run_booking.supersede_missing({"i1 EUR"}, {"i1": {"EUR"}}, [])
        ledger.write("INSERT INTO runs (run, ended) VALUES (10, datetime('now')), (20, datetime('now'))")
        (event,) = restatements.list_restatements(ledger.db)
        change = event.change
        assert (change.old_total, change.currency, change.incomparable) == ("7", "USD", "it is told in EUR now: 7.00")
        assert event.difference is None
