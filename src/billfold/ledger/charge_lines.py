"""The charges behind a number: those of some accounts, months, a state and whatever else they are narrowed to, and their sum."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.grouping import KEY_SQL
from billfold.ledger.query import AMOUNT_SQL, CHARGES_JOIN, SERVICE_SQL, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger

NARROWING_KEYS = ("state", "currency", "service", "charge-category", "sub-account")
"""What charges can be narrowed to besides accounts and months."""


class ChargeLine(NamedTuple):
    """A charge of a bill that is counted: what it is for, what it costs in the bill's currency, and where in which answer it stands."""

    provider: str
    account: str
    month: str
    state: str
    invoice_id: str | None
    currency: str
    description: str | None
    service: str | None
    category: str | None
    sub_account: str | None
    cost: Decimal | None
    seq: int | None
    path: str | None


class ChargeTotal(NamedTuple):
    """What charges come to in a currency and state, and how many they are."""

    state: str
    currency: str
    cost: Decimal
    charges: int


def list_charge_lines(
    db: OpenLedger, filters: LedgerFilter, narrowing: Mapping[str, str], limit: int
) -> list[ChargeLine]:
    """Return the first charges that fit, the dearest first; ``narrowing`` has values of ``NARROWING_KEYS``, "" for none."""
    condition, values = _build_condition(filters, narrowing)
    return db.select(
        ChargeLine,
        f"""SELECT b.provider, a.name AS account, strftime(b.period_start, '%Y-%m') AS month, b.state, b.invoice_id, b.currency,
                   c.ChargeDescription AS description, {SERVICE_SQL} AS service, c.ChargeCategory AS category,
                   {KEY_SQL["sub-account"]} AS sub_account, {AMOUNT_SQL} AS cost, c.x_ArchiveSeq AS seq, c.x_JsonPath AS path
            FROM {CHARGES_JOIN} WHERE {condition}
            ORDER BY abs(cost) DESC NULLS LAST, seq, path LIMIT $limit""",
        values | {"limit": limit},
    )


def sum_charge_lines(db: OpenLedger, filters: LedgerFilter, narrowing: Mapping[str, str]) -> list[ChargeTotal]:
    """Return what all charges that fit come to, each state and currency by itself."""
    condition, values = _build_condition(filters, narrowing)
    return db.select(
        ChargeTotal,
        f"""SELECT b.state, b.currency, sum({AMOUNT_SQL})::DECIMAL(38,12) AS cost, count(*) AS charges
            FROM {CHARGES_JOIN} WHERE {condition} GROUP BY ALL ORDER BY ALL""",
        values,
    )


def _build_condition(filters: LedgerFilter, narrowing: Mapping[str, str]) -> tuple[str, dict[str, object]]:
    condition, values = build_current_condition(filters)
    clauses = [condition, "b.parked IS NULL"]
    for number, key in enumerate(NARROWING_KEYS):
        if key in narrowing:
            clauses.append(f"coalesce(({KEY_SQL[key]})::VARCHAR, '') = $narrow{number}")
            values = values | {f"narrow{number}": narrowing[key]}
    return " AND ".join(clauses), values
