"""An invoice restated after it was issued: a line added, changed or split, as the account's story has it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billfold.model.money import EXACT_CONTEXT
from billfold.model.period import Month
from billfold.providers.restatements import RESTATED_AMOUNT
from billfold.providers.twin_api import TwinAccount
from billfold.providers.vultr.twin.history import Entry
from billfold.providers.vultr.twin.inventory import trimmed


def retold(account: TwinAccount, month: Month, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return a month's lines as they are after what happened to the account."""
    if account.restatement is None or account.restatement[1] != month:
        return entries
    at = next(index for index, entry in enumerate(entries) if entry.category == "Usage" and entry.total > 1)
    line = entries[at]
    instead = {
        "restated-added": (line, _costing(line, RESTATED_AMOUNT)),
        "restated-changed": (_costing(line, EXACT_CONTEXT.add(line.total, RESTATED_AMOUNT)),),
        "restated-split": (_costing(line, EXACT_CONTEXT.subtract(line.total, Decimal(1))), _costing(line, Decimal(1))),
    }[account.restatement[0]]
    return (*entries[:at], *instead, *entries[at + 1 :])


def _costing(entry: Entry, total: Decimal) -> Entry:
    return entry._replace(total=trimmed(total))
