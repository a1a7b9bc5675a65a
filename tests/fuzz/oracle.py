"""What may never be: a trusted total that the vendor did not state, or that its lines do not come to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from billfold.model.bill import BillSource, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum, find_minor_digits
from tests.fuzz.play import Played, PlayedBill
from tests.fuzz.statements import Statement, Statements

MOST_DIGITS = 6
DUST = Decimal("1e-9")
"""What a number that a vendor sends as a 64-bit float may be off."""
Lines = tuple[tuple[str, Decimal], ...]


def _find_unit(amounts: Iterable[Decimal], currency: str) -> Decimal:
    """Return the unit of the last digit that any of the amounts has."""
    exponents = (amount.as_tuple().exponent for amount in amounts)
    digits = max((-exponent for exponent in exponents if isinstance(exponent, int)), default=0)
    return Decimal(1).scaleb(-min(max(digits, find_minor_digits(currency)), MOST_DIGITS))


def find_bound(total: Decimal, amounts: list[Decimal], currency: str) -> Decimal:
    """Return what amounts and their total can be apart by rounding."""
    bound = (_find_unit(amounts, currency) * len(amounts) + _find_unit([total], currency)) / 2
    return min(bound, Decimal(100).scaleb(-find_minor_digits(currency))) + DUST * (len(amounts) + 1)


def is_near(left: Decimal, right: Decimal, count: int = 1) -> bool:
    """Tell whether two amounts are one but for what a float is off, as often as numbers were added."""
    return abs(left - right) <= DUST * count * max(Decimal(1), abs(left))


def _read_amount(row: CostAndUsage) -> Decimal:
    cost = row.BilledCost if row.BillingCurrency == row.PricingCurrency else row.PricingCurrencyEffectiveCost
    return cost or Decimal(0)


def _list_line_amounts(lines: Lines, currency: str) -> list[Decimal]:
    return [amount for line_currency, amount in lines if line_currency in {"", currency}]


def find_faults(played: Played, statements: Statements, truth: Mapping[tuple[str, str], Lines]) -> Iterator[str]:
    """Yield what is wrong with each bill that would be counted; ``truth`` has the lines of each total that was not changed."""
    for key, trusted in played.trusted_bills.items():
        rows_sum = exact_sum(map(_read_amount, trusted.rows))
        if trusted.bill.total is not None and not is_near(rows_sum, trusted.bill.total, len(trusted.rows) + 1):
            yield f"{key}: its charges come to {rows_sum}, its total is {trusted.bill.total}"
        if trusted.bill.state is State.ESTIMATE:
            yield from _check_estimate(key, trusted, statements)
        else:
            yield from (f"{key}: {fault}" for fault in _check_invoice(trusted, statements, truth))


def list_stated_totals(statements: Statements, invoice_id: str | None, currency: str) -> list[Decimal]:
    """Return all totals that any answer states of an invoice in a currency."""
    return [
        total
        for statement in statements.invoices
        if statement.invoice_id.strip() == (invoice_id or "").strip()
        for stated_currency, total in statement.totals
        if stated_currency == currency
    ]


def _check_estimate(key: str, trusted: PlayedBill, statements: Statements) -> Iterator[str]:
    total = trusted.bill.total
    if total is not None and total and not any(is_near(total, number) for number in statements.numbers):
        yield f"{key}: nothing states {total}"


def _check_invoice(
    trusted: PlayedBill, statements: Statements, truth: Mapping[tuple[str, str], Lines]
) -> Iterator[str]:
    bill, total = trusted.bill, trusted.bill.total
    if total is None:
        is_free = not any(_read_amount(row) for row in trusted.rows)  # lines that cost nothing need no total
        if not is_free and bill.source is not BillSource.OLDER_FILE:  # a file of the oldest kind states no total at all
            yield "it is trusted without a total"
        return
    same_id = [
        statement
        for statement in statements.invoices
        if statement.invoice_id.strip() == (bill.invoice_id or "").strip()
    ]
    stating = [
        statement
        for statement in same_id
        if any(currency == bill.currency and is_near(total, number) for currency, number in statement.totals)
    ]
    if not stating:
        yield f"nobody states {total} {bill.currency}; stated is {[statement.totals for statement in same_id][:3]}"
    elif not (faults := [fault for statement in stating if (fault := _check_lines(trusted, statement, truth))]):
        return
    elif len(faults) == len(stating):
        yield faults[0]


def _check_lines(trusted: PlayedBill, statement: Statement, truth: Mapping[tuple[str, str], Lines]) -> str:
    """Say where a trusted invoice is not what its lines come to; "" where it is."""
    bill, total = trusted.bill, trusted.bill.total
    if statement.lines is None or total is None:
        return ""
    amounts = _list_line_amounts(statement.lines, bill.currency)
    line_sum, bound = exact_sum(amounts), find_bound(total, amounts, bill.currency)
    own_sum = exact_sum(_read_amount(row) for row in trusted.rows if not row.x_Synthetic)
    if not is_near(line_sum, own_sum, len(amounts) + 1):
        return f"its lines come to {line_sum}, the charges of them to {own_sum}"
    taxes = [row for row in trusted.rows if row.x_Synthetic and row.ChargeCategory == "Tax"]
    residual = abs(total - line_sum)
    if not taxes:
        return f"it is {residual} from its lines, that can round {bound}" if residual > bound else ""
    true_lines = truth.get((bill.invoice_id or "", f"{total.normalize()} {bill.currency}"))
    true_sum = exact_sum(_list_line_amounts(true_lines, bill.currency)) if true_lines else line_sum
    if abs(true_sum - line_sum) > bound * 2:
        details = json.loads(taxes[0].x_Details or "{}")
        return f"its lines come to {line_sum} and not to {true_sum}; the rest is taken for a tax: {details}"
    return ""


def list_truth(statements: Statements) -> dict[tuple[str, str], Lines]:
    """Return the lines of each invoice by its id, its total and its currency, as an unchanged run has them."""
    return {
        (statement.invoice_id, f"{total.normalize()} {currency}"): statement.lines
        for statement in statements.invoices
        if statement.lines is not None
        for currency, total in statement.totals
    }
