"""What was charged, summed by whatever a report groups by: accounts, services, months, tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import (
    AMOUNT_SQL,
    BILLS_JOIN,
    CHARGES_JOIN,
    SERVICE_SQL,
    LedgerFilter,
    build_current_condition,
)
from billfold.ledger.store import OpenLedger, make_aware
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month

TAG_PREFIX = "tag:"
KEY_SQL = {
    "provider": "b.provider",
    "account": "a.name",
    "service": SERVICE_SQL,
    "sku": "c.SkuId",
    "region": "coalesce(c.RegionName, c.RegionId)",
    "resource": "coalesce(c.ResourceName, c.ResourceId)",
    "resource-id": "c.ResourceId",
    "sub-account": "coalesce(c.SubAccountName, c.SubAccountId)",
    "sub-account-id": "c.SubAccountId",
    "charge-category": "c.ChargeCategory",
    "charge-frequency": "c.ChargeFrequency",
    "description": "c.ChargeDescription",
    "month": "strftime(b.period_start, '%Y-%m')",
    "day": "strftime(c.ChargePeriodStart, '%Y-%m-%d')",
    "state": "b.state",
    "currency": "b.currency",
    "billing-currency": "c.BillingCurrency",
    "invoice": "b.invoice_id",
    "bill": "b.id",
}
"""What charges can be grouped by, and ``tag:KEY``: the value of a tag."""


class ChargeGroup(NamedTuple):
    """What the charges of one group come to: ``values`` are those of the keys, "" where a charge has none."""

    values: tuple[str, ...]
    cost: Decimal
    charges: int


def group_charges(
    ledger: OpenLedger, filters: LedgerFilter, keys: Sequence[str], states: Collection[str] = tuple(State)
) -> list[ChargeGroup]:
    """Sum the trusted charges by keys, in their order; costs are in the currency of the bill, so that "currency" must be a key.

    Raises ``InvalidArgument`` for a key that there is not.
    """
    condition, values = build_current_condition(filters)
    columns, key_values = build_key_columns(keys)
    rows = ledger.execute(
        f"""SELECT {columns}, sum({AMOUNT_SQL}), count(*) FROM {CHARGES_JOIN}
            WHERE {condition} AND b.parked IS NULL AND b.state IN (SELECT unnest($states))
            GROUP BY ALL ORDER BY ALL""",
        values | key_values | {"states": [str(state) for state in states]},
    ).fetchall()
    return [ChargeGroup(tuple(row[:-2]), row[-2], row[-1]) for row in rows]


def find_last_month(ledger: OpenLedger, filters: LedgerFilter, state: State | None = None) -> Month | None:
    """Return the last month that a trusted bill, of a state, begins in; None where there is none."""
    condition, values = build_current_condition(filters)
    (start,) = ledger.execute(
        f"""SELECT max(b.period_start) FROM {BILLS_JOIN}
            WHERE {condition} AND b.parked IS NULL AND b.state = coalesce($state, b.state)""",
        values | {"state": state},
    ).fetchall()[0]
    return Month.of(make_aware(start)) if start else None


def build_key_columns(keys: Sequence[str]) -> tuple[str, dict[str, object]]:
    """Return the SQL of the columns of keys, and its values; raises ``InvalidArgument`` for a key that there is not."""
    columns = ", ".join(f"coalesce(({_build_key_sql(key, number)})::VARCHAR, '')" for number, key in enumerate(keys))
    return columns, {
        f"tag{number}": build_pointer(key) for number, key in enumerate(keys) if key.startswith(TAG_PREFIX)
    }


def _build_key_sql(key: str, number: int) -> str:
    if key.startswith(TAG_PREFIX):
        return f"json_extract_string(c.Tags, $tag{number})"
    if key not in KEY_SQL:
        raise InvalidArgument(f"there is no {key!r} to group by; there are {', '.join(KEY_SQL)} and tag:KEY")
    return KEY_SQL[key]


def build_pointer(key: str) -> str:
    """Return the JSON pointer to a tag, of a key ``tag:KEY``."""
    return "/" + key.removeprefix(TAG_PREFIX).replace("~", "~0").replace("/", "~1")
