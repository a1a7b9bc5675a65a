"""What each month of an account came to, and how much of it recurs: seats, plans and support that are bought every month."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import AMOUNT_SQL, CHARGES_JOIN, COLLECTED_CONDITION, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger, make_aware
from billfold.model.period import Month

RECURRING_SQL = "c.ChargeCategory = 'Purchase' AND c.ChargeFrequency = 'Recurring'"


class MonthCost(NamedTuple):
    """What the trusted bills of an account, month and state come to in a currency; ``recurring`` is bought each month."""

    provider: str
    account: str
    currency: str
    month: Month
    state: str
    cost: Decimal
    recurring: Decimal


def list_month_costs(ledger: OpenLedger, filters: LedgerFilter) -> list[MonthCost]:
    """Return what each account, month and state came to, by account and month."""
    condition, values = build_current_condition(filters)
    rows = ledger.execute(
        f"""SELECT b.provider, a.name, b.currency, date_trunc('month', b.period_start)::TIMESTAMP, b.state,
                   sum({AMOUNT_SQL}), coalesce(sum({AMOUNT_SQL}) FILTER (WHERE {RECURRING_SQL}), 0)
            FROM {CHARGES_JOIN} WHERE {condition} AND b.parked IS NULL GROUP BY ALL ORDER BY ALL""",
        values,
    ).fetchall()
    return [MonthCost(row[0], row[1], row[2], Month.of(make_aware(row[3])), row[4], row[5], row[6]) for row in rows]


def list_recurring_estimates(ledger: OpenLedger, filters: LedgerFilter) -> set[tuple[str, str]]:
    """Return provider and name of the accounts whose estimates or drafts, of any time, have what recurs in them."""
    rows = ledger.execute(
        f"""SELECT DISTINCT b.provider, a.name FROM {CHARGES_JOIN}
            WHERE b.state <> 'issued' AND b.from_seq <= $seq AND {RECURRING_SQL}""",
        {"seq": filters.seq},
    ).fetchall()
    return {(provider, account) for provider, account in rows}


def read_last_asked(ledger: OpenLedger, filters: LedgerFilter) -> datetime | None:
    """Return the vendors' time of the last collection of anything that is wanted, None before the first."""
    (asked_at,) = ledger.execute(
        f"""SELECT max(asked) FROM runs r JOIN accounts a USING (provider, account)
            WHERE r.seq <= $seq AND {COLLECTED_CONDITION} AND r.provider = coalesce($provider, r.provider)
                  AND a.name = coalesce($account, a.name)""",
        {"seq": filters.seq, "provider": filters.provider, "account": filters.account},
    ).fetchall()[0]
    return make_aware(asked_at) if asked_at else None
