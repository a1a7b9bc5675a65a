"""Forecasts of a ledger: what they are made of, asked of the ledger in a few questions."""

from __future__ import annotations

from billfold.ledger.estimate_history import list_estimate_records
from billfold.ledger.foreign_estimates import list_foreign_estimates
from billfold.ledger.month_costs import list_month_costs, list_recurring_estimates, read_last_asked
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.report.forecast import Forecaster, History


def make_forecaster(ledger: OpenLedger, filters: LedgerFilter) -> Forecaster | None:
    """Return the forecaster of what is wanted of a ledger, None before its first collection.

    Accounts that are not wanted count for their vendor's track record all the same. Estimates in another currency than their
    invoices are left out: the month is forecast once, in that of the invoices.
    """
    everything = LedgerFilter(provider=filters.provider, seq=filters.seq)
    asked_at = read_last_asked(ledger, everything)
    if asked_at is None:
        return None
    foreign_places = {estimate.place for estimate in list_foreign_estimates(ledger, everything)}
    history = History(
        [
            cost
            for cost in list_month_costs(ledger, everything)
            if cost.state == State.ISSUED or cost[:4] not in foreign_places
        ],
        list_estimate_records(ledger, everything),
        list_recurring_estimates(ledger, everything),
        asked_at,
    )
    return Forecaster(history)
