"""What a ledger is measured by from outside: what its last months come to, what is parked, and how old its answers are."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import (
    BILLS_JOIN,
    COLLECTED_CONDITION,
    STANDING_CONDITION,
    LedgerFilter,
    build_current_condition,
)
from billfold.ledger.store import OpenLedger


class MonthAmount(NamedTuple):
    """What the vendors' totals of an account's trusted bills come to in a month (its start) and state."""

    provider: str
    account: str
    currency: str
    state: str
    month: datetime
    amount: Decimal


class AccountMeasure(NamedTuple):
    """An account: when its last collection that was complete ended, and the last that brought an estimate; parked bills.

    ``ended_at`` and ``outcome`` are of its last collection, complete or not.
    """

    provider: str
    account: str
    synced_at: datetime | None
    estimated_at: datetime | None
    parked: int
    ended_at: datetime | None
    outcome: str | None


def sum_month_amounts(db: OpenLedger, filters: LedgerFilter) -> list[MonthAmount]:
    """Return what the vendors state of each account, month, state and currency; parked and disputing bills are left out."""
    condition, values = build_current_condition(filters)
    return db.select(
        MonthAmount,
        f"""SELECT b.provider, a.name AS account, b.currency, b.state,
                   date_trunc('month', b.period_start)::TIMESTAMP AS month, sum(b.total::DECIMAL(38,12)) AS amount
            FROM {BILLS_JOIN} WHERE {condition} AND {STANDING_CONDITION} AND b.parked IS NULL AND b.total IS NOT NULL
            GROUP BY ALL ORDER BY ALL""",
        values,
    )


def measure_accounts(db: OpenLedger, seq: int) -> list[AccountMeasure]:
    """Return each account with what it is measured by, as of an archive number."""
    return db.select(
        AccountMeasure,
        f"""WITH last_runs AS (
                SELECT provider, account, max(ended) FILTER (WHERE outcome = 'complete') AS synced_at,
                       max(ended) AS ended_at, arg_max(outcome, run) AS outcome FROM runs
                WHERE seq <= $seq AND {COLLECTED_CONDITION} GROUP BY ALL),
            current AS (SELECT * FROM bills b WHERE from_seq <= $seq AND (until_seq IS NULL OR until_seq > $seq)),
            counts AS (
                SELECT b.provider, b.account, count(*) FILTER (WHERE parked IS NOT NULL) AS parked,
                       max(r.ended) FILTER (WHERE b.state = 'estimate') AS estimated_at
                FROM current b JOIN runs r USING (run) GROUP BY ALL)
            SELECT a.provider, a.name AS account, l.synced_at, c.estimated_at, coalesce(c.parked, 0) AS parked,
                   l.ended_at, l.outcome
            FROM accounts a LEFT JOIN last_runs l USING (provider, account) LEFT JOIN counts c USING (provider, account)
            ORDER BY ALL""",
        {"seq": seq},
    )
