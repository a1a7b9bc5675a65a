"""The least work of a first sync, and of a rebuild: answers decoded, turned into Arrow and written as one Parquet file.

A first sync also fetches the answers, and keeps them in one transaction of an archive. Nothing is checked, nothing mapped.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import billfold
from billfold.ledger.archive import Archive
from billfold.ledger.columns import MONEY_DECIMAL, RATE_DECIMAL
from billfold.providers.vultr.api import GetInvoiceItems
from billfold.providers.vultr.records import InvoiceItems
from billfold.wire.codec import decode_record

TOGETHER = 16_384
SCHEMA = pa.schema(
    {
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
)
Pages = Iterable[tuple[str, list[Any]]]


def fetch_pages(base_url: str, key: str, archive: Path) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lines of each invoice, page by page, and keep the answers."""
    bodies = list[tuple[str, bytes]]()
    with billfold.Vultr(api_key=key, base_url=base_url, unlimited=True) as vultr:
        for invoice in vultr.list_invoices(per_page=500):
            operation: GetInvoiceItems | None = GetInvoiceItems(invoice_id=billfold.require(invoice.id), per_page=500)
            while operation:
                body = vultr.transport.send(operation).body
                bodies.append((hashlib.sha256(body).hexdigest(), zlib.compress(body, 1)))
                page = decode_record(body, InvoiceItems)
                yield str(invoice.id), list(operation.items(page))
                operation = operation.next_operation(page)
    with closing(sqlite3.connect(archive)) as db, db:
        db.execute("CREATE TABLE bodies (hash TEXT PRIMARY KEY, packed BLOB) WITHOUT ROWID")
        db.executemany("INSERT OR IGNORE INTO bodies VALUES (?, ?)", bodies)


def read_pages(archive: Path) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lines of each archived answer."""
    with Archive(archive) as answers:
        for entry in answers.iter_answers(operation="get_invoice_items"):
            page = decode_record(answers.read_body(entry.body), InvoiceItems)
            yield json.loads(entry.question)["invoice_id"], billfold.require(page.invoice_items)


def iter_batches(pages: Pages) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the lines as tuples, some thousands together."""
    rows: list[tuple[Any, ...]] = []
    for invoice_id, items in pages:
        rows += (
            (invoice_id, i.description, i.product, moment(i.start_date), moment(i.end_date), *numbers(i)) for i in items
        )
        if len(rows) >= TOGETHER:
            yield rows
            rows = []
    if rows:
        yield rows


@cache
def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def numbers(item: Any) -> tuple[Decimal, str, Decimal, Decimal]:
    return item.units, item.unit_type, item.unit_price, item.total


def write_lines(pages: Pages, path: Path) -> int:
    """Write every line and count them."""
    count = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for rows in iter_batches(pages):
            arrays = [
                pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)
            ]
            writer.write_table(pa.table(arrays, schema=SCHEMA))
            count += len(rows)
    return count


def main(mode: str, directory: str, *arguments: str) -> int:
    """``sync DIRECTORY URL KEY`` or ``rebuild DIRECTORY ARCHIVE``."""
    place = Path(directory)
    pages = fetch_pages(*arguments, place / "floor.sqlite") if mode == "sync" else read_pages(Path(*arguments))  # type: ignore[call-arg]
    return write_lines(pages, place / "floor.parquet")


if __name__ == "__main__":
    print(json.dumps({"items": main(*sys.argv[1:])}))
