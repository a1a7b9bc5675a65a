"""The least work: the same pages fetched, decoded, turned into Arrow and inserted into DuckDB; nothing kept beside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

import billfold
from billfold.ledger.columns import MONEY_DECIMAL, RATE_DECIMAL

TOGETHER = 5000
COLUMNS = {
    "invoice_id": pa.string(),
    "description": pa.string(),
    "product": pa.string(),
    "start_date": pa.timestamp("us"),
    "end_date": pa.timestamp("us"),
    "units": pa.decimal128(*RATE_DECIMAL),
    "unit_type": pa.string(),
    "unit_price": pa.decimal128(*RATE_DECIMAL),
    "total": pa.decimal128(*MONEY_DECIMAL),
}


def batches(vultr: Any) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the lines as tuples, some thousands together."""
    rows: list[tuple[Any, ...]] = []
    for invoice in vultr.list_invoices(per_page=500):
        for page in vultr.get_invoice_items(invoice_id=invoice.id, per_page=500).pages():
            rows += (
                (str(invoice.id), i.description, i.product, moment(i.start_date), moment(i.end_date), *numbers(i))
                for i in page.invoice_items
            )
            if len(rows) >= TOGETHER:
                yield rows
                rows = []
    yield rows


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def numbers(item: Any) -> tuple[Decimal, str, Decimal, Decimal]:
    return item.units, item.unit_type, item.unit_price, item.total


def load(base_url: str, key: str, directory: str) -> int:
    """Load every line and count them."""
    count = 0
    column_types = ("VARCHAR", "TIMESTAMP", f"DECIMAL{RATE_DECIMAL}", f"DECIMAL{MONEY_DECIMAL}")
    names = dict(
        zip(
            (pa.string(), pa.timestamp("us"), pa.decimal128(*RATE_DECIMAL), pa.decimal128(*MONEY_DECIMAL)),
            column_types,
            strict=True,
        )
    )
    vultr = billfold.Vultr(api_key=key, base_url=base_url, unlimited=True)
    with vultr, duckdb.connect(f"{directory}/floor.duckdb") as db:
        db.execute(f"CREATE TABLE items ({', '.join(f'{name} {names[kind]}' for name, kind in COLUMNS.items())})")
        for rows in batches(vultr):
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, kind) for column, kind in zip(columns, COLUMNS.values(), strict=True)]
            lines = pa.table(arrays, names=list(COLUMNS))  # noqa: F841 - read by name in the SQL below
            db.execute("INSERT INTO items SELECT * FROM lines")
            count += len(rows)
    return count


if __name__ == "__main__":
    print(json.dumps({"items": load(*sys.argv[1:])}))
