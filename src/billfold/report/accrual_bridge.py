"""The bridge from what was accrued for a month to what was invoiced then: what the difference is, to the last digit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.ledger.accrual_basis import BilledKind
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.report.accrual_rows import AccrualRow
from billfold.report.line_history import LineKind


class BridgeKind(StrEnum):
    """What a part of an accrual, or of an invoice, is for."""

    USAGE = "usage"
    CONTRACT = "contract"
    """What is bought: seats, tokens, fees."""
    SHORTFALL = "shortfall"
    TAX = "tax"
    CREDIT = "credit"
    """Discounts, credits, credit memos and corrections of earlier months."""
    OTHER = "other"


class BridgeRow(NamedTuple):
    """What was accrued and what was invoiced for one kind of thing; ``difference`` is the invoices less the accrual."""

    provider: str
    account: str
    currency: str
    kind: str
    accrued: Decimal
    invoiced: Decimal
    difference: Decimal


def build_bridge(accrual_rows: Iterable[AccrualRow], billed_kinds: Iterable[BilledKind]) -> list[BridgeRow]:
    """Return the differences of each account and currency that is invoiced, by kind; they sum to invoices less accrual.

    What is accrued for an account that has no invoice in a currency is left out.
    """
    invoiced = defaultdict[tuple[str, str, str, str], list[Decimal]](list)
    accrued = defaultdict[tuple[str, str, str, str], list[Decimal]](list)
    for billed in billed_kinds:
        kind = LineKind(billed.category, billed.service, billed.description)
        bridge_kind = BridgeKind.CREDIT if billed.is_correction else classify_kind(kind)
        invoiced[*billed[:3], str(bridge_kind)].append(billed.cost)
    invoiced_accounts = {key[:3] for key in invoiced}
    for row in accrual_rows:
        if (row.provider, row.account, row.currency) in invoiced_accounts:
            for kind, amount in row.parts:
                accrued[row.provider, row.account, row.currency, str(classify_kind(kind))].append(amount)
    order = [str(kind) for kind in BridgeKind]
    keys = sorted({*invoiced, *accrued}, key=lambda key: (*key[:3], order.index(key[3])))
    sums = [(key, exact_sum(accrued.get(key, ())), exact_sum(invoiced.get(key, ()))) for key in keys]
    return [
        BridgeRow(*key, accrued_sum, invoiced_sum, EXACT_CONTEXT.subtract(invoiced_sum, accrued_sum))
        for key, accrued_sum, invoiced_sum in sums
        if accrued_sum != ZERO or invoiced_sum != ZERO
    ]


def classify_kind(kind: LineKind) -> BridgeKind:
    """Return what a line is for."""
    if kind.is_shortfall:
        return BridgeKind.SHORTFALL
    if kind.is_reduction:
        return BridgeKind.CREDIT
    by_category = {"Usage": BridgeKind.USAGE, "Purchase": BridgeKind.CONTRACT, "Tax": BridgeKind.TAX}
    return by_category.get(kind.category, BridgeKind.OTHER)
