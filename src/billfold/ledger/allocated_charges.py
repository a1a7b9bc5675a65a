"""Charges split into FOCUS rows by whose cost they are: amounts and quantities by ratios, exact to the charge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa

from billfold.ledger.grouping import KEY_SQL, TAG_PREFIX, build_pointer
from billfold.ledger.store import OpenLedger

KEY_COLUMN = "allocation_key"
KEY_SEPARATOR = "\x1f"
SHARE_SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("low", pa.decimal128(10, 9)),
        ("high", pa.decimal128(10, 9)),
        ("method_id", pa.string()),
        ("method_details", pa.string()),
        ("resource_id", pa.string()),
        ("resource_name", pa.string()),
        ("tags", pa.string()),
    ]
)
COLUMNS_BY_SHARE = {
    "AllocatedMethodId": "method_id",
    "AllocatedMethodDetails": "method_details",
    "AllocatedResourceId": "resource_id",
    "AllocatedResourceName": "resource_name",
    "AllocatedTags": "tags",
}


class ChargeShare(NamedTuple):
    """One row that charges of a kind are split into: ``values`` are what they are grouped by, and it has what lies between two ratios."""

    values: tuple[str, ...]
    low: Decimal
    high: Decimal
    method_id: str
    method_details: str
    resource_id: str | None
    resource_name: str | None
    tags: str | None


class ChargeShares(NamedTuple):
    """Into which rows charges are split, by keys of ``ledger.grouping``; those of no share stay whole."""

    keys: tuple[str, ...]
    shares: Sequence[ChargeShare]

    def build_key_sql(self) -> str:
        """Return the SQL of what a charge ``c`` of a selected bill ``p`` is grouped by: one text."""
        columns = (f"coalesce(({_build_column_sql(key)})::VARCHAR, '')" for key in self.keys)
        return f"concat_ws(chr({ord(KEY_SEPARATOR)}), {', '.join(columns)})"


def _build_column_sql(key: str) -> str:
    """Return what a view groups by: it has no place for values, so that a tag's pointer is a literal."""
    if key.startswith(TAG_PREFIX):
        pointer = build_pointer(key).replace("'", "''")
        return f"json_extract_string(c.Tags, '{pointer}')"
    return re.sub(r"\bb\.", "p.", KEY_SQL[key].replace("a.name", "p.called"))


def load_shares(ledger: OpenLedger, charge_shares: ChargeShares) -> None:
    """Bring the shares into a table of the open ledger, where ``build_split_sql`` reads them."""
    rows = [(KEY_SEPARATOR.join(share.values), *share[1:]) for share in charge_shares.shares]
    columns = list(zip(*rows, strict=True)) or [()] * len(SHARE_SCHEMA)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SHARE_SCHEMA, strict=True)]
    share_rows = pa.Table.from_arrays(arrays, schema=SHARE_SCHEMA)  # the statement reads it by this name
    ledger.execute("CREATE OR REPLACE TEMP TABLE allocation_shares AS SELECT * FROM share_rows")
    del share_rows


def build_split_sql(charges_sql: str, column_types: Mapping[str, str]) -> str:
    """Return the SELECT of charges split into their rows: amounts are cut at their ratios, so that the parts sum to them.

    ``charges_sql`` selects the charges with ``KEY_COLUMN``; ``column_types`` are those of its columns.
    """
    replaced = {name: f's."{source}"' for name, source in COLUMNS_BY_SHARE.items()}
    for name, column_type in column_types.items():
        if name.endswith(("Cost", "Quantity")) and column_type.startswith("DECIMAL"):
            cuts = (
                f'(c."{name}" * coalesce(s.{bound}, {default}::DECIMAL(10,9)))::{column_type}'
                for bound, default in (("high", 1), ("low", 0))
            )
            replaced[name] = f"({' - '.join(cuts)})::{column_type}"
    replacements = ", ".join(f'{expression} AS "{name}"' for name, expression in replaced.items())
    return f"""SELECT c.* EXCLUDE ({KEY_COLUMN}) REPLACE ({replacements})
               FROM ({charges_sql}) c LEFT JOIN allocation_shares s ON s.key = c.{KEY_COLUMN}"""
