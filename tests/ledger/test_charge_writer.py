"""Charges are written as they are: never rounded, and parked where they do not fit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.ledger import query
from billfold.model.bill import Bill, Charges
from tests.ledger.kit import COMMON, Line, bill, open_ledger


@pytest.mark.parametrize(
    "cost", ["0.0000000000001", "100000000000000", "1e30", "1e400", "-1e-13", "12345678901234567890123456789"]
)
def test_a_value_that_does_not_fit_is_parked_and_never_rounded(cost: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill(cost, total="1"))
        [(parked,)] = books.bills("parked")
        assert parked.endswith(f"BilledCost {Decimal(cost)} has more than 14 digits before the point and 12 after it")
        assert books.costs() == []


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_parked(cost: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges.of([Line(Decimal(cost))], COMMON)]))
        assert "cannot be kept exactly" in books.bills("parked")[0][0]


@pytest.mark.parametrize("cost", ["99999999999999.999999999999", "-99999999999999.999999999999", "1e-12", "1e13", "-0"])
def test_the_largest_and_the_smallest_amounts_fit(cost: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill(cost))
        assert (books.costs(), books.bills("parked")) == ([Decimal(cost)], [(None,)])


@pytest.mark.parametrize(
    ("column", "value"), [("ListUnitPrice", "0.12345678901234567895"), ("ListCost", "0.0000000000005")]
)
def test_a_value_that_all_lines_share_is_not_rounded_either(column: str, value: str, tmp_path: Path) -> None:
    values: dict[str, Any] = {column: Decimal(value)}
    with open_ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges.of([Line(Decimal(1))], COMMON._replace(**values))]))
        assert books.bills("parked") != [(None,)]


@pytest.mark.parametrize("value", ["12345678901.5", "1e400", "NaN"])
def test_a_shared_value_that_does_not_fit_is_parked(value: str, tmp_path: Path) -> None:
    """A value that all lines share and does not fit is parked."""
    shared = COMMON._replace(ListUnitPrice=Decimal(value))
    with open_ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges.of([Line(Decimal(1))], shared)]))
        assert books.bills("parked") != [(None,)]


def test_a_float_cannot_be_shared_by_all_lines(tmp_path: Path) -> None:
    shared = COMMON._replace(ListUnitPrice=0.1)  # type: ignore[arg-type]
    with open_ledger(tmp_path) as books, pytest.raises(TypeError):
        books.book(bill("1", charges=[Charges.of([Line(Decimal(1))], shared)]))


def test_a_float_cannot_be_booked(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books, pytest.raises(TypeError):
        books.book(bill("1", charges=[Charges.of([Line(1.5)], COMMON)]))  # type: ignore[arg-type]


def test_a_cost_that_all_lines_share_is_counted(tmp_path: Path) -> None:
    from typing import NamedTuple

    class Word(NamedTuple):
        ChargeDescription: str

    shared = COMMON._replace(BilledCost=Decimal(2))
    with open_ledger(tmp_path) as books:
        books.book(bill("4", charges=[Charges.of([Word("a"), Word("b")], shared)]))
        assert books.bills("summed", "parked") == [("4", None)]


@pytest.mark.parametrize("text", ["", "'; DROP TABLE bills; --", "a\x00b", "\u20ac\U0001f600\u202e", "x" * 100_000])
def test_any_text_is_kept_as_it_is(text: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1", invoice_id=text or "i", charges=[Charges.of([Line(Decimal(1), text)], COMMON)]))
        (charge,) = query.iter_charges(books.db, query.LedgerFilter())
        assert charge.ChargeDescription == text


def test_a_text_is_never_taken_for_an_empty_place(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges.of([Line(Decimal(1))], COMMON._replace(Tags=None))]))
        assert books.book(bill("1", charges=[Charges.of([Line(Decimal(1))], COMMON._replace(Tags="\x1e"))]))


def test_bills_do_not_share_their_charges(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        first_bill: Bill = bill("1", invoice_id="a")
        books.book(first_bill)
        books.book(bill("2", invoice_id="b"))
        assert books.db.execute("SELECT bill, BilledCost FROM charges ORDER BY bill").fetchall() == [
            (1, Decimal(1)),
            (2, Decimal(2)),
        ]
