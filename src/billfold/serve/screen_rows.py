"""Rows that only the screens have, and the API beside them: trees, burn-downs, estimates, documents of an invoice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class BurnRow(NamedTuple):
    """What is left of a commitment at the end of a month; of expected months, a forecast, ``low`` and ``high`` hold 90 %."""

    provider: str
    account: str
    commitment_id: str
    unit: str
    month: str
    committed: Decimal
    used: Decimal | None
    left: Decimal
    low: Decimal | None
    high: Decimal | None
    is_expected: bool


class EstimateRow(NamedTuple):
    """What an account's estimates or drafts of a month came to on a day of it, and what its invoices came to (None: none yet)."""

    provider: str
    account: str
    month: str
    currency: str
    state: str
    asked_at: datetime
    day: int
    estimated: Decimal
    invoiced: Decimal | None


class TreeRow(NamedTuple):
    """A node of a tree of costs: its cost is the sum of those one level below it; ``path`` is what stands above it, and its own name."""

    level: int
    key: str
    name: str
    path: list[str]
    currency: str
    cost: Decimal
    charges: int


class DocumentEntryRow(NamedTuple):
    """An archived document of an invoice, under which number the archive has it, and the SHA-256 of its bytes."""

    seq: int
    operation: str
    media_type: str
    fetched_at: str
    sha256: str


class TableRow(NamedTuple):
    """A table that a query can ask, and what it holds."""

    name: str
    meaning: str
