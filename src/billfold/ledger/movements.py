"""What moved between two months: the issued charges of both, paired by what they are for, and summed where they moved alike.

Pairs are compared as they were first booked; what an invoice was restated by since then is a movement of its own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.batch import to_naive_utc
from billfold.ledger.query import AMOUNT_SQL, SERVICE_SQL, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger
from billfold.model.period import Month

PRICED, RESTATED, UNITEMIZED = "priced", "restatement", "unitemized"
"""What else a movement is of besides a tax, credit, discount or shortfall: a price, an earlier version, no charge at all."""
IDS_PER_MOVEMENT = 5
"""InvoiceDetailIds that a movement names: those of the charges that moved most."""

ITEM_SQL = {
    "account": "''",
    "service": "service",
    "sku": "sku",
    "resource": "resource",
    "sub-account": "sub_account",
    "region": "region",
    "charge": "description",
    "item": "coalesce(nullif(resource, ''), description)",
}
"""What movements can be told apart by."""

_BILLS_SQL = """
WITH counted AS (
    SELECT b.id, b.provider, b.account, a.name, b.bill_key, b.invoice_id, b.currency, b.period_start, b.period_end,
           coalesce(b.total, b.summed)::DECIMAL(38,12) AS last_total, b.summed, b.period_start >= $start AND b.period_start < $end AS is_after
    FROM bills b JOIN accounts a USING (provider, account)
    WHERE {condition} AND b.state = 'issued' AND b.parked IS NULL
      AND (b.period_start >= $start AND b.period_start < $end
           OR b.period_start >= $against_start AND b.period_start < $against_end)),
first_versions AS (
    SELECT c.id, first(v.id ORDER BY v.from_seq, v.id) AS first_id,
           first(coalesce(v.total, v.summed) ORDER BY v.from_seq, v.id)::DECIMAL(38,12) AS first_total,
           first(v.summed ORDER BY v.from_seq, v.id) AS first_summed
    FROM counted c JOIN bills v ON v.provider = c.provider AND v.account = c.account AND v.bill_key = c.bill_key
         AND v.currency = c.currency AND date_trunc('month', v.period_start) = date_trunc('month', c.period_start)
    WHERE v.state = 'issued' AND v.parked IS NULL AND v.from_seq <= $seq GROUP BY c.id),
explained AS (
    SELECT c.* EXCLUDE (summed), f.first_total, CASE WHEN first_total = last_total THEN c.id ELSE first_id END AS bill,
           (CASE WHEN first_total = last_total THEN summed ELSE first_summed END)::DECIMAL(38,12) AS charged
    FROM counted c JOIN first_versions f USING (id))
"""
"""The bills of both months that are counted, each with the version whose charges are compared: its first, where it was restated."""

_CHARGES_SQL = f"""
, lines AS (
    SELECT b.bill, b.provider, b.name, b.currency, b.is_after, b.invoice_id, {AMOUNT_SQL} AS cost,
           CASE WHEN c.ChargeCategory = 'Tax' THEN 'tax'
                WHEN c.ChargeCategory = 'Credit' OR c.ChargeClass = 'Correction' AND cost < 0 THEN 'credit'
                WHEN c.ChargeCategory = 'Adjustment' AND regexp_matches(
                    lower(concat_ws(' ', c.ServiceName, c.ChargeDescription)), 'discount|rebate') THEN 'discount'
                WHEN c.ChargeCategory = 'Adjustment' THEN 'other'
                WHEN c.ChargeCategory = 'Purchase' AND (c.PricingCategory = 'Other'
                    OR contains(lower(c.ChargeDescription), 'shortfall')) THEN 'shortfall'
                ELSE '{PRICED}' END AS class,
           {SERVICE_SQL} AS service, coalesce(c.SkuId, '') AS sku, coalesce(c.SkuPriceId, c.ChargeDescription, '') AS price,
           coalesce(c.ResourceName, c.ResourceId, '') AS resource,
           coalesce(CASE WHEN regexp_full_match(c.ResourceId, '[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*')
                         THEN concat_ws(' ', c.ResourceId, c.ResourceName) ELSE c.ResourceId END, c.ResourceName, '')
               AS resource_key,
           coalesce(c.RegionName, c.RegionId, '') AS region,
           coalesce(c.SubAccountName, c.SubAccountId, '') AS sub_account, coalesce(c.SubAccountId, '') AS sub_account_key,
           coalesce(c.ChargeDescription, '') AS description, coalesce(c.PricingUnit, '') AS unit,
           c.PricingQuantity AS quantity, CASE WHEN c.x_PriceBasis <> 'derived' THEN c.x_UnitPrice END AS rate,
           c.x_PriceBasis = 'capped' AS is_capped, c.x_PriceBasis = 'tiered' AS is_tiered, c.InvoiceDetailId AS detail,
           c.ChargePeriodStart <= b.period_start AND c.ChargePeriodEnd >= b.period_end AS is_whole
    FROM charges c JOIN explained b ON c.bill = b.bill),
sides AS (
    SELECT provider, name, currency, class, service, sku, price, resource_key, region, sub_account_key, unit, is_after,
           any_value(resource) AS resource, any_value(sub_account) AS sub_account, min(description) AS description,
           sum(cost) AS cost, coalesce(sum(quantity), 0) AS quantity, count(*) AS charges,
           CASE WHEN count(rate) = count(*) AND min(rate) = max(rate) THEN min(rate) END AS rate,
           coalesce(bool_or(is_capped), false) AS is_capped, coalesce(bool_and(is_capped), false) AS is_all_capped,
           coalesce(bool_and(is_whole), false) AS is_whole, coalesce(bool_or(is_tiered), false) AS is_tiered,
           arg_max(detail, abs(cost)) AS detail, arg_max(invoice_id, abs(cost)) AS invoice_id
    FROM lines GROUP BY ALL),
pairs AS (
    SELECT provider, name, currency, class, service, sku, price, region, unit,
           concat_ws(' ', resource_key, sub_account_key, price, region, unit) AS pair_key,
           coalesce(new.resource, old.resource) AS resource, coalesce(new.sub_account, old.sub_account) AS sub_account,
           coalesce(new.description, old.description) AS description,
           old.is_tiered OR new.is_tiered AS is_step,
           bool_or(old.cost IS NOT NULL) OVER steps AND (old.cost IS NOT NULL OR is_step) AS is_before,
           bool_or(new.cost IS NOT NULL) OVER steps AND (new.cost IS NOT NULL OR is_step) AS is_after,
           coalesce(old.cost, 0) AS old_cost, coalesce(new.cost, 0) AS new_cost,
           coalesce(old.quantity, 0) AS old_quantity, coalesce(new.quantity, 0) AS new_quantity,
           old.rate IS NOT NULL AND new.rate IS NOT NULL AS has_rates,
           CASE WHEN has_rates THEN old.rate END AS old_rate, CASE WHEN has_rates THEN new.rate END AS new_rate,
           old.is_all_capped AND new.is_all_capped AND old.charges = new.charges AS is_capped,
           old.is_capped OR new.is_capped AS is_partly_capped,
           old.is_whole AND new.is_whole AND regexp_matches(lower(unit), '(hours|days)$') AS is_timed,
           old_quantity * $days = new_quantity * $against_days AS is_steady, old_quantity = new_quantity AS is_equal,
           coalesce(old.charges, 0) + coalesce(new.charges, 0) AS charges,
           coalesce(new.detail, old.detail) AS detail, coalesce(new.invoice_id, old.invoice_id) AS invoice_id
    FROM (SELECT * FROM sides WHERE NOT is_after) old
    FULL JOIN (SELECT * FROM sides WHERE is_after) new
    USING (provider, name, currency, class, service, sku, price, resource_key, region, sub_account_key, unit)
    WINDOW steps AS (PARTITION BY provider, name, currency, class, service, sku, resource_key, region, sub_account_key, unit)),
moved AS (SELECT * FROM pairs WHERE old_cost <> new_cost OR old_rate <> new_rate OR NOT is_before OR NOT is_after)
"""
"""The charges of both months, summed by what they are for, and paired: those that moved."""

_GROUP_COLUMNS = f"""
    provider, name AS account, currency, {{item}} AS "group", class AS movement_class, is_before, is_after,
    sum(old_cost)::DECIMAL(38,12) AS old_cost, sum(new_cost)::DECIMAL(38,12) AS new_cost,
    sum(old_quantity)::DECIMAL(38,18) AS old_quantity, sum(new_quantity)::DECIMAL(38,18) AS new_quantity, old_rate, new_rate,
    coalesce(is_capped, false) AS is_capped, coalesce(is_partly_capped, false) AS is_partly_capped,
    coalesce(is_timed, false) AS is_timed, is_steady, is_equal, sum(charges)::BIGINT AS charges,
    coalesce(arg_max(detail, abs(new_cost - old_cost), {IDS_PER_MOVEMENT}), []) AS details,
    list_sort(list(DISTINCT invoice_id) FILTER (invoice_id IS NOT NULL))[:{IDS_PER_MOVEMENT}] AS invoices,
    CASE WHEN class = '{PRICED}' AND is_before AND is_after AND NOT has_rates THEN pair_key END AS own_key"""
_BILL_MOVEMENTS_SQL = f"""
SELECT provider, name, currency, {{item}}, class, NOT is_after, is_after,
       CASE WHEN is_after THEN 0 ELSE cost END, CASE WHEN is_after THEN cost ELSE 0 END, 0, 0, NULL, NULL,
       false, false, false, false, false, 0, [], [invoice_id]
FROM (SELECT *, '{RESTATED}' AS class, last_total - first_total AS cost FROM explained
      UNION ALL SELECT *, '{UNITEMIZED}' AS class,
                CASE WHEN bill = id THEN last_total ELSE first_total END - charged AS cost FROM explained)
WHERE cost <> 0
"""


class Movement(NamedTuple):
    """Charges that moved alike from one month to another: what they are of, what they cost, how much it was at which rate.

    ``group`` is what they are told apart by; rates are None where the vendor states none, or several. ``is_capped`` tells that all
    of them stop at a cap in both months; ``is_timed`` that they count hours or days of the whole month; ``is_steady`` that their
    quantity went with the days of the months, ``is_equal`` that it stayed. ``details`` are InvoiceDetailIds of the largest.
    """

    provider: str
    account: str
    currency: str
    group: str
    movement_class: str
    is_before: bool
    is_after: bool
    old_cost: Decimal
    new_cost: Decimal
    old_quantity: Decimal
    new_quantity: Decimal
    old_rate: Decimal | None
    new_rate: Decimal | None
    is_capped: bool
    is_partly_capped: bool
    is_timed: bool
    is_steady: bool
    is_equal: bool
    charges: int
    details: list[str]
    invoices: list[str]


def list_movements(
    ledger: OpenLedger,
    filters: LedgerFilter,
    month: Month,
    against: Month,
    by: str = "account",
    limit: int | None = None,
) -> list[Movement]:
    """Return what moved from the month against to a month, told apart by one of ``ITEM_SQL``: the ``limit`` largest, or all.

    Restated invoices, and what the totals of invoices state beyond their charges, come bill by bill.
    """
    condition, values = _build_values(filters, month, against)
    charges_sql = f"""SELECT * EXCLUDE (own_key) FROM (SELECT {_GROUP_COLUMNS.format(item=ITEM_SQL[by])} FROM moved GROUP BY ALL)"""
    bills_sql = _BILL_MOVEMENTS_SQL.format(item="invoice_id" if by in {"item", "charge"} else "''")
    order = (
        "ORDER BY ALL"
        if limit is None
        else f'ORDER BY abs(new_cost - old_cost) DESC, provider, account, "group", new_cost LIMIT {limit}'
    )
    query = f"{_BILLS_SQL.format(condition=condition)} {_CHARGES_SQL} {charges_sql} UNION ALL {bills_sql}"
    days = {"days": (month.end - month.start).days, "against_days": (against.end - against.start).days}
    return ledger.select(Movement, f"SELECT * FROM ({query}) {order}", values | days)


class MonthTotals(NamedTuple):
    """What an account's issued invoices of two months come to, as their vendor states them; how many there are of each."""

    provider: str
    account: str
    currency: str
    old_total: Decimal
    new_total: Decimal
    old_bills: int
    new_bills: int


def list_month_totals(ledger: OpenLedger, filters: LedgerFilter, month: Month, against: Month) -> list[MonthTotals]:
    """Return what the issued invoices of two months come to, by account and currency."""
    condition, values = _build_values(filters, month, against)
    return ledger.select(
        MonthTotals,
        f"""{_BILLS_SQL.format(condition=condition)}
            SELECT provider, name AS account, currency,
                   coalesce(sum(last_total) FILTER (NOT is_after), 0)::DECIMAL(38,12) AS old_total,
                   coalesce(sum(last_total) FILTER (is_after), 0)::DECIMAL(38,12) AS new_total,
                   count(*) FILTER (NOT is_after) AS old_bills, count(*) FILTER (is_after) AS new_bills
            FROM explained GROUP BY ALL ORDER BY ALL""",
        values,
    )


def _build_values(filters: LedgerFilter, month: Month, against: Month) -> tuple[str, dict[str, object]]:
    condition, values = build_current_condition(filters._replace(first_month=None, last_month=None))
    months = {"": month, "against_": against}
    bounds = {
        f"{name}{bound}": to_naive_utc(getattr(period, bound))
        for name, period in months.items()
        for bound in ("start", "end")
    }
    return condition, values | bounds
