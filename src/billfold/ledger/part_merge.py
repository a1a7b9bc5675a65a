"""Keeps the parts few: where many syncs have left many small ones, they are written together as one.

Every question opens each part, and that takes as long as reading ten thousand charges.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from billfold.ledger.parts import ROWS_PER_GROUP
from billfold.ledger.store import OpenLedger, open_transaction
from billfold.model.errors import LedgerError

MAX_SMALL_PARTS = 32
"""Small parts that may lie side by side."""
SMALL_PART_ROWS = 500_000
"""Charges that make a part large: it is never written again, so that no charge is copied often."""


def merge_small_parts(ledger: OpenLedger) -> None:
    """Write the small parts as one if there are too many; only who has the turn to write may.

    The files of the old ones stay for who reads them, and are removed by who writes next.
    """
    query = "SELECT name, first_bill, last_bill FROM parts WHERE rows < ? ORDER BY first_bill, name"
    small_parts = ledger.catalog.select(query, [SMALL_PART_ROWS])
    if len(small_parts) <= MAX_SMALL_PARTS:
        return
    with open_transaction(ledger):
        for name, first_bill, last_bill in small_parts:
            for table in _read_part(ledger.parts_directory / name):
                ledger.add_charges((first_bill, last_bill), table)
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
