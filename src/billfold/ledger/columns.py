"""The ledger's tables as data: which FOCUS column is stored as what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args, get_type_hints

import pyarrow as pa

from billfold.model.focus import ContractCommitment, CostAndUsage

MONEY = (26, 12)
RATE = (28, 18)
"""Precision and scale: amounts of money, and prices and quantities. Both sum safely in DuckDB, Spark and Arrow."""

_COSTS = {
    "BilledCost",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "PricingCurrencyEffectiveCost",
    "ContractCommitmentCost",
    "PricingCurrencyContractCommitmentCost",
}
_PLAIN = {str: ("VARCHAR", pa.string()), int: ("BIGINT", pa.int64()), bool: ("BOOLEAN", pa.bool_())}


def _kind(column: str, hint: Any) -> tuple[str, pa.DataType]:
    inner = next(kind for kind in get_args(hint) if kind is not type(None))
    if inner is Decimal:
        size = MONEY if column in _COSTS else RATE
        return f"DECIMAL({size[0]},{size[1]})", pa.decimal128(*size)
    return _PLAIN.get(inner, ("TIMESTAMP", pa.timestamp("us")))


def kinds(row: type) -> dict[str, tuple[str, pa.DataType]]:
    """Return how each column of a dataset is stored: its SQL type and its Arrow type."""
    return {column: _kind(column, hint) for column, hint in get_type_hints(row).items()}


KINDS = kinds(CostAndUsage)
COMMITMENTS = kinds(ContractCommitment)
CHARGE_COLUMNS = tuple(KINDS)
PROVENANCE = ("x_ArchiveSeq", "x_JsonPath")
"""Columns that say where a row came from, not what it says: left out of every hash."""

BILLS = {
    "id": "INTEGER",
    "provider": "VARCHAR",
    "account": "VARCHAR",
    "bill_key": "VARCHAR",
    "state": "VARCHAR",
    "invoice_id": "VARCHAR",
    "period_start": "TIMESTAMP",
    "period_end": "TIMESTAMP",
    "currency": "VARCHAR",
    "total": "VARCHAR",
    "lines": "BIGINT",
    "charges": "BIGINT",
    "summed": "VARCHAR",
    "parked": "VARCHAR",
    "mark": "VARCHAR",
    "issuer": "VARCHAR",
    "issued_on": "TIMESTAMP",
    "due_on": "TIMESTAMP",
    "terms": "VARCHAR",
    "purchase_order": "VARCHAR",
    "corrects": "VARCHAR",
    "settles": "VARCHAR",
    "grade": "INTEGER",
    "content": "VARCHAR",
    "run": "INTEGER",
    "from_seq": "BIGINT",
    "until_seq": "BIGINT",
}
CALLED = {
    "x_AccountName": "{name}",
    "BillingAccountId": 'coalesce(c."BillingAccountId", {name})',
    "BillingAccountName": 'coalesce(c."BillingAccountName", {name})',
}


def read_as(column: str, name: str) -> str:
    """Return the SQL that reads a column of charges ``c``; ``name`` is where the account's present name stands.

    It fills in what a vendor that names no account leaves open, so that an account which is renamed restates nothing.
    """
    return CALLED[column].format(name=name) if column in CALLED else f'c."{column}"'


SCHEMA = f"""
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR);
CREATE TABLE runs (run INTEGER PRIMARY KEY, provider VARCHAR, account VARCHAR, ended TIMESTAMP, seq BIGINT,
    outcome VARCHAR, problems VARCHAR, listing VARCHAR, checks VARCHAR, chain VARCHAR);
CREATE TABLE accounts (provider VARCHAR, account VARCHAR, name VARCHAR, run INTEGER, PRIMARY KEY (provider, account));
CREATE TABLE bills ({", ".join(f"{name} {kind}" for name, kind in BILLS.items())});
CREATE TABLE commitments (bill INTEGER, {", ".join(f'"{name}" {kind}' for name, (kind, _) in COMMITMENTS.items())});
CREATE TABLE charges (bill INTEGER, {", ".join(f'"{name}" {kind}' for name, (kind, _) in KINDS.items())});
"""
