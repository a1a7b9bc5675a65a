"""A payment that is missing, doubled or partial moves the balances after it, so that the history is whole in itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.providers.twin_api import FieldMap
from billfold.twin.payments import double_payment, halve_payment, remove_payment

MAP = FieldMap(
    "rows", "amount", "", "type", size="meta.total", payment="payment", payment_id="id", balance_after="balance"
)


def make_history() -> dict[str, Any]:
    """Return three rows, newest first: a credit, a payment, an invoice."""
    rows = [
        {"id": 3, "type": "credit", "amount": 40, "balance": -40},
        {"id": 2, "type": "payment", "amount": Decimal("-10.05"), "balance": 0},
        {"id": 1, "type": "invoice", "amount": Decimal("10.05"), "balance": Decimal("10.05")},
    ]
    return {"rows": rows, "meta": {"total": 3}}


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (remove_payment, [(3, "40", "-29.95"), (1, "10.05", "10.05")]),
        (double_payment, [(3, "40", "-50.05"), (3, "-10.05", "-10.05"), (2, "-10.05", "0"), (1, "10.05", "10.05")]),
        (halve_payment, [(3, "40", "-34.97"), (2, "-5.02", "5.03"), (1, "10.05", "10.05")]),
    ],
)
def test_a_payment_moves_the_balances_after_it(change: Any, rows: list[tuple[int, str, str]]) -> None:
    history = make_history()
    change(history, MAP)
    assert [(row["id"], str(row["amount"]), str(row["balance"])) for row in history["rows"]] == rows
    assert history["meta"]["total"] == len(rows)


@pytest.mark.parametrize("change", [remove_payment, double_payment, halve_payment])
def test_where_nobody_paid_nothing_changes(change: Any) -> None:
    history = make_history()
    del history["rows"][1]
    change(history, MAP)
    change(history, MAP._replace(payment=""))
    assert history["rows"] == [make_history()["rows"][0], make_history()["rows"][2]]
