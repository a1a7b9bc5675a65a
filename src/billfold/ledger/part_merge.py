"""Keeps the parts few: where many syncs have left many small ones, they are written together as one.

Every question opens each part, and that takes as long as reading ten thousand charges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from billfold.ledger.parts import ROWS_PER_GROUP
from billfold.ledger.store import OpenLedger, open_transaction
from billfold.model.errors import LedgerError

MAX_SMALL_PARTS = 32
"""Small parts that may lie side by side."""
SMALL_PART_ROWS = 500_000
"""Charges that make a part large: it is never written again, so that no charge is copied often."""


def tidy_parts(ledger: OpenLedger) -> None:
    """Let go of parts that hold charges of no bill, and write the small ones as one if there are too many.

    Only who has the turn to write may. The files of old ones stay for who reads them, and are removed by who writes next.
    """
    with open_transaction(ledger):
        ledger.catalog.execute(
            "DELETE FROM parts WHERE NOT EXISTS (SELECT 1 FROM bills WHERE id BETWEEN first_bill AND last_bill)"
        )
    query = "SELECT name, first_bill, last_bill FROM parts WHERE rows < ? ORDER BY first_bill, name"
    small_parts = ledger.catalog.select(query, [SMALL_PART_ROWS])
    if len(small_parts) > MAX_SMALL_PARTS:
        _merge_parts(ledger, small_parts)


def _merge_parts(ledger: OpenLedger, parts: Sequence[tuple[str, int, int]]) -> None:
    """Write parts as one, without the charges of bills that were dropped."""
    import pyarrow.compute as pc  # PERF: takes as long as reading a small ledger

    bill_ids = pa.array([row[0] for row in ledger.catalog.select("SELECT id FROM bills")], pa.int32())
    with open_transaction(ledger):
        for name, first_bill, last_bill in parts:
            for table in _read_part(ledger.parts_directory / name):
                ledger.add_charges((first_bill, last_bill), table.filter(pc.is_in(table["bill"], bill_ids)))
            ledger.catalog.execute("DELETE FROM parts WHERE name = ?", [name])


def _read_part(path: Path) -> Iterator[pa.Table]:
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as part:
            for batch in part.iter_batches(ROWS_PER_GROUP):
                yield pa.Table.from_batches([batch])
    except (OSError, pa.ArrowException) as error:
        raise LedgerError(
            f"the ledger's part {path} cannot be read: {error}; `billfold rebuild` computes it anew"
        ) from error
