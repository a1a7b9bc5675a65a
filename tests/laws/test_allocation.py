"""In every month of several worlds, what is allocated sums to what the vendors invoiced, and each part is what SQL says."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.grouping import group_charges
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.ledger.usages import list_usages
from billfold.model.period import Month
from billfold.report.allocate import allocate_charges, list_group_keys
from billfold.report.allocation_rows import AllocationRow, sum_allocations
from billfold.settings.allocation import parse_rules
from tests import stage
from tests.laws.worlds import choose_worlds

RULES = {
    "rules": [
        {"match": {"charge-category": ["Tax", "Credit", "Adjustment"]}, "shared": "direct"},
        {
            "match": {"provider": "cockroach", "tag:env": "*"},
            "team": "data {tag:env}",
            "cost_center": "{tag:cost_center}",
        },
        {"match": {"provider": "genesys"}, "team": "contact", "customer": "{sub-account}"},
        {"match": {"provider": "vultr", "resource": "web*"}, "team": "web"},
        {"match": {"provider": "fastly"}, "split": {"web": 2, "api": "1.5"}},
    ]
}
IS_SHARED = "c.ChargeCategory IN ('Tax', 'Credit', 'Adjustment')"
DIRECT_SQL = f"""
SELECT CASE WHEN {IS_SHARED} THEN '(shared)' WHEN b.provider = 'fastly' THEN '(split)'
            WHEN b.provider = 'cockroach' AND c.Tags->>'env' <> '' AND c.Tags->>'cost_center' <> '' THEN 'data ' || (c.Tags->>'env')
            WHEN b.provider = 'genesys' AND c.SubAccountName <> '' THEN 'contact'
            WHEN b.provider = 'vultr' AND lower(c.ResourceName) LIKE 'web%' THEN 'web' ELSE 'unallocated' END AS team,
       b.provider, a.name, b.currency,
       sum(CASE WHEN b.currency = c.BillingCurrency THEN c.BilledCost ELSE c.PricingCurrencyEffectiveCost END)
FROM charges c JOIN bills b ON b.id = c.bill JOIN accounts a ON a.provider = b.provider AND a.account = b.account
WHERE b.until_seq IS NULL AND b.state = 'issued' AND strftime(b.period_start, '%Y-%m') = ? GROUP BY ALL"""


USAGE_RULES = {
    "rules": [
        {"match": {"provider": "fastly", "charge-category": "Usage"}, "split": "usage"},
        {"match": {"provider": "fastly"}, "team": "{resource}"},
    ]
}
USAGE_SQL = """
WITH costs AS (
    SELECT a.name AS account, regexp_extract(c.SkuId, '[^/]*$') AS sku, sum(c.BilledCost)::DOUBLE AS cost
    FROM charges c JOIN bills b ON b.id = c.bill JOIN accounts a ON a.provider = b.provider AND a.account = b.account
    WHERE b.until_seq IS NULL AND b.state = 'issued' AND strftime(b.period_start, '%Y-%m') = $month
      AND b.provider = 'fastly' AND c.ChargeCategory = 'Usage' GROUP BY ALL),
shares AS (
    SELECT a.name AS account, u.sku, u.user_name, u.quantity::DOUBLE / sum(u.quantity::DOUBLE) OVER (PARTITION BY a.name, u.sku) AS share
    FROM usages u JOIN accounts a ON a.provider = u.provider AND a.account = u.account
    WHERE u.until_seq IS NULL AND strftime(u.period_start, '%Y-%m') = $month AND u.provider = 'fastly'
          AND u.user_type = 'resource')
SELECT account, user_name, sum(cost * share), count(*) FROM costs JOIN shares USING (account, sku) GROUP BY ALL"""


def allocate(db: OpenLedger, month: Month, written_rules: dict[str, Any] = RULES) -> list[AllocationRow]:
    rules = parse_rules(written_rules, "rules")
    keys = list_group_keys(rules)
    groups = group_charges(db, LedgerFilter(first_month=month, last_month=month), keys, ("issued",))
    usages = list_usages(db, LedgerFilter(first_month=month, last_month=month))
    return sum_allocations(allocate_charges(groups, keys, rules, usages))


def check_parts(rows: list[AllocationRow], db: OpenLedger, month: Month) -> None:
    """Hold each row against the sums of a query that knows nothing of our rules: no part is a unit off its exact share."""
    direct, pools = defaultdict[tuple[str, ...], Fraction](Fraction), dict[tuple[str, ...], Fraction]()
    for team, *place, cost in db.execute(DIRECT_SQL, [str(month)]).fetchall():
        if team == "(split)":
            direct["web", *place] += Fraction(cost) * 4 / 7
            direct["api", *place] += Fraction(cost) * 3 / 7
        elif team == "(shared)":
            pools[tuple(place)] = Fraction(cost)
        else:
            direct[team, *place] += Fraction(cost)
    parts = defaultdict[tuple[str, ...], list[AllocationRow]](list)
    for row in rows:
        parts[row.team, row.provider, row.account, row.currency].append(row)
    for key, members in parts.items():
        assert abs(sum(Fraction(row.direct) for row in members) - direct[key]) <= Fraction(1, 100)
        total = sum(cost for other, cost in direct.items() if other[1:] == key[1:])
        expected = pools.get(key[1:], Fraction(0)) * (direct[key] / total if total else 1)
        assert abs(sum(Fraction(row.shared) for row in members) - expected) <= Fraction(len(members), 100)


def check_services(db: OpenLedger, month: Month) -> None:
    """Hold what each service bears against the shares of its use in a query of our own, but for a cent for each line."""
    rows = {(row.account, row.team): row.amount for row in allocate(db, month, USAGE_RULES) if row.provider == "fastly"}
    services = db.execute(USAGE_SQL, {"month": str(month)}).fetchall()
    assert len(services) > 20
    for account, service, cost, line_count in services:
        assert abs(float(rows[account, service]) - cost) <= line_count / 100


@pytest.mark.parametrize("seed", choose_worlds(1, 7))
def test_every_month_is_allocated_to_the_last_digit(seed: int, tmp_path: Path) -> None:
    """Sums are held against the twin's truth, and parts against a query of our own."""
    host, workspace = stage.twin(seed=seed, months=3), Workspace(tmp_path)
    stage.collected(host, workspace)
    truth = defaultdict[tuple[str, ...], Fraction](Fraction)
    for account, bill in host.world.iter_bills(host.clock.now()):
        if bill.state == "issued" and bill.total is not None:
            truth[str(Month.of(bill.period.start)), account.provider, account.name, bill.currency] += Fraction(
                bill.total
            )
    with workspace.open_ledger() as db:
        for month in sorted({key[0] for key in truth}):
            rows = allocate(db, Month.parse(month))
            sums = defaultdict[tuple[str, ...], Fraction](Fraction)
            for row in rows:
                sums[month, row.provider, row.account, row.currency] += Fraction(row.amount)
            expected = {key: total for key, total in truth.items() if key[0] == month}
            assert sums == expected
            check_parts(rows, db, Month.parse(month))
        check_services(db, Month.of(host.clock.now()).add_months(-1))
    workspace.close()
