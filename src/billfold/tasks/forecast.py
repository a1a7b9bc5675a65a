"""Forecasts of a ledger: what they are made of, asked of the ledger in a few questions."""

from __future__ import annotations

from billfold.ledger.estimate_history import list_estimate_records
from billfold.ledger.month_costs import list_month_costs, list_recurring_estimates, read_last_asked
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.report.forecast import Forecaster, History


def make_forecaster(ledger: OpenLedger, filters: LedgerFilter) -> Forecaster | None:
    """Return the forecaster of what is wanted of a ledger, None before its first collection.

    Accounts that are not wanted count for their vendor's track record all the same.
    """
    everything = LedgerFilter(provider=filters.provider, seq=filters.seq)
    asked_at = read_last_asked(ledger, everything)
    if asked_at is None:
        return None
    history = History(
        list_month_costs(ledger, everything),
        list_estimate_records(ledger, everything),
        list_recurring_estimates(ledger, everything),
        asked_at,
    )
    return Forecaster(history)
