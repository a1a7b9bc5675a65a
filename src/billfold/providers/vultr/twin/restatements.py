"""An invoice restated after it was issued: a line added, changed or split, as the account's story has it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billfold.model.money import EXACT_CONTEXT
from billfold.model.period import Month
from billfold.providers.restatements import RESTATED_AMOUNT
from billfold.providers.twin_api import TwinAccount
from billfold.providers.vultr.twin.history import BilledItem
from billfold.providers.vultr.twin.inventory import trim_decimal


def restate_items(account: TwinAccount, month: Month, items: Sequence[BilledItem]) -> Sequence[BilledItem]:
    """Return a month's lines as they are after what happened to the account."""
    if account.restatement is None or account.restatement[1] != month:
        return items
    position = next(
        index for index, candidate in enumerate(items) if candidate.category == "Usage" and candidate.total > 1
    )
    line = items[position]
    replacements = {
        "restated-added": (line, _with_total(line, RESTATED_AMOUNT)),
        "restated-changed": (_with_total(line, EXACT_CONTEXT.add(line.total, RESTATED_AMOUNT)),),
        "restated-split": (
            _with_total(line, EXACT_CONTEXT.subtract(line.total, Decimal(1))),
            _with_total(line, Decimal(1)),
        ),
    }[account.restatement[0]]
    return (*items[:position], *replacements, *items[position + 1 :])


def _with_total(item: BilledItem, total: Decimal) -> BilledItem:
    return item._replace(total=trim_decimal(total))
