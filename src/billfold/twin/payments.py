"""What can be wrong with a payment in a history of rows, newest first, each with the balance after it."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from billfold.model.money import EXACT_CONTEXT, exact_sum
from billfold.providers.twin_api import FieldMap
from billfold.twin.damage import adjust_count, get_value, list_items, set_value

ONE_CENT = Decimal("0.01")


def _find_payment(rows: list[Any], field_map: FieldMap) -> int | None:
    """Return the index of the newest payment."""
    is_payment = [bool(field_map.payment) and get_value(row, field_map.state) == field_map.payment for row in rows]
    return is_payment.index(True) if True in is_payment else None


def _shift_balances(rows: list[Any], field_map: FieldMap, amount: Decimal) -> None:
    for row in rows:
        balance = get_value(row, field_map.balance_after)
        set_value(row, field_map.balance_after, exact_sum((_read_amount(balance), amount)))


def _read_amount(value: Any) -> Decimal:
    return Decimal(str(value))


def remove_payment(tree: Any, field_map: FieldMap) -> None:
    """Leave the newest payment out: it never came, and the balance stayed what it was."""
    rows = list_items(tree, field_map)
    if (index := _find_payment(rows, field_map)) is not None:
        amount = _read_amount(get_value(rows.pop(index), field_map.money))
        _shift_balances(rows[:index], field_map, -amount)
        adjust_count(tree, field_map, -1)


def double_payment(tree: Any, field_map: FieldMap) -> None:
    """Take the newest payment twice: two rows, each with a number of its own."""
    rows = list_items(tree, field_map)
    if (index := _find_payment(rows, field_map)) is not None:
        amount = _read_amount(get_value(rows[index], field_map.money))
        _shift_balances(rows[:index], field_map, amount)
        copied_row = {**rows[index]}
        if field_map.payment_id:
            set_value(copied_row, field_map.payment_id, get_value(copied_row, field_map.payment_id) + 1)
        _shift_balances([copied_row], field_map, amount)
        rows.insert(index, copied_row)
        adjust_count(tree, field_map, 1)


def halve_payment(tree: Any, field_map: FieldMap) -> None:
    """Pay half of the newest payment, and owe the other half."""
    rows = list_items(tree, field_map)
    if (index := _find_payment(rows, field_map)) is not None:
        amount = _read_amount(get_value(rows[index], field_map.money))
        half = EXACT_CONTEXT.divide(amount, Decimal(2)).quantize(ONE_CENT, ROUND_DOWN)
        set_value(rows[index], field_map.money, half)
        _shift_balances(rows[: index + 1], field_map, half - amount)
