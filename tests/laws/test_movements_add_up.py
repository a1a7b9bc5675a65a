"""In every month of several worlds the parts of a movement sum to the difference of the invoices, and each kind is what SQL says."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.movements import list_movements
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.period import Month
from billfold.report.why import Kind, MovementPart, explain_months
from billfold.twin.host import TwinHost
from billfold.twin.world import World
from tests import stage
from tests.laws.worlds import choose_worlds

Amounts = dict[tuple[str, ...], Decimal]

KINDS_SQL = """
WITH amounts AS (
    SELECT b.provider, a.name, b.currency, strftime(b.period_start, '%Y-%m') AS month, c.*,
           CASE WHEN b.currency = c.BillingCurrency THEN c.BilledCost ELSE c.PricingCurrencyEffectiveCost END AS amount
    FROM charges c JOIN bills b ON b.id = c.bill JOIN accounts a ON a.provider = b.provider AND a.account = b.account
    WHERE b.until_seq IS NULL AND b.state = 'issued'),
kinds AS (
    SELECT *, CASE WHEN ChargeCategory IN ('Tax', 'Credit') THEN lower(ChargeCategory)
                   WHEN ChargeClass = 'Correction' AND amount < 0 THEN 'credit'
                   WHEN ChargeCategory = 'Adjustment' THEN IF(ChargeDescription ILIKE '%discount%', 'discount', 'other')
                   WHEN ChargeDescription = 'Commit Shortfall' THEN 'shortfall' ELSE 'priced' END AS kind,
           list_value(provider, name, currency, IF(provider = 'fastly', SkuId || ChargeFrequency, SkuPriceId), ResourceId,
                      IF(provider = 'vultr', ResourceName, ''), RegionId, SubAccountId)::VARCHAR AS thing
    FROM amounts),
sums AS (
    SELECT provider, name, currency, kind, IF(kind = 'priced', thing, '') AS thing,
           coalesce(sum(amount) FILTER (month = $month), 0) AS new, coalesce(sum(amount) FILTER (month = $against), 0) AS old,
           count(*) FILTER (month = $month) AS is_after, count(*) FILTER (month = $against) AS is_before
    FROM kinds WHERE month IN ($month, $against) GROUP BY ALL)
SELECT provider, name, currency,
       CASE WHEN kind <> 'priced' THEN kind WHEN is_before = 0 THEN 'new' WHEN is_after = 0 THEN 'gone' ELSE 'moved' END,
       sum(new - old)::DECIMAL(38,12)
FROM sums GROUP BY ALL
"""
"""What each kind comes to, by a query that knows nothing of rates: what is billed in both months stands together."""


def explain(db: OpenLedger, month: Month) -> list[MovementPart]:
    """Return the parts of a month's movement."""
    against = month.add_months(-1)
    return explain_months(list_movements(db, LedgerFilter(), month, against), month, against)


def sum_kinds(parts: list[MovementPart]) -> Amounts:
    """Return what each kind comes to, rate, quantity and calendar together."""
    sums = defaultdict[tuple[str, ...], Decimal](Decimal)
    for part in parts:
        is_moved = part.kind in {Kind.RATE, Kind.QUANTITY, Kind.CALENDAR}
        sums[part.provider, part.account, part.currency, "moved" if is_moved else str(part.kind)] += part.amount
    return {key: amount for key, amount in sums.items() if amount}


def find_true_changes(host: TwinHost, month: Month) -> Amounts:
    """Return what the twin's true invoices of a month come to, less those of the one before."""
    changes = defaultdict[tuple[str, ...], Decimal](Decimal)
    for account, bill in host.world.iter_bills(host.clock.now()):
        if bill.state == "issued" and bill.total is not None:
            sign = {month: 1, month.add_months(-1): -1}.get(Month.of(bill.period.start), 0)
            changes[account.provider, account.name, bill.currency] += sign * bill.total
    return {key: amount for key, amount in changes.items() if amount}


@pytest.mark.parametrize("seed", choose_worlds(1, 6, 11))
def test_movements_sum_to_the_difference_of_the_invoices(seed: int, tmp_path: Path) -> None:
    """Sums are held against the twin's truth, and kinds against a query of our own; no price moved in these worlds."""
    host, workspace = stage.twin(seed=seed, months=3), Workspace(tmp_path)
    stage.collected(host, workspace)
    last_month = Month.of(host.clock.now()).add_months(-1)
    with workspace.open_ledger() as db:
        for month in (last_month.add_months(-1), last_month):
            parts = explain(db, month)
            totals = defaultdict[tuple[str, ...], Decimal](Decimal)
            for part in parts:
                totals[part.provider, part.account, part.currency] += part.amount
            assert {key: amount for key, amount in totals.items() if amount} == find_true_changes(host, month)
            rows = db.execute(KINDS_SQL, {"month": str(month), "against": str(month.add_months(-1))}).fetchall()
            assert sum_kinds(parts) == {tuple(key): amount for *key, amount in rows if amount}
            assert not [part for part in parts if part.kind is Kind.RATE]
    workspace.close()


def play(scenario: str, directory: Path) -> Workspace:
    """Collect five months of a scenario of one vendor."""
    host = TwinHost(
        World(seed=1, start_time=stage.AT, scenario=scenario, months=5), stage.Still(stage.AT), limits=False
    )
    workspace = Workspace(directory)
    stage.collected(host, workspace, scenario.partition(":")[0])
    return workspace


RAISED_SQL = """
SELECT sum(new.BilledCost) FROM charges new JOIN bills b ON b.id = new.bill
JOIN (SELECT c.* FROM charges c JOIN bills b ON b.id = c.bill WHERE strftime(b.period_start, '%Y-%m') = '2026-07') old
     USING (SkuId, ResourceId, ResourceName)
WHERE strftime(b.period_start, '%Y-%m') = '2026-08' AND b.until_seq IS NULL AND new.PricingUnit = 'Hours'
"""


def test_a_price_that_rises_by_a_fifth_is_a_rate(tmp_path: Path) -> None:
    """A sixth of what is billed in both months is the rise, as exactly as rates of four decimals tell; other months have none."""
    workspace = play("vultr:price-change", tmp_path)
    with workspace.open_ledger() as db:
        rates = {}
        for number in (7, 8, 9, 10):
            parts = explain(db, Month(2026, number))
            rates[number] = sum((part.amount for part in parts if part.kind is Kind.RATE), Decimal(0))
        ((raised_cost,),) = db.execute(RAISED_SQL).fetchall()
    assert {rates[7], rates[9], rates[10]} == {Decimal(0)}
    assert abs(Fraction(rates[8]) - Fraction(raised_cost) / 6) < Fraction(raised_cost) / 6 / 200
    workspace.close()


def test_a_longer_month_is_the_calendars_and_no_rate(tmp_path: Path) -> None:
    """Clusters that run on cost by the hour: a thirtieth more from June to July, as much less from August to September."""
    workspace = play("cockroach:ordinary", tmp_path)
    with workspace.open_ledger() as db:
        for number, sign in ((7, 1), (8, 0), (9, -1)):
            amounts = defaultdict[Kind, Decimal](Decimal)
            for part in explain(db, Month(2026, number)):
                amounts[part.kind] += part.amount
            ((cost,),) = db.execute(
                """SELECT sum(CASE WHEN b.currency = 'USD' THEN BilledCost ELSE PricingCurrencyEffectiveCost END)
                   FROM charges c JOIN bills b ON b.id = c.bill
                   WHERE month(b.period_start) = ? AND regexp_matches(PricingUnit, 'Hours$') AND ChargeCategory = 'Usage'""",
                [number - 1],
            ).fetchall()
            share = Fraction(sign, 30 if sign > 0 else 31)
            assert abs(Fraction(amounts[Kind.CALENDAR]) - Fraction(cost) * share) < Fraction(1, 10**5)
            assert amounts[Kind.RATE] == 0
    workspace.close()
