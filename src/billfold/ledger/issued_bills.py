"""Issued bills with what tells two versions of one apart: as they are, as they were known at an archive number, or all versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import BILLS_JOIN, LedgerFilter, build_current_condition, build_filter_condition
from billfold.ledger.store import OpenLedger, make_aware
from billfold.model.period import Month

_COLUMNS = """b.provider, a.name, b.bill_key, b.invoice_id, b.period_start, b.period_end, b.currency, b.total, b.content,
b.grade, b.parked, b.disputes IS NOT NULL, b.corrects, b.until_seq IS NULL"""


class IssuedBill(NamedTuple):
    """A version of an issued bill; ``parked`` says why it is not counted (None: it is).

    ``content`` is a fingerprint of its charges, None where none was taken yet; ``source_rank`` ranks what it was read from.
    ``is_current`` tells that it is believed now.
    """

    provider: str
    account: str
    bill_key: str
    invoice_id: str | None
    period_start: datetime
    period_end: datetime
    currency: str
    total: str | None
    content: str | None
    source_rank: int
    parked: str | None
    is_disputing: bool
    corrects: str | None
    is_current: bool

    @property
    def month(self) -> Month:
        """The month in which its billing period begins."""
        return Month.of(self.period_start)

    @property
    def account_key(self) -> tuple[str, str]:
        """Its provider and account."""
        return self.provider, self.account

    @property
    def key(self) -> tuple[str, str, Month, str]:
        """What it is a version of, in which month."""
        return self.provider, self.account, self.month, self.bill_key

    @property
    def amount(self) -> Decimal | None:
        """Its total; None where none is stated."""
        return None if self.total is None else Decimal(self.total)


def list_issued_bills(db: OpenLedger, filters: LedgerFilter) -> list[IssuedBill]:
    """Return the issued bills that are wanted and believed, those that are not counted too."""
    return _select_bills(db, *build_current_condition(filters))


def list_issued_versions(db: OpenLedger, filters: LedgerFilter) -> list[IssuedBill]:
    """Return every version of the issued bills that are wanted, oldest first."""
    condition, values = build_filter_condition(filters)
    return _select_bills(db, f"b.from_seq <= $seq AND {condition}", values)


def _select_bills(db: OpenLedger, condition: str, values: Mapping[str, object]) -> list[IssuedBill]:
    sql = f"SELECT {_COLUMNS} FROM {BILLS_JOIN} WHERE b.state = 'issued' AND {condition} ORDER BY b.id"
    return [IssuedBill(*map(make_aware, row)) for row in db.execute(sql, values).fetchall()]


def read_vendor_time(db: OpenLedger, seq: int, instant: datetime | None = None) -> datetime | None:
    """Return what time it was at the vendors at an archive number, or at an instant after it; None where nothing was collected.

    A twin's clock stands elsewhere than this machine's: it is carried on from the last collection.
    """
    sql = "SELECT ended, asked FROM runs WHERE seq <= ? AND asked IS NOT NULL ORDER BY seq DESC LIMIT 1"
    rows: list[tuple[datetime, datetime]] = db.execute(sql, [seq]).fetchall()
    if not rows:
        return instant
    end_time, vendor_time = (value.replace(tzinfo=UTC) for value in rows[0])
    return vendor_time if instant is None else max(vendor_time, vendor_time + (instant - end_time))


def has_moved_bills(db: OpenLedger, filters: LedgerFilter, after_seq: int) -> bool:
    """Tell whether any bill that is wanted, of whatever state, began or ceased to be believed after an archive number."""
    condition, values = build_filter_condition(filters)
    sql = f"""SELECT 1 FROM {BILLS_JOIN} WHERE {condition} AND b.from_seq <= $seq
              AND (b.from_seq > $after OR b.until_seq > $after) LIMIT 1"""
    return bool(db.execute(sql, values | {"after": after_seq}).fetchall())
