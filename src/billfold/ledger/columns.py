"""The ledger's tables as data: which FOCUS column is stored as what."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import pyarrow as pa

from billfold.model.focus import ContractCommitment, CostAndUsage

MONEY_DECIMAL = (26, 12)
RATE_DECIMAL = (28, 18)
"""Precision and scale: amounts of money (FOCUS ends their names in Cost), and prices and quantities.

Both sum safely in DuckDB, Spark and Arrow.
"""

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""How FOCUS writes a time as text."""
_STORAGE_TYPES = {str: ("VARCHAR", pa.string()), int: ("BIGINT", pa.int64()), bool: ("BOOLEAN", pa.bool_())}


def _choose_column_type(column: str, hint: Any) -> tuple[str, pa.DataType]:
    value_type = next(hint_type for hint_type in get_args(hint) if hint_type is not type(None))
    if value_type is Decimal:
        decimal_size = MONEY_DECIMAL if column.endswith("Cost") else RATE_DECIMAL
        return f"DECIMAL({decimal_size[0]},{decimal_size[1]})", pa.decimal128(*decimal_size)
    return _STORAGE_TYPES.get(value_type, ("TIMESTAMP", pa.timestamp("us")))


def list_column_types(row_type: type) -> dict[str, tuple[str, pa.DataType]]:
    """Return how each column of a dataset is stored: its SQL type and its Arrow type."""
    return {column: _choose_column_type(column, hint) for column, hint in get_type_hints(row_type).items()}


CHARGE_COLUMN_TYPES = list_column_types(CostAndUsage)
COMMITMENT_COLUMN_TYPES = list_column_types(ContractCommitment)
CHARGE_COLUMNS = tuple(CHARGE_COLUMN_TYPES)
PROVENANCE_COLUMNS = ("x_ArchiveSeq", "x_JsonPath")
"""Columns that say where a row came from, not what it says: left out of every hash."""

BILL_COLUMN_TYPES = {
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
    "inputs": "VARCHAR",
    "disputes": "INTEGER",
    "run": "INTEGER",
    "from_seq": "BIGINT",
    "until_seq": "BIGINT",
}
ACCOUNT_SQL = {
    "x_AccountName": "{name}",
    "BillingAccountId": """coalesce(c."BillingAccountId", regexp_replace({account}, '^name:', ''))""",
    "BillingAccountName": 'coalesce(c."BillingAccountName", {name})',
}


def build_column_sql(column: str, name_sql: str, account_sql: str) -> str:
    """Return the SQL that reads a column of charges ``c``; names and identities of their accounts stand where the SQL says.

    It fills in what a vendor that names no account leaves open: an account that is renamed restates nothing, and keeps its id.
    """
    return ACCOUNT_SQL[column].format(name=name_sql, account=account_sql) if column in ACCOUNT_SQL else f'c."{column}"'


PAYMENT_COLUMN_TYPES = {
    "provider": "VARCHAR",
    "account": "VARCHAR",
    "kind": "VARCHAR",
    "payment_id": "VARCHAR",
    "invoice_id": "VARCHAR",
    "currency": "VARCHAR",
    "paid_at": "TIMESTAMP",
    "amount": "VARCHAR",
    "balance": "VARCHAR",
    "run": "INTEGER",
    "from_seq": "BIGINT",
    "until_seq": "BIGINT",
}
BALANCE_COLUMN_TYPES = {
    "provider": "VARCHAR",
    "account": "VARCHAR",
    "balance_id": "VARCHAR",
    "name": "VARCHAR",
    "unit": "VARCHAR",
    "period_start": "TIMESTAMP",
    "period_end": "TIMESTAMP",
    "opening": "VARCHAR",
    "bought": "VARCHAR",
    "used": "VARCHAR",
    "closing": "VARCHAR",
    "overage": "VARCHAR",
    "is_open": "BOOLEAN",
    "kind": "VARCHAR",
    "commitment_id": "VARCHAR",
    "run": "INTEGER",
    "from_seq": "BIGINT",
    "until_seq": "BIGINT",
}
USAGE_COLUMN_TYPES = {
    "provider": "VARCHAR",
    "account": "VARCHAR",
    "period_start": "TIMESTAMP",
    "period_end": "TIMESTAMP",
    "sku": "VARCHAR",
    "user_type": "VARCHAR",
    "user_id": "VARCHAR",
    "user_name": "VARCHAR",
    "unit": "VARCHAR",
    "quantity": "VARCHAR",
    "amount": "VARCHAR",
    "currency": "VARCHAR",
    "run": "INTEGER",
    "from_seq": "BIGINT",
    "until_seq": "BIGINT",
}
"""What vendors state of payments, balances and usage, each from an archive number on and until another; amounts with all their digits."""


CATALOG_TABLES = {
    "meta": {"key": "VARCHAR", "value": "VARCHAR"},
    "runs": {
        "run": "INTEGER",
        "provider": "VARCHAR",
        "account": "VARCHAR",
        "ended": "TIMESTAMP",
        "asked": "TIMESTAMP",
        "seq": "BIGINT",
        "outcome": "VARCHAR",
        "listing": "VARCHAR",
        "chain": "VARCHAR",
    },
    "findings": {
        "run": "INTEGER",
        "bill": "INTEGER",
        "stage": "VARCHAR",
        "code": "VARCHAR",
        "severity": "VARCHAR",
        "subject": "VARCHAR",
        "count": "BIGINT",
        "text": "VARCHAR",
        "data": "VARCHAR",
    },
    "accounts": {"provider": "VARCHAR", "account": "VARCHAR", "name": "VARCHAR", "run": "INTEGER"},
    "bills": BILL_COLUMN_TYPES,
    "commitments": {"bill": "INTEGER"} | {name: sql_type for name, (sql_type, _) in COMMITMENT_COLUMN_TYPES.items()},
    "payments": PAYMENT_COLUMN_TYPES,
    "balances": BALANCE_COLUMN_TYPES,
    "usages": USAGE_COLUMN_TYPES,
    "parts": {
        "name": "VARCHAR",
        "first_bill": "INTEGER",
        "last_bill": "INTEGER",
        "rows": "BIGINT",
        "bytes": "BIGINT",
        "checksum": "VARCHAR",
    },
}
"""The tables of the catalog, and the type of each column: everything that the ledger notes but the charges themselves."""
CATALOG_KEYS = {"meta": "key", "runs": "run", "accounts": "provider, account", "bills": "id", "parts": "name"}
CHARGE_TABLE = {"bill": "INTEGER"} | {name: sql_type for name, (sql_type, _) in CHARGE_COLUMN_TYPES.items()}
CHARGE_SCHEMA = pa.schema(
    [("bill", pa.int32()), *((name, arrow_type) for name, (_, arrow_type) in CHARGE_COLUMN_TYPES.items())]
)
"""The columns of a part: the number of a bill in the catalog, and those of FOCUS and ours."""


def build_table_sql(name: str, column_types: Mapping[str, str], key: str = "") -> str:
    """Return the SQL that makes a table."""
    columns = ", ".join(f'"{column}" {sql_type}' for column, sql_type in column_types.items())
    return f"CREATE TABLE {name} ({columns}{f', PRIMARY KEY ({key})' if key else ''})"
