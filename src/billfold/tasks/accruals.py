"""Say what a month owes that is not invoiced yet, as `billfold accruals` does."""

from __future__ import annotations

from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.period import Month
from billfold.report.accruals import AccrualRow


def list_accruals(db: OpenLedger, filters: LedgerFilter, month: Month) -> list[AccrualRow]:
    """Return what of a month is not invoiced yet, by account, contract and method, as the ledger was known then."""
    raise NotImplementedError
