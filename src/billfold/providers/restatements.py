"""How a twin tells an issued bill that was restated: with a line added, changed or split."""

from __future__ import annotations

from decimal import Decimal

from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.providers.twin_api import TwinAccount

RESTATED_AMOUNT = Decimal("12.34")
"""What a line that is added or changed costs more."""


def restate_bill(account: TwinAccount, bill: Bill) -> Bill:
    """Return a bill as the account's story has it: a scenario passes every bill it makes through here.

    An issued bill of the story's month has a line added, changed or split; its total follows, except for a split.
    """
    if (
        account.restatement is None
        or bill.state is not State.ISSUED
        or Month.of(bill.period.start) != account.restatement[1]
    ):
        return bill
    rows = [row for batch in bill.charges for row in batch.iter_rows()]
    restated_rows = {"restated-added": _add_line, "restated-changed": _change_line, "restated-split": _split_line}[
        account.restatement[0]
    ](rows)
    extra_cost = exact_sum(_row_cost(row) for row in restated_rows) - exact_sum(_row_cost(row) for row in rows)
    total = None if bill.total is None else bill.total + extra_cost
    return bill._replace(charges=[Charges.of(restated_rows)], total=total, line_count=len(restated_rows))


def _row_cost(row: CostAndUsage) -> Decimal:
    cost = row.BilledCost if row.PricingCurrency == row.BillingCurrency else row.PricingCurrencyEffectiveCost
    return cost or ZERO


def _with_cost(row: CostAndUsage, cost: Decimal) -> CostAndUsage:
    billed_cost = cost if row.PricingCurrency == row.BillingCurrency else ZERO
    costs = {
        "BilledCost": billed_cost,
        "EffectiveCost": billed_cost,
        "ListCost": billed_cost,
        "ContractedCost": billed_cost,
    }
    if row.PricingCurrencyEffectiveCost is not None:
        costs["PricingCurrencyEffectiveCost"] = cost
    return row._replace(**costs)  # type: ignore[arg-type]


def _find_usage_row(rows: list[CostAndUsage]) -> int:
    return next(index for index, row in enumerate(rows) if row.ChargeCategory == "Usage" and _row_cost(row) > 1)


def _add_line(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    position = _find_usage_row(rows)
    late_row = _with_cost(rows[position], RESTATED_AMOUNT)._replace(
        x_NativeId=f"{rows[position].x_NativeId}-late" if rows[position].x_NativeId else None
    )
    return [*rows[: position + 1], late_row, *rows[position + 1 :]]


def _change_line(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    position = _find_usage_row(rows)
    return [
        *rows[:position],
        _with_cost(rows[position], _row_cost(rows[position]) + RESTATED_AMOUNT),
        *rows[position + 1 :],
    ]


def _split_line(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    position = _find_usage_row(rows)
    split_cost = Decimal(1)
    first_row, second_row = (
        _with_cost(rows[position], _row_cost(rows[position]) - split_cost),
        _with_cost(rows[position], split_cost),
    )
    second_row = second_row._replace(x_NativeId=f"{second_row.x_NativeId}-split" if second_row.x_NativeId else None)
    return [*rows[:position], first_row, second_row, *rows[position + 1 :]]
