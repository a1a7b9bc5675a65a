"""A bill knows what it is, states have an order, and ids of lines do not depend on where a line stands."""

from decimal import Decimal
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from billfold.model.bill import (
    Bill,
    BillSource,
    Charges,
    DetailIds,
    State,
    StatedBill,
    merge_estimate_parts,
    transpose_rows,
)
from billfold.model.focus import CostAndUsage
from billfold.model.period import Month

ABOUT = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=12)


class Line(NamedTuple):
    BilledCost: Decimal
    ChargeDescription: str


def bill(state: State, invoice_id: str | None, currency: str = "USD") -> Bill:
    return Bill(state, invoice_id, Month(2026, 5).period, currency, None, None, (), "Issuer")


def test_states_rank_from_estimate_to_issued() -> None:
    """An estimate is less than a draft, and a draft less than an issued bill."""
    assert [str(state) for state in sorted(State, key=lambda state: state.rank)] == ["estimate", "draft", "issued"]


def test_a_bill_is_its_invoice_and_currency_in_any_state() -> None:
    assert bill(State.DRAFT, "7").key == bill(State.ISSUED, "7").key != bill(State.ISSUED, "7", "EUR").key


def test_an_estimate_is_its_month() -> None:
    assert bill(State.ESTIMATE, None).key == "estimate 2026-05-01 USD"


def test_what_charges_share_stands_in_every_row() -> None:
    """What charges share is said once and stands in every row."""
    lines = [Line(Decimal(1), "one"), Line(Decimal(2), "two")]
    charges = Charges.of(lines, CostAndUsage(BillingCurrency="USD", ChargeDescription="none"))
    assert [(row.BilledCost, row.ChargeDescription, row.BillingCurrency) for row in charges.iter_rows()] == [
        (Decimal(1), "one", "USD"),
        (Decimal(2), "two", "USD"),
    ]


class Kind(NamedTuple):
    ServiceName: str
    ChargeCategory: str


def test_what_some_lines_share_stands_in_their_rows() -> None:
    """What some lines share is said once and stands in their rows."""
    lines = [Line(Decimal(1), "one"), Line(Decimal(2), "two"), Line(Decimal(3), "three")]
    usage, tax = Kind("Cloud", "Usage"), Kind("Cloud", "Tax")
    charges = Charges(CostAndUsage(BillingCurrency="USD"), transpose_rows(lines), [usage, tax], [0, 1, 0])
    assert [(row.ChargeDescription, row.ChargeCategory, row.BillingCurrency) for row in charges.iter_rows()] == [
        ("one", "Usage", "USD"),
        ("two", "Tax", "USD"),
        ("three", "Usage", "USD"),
    ]


def test_no_lines_are_no_rows() -> None:
    assert list(Charges.of([]).iter_rows()) == []


def test_whole_rows_come_back_as_they_were() -> None:
    rows = [CostAndUsage(BilledCost=Decimal(1)), CostAndUsage(Tags="{}")]
    assert list(Charges.of(iter(rows)).iter_rows()) == rows


def ids(line_keys: list[tuple[str, str]], invoice: str = "7") -> list[str]:
    detail_ids = DetailIds(invoice)
    return [detail_ids.next_id(*line) for line in line_keys]


@given(ABOUT)
def test_ids_are_unique_and_made_anew_the_same(line_keys: list[tuple[str, str]]) -> None:
    assert len(set(ids(line_keys))) == len(line_keys)
    assert ids(line_keys) == ids(line_keys)


@given(ABOUT)
def test_a_line_added_elsewhere_leaves_the_others_ids_alone(line_keys: list[tuple[str, str]]) -> None:
    assert ids([("new", "line"), *line_keys])[1:] == ids(line_keys)


@given(ABOUT, st.text(), st.text())
def test_ids_of_two_invoices_differ(line_keys: list[tuple[str, str]], first: str, other: str) -> None:
    if first != other:
        assert not set(ids(line_keys, f"{first}/")) & set(ids(line_keys, f"{other}/"))


def test_parts_of_an_estimate_are_listed_as_one_bill() -> None:
    """Parts of an estimate are listed as one bill, and nothing else is added."""

    def row(invoice_id: str | None, total: str | None, lines: int, month: str = "2026-11") -> StatedBill:
        return StatedBill("p", "a", invoice_id, "estimate", month, month, "USD", total, lines)

    rows = [row(None, "1.10", 2), row("7", "5", 1), row(None, "2.2", 3), row(None, "9", 1, "2026-10")]
    assert merge_estimate_parts(rows) == [row(None, "3.30", 5), row("7", "5", 1), row(None, "9", 1, "2026-10")]
    assert merge_estimate_parts([row(None, "1", 1), row(None, None, 1)]) == [row(None, None, 2)]


def test_no_source_says_more_than_the_full_one() -> None:
    """Only the full source ranks 0; an older file says less than an older API."""
    assert [source for source in BillSource if source.rank >= 0] == [BillSource.FULL]
    assert BillSource.OLDER_FILE.rank < BillSource.OLDER_API.rank
