"""A bill never goes back and is never lost: what changes is kept beside what was."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.ledger.batch import to_naive_utc
from billfold.ledger.booking import Booking
from billfold.ledger.digest import compute_digest
from billfold.ledger.verify import find_damage
from billfold.model.bill import Bill, State
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month, parse_instant
from tests.ledger.kit import MAY, NOW, bill, collected, invoice, invoices, open_ledger


def test_a_clock_that_jumps_back_keeps_the_bills_order(tmp_path: Path) -> None:
    """A clock that jumps back leaves the chain sound and the bills in their order."""
    books = Workspace(tmp_path)
    for days, total in ((0, "1"), (10, "2"), (5, "3")):
        assert collected(books, invoices(invoice(total=total, lines=[total])), days=days).error is None
    assert list(find_damage(books.archive, books.ledger_path)) == []

    def list_totals(days: int) -> list[str]:
        seq = books.archive.find_seq_at(NOW + timedelta(days=days))
        query = "SELECT total FROM bills WHERE from_seq <= ? AND (until_seq IS NULL OR until_seq > ?)"
        with books.open_ledger() as db:
            return [row[0] for row in db.execute(query, [seq, seq]).fetchall()]

    assert [list_totals(days) for days in (0, 5, 9, 10, 11)] == [["1"], ["1"], ["1"], ["3"], ["3"]]
    books.close()


STATES = list(State)


def test_a_bill_is_booked_with_its_charges_and_what_is_stated(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        assert books.book(bill("1.25", "-0.25", "7"))
        assert books.bills("state", "total", "summed", "lines", "charges", "parked") == [
            ("issued", "8.00", "8.00", 3, 3, None)
        ]
        assert books.costs() == [Decimal("-0.25"), Decimal("1.25"), Decimal(7)]


@pytest.mark.parametrize("states", [[a, b] for a in (State.DRAFT, State.ISSUED) for b in (State.DRAFT, State.ISSUED)])
def test_states_never_go_down(states: list[State], tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        for number, state in enumerate(states):
            books.book(bill(str(number + 1), state=state))
        highest = max(states, key=lambda state: state.rank)
        assert books.bills("state") == [(str(highest),)]


@given(states=st.lists(st.sampled_from(STATES), max_size=6))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_history_the_highest_state_counts(
    states: list[State], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After any history, one bill of the highest state is current."""
    with open_ledger(tmp_path_factory.mktemp("history")) as books:
        for number, state in enumerate(states):
            books.book(bill(str(number), state=state))
        highest = max((state.rank for state in states), default=None)
        assert [State(row[0]).rank for row in books.bills("state")] == ([] if highest is None else [highest])


@pytest.mark.parametrize("state", [State.DRAFT, State.ISSUED])
def test_an_estimate_is_dropped_by_what_is_invoiced(state: State, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("5", state=State.ESTIMATE))
        books.book(bill("6", state=state))
        assert books.bills("state", "total") == [(str(state), "6")]
        assert not books.book(bill("7", state=State.ESTIMATE))
        assert books.costs() == [Decimal(6)]


def test_an_invoice_ends_the_estimates_that_it_names(tmp_path: Path) -> None:
    """An invoice ends the estimates that it names, in whatever period, and no other."""
    first, second = (bill(cost, state=State.ESTIMATE, scope=part) for cost, part in (("5", "a"), ("6", "b")))
    later = bill("7", state=State.ESTIMATE, scope="a", period=MAY.add_months(1).period)
    with open_ledger(tmp_path) as books:
        assert all(books.book(estimate) for estimate in (first, second, later))
        assert books.book(bill("1", invoice_id="seats", replaces_estimates=()))
        assert sorted(books.costs()) == [1, 5, 6, 7]
        assert books.book(
            bill("2", invoice_id="use", replaces_estimates=(first.key, "another"), period=MAY.add_months(1).period)
        )
        assert sorted(books.costs()) == [1, 2, 6, 7]
        assert [books.book(estimate) for estimate in (first, second, later)] == [False, False, False]
        assert books.book(bill("8", state=State.ESTIMATE, scope="b"))
        assert books.book(bill("3", invoice_id="all"))
        assert sorted(books.costs()) == [1, 2, 3, 7]


def test_an_estimate_of_another_month_currency_or_account_stays(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1", state=State.ESTIMATE, period=MAY.add_months(1).period))
        books.book(bill("2", state=State.ESTIMATE, currency="EUR", charges=[]))
        books.book(bill("3", state=State.ESTIMATE), account="other")
        books.book(bill("4"))
        assert sorted(row[0] for row in books.bills("state")) == ["estimate", "estimate", "estimate", "issued"]


def test_an_estimate_moves_with_the_days(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        for day in ("1", "2", "3"):
            assert books.book(bill(day, state=State.ESTIMATE))
        assert books.bills("total") == [("3",)]


@pytest.mark.parametrize("state", STATES)
def test_the_same_bill_twice_changes_nothing(state: State, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1.10", "2", state=state))
        before = books.all(), compute_digest(books.db)
        assert not books.book(bill("1.10", "2", state=state))
        assert not books.book(bill("2", "1.10", state=state))
        assert (books.all(), compute_digest(books.db)) == before


def test_a_restated_bill_keeps_the_old_one(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("10"))
        first = books.seq
        assert books.book(bill("10", "1"))
        assert books.bills("total") == [("11",)]
        assert books.bills("total", seq=first) == [("10",)]
        assert books.bills("total", seq=books.seq - 1) == [("10",)]
        assert (books.costs(first), books.costs()) == ([Decimal(10)], [Decimal(1), Decimal(10)])
        assert books.bills("total", seq=first - 1) == []


@pytest.mark.parametrize("costs", [(), ("5",)], ids=["without lines", "with a line"])
@pytest.mark.parametrize(
    "change",
    [
        {"period": Month(2026, 6).period},
        {"issued_on": parse_instant("2026-06-02T00:00:00Z")},
        {"due_on": parse_instant("2026-07-02T00:00:00Z")},
        {"terms": "Net 45"},
        {"purchase_order": "PO-2"},
        {"corrects": "i0"},
        {"issuer": "J"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_invoice_that_states_another_fact_is_another_version(
    change: dict[str, Any], costs: tuple[str, ...], tmp_path: Path
) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill(*costs))
        first = compute_digest(ledger.db)
        assert ledger.book(bill(*costs, **change))
        assert compute_digest(ledger.db) != first
        assert not ledger.book(bill(*costs, **change))
        named = {"period_start": to_naive_utc(change["period"].start)} if "period" in change else change
        stored = {name: to_naive_utc(value) if isinstance(value, datetime) else value for name, value in named.items()}
        assert ledger.bills(*stored) == [tuple(stored.values())]


def test_an_unstated_total_is_the_sum_where_trusted(tmp_path: Path) -> None:
    """A total that nobody states is the sum only where the bill is trusted."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1.50", "2", total=None))
        ledger.book(
            bill("1.50", total=None, invoice_id="i2", findings=(make_finding(FindingCode.BILL_UNREADABLE, "unread"),))
        )
        assert ledger.bills("invoice_id", "total") == [("i1", "3.5"), ("i2", None)]


def test_a_bill_that_changes_back_has_three_versions(tmp_path: Path) -> None:
    """A bill that changes and changes back has three versions."""
    with open_ledger(tmp_path) as books:
        for cost in ("1", "2", "1"):
            assert books.book(bill(cost))
        assert books.db.execute("SELECT count(*) FROM bills").fetchall() == [(3,)]
        assert books.bills("total") == [("1",)]


def test_identical_legitimate_lines_are_all_kept(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("3", "3", "3"))
        assert (books.costs(), books.bills("lines", "parked")) == ([Decimal(3)] * 3, [(3, None)])
        assert books.book(bill("3", "3"))


@pytest.mark.parametrize("total", ["1.01", "0.99", "-1", "1000000"])
def test_a_bill_that_does_not_add_up_is_parked_with_both_sums(total: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1", total=total))
        assert books.bills("parked") == [(f"its charges sum to 1 USD, the vendor states {total}",)]
        assert catalog.list_parked_bills(books.db, query.LedgerFilter())[0].invoice_id == "i1"
        assert (books.costs(), query.sum_charges(books.db, query.LedgerFilter())) == ([], [])


def test_a_parked_bill_that_adds_up_later_is_trusted(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1", total="2"))
        books.book(bill("1", "1"))
        assert books.bills("parked", "total") == [(None, "2")]


def test_a_bill_whose_total_is_not_stated_is_worth_its_charges(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1.10", "2", total=None))
        assert books.bills("total", "parked") == [("3.1", None)]


def count_made_bills(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each bill is added that is booked anew or held against what is booked."""
    made_keys, book_bill = list[str](), Booking.book_bill

    def note_bill(booking: Booking, new_bill: Bill, **options: bool) -> bool:
        made_keys.append(new_bill.key)
        return book_bill(booking, new_bill, **options)

    monkeypatch.setattr(Booking, "book_bill", note_bill)
    return made_keys


def test_a_bill_that_is_told_alike_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an invoice list, the next collection makes only the bill whose record has changed."""
    books, made_keys = Workspace(tmp_path), count_made_bills(monkeypatch)
    collected(books, invoices(invoice("a"), invoice("b")))
    assert [key.split()[0] for key in made_keys] == ["a", "b"]
    collected(books, invoices(invoice("b"), invoice("a")), days=1)
    assert len(made_keys) == 2
    changed = invoice("b", total="2", lines=["2"])
    collected(books, invoices(invoice("a"), changed), days=2)
    collected(books, invoices(invoice("a"), invoice("b")), days=3)
    assert [key.split()[0] for key in made_keys] == ["a", "b", "b", "b"]
    with books.open_ledger() as db:
        totals = db.execute("SELECT total FROM bills WHERE invoice_id='b' ORDER BY from_seq").fetchall()
    assert len(totals) == 3
    books.close()


def test_a_bill_that_could_not_be_booked_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one of the bills of an invoice could not be booked, each collection says so again."""
    books, write_commitments = Workspace(tmp_path), Booking._write_commitments

    def refuse(*_: object) -> None:
        raise ValueError("not today")

    monkeypatch.setattr(Booking, "_write_commitments", refuse)
    for days in (0, 1):
        outcome = collected(books, invoices(invoice("a")), days=days)
        assert [finding.code for finding in outcome.findings] == [FindingCode.BILL_UNBOOKABLE]
    monkeypatch.setattr(Booking, "_write_commitments", write_commitments)
    assert collected(books, invoices(invoice("a")), days=2).findings == []
    books.close()
