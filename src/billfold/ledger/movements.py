"""What moved between two months: the issued charges of both, paired by what they are for, and summed where they moved alike.

Pairs are compared as they were first booked; what an invoice was restated by since then is a movement of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    "resource": "coalesce(max(resource) FILTER (is_after), max(resource))",
    "sub-account": "coalesce(max(sub_account) FILTER (is_after), max(sub_account))",
    "region": "region",
    "charge": "min(description)",
    "item": "coalesce(max(nullif(resource, '')) FILTER (is_after), max(nullif(resource, '')), min(description))",
}
"""What movements can be told apart by."""
GROUP_NAMES = [name for name in ITEM_SQL if name != "item"]
"""What of it has a name that a reader knows."""

_SIDES = (("old", "NOT is_after"), ("new", "is_after"))
_SIDE_SQL = """
    count(*) FILTER ({condition}) AS {side}_charges, sum(cost) FILTER ({condition}) AS {side}_sum,
    sum(quantity) FILTER ({condition}) AS {side}_units, count(rate) FILTER ({condition}) AS {side}_rates,
    min(rate) FILTER ({condition}) AS {side}_min_rate, max(rate) FILTER ({condition}) AS {side}_max_rate,
    count(*) FILTER ({condition} AND basis = 'capped') AS {side}_capped,
    arg_max(detail, abs(cost)) FILTER ({condition}) AS {side}_detail, arg_max(bill, abs(cost)) FILTER ({condition}) AS {side}_bill
"""
"""What the charges of one side come to. No text is kept of them: that would not fit the memory where they are millions."""

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
    SELECT b.bill, b.provider, b.name, b.currency, b.is_after, {AMOUNT_SQL} AS cost,
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
           coalesce(c.PricingQuantity, 0) AS quantity, CASE WHEN c.x_PriceBasis <> 'derived' THEN c.x_UnitPrice END AS rate,
           coalesce(c.x_PriceBasis, '') AS basis, hash(c.InvoiceDetailId) AS detail,
           c.ChargePeriodStart <= b.period_start AND c.ChargePeriodEnd >= b.period_end AS is_whole
    FROM charges c JOIN explained b ON c.bill = b.bill),
steps AS (
    SELECT provider, name, currency, sku, resource_key, region, sub_account_key, unit,
           bool_or(NOT is_after) AS has_before, bool_or(is_after) AS has_after
    FROM lines SEMI JOIN (SELECT DISTINCT provider, sku FROM lines WHERE basis = 'tiered') USING (provider, sku)
    WHERE class = '{PRICED}' GROUP BY ALL),
sides AS (
    SELECT provider, name, currency, class, service, sku, price, resource_key, region, sub_account_key, unit, {{item}} AS item, {{single_item}} AS single_item,
           {", ".join(_SIDE_SQL.format(side=side, condition=condition) for side, condition in _SIDES)},
           bool_and(is_whole) AS is_whole, bool_or(basis = 'tiered') AS is_step
    FROM lines GROUP BY ALL),
pairs AS (
    SELECT sides.*, coalesce(old_sum, 0) AS old_cost, coalesce(new_sum, 0) AS new_cost,
           old_charges > 0 OR is_step AND coalesce(has_before, false) AS is_before,
           new_charges > 0 OR is_step AND coalesce(has_after, false) AS is_after,
           old_charges > 0 AND new_charges > 0 AND old_rates = old_charges AND new_rates = new_charges
               AND old_min_rate = old_max_rate AND new_min_rate = new_max_rate AS has_rates,
           CASE WHEN has_rates THEN old_min_rate END AS old_rate, CASE WHEN has_rates THEN new_min_rate END AS new_rate,
           old_capped = old_charges AND new_capped = new_charges AND old_charges = new_charges AS is_capped,
           old_capped + new_capped > 0 AS is_partly_capped,
           old_charges > 0 AND new_charges > 0 AND is_whole AND regexp_matches(lower(unit), '(hours|days)$') AS is_timed,
           coalesce(old_units, 0) AS old_quantity, coalesce(new_units, 0) AS new_quantity,
           old_quantity * $days = new_quantity * $against_days AS is_steady, old_quantity = new_quantity AS is_equal
    FROM sides LEFT JOIN steps USING (provider, name, currency, sku, resource_key, region, sub_account_key, unit)),
moved AS (SELECT * FROM pairs WHERE old_cost <> new_cost OR old_rate <> new_rate OR NOT is_before OR NOT is_after)
"""
"""The charges of both months, summed by what they are for, side by side: those that moved."""

_GROUP_COLUMNS = f"""
    provider, name AS account, currency, item AS "group", class AS movement_class, is_before, is_after,
    sum(old_cost)::DECIMAL(38,12) AS old_cost, sum(new_cost)::DECIMAL(38,12) AS new_cost,
    sum(old_quantity)::DECIMAL(38,18) AS old_quantity, sum(new_quantity)::DECIMAL(38,18) AS new_quantity, old_rate, new_rate,
    is_capped, is_partly_capped, is_timed, is_steady, is_equal, sum(old_charges + new_charges)::BIGINT AS charges,
    coalesce({{details}}, [])::VARCHAR[] AS details, {{bills}}::VARCHAR[] AS invoices,
    CASE WHEN class = '{PRICED}' AND is_before AND is_after AND NOT has_rates
         THEN concat_ws(' ', resource_key, sub_account_key, price, region, unit) END AS own_key"""
_BILL_MOVEMENTS_SQL = f"""
SELECT provider, name, currency, {{item}}, class, NOT is_after, is_after,
       CASE WHEN is_after THEN 0 ELSE cost END, CASE WHEN is_after THEN cost ELSE 0 END, 0, 0, NULL, NULL,
       false, false, false, false, false, 0, []::VARCHAR[], [bill::VARCHAR]
FROM (SELECT *, '{RESTATED}' AS class, last_total - first_total AS cost FROM explained
      UNION ALL SELECT *, '{UNITEMIZED}' AS class,
                CASE WHEN bill = id THEN last_total ELSE first_total END - charged AS cost FROM explained)
WHERE cost <> 0
"""
_NAMES_SQL = """
SELECT hash(c.InvoiceDetailId)::VARCHAR, any_value(c.InvoiceDetailId)
FROM charges c JOIN explained b ON c.bill = b.bill WHERE hash(c.InvoiceDetailId) IN (SELECT unnest($hashes)::UBIGINT) GROUP BY ALL
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
    ledger: OpenLedger, filters: LedgerFilter, month: Month, against: Month, by: str = "account"
) -> list[Movement]:
    """Return what moved from the month against to a month, told apart by one of ``ITEM_SQL``; see ``list_movements_and_items``."""
    return list_movements_and_items(ledger, filters, month, against, by, 0)[0]


def list_movements_and_items(
    ledger: OpenLedger, filters: LedgerFilter, month: Month, against: Month, by: str, limit: int
) -> tuple[list[Movement], list[Movement]]:
    """Return what moved from the month against to a month, told apart by one of ``ITEM_SQL``, and the ``limit`` largest pairs of items.

    Restated invoices, and what the totals of invoices state beyond their charges, come bill by bill.
    """
    condition, values = _build_values(filters, month, against)
    bills_sql = _BILLS_SQL.format(condition=condition)
    days = {"days": (month.end - month.start).days, "against_days": (against.end - against.start).days}
    pairs_sql = _CHARGES_SQL.format(item=ITEM_SQL[by], single_item=ITEM_SQL["item"] if limit else "''")
    ledger.execute(f"CREATE OR REPLACE TEMP TABLE moved AS {bills_sql} {pairs_sql} SELECT * FROM moved", values | days)
    largest = (
        "SELECT * REPLACE (single_item AS item) FROM moved "
        f"ORDER BY abs(new_cost - old_cost) DESC, provider, name, price, single_item LIMIT {limit}"
    )
    sides = [(by, "moved"), ("item", f"({largest})")][: 2 if limit else 1]
    rows, items = [_group_pairs(ledger, bills_sql, values, *side) for side in sides] + [[]] * (2 - len(sides))
    ledger.execute("DROP TABLE moved")
    hashes = [detail for row in (*rows, *items) for detail in row.details]
    names = dict(ledger.execute(f"{bills_sql} {_NAMES_SQL}", values | {"hashes": hashes}).fetchall()) if hashes else {}
    invoices = dict(ledger.execute(f"{bills_sql} SELECT bill::VARCHAR, invoice_id FROM explained", values).fetchall())
    named_rows, named_items = ([_name_sources(row, names, invoices) for row in each] for each in (rows, items))
    return named_rows, named_items


def _group_pairs(
    ledger: OpenLedger, bills_sql: str, values: dict[str, object], by: str, pairs_sql: str
) -> list[Movement]:
    """Sum the pairs that moved alike, told apart by something; and what of bills has no pair."""
    item = "invoice_id" if by in {"item", "charge"} else "''"
    query = f"""{bills_sql} SELECT * EXCLUDE (own_key) FROM (
            SELECT {_build_group_columns(by)} FROM {pairs_sql} GROUP BY ALL)
        UNION ALL {_BILL_MOVEMENTS_SQL.format(item=item)} ORDER BY ALL"""
    return ledger.select(Movement, query, values)


def _build_group_columns(by: str) -> str:
    """Return the columns of a group of pairs; groups that can be as many as charges keep the largest charge only."""
    names = {"details": "coalesce(new_detail, old_detail)", "bills": "coalesce(new_bill, old_bill)"}
    size = "abs(new_cost - old_cost)"
    is_fine = by in {"sku", "resource", "charge", "item"}
    template = "list_filter([arg_max({0}, {1})], lambda x: x IS NOT NULL)" if is_fine else "arg_max({0}, {1}, {2})"
    sources = {name: template.format(column, size, IDS_PER_MOVEMENT) for name, column in names.items()}
    return _GROUP_COLUMNS.format(**sources)


def _name_sources(row: Movement, names: Mapping[str, str], invoices: Mapping[str, str | None]) -> Movement:
    """Put ids in the places of hashes of details, and of bills' numbers."""
    invoice_ids = dict.fromkeys(invoice for bill in row.invoices if (invoice := invoices[bill]) is not None)
    return row._replace(details=[names[detail] for detail in row.details], invoices=list(invoice_ids))


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
