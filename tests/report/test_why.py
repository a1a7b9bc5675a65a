"""A month's movement in kinds: rates, quantities and days are told apart, and nothing is lost."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.ledger.movements import Movement
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report.why import explain_months, split_movement

APRIL, MAY = Month(2026, 4), Month(2026, 5)
DAYS = Fraction(31, 30)


def make_movement(old_cost: str | Decimal, new_cost: str | Decimal, **fields: Any) -> Movement:
    """Make a movement of something that costs 0.1 an hour in both months, but for these fields."""
    movement = Movement(
        "vendor", "me", "USD", "", "priced", True, True, Decimal(old_cost), Decimal(new_cost), Decimal(720), Decimal(744),
        Decimal("0.1"), Decimal("0.1"), False, False, False, False, False, 2, ["d"], ["i"],
    )  # fmt: skip
    return movement._replace(**fields)


def split(movement: Movement, days: Fraction = DAYS) -> dict[str, Decimal]:
    """Return the amounts of a movement by kind, those of 0 left out."""
    parts = explain_months([movement], MAY, APRIL if days == DAYS else MAY)
    return {str(part.kind): part.amount for part in parts}


STEADY = {"is_timed": True, "is_steady": True}
RAISED = {"new_rate": Decimal("0.12")}


@pytest.mark.parametrize(
    ("movement", "amounts"),
    [
        (make_movement("72", "74.4", **STEADY), {"calendar": "2.40"}),
        (make_movement("72", "89.28", **STEADY, **RAISED), {"calendar": "2.40", "rate": "14.88"}),
        (make_movement("72", "89.28", **RAISED), {"rate": "14.88", "quantity": "2.40"}),
        (make_movement("72", "86.40", is_equal=True, **RAISED), {"rate": "14.40"}),
        (make_movement("10", "12", is_capped=True, is_partly_capped=True, **STEADY, **RAISED), {"rate": "2.00"}),
        (make_movement("42.42", "43", is_partly_capped=True, **STEADY), {"calendar": "0.58"}),
        (make_movement("72", "37.2", is_timed=True), {"calendar": "2.40", "quantity": "-37.20"}),
        (make_movement("10", "5", is_timed=True, is_partly_capped=True), {"quantity": "-5.00"}),
        (make_movement("72", "0", new_rate=Decimal(0)), {"rate": "-72.00"}),
        (make_movement("0", "72", old_rate=Decimal(0)), {"rate": "72.00"}),
        (make_movement("0", "72", is_before=False), {"new": "72.00"}),
        (make_movement("72", "0", is_after=False), {"gone": "-72.00"}),
        (make_movement("3", "4", movement_class="tax"), {"tax": "1.00"}),
        (make_movement("3", "4", movement_class="unitemized"), {"other": "1.00"}),
        (make_movement("0", "-4.001", movement_class="restatement"), {"restatement": "-4.001"}),
    ],
)
def test_kinds_are_told_apart(movement: Movement, amounts: dict[str, str]) -> None:
    assert split(movement) == {kind: Decimal(amount) for kind, amount in amounts.items()}


def test_a_rate_that_is_not_stated_is_derived_beyond_rounding() -> None:
    """A cent that rounding can have moved is quantity; a fee of one unit that rises is a rate."""
    unstated = {"old_rate": None, "new_rate": None}
    assert split(make_movement("72.01", "74.4", **unstated)) == {"quantity": Decimal("2.39")}
    fee = {"old_quantity": Decimal(1), "new_quantity": Decimal(1), "is_equal": True}
    assert split(make_movement("500", "600", **unstated, **fee)) == {"rate": Decimal(100)}
    assert split(make_movement("72", "86.40", **unstated)) == {"rate": Decimal("12.00"), "quantity": Decimal("2.40")}


def test_days_that_are_as_many_move_nothing() -> None:
    assert split(make_movement("72", "74.4", **STEADY), Fraction(1)) == {"quantity": Decimal("2.40")}


COSTS = st.decimals(min_value=-(10**6), max_value=10**6, places=6)
RATES = st.none() | st.decimals(min_value=0, max_value=10**4, places=9)
MOVEMENTS = st.builds(
    make_movement, COSTS, COSTS, old_quantity=COSTS, new_quantity=COSTS, old_rate=RATES, new_rate=RATES,
    is_capped=st.booleans(), is_partly_capped=st.booleans(), is_timed=st.booleans(), is_steady=st.booleans(),
    is_equal=st.booleans(), is_before=st.booleans(), is_after=st.booleans(),
    movement_class=st.sampled_from(["priced", "tax", "credit", "discount", "shortfall", "restatement", "other", "unitemized"]),
    currency=st.sampled_from(["USD", "EUR"]), group=st.sampled_from(["", "a"]),
)  # fmt: skip


@given(st.lists(MOVEMENTS, max_size=6))
def test_parts_sum_to_the_movement_and_are_only_rounded(moved: list[Movement]) -> None:
    """Whatever the vendors state, nothing is lost: by currency and group the parts sum to what moved."""
    parts = explain_months(moved, MAY, APRIL)
    for key in {(movement.currency, movement.group) for movement in moved}:
        members = [movement for movement in moved if (movement.currency, movement.group) == key]
        amounts = [part.amount for part in parts if (part.currency, part.group) == key]
        assert exact_sum(amounts) == exact_sum(movement.new_cost - movement.old_cost for movement in members)
        shares = [split_movement(movement, DAYS) for movement in members]
        for part in (part for part in parts if (part.currency, part.group) == key):
            exact_share = sum((share.get(part.kind, Fraction(0)) for share in shares), Fraction(0))
            assert abs(Fraction(part.amount) - exact_share) <= Fraction(1, 100)
