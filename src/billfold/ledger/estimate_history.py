"""The track record of estimates: what estimates and drafts said on each day, and what was invoiced then."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import (
    AMOUNT_SQL,
    CHARGES_JOIN,
    COLLECTED_CONDITION,
    LedgerFilter,
    build_current_condition,
    build_filter_condition,
)
from billfold.ledger.store import OpenLedger, make_aware
from billfold.model.period import Month


class EstimateRecord(NamedTuple):
    """What an account's estimates, or drafts, of a month came to at a time, and what all its invoices of that month came to.

    ``asked_at`` is the vendor's time of the last collection of a day; ``invoiced`` is None as long as no invoice is there.
    """

    provider: str
    account: str
    month: Month
    currency: str
    state: str
    asked_at: datetime
    estimated: Decimal
    invoiced: Decimal | None

    @property
    def days_over(self) -> int:
        """How many whole days of the month were over then: 0 on its first day, all of them after its end."""
        return count_days_over(self.month, self.asked_at)


def count_days_over(month: Month, instant: datetime) -> int:
    """Return how many whole days of a month are over at a time; negative before it begins."""
    return min((instant - month.start) // timedelta(days=1), count_days(month))


def count_days(month: Month) -> int:
    """Return how many days a month has."""
    return monthrange(month.year, month.number)[1]


def list_estimate_records(ledger: OpenLedger, filters: LedgerFilter) -> list[EstimateRecord]:
    """Return for each account, month and currency what was estimated on each day that it was collected, in the order of time.

    Several estimates of a month (one a contract) are added; what was parked is not counted. Days after an invoice came are told
    only for what it does not bill.
    """
    condition, values = build_filter_condition(filters)
    rows = ledger.execute(
        f"""WITH days AS (
                SELECT provider, account, max(seq) AS seq, max(asked) AS asked FROM runs
                WHERE seq <= $seq AND {COLLECTED_CONDITION}
                      AND (outcome = 'complete' OR run IN (SELECT run FROM bills WHERE state <> 'issued'))
                GROUP BY provider, account, date_trunc('day', asked)),
            moments AS (
                SELECT *, date_trunc('month', asked)::TIMESTAMP AS month FROM days UNION ALL
                SELECT *, (date_trunc('month', asked) - INTERVAL 1 MONTH)::TIMESTAMP AS month FROM days),
            invoiced AS (
                SELECT provider, account, currency, date_trunc('month', period_start)::TIMESTAMP AS month,
                       sum(total::DECIMAL(38,12)) AS invoiced
                FROM bills WHERE state = 'issued' AND parked IS NULL
                     AND from_seq <= $seq AND (until_seq IS NULL OR until_seq > $seq) GROUP BY ALL)
            SELECT b.provider, a.name, m.month, b.currency, min(b.state) AS state, m.asked,
                   sum(b.total::DECIMAL(38,12)) AS estimated, any_value(i.invoiced) AS invoiced
            FROM bills b JOIN accounts a USING (provider, account)
                 JOIN moments m ON m.provider = b.provider AND m.account = b.account
                      AND m.month = date_trunc('month', b.period_start)::TIMESTAMP
                 LEFT JOIN invoiced i ON i.provider = b.provider AND i.account = b.account
                      AND i.currency = b.currency AND i.month = m.month
            WHERE {condition} AND b.state <> 'issued' AND b.parked IS NULL AND b.total IS NOT NULL
                  AND b.from_seq <= m.seq AND (b.until_seq IS NULL OR b.until_seq > m.seq)
            GROUP BY b.provider, a.name, m.month, b.currency, m.asked
            ORDER BY b.provider, a.name, m.month, b.currency, m.asked""",
        values,
    ).fetchall()
    return [
        EstimateRecord(provider, account, Month.of(make_aware(start)), currency, state, make_aware(asked_at), *amounts)
        for provider, account, start, currency, state, asked_at, *amounts in rows
    ]


class EstimatedUsage(NamedTuple):
    """What was used in an invoiced month by its last estimate or draft, and by its invoices, in one currency."""

    provider: str
    account: str
    period_start: datetime
    currency: str
    estimated: Decimal
    invoiced: Decimal


def compare_usage(ledger: OpenLedger, filters: LedgerFilter) -> list[EstimatedUsage]:
    """Return the usage of each invoiced month by its last estimate or draft, and by its invoices: like is held against like.

    What is bought, reduced or taxed is in neither: estimates lack it. So are corrections of earlier months.
    """
    condition, values = build_current_condition(filters)
    return ledger.select(
        EstimatedUsage,
        f"""WITH last AS (
                SELECT max(id) AS id FROM bills
                WHERE state <> 'issued' AND parked IS NULL AND total IS NOT NULL AND from_seq <= $seq
                GROUP BY provider, account, currency, period_start, bill_key),
            estimated AS (
                SELECT b.provider, b.account, b.currency, b.period_start, sum({AMOUNT_SQL}) AS cost
                FROM charges c JOIN bills b ON c.bill = b.id JOIN last ON last.id = b.id
                WHERE c.ChargeCategory = 'Usage' GROUP BY ALL)
            SELECT b.provider, a.name AS account, b.period_start, b.currency, any_value(e.cost) AS estimated,
                   sum({AMOUNT_SQL}) AS invoiced
            FROM {CHARGES_JOIN} JOIN estimated e ON e.provider = b.provider AND e.account = b.account
                 AND e.currency = b.currency AND e.period_start = b.period_start
            WHERE {condition} AND b.state = 'issued' AND b.parked IS NULL AND c.ChargeCategory = 'Usage'
                  AND c.ChargeClass IS NULL GROUP BY ALL ORDER BY ALL""",
        values,
    )
