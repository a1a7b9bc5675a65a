"""A bill never goes back, is never rounded and never lost: what changes is kept beside what was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.collect import importing
from billfold.collect.workspace import Workspace
from billfold.ledger import booking, identities, query, restatements, store
from billfold.ledger.digest import compute_digest
from billfold.model.bill import Bill, Charges, State
from billfold.model.errors import LedgerError
from billfold.model.period import Month, parse_instant
from billfold.providers import provider
from tests.ledger.kit import COMMON, MAY, Line, bill, collected, invoice, invoices, ledger

STATES = list(State)


def test_a_bill_is_booked_with_its_charges_and_what_is_stated(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        assert books.book(bill("1.25", "-0.25", "7"))
        assert books.bills("state", "total", "summed", "lines", "charges", "parked") == [
            ("issued", "8.00", "8.00", 3, 3, None)
        ]
        assert books.costs() == [Decimal("-0.25"), Decimal("1.25"), Decimal(7)]


@pytest.mark.parametrize("seen", [[a, b] for a in (State.DRAFT, State.ISSUED) for b in (State.DRAFT, State.ISSUED)])
def test_states_never_go_down(seen: list[State], tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        for number, state in enumerate(seen):
            books.book(bill(str(number + 1), state=state))
        highest = max(seen, key=lambda state: state.rank)
        assert books.bills("state") == [(str(highest),)]


@given(seen=st.lists(st.sampled_from(STATES), max_size=6))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_history_one_bill_of_the_highest_state_is_believed(
    seen: list[State], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ledger(tmp_path_factory.mktemp("history")) as books:
        for number, state in enumerate(seen):
            books.book(bill(str(number), state=state))
        highest = max((state.rank for state in seen), default=None)
        assert [State(row[0]).rank for row in books.bills("state")] == ([] if highest is None else [highest])


@pytest.mark.parametrize("state", [State.DRAFT, State.ISSUED])
def test_an_estimate_is_dropped_by_what_is_invoiced(state: State, tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("5", state=State.ESTIMATE))
        books.book(bill("6", state=state))
        assert books.bills("state", "total") == [(str(state), "6")]
        assert not books.book(bill("7", state=State.ESTIMATE))
        assert books.costs() == [Decimal(6)]


def test_an_invoice_ends_the_estimates_that_it_names_in_whatever_period_and_no_other(tmp_path: Path) -> None:
    first, second = (bill(cost, state=State.ESTIMATE, scope=part) for cost, part in (("5", "a"), ("6", "b")))
    later = bill("7", state=State.ESTIMATE, scope="a", period=MAY.add_months(1).period)
    with ledger(tmp_path) as books:
        assert all(books.book(one) for one in (first, second, later))
        assert books.book(bill("1", invoice_id="seats", replaces_estimates=()))
        assert sorted(books.costs()) == [1, 5, 6, 7]
        assert books.book(
            bill("2", invoice_id="use", replaces_estimates=(first.key, "another"), period=MAY.add_months(1).period)
        )
        assert sorted(books.costs()) == [1, 2, 6, 7]
        assert [books.book(one) for one in (first, second, later)] == [False, False, False]
        assert books.book(bill("8", state=State.ESTIMATE, scope="b"))
        assert books.book(bill("3", invoice_id="all"))
        assert sorted(books.costs()) == [1, 2, 3, 7]


def test_an_estimate_of_another_month_currency_or_account_stays(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("1", state=State.ESTIMATE, period=MAY.add_months(1).period))
        books.book(bill("2", state=State.ESTIMATE, currency="EUR", charges=[]))
        books.book(bill("3", state=State.ESTIMATE), account="other")
        books.book(bill("4"))
        assert sorted(row[0] for row in books.bills("state")) == ["estimate", "estimate", "estimate", "issued"]


def test_an_estimate_moves_with_the_days(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        for day in ("1", "2", "3"):
            assert books.book(bill(day, state=State.ESTIMATE))
        assert books.bills("total") == [("3",)]


@pytest.mark.parametrize("state", STATES)
def test_the_same_bill_twice_changes_nothing(state: State, tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("1.10", "2", state=state))
        before = books.all(), compute_digest(books.db)
        assert not books.book(bill("1.10", "2", state=state))
        assert not books.book(bill("2", "1.10", state=state))
        assert (books.all(), compute_digest(books.db)) == before


def test_a_restated_bill_keeps_the_old_one(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
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
    with ledger(tmp_path) as kept:
        kept.book(bill(*costs))
        first = compute_digest(kept.db)
        assert kept.book(bill(*costs, **change))
        assert compute_digest(kept.db) != first
        assert not kept.book(bill(*costs, **change))
        (row,) = query.list_bills(kept.db, query.LedgerFilter())
        named = {"period_start": change["period"].start} if "period" in change else change
        assert {name: row[name] for name in named} == named


def test_a_restatement_is_another_total_or_period_and_not_another_due_date(tmp_path: Path) -> None:
    with ledger(tmp_path) as kept:
        kept.db.execute("INSERT INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        said: list[tuple[str, dict[str, Any]]] = [
            ("0", {}),
            ("0", {"due_on": parse_instant("2026-07-02T00:00:00Z")}),
            ("7", {}),
            ("7", {"period": Month(2026, 6).period}),
        ]
        for number, (cost, change) in enumerate(said):
            kept.book(bill(cost, total=cost, **change))
            kept.db.execute(f"INSERT INTO runs (run, ended) VALUES ({number + 1}0, now()::TIMESTAMP)")
        told = [(one["was"], one["is"], one["period_start"].month) for one in restatements.list_restatements(kept.db)]
    assert told == [("0", "7", 5), ("7", "7", 5)]


def test_what_follows_a_parked_bill_restates_nothing(tmp_path: Path) -> None:
    with ledger(tmp_path) as kept:
        kept.db.execute("INSERT INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        for number, (cost, total) in enumerate([("1", "7"), ("7", "7"), ("8", "8")]):
            kept.book(bill(cost, total=total))
            kept.db.execute(f"INSERT INTO runs (run, ended) VALUES ({number + 1}0, now()::TIMESTAMP)")
        told = [(one["was"], one["is"]) for one in restatements.list_restatements(kept.db)]
    assert told == [("7", "8")]


def test_a_newer_version_that_is_parked_is_named_and_moves_no_line(tmp_path: Path) -> None:
    with ledger(tmp_path) as kept:
        kept.db.execute("INSERT INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        for number, told in enumerate([bill("7"), bill(total=None, problems=("unread",))]):
            kept.book(told)
            kept.db.execute(f"INSERT INTO runs (run, ended) VALUES ({number + 1}0, now()::TIMESTAMP)")
        (event,) = restatements.list_restatements(kept.db)
    assert (event["was"], event["is"], event["difference"]) == ("7", None, None)
    assert event["instead"] == "what it is told as now is parked, not counted: unread"
    assert event["gone"] == event["come"] == []


@pytest.mark.parametrize(("last", "moved"), [("7", []), ("9", [("7", "9", "2")])], ids=["as it was", "otherwise"])
def test_what_was_parked_between_two_versions_is_passed_over(
    last: str, moved: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    with ledger(tmp_path) as kept:
        kept.db.execute("INSERT INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        for number, told in enumerate([bill("7"), bill("1", total="8"), bill(last)]):
            kept.book(told)
            kept.db.execute(f"INSERT INTO runs (run, ended) VALUES ({number + 1}0, now()::TIMESTAMP)")
        told_moved = [(one["was"], one["is"], one["difference"]) for one in restatements.list_restatements(kept.db)]
        assert told_moved == moved
        assert len(restatements.list_restatements(kept.db, query.LedgerFilter(seq=25))) == 1, (
            "parked, as far as was known then"
        )


def test_an_issued_invoice_that_is_told_in_another_currency_is_restated(tmp_path: Path) -> None:
    with ledger(tmp_path) as kept:
        kept.db.execute("INSERT INTO accounts VALUES ('vendor', 'me', 'me', 10)")
        kept.book(bill("7"))
        who = identities.resolve_account(kept.db, "vendor", "me", "me", 20, 20, [])
        with booking.open_booking(kept.db, who) as made:
            euros = [Charges(COMMON._replace(BillingCurrency="EUR"), [Line(Decimal(7))])]
            made.book_bill(bill("7", currency="EUR", charges=euros))
            made.supersede_missing({"i1": {"EUR"}}, [])
        kept.db.execute("INSERT INTO runs (run, ended) VALUES (10, now()::TIMESTAMP), (20, now()::TIMESTAMP)")
        (event,) = restatements.list_restatements(kept.db)
        assert (event["was"], event["currency"], event["instead"]) == ("7", "USD", "it is told in EUR now: 7.00")
        assert event["difference"] is None


def test_a_total_that_nobody_states_is_the_sum_only_where_the_bill_is_trusted(tmp_path: Path) -> None:
    with ledger(tmp_path) as kept:
        kept.book(bill("1.50", "2", total=None))
        kept.book(bill("1.50", total=None, invoice_id="i2", problems=("unread",)))
        assert kept.bills("invoice_id", "total") == [("i1", "3.5"), ("i2", None)]


def test_a_bill_that_changes_and_changes_back_has_three_versions(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        for cost in ("1", "2", "1"):
            assert books.book(bill(cost))
        assert books.db.execute("SELECT count(*) FROM bills").fetchall() == [(3,)]
        assert books.bills("total") == [("1",)]


def test_identical_legitimate_lines_are_all_kept(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("3", "3", "3"))
        assert (books.costs(), books.bills("lines", "parked")) == ([Decimal(3)] * 3, [(3, None)])
        assert books.book(bill("3", "3"))


@pytest.mark.parametrize(
    "cost", ["0.0000000000001", "100000000000000", "1e30", "1e400", "-1e-13", "12345678901234567890123456789"]
)
def test_a_value_that_does_not_fit_is_parked_and_never_rounded(cost: str, tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill(cost, total="1"))
        [(parked,)] = books.bills("parked")
        assert parked.endswith(f"BilledCost {Decimal(cost)} has more than 14 digits before the point and 12 after it")
        assert books.costs() == []


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_parked(cost: str, tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges(COMMON, [Line(Decimal(cost))])]))
        assert "cannot be kept exactly" in books.bills("parked")[0][0]


@pytest.mark.parametrize("cost", ["99999999999999.999999999999", "-99999999999999.999999999999", "1e-12", "1e13", "-0"])
def test_the_largest_and_the_smallest_amounts_fit(cost: str, tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill(cost))
        assert (books.costs(), books.bills("parked")) == ([Decimal(cost)], [(None,)])


@pytest.mark.parametrize(
    ("column", "value"), [("ListUnitPrice", "0.12345678901234567895"), ("ListCost", "0.0000000000005")]
)
def test_a_value_that_all_lines_share_is_not_rounded_either(column: str, value: str, tmp_path: Path) -> None:
    said: dict[str, Any] = {column: Decimal(value)}
    with ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges(COMMON._replace(**said), [Line(Decimal(1))])]))
        assert books.bills("parked") != [(None,)]


@pytest.mark.parametrize("value", ["12345678901.5", "1e400", "NaN"])
def test_a_value_that_all_lines_share_and_does_not_fit_is_parked(value: str, tmp_path: Path) -> None:
    shared = COMMON._replace(ListUnitPrice=Decimal(value))
    with ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges(shared, [Line(Decimal(1))])]))
        assert books.bills("parked") != [(None,)]


def test_a_float_cannot_be_shared_by_all_lines(tmp_path: Path) -> None:
    shared = COMMON._replace(ListUnitPrice=0.1)  # type: ignore[arg-type]
    with ledger(tmp_path) as books, pytest.raises(TypeError):
        books.book(bill("1", charges=[Charges(shared, [Line(Decimal(1))])]))


def test_a_float_cannot_be_booked(tmp_path: Path) -> None:
    with ledger(tmp_path) as books, pytest.raises(TypeError):
        books.book(bill("1", charges=[Charges(COMMON, [Line(1.5)])]))  # type: ignore[arg-type]


def test_a_cost_that_all_lines_share_is_counted(tmp_path: Path) -> None:
    from typing import NamedTuple

    class Word(NamedTuple):
        ChargeDescription: str

    shared = COMMON._replace(BilledCost=Decimal(2))
    with ledger(tmp_path) as books:
        books.book(bill("4", charges=[Charges(shared, [Word("a"), Word("b")])]))
        assert books.bills("summed", "parked") == [("4", None)]


@pytest.mark.parametrize("total", ["1.01", "0.99", "-1", "1000000"])
def test_a_bill_that_does_not_add_up_is_parked_with_both_sums(total: str, tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("1", total=total))
        assert books.bills("parked") == [(f"its charges sum to 1 USD, the vendor states {total}",)]
        assert query.list_parked_bills(books.db, query.LedgerFilter())[0]["invoice_id"] == "i1"
        assert (books.costs(), query.sum_charges(books.db, query.LedgerFilter())) == ([], [])


def test_a_parked_bill_that_adds_up_later_is_trusted(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("1", total="2"))
        books.book(bill("1", "1"))
        assert books.bills("parked", "total") == [(None, "2")]


def test_a_bill_whose_total_is_not_stated_is_worth_its_charges(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("1.10", "2", total=None))
        assert books.bills("total", "parked") == [("3.1", None)]


def test_two_currencies_are_two_bills_and_two_sums(tmp_path: Path) -> None:
    euros = [Charges(COMMON._replace(BillingCurrency="EUR"), [Line(Decimal(5))])]
    with ledger(tmp_path) as books:
        books.book(bill("1"))
        books.book(bill("5", currency="EUR", charges=euros))
        sums = {(row["currency"], row["cost"]) for row in query.sum_charges(books.db, query.LedgerFilter())}
        assert sums == {("USD", Decimal(1)), ("EUR", Decimal(5))}


@pytest.mark.parametrize("text", ["", "'; DROP TABLE bills; --", "a\x00b", "\u20ac\U0001f600\u202e", "x" * 100_000])
def test_any_text_is_kept_as_it_is(text: str, tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("1", invoice_id=text or "i", charges=[Charges(COMMON, [Line(Decimal(1), text)])]))
        row = query.fetch_dicts(query.select_charges(books.db, query.LedgerFilter()))[0]
        assert row["ChargeDescription"] == text


def test_a_text_is_never_taken_for_an_empty_place(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges(COMMON._replace(Tags=None), [Line(Decimal(1))])]))
        assert books.book(bill("1", charges=[Charges(COMMON._replace(Tags="\x1e"), [Line(Decimal(1))])]))


def test_a_file_of_another_format_is_called_stale_and_left_alone(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        books.db.execute("UPDATE meta SET value='0'")
    path = tmp_path / "ledger.duckdb"
    before = path.read_bytes()
    with pytest.raises(store.StaleLedgerError, match="another format"), store.open_ledger(path):
        pass
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"x", b"garbage" * 4000, b"SQLite format 3\x00" + bytes(4096)])
def test_a_file_that_is_no_ledger_is_computed_anew(content: bytes, tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    assert collected(books, invoices(invoice())).error is None
    with books.open_ledger() as db:
        before = compute_digest(db)
    books.ledger_path.write_bytes(content)
    with books.open_ledger() as db:
        assert compute_digest(db) == before
    books.close()


def test_a_ledger_that_is_a_directory_is_one_of_our_errors(tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    books.ledger_path.mkdir()
    try:
        with pytest.raises(LedgerError), books.open_ledger():
            pass
    finally:
        books.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Workspace]:
    with closing(Workspace(tmp_path / "books")) as opened:
        yield opened


HOSTILE = [
    invoice("bad", total='"NaN"'),
    invoice("bad", lines=['"NaN"']),
    invoice("bad", total='"Infinity"'),
    invoice("bad", total="1e400"),
    invoice("bad", total='"1e999999"'),
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(5))
def test_one_hostile_number_does_not_close_the_ledger_for_good(hostile: str, kept: Workspace) -> None:
    try:
        collected(kept, invoices(hostile))
        with kept.open_ledger() as db:
            assert query.select_charges(db, query.LedgerFilter()).fetchall() == []
    finally:
        kept.close()


UNREADABLE = [
    invoice("bad", period_start="null"),
    invoice("bad", period_start='"soon"'),
]


@pytest.mark.parametrize("unreadable", UNREADABLE, ids=range(2))
def test_an_invoice_that_cannot_be_read_leaves_the_others_alone(unreadable: str, kept: Workspace) -> None:
    collected(kept, invoices(unreadable, invoice("good")))
    try:
        with kept.open_ledger() as db:
            assert "good" in [row["invoice_id"] for row in query.list_invoices(db, query.LedgerFilter())]
    finally:
        kept.close()


def test_an_import_does_not_hide_what_a_collection_could_not_book(kept: Workspace, tmp_path: Path) -> None:
    def told() -> list[str]:
        with kept.open_ledger() as db:
            return [row["words"] for row in query.list_unbooked(db)]

    good = tmp_path / "good.json"
    good.write_bytes(invoices(invoice("good")))
    collected(kept, invoices(invoice("twice"), invoice("twice", total="2.5", lines=["2.5"])))
    before = told()
    assert len(before) == 1
    importing.import_files(kept, provider.find_provider("cockroach"), "mine", [good], None, {})
    assert told() == before
    collected(kept, invoices(invoice("twice", total="2.5", lines=["2.5"])), days=1)
    assert told() == []


@pytest.mark.parametrize(
    "said",
    [
        invoice(total="null", lines=[]),
        invoice(lines=["0"], total="-0"),
        invoice(total="1e15", lines=["1e15"]),
        invoice(total="1e25", lines=["1e25"]),
        invoice(totals="null"),
        invoice(invoice_items="null", total="0"),
        invoice(status='"BRAND_NEW"'),
        invoice(invoice_id="null"),
        invoice(adjustments='[{"name":null,"amount":null}]'),
        "{}",
    ],
    ids=range(10),
)
def test_odd_invoices_are_booked_or_parked_or_noted_and_the_same_when_computed_anew(said: str, kept: Workspace) -> None:
    assert collected(kept, invoices(said)).error is None
    with kept.open_ledger() as db:
        before = compute_digest(db)
    kept.drop_ledger()
    with kept.open_ledger() as db:
        assert compute_digest(db) == before
    kept.close()


def test_collecting_twice_is_collecting_once_and_a_restatement_is_kept(kept: Workspace) -> None:
    for day, total in enumerate(["1.5", "1.5", "2.5"]):
        collected(kept, invoices(invoice(total=total, lines=[total])), days=day)
    with kept.open_ledger() as db:
        found = db.execute("SELECT total, until_seq IS NULL FROM bills ORDER BY id").fetchall()
    kept.close()
    assert found == [("1.5", False), ("2.5", True)]


def test_bills_do_not_share_their_charges(tmp_path: Path) -> None:
    with ledger(tmp_path) as books:
        one: Bill = bill("1", invoice_id="a")
        books.book(one)
        books.book(bill("2", invoice_id="b"))
        assert books.db.execute("SELECT bill, BilledCost FROM charges ORDER BY bill").fetchall() == [
            (1, Decimal(1)),
            (2, Decimal(2)),
        ]
