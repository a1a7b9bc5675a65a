"""What usage is priced by where no estimate tells of it: how much was measured in each region, and what invoices took for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.accrual_basis import POSITION_SQL, UNIT_PRICE_SQL
from billfold.ledger.batch import to_naive_utc
from billfold.ledger.query import MAX_SEQ
from billfold.ledger.store import OpenLedger
from billfold.model.period import Month
from billfold.model.usage import UserType


class RegionUsage(NamedTuple):
    """How much an account used of a SKU (its id's last part) in a region in a half-open time, in the vendor's measured units."""

    provider: str
    account: str
    start: datetime
    end: datetime
    sku: str
    region: str
    quantity: Decimal


def list_region_usage(db: OpenLedger, first_month: Month, last_month: Month, seq: int = MAX_SEQ) -> list[RegionUsage]:
    """Return what is believed of the usage by region of some months, the last included, in the order of time."""
    rows = db.select(
        RegionUsage,
        """SELECT u.provider, a.name AS account, period_start AS start, period_end AS "end", sku, user_name AS region, quantity
           FROM usages u JOIN accounts a USING (provider, account)
           WHERE user_type = $user_type AND u.from_seq <= $seq AND (u.until_seq IS NULL OR u.until_seq > $seq)
                 AND period_start >= $first AND period_start < $last
           ORDER BY ALL""",
        {
            "user_type": str(UserType.REGION),
            "seq": seq,
            "first": to_naive_utc(first_month.start),
            "last": to_naive_utc(last_month.end),
        },
    )
    return [row._replace(quantity=Decimal(row.quantity)) for row in rows]


class BilledUsage(NamedTuple):
    """What an issued bill has of usage at one price: ``sku`` is the last part of its SkuId, ``price`` that of one unit.

    ``price`` and ``quantity`` are None where the usage has none, or is of resources, each priced apart. ``position`` is the place of
    the first such line in its bill: the steps of a price list come in their order.
    """

    bill: int
    service: str
    sku_id: str
    sku: str
    region: str
    unit: str
    price: Decimal | None
    quantity: Decimal | None
    position: int


def list_billed_usage(db: OpenLedger, bill_ids: Iterable[int]) -> list[BilledUsage]:
    """Return the usage that issued bills have, by price; corrections of earlier months are left out."""
    return db.select(
        BilledUsage,
        f"""WITH lines AS (
                SELECT c.bill, coalesce(c.ServiceName, '') AS service, coalesce(c.SkuId, '') AS sku_id,
                       split_part(coalesce(c.SkuId, ''), '/', -1) AS sku, coalesce(c.RegionName, c.RegionId, '') AS region,
                       coalesce(c.PricingUnit, '') AS unit,
                       CASE WHEN c.ResourceId IS NULL THEN {UNIT_PRICE_SQL} END AS price, c.PricingQuantity,
                       {POSITION_SQL} AS place
                FROM charges c JOIN bills b ON c.bill = b.id
                WHERE b.id IN (SELECT unnest($ids)) AND c.ChargeCategory = 'Usage' AND c.ChargeClass IS NULL)
            SELECT bill, service, sku_id, sku, region, unit, price,
                   CASE WHEN price IS NOT NULL THEN sum(PricingQuantity) END AS quantity, min(place) AS position
            FROM lines GROUP BY bill, service, sku_id, sku, region, unit, price
            ORDER BY bill, position, sku_id, region, unit, price""",
        {"ids": list(bill_ids)},
    )
