"""What stands on paper adds up on paper: totals are those of the figures above them, and lose no digit behind them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import given
from hypothesis import strategies as st

from billfold.model.money import exact_sum
from billfold.report.statement import Amount, StatementRow, add_totals, foot_amounts

CENT = Decimal("0.01")
AMOUNTS = st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=6), min_size=2, max_size=20)


def rows_of(amounts: list[Decimal]) -> list[StatementRow]:
    return [StatementRow((str(number), Amount(amount, "USD"))) for number, amount in enumerate(amounts)]


def shown(row: StatementRow) -> Decimal:
    amount = row.cells[1]
    assert isinstance(amount, Amount)
    return amount.rounded


@given(AMOUNTS)
def test_a_total_is_that_of_the_figures_above_it(amounts: list[Decimal]) -> None:
    *rows, total = add_totals(rows_of(amounts), (1,))
    assert shown(total) == exact_sum([shown(row) for row in rows])
    assert total.cells[1] == Amount(exact_sum(amounts), "USD", shown(total))
    assert [shown(row) for row in rows] == [amount.quantize(CENT, ROUND_HALF_EVEN) for amount in amounts]


@given(AMOUNTS)
def test_parts_of_a_whole_sum_to_the_rounded_whole(amounts: list[Decimal]) -> None:
    *_, total = add_totals(foot_amounts(rows_of(amounts), (1,)), (1,))
    assert shown(total) == exact_sum(amounts).quantize(CENT, ROUND_HALF_EVEN)


def test_two_currencies_have_a_total_each() -> None:
    rows = [StatementRow(("a", Amount(Decimal(1), "USD"))), StatementRow(("b", Amount(Decimal(2), "EUR")))]
    assert [row.cells[0] for row in add_totals(rows, (1,))[2:]] == ["Total, EUR", "Total, USD"]


def test_yen_have_no_decimals() -> None:
    assert Amount(Decimal("1234.5"), "JPY").text == "1,234"
