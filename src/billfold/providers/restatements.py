"""How a twin tells an issued bill that was restated: with a line added, changed or split."""

from __future__ import annotations

from decimal import Decimal

from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.providers.twin_api import Account

MOVED = Decimal("12.34")
"""What a line that is added or changed costs more."""


def retold(account: Account, bill: Bill) -> Bill:
    """Return a bill as the account's story has it: a scenario passes every bill it makes through here.

    An issued bill of the story's month has a line added, changed or split; its total follows, except for a split.
    """
    if account.story is None or bill.state is not State.ISSUED or Month.of(bill.period.start) != account.story[1]:
        return bill
    rows = [row for batch in bill.charges for row in batch.rows()]
    told = {"restated-added": _added, "restated-changed": _changed, "restated-split": _split}[account.story[0]](rows)
    extra = exact_sum(_cost(row) for row in told) - exact_sum(_cost(row) for row in rows)
    total = None if bill.total is None else bill.total + extra
    return bill._replace(charges=[Charges.of(told)], total=total, listed=len(told))


def _cost(row: CostAndUsage) -> Decimal:
    spent = row.BilledCost if row.PricingCurrency == row.BillingCurrency else row.PricingCurrencyEffectiveCost
    return spent or ZERO


def _costing(row: CostAndUsage, cost: Decimal) -> CostAndUsage:
    billed = cost if row.PricingCurrency == row.BillingCurrency else ZERO
    costs = {"BilledCost": billed, "EffectiveCost": billed, "ListCost": billed, "ContractedCost": billed}
    if row.PricingCurrencyEffectiveCost is not None:
        costs["PricingCurrencyEffectiveCost"] = cost
    return row._replace(**costs)  # type: ignore[arg-type]


def _first_usage(rows: list[CostAndUsage]) -> int:
    return next(i for i, row in enumerate(rows) if row.ChargeCategory == "Usage" and _cost(row) > 1)


def _added(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    at = _first_usage(rows)
    late = _costing(rows[at], MOVED)._replace(x_NativeId=f"{rows[at].x_NativeId}-late" if rows[at].x_NativeId else None)
    return [*rows[: at + 1], late, *rows[at + 1 :]]


def _changed(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    at = _first_usage(rows)
    return [*rows[:at], _costing(rows[at], _cost(rows[at]) + MOVED), *rows[at + 1 :]]


def _split(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    at = _first_usage(rows)
    part = Decimal(1)
    first, second = _costing(rows[at], _cost(rows[at]) - part), _costing(rows[at], part)
    second = second._replace(x_NativeId=f"{second.x_NativeId}-split" if second.x_NativeId else None)
    return [*rows[:at], first, second, *rows[at + 1 :]]
