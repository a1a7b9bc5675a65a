"""Charges as CSV, written by the engine: a month of many accounts is too much to go through Python row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from billfold.ledger.columns import CHARGE_COLUMN_TYPES, TIME_FORMAT, build_column_sql
from billfold.ledger.query import LedgerFilter, build_charge_queries
from billfold.ledger.store import OpenLedger
from billfold.model.csv_text import build_guard_sql

_COPY_OPTIONS = f"FORMAT csv, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '', TIMESTAMPFORMAT '{TIME_FORMAT}'"
CHUNK_BYTES = 1_048_576


def iter_charge_csv(ledger: OpenLedger, filters: LedgerFilter, piece_path: Path) -> Iterator[bytes]:
    """Yield the charges of all bills that are not parked, all columns, sorted; texts are guarded as in every listing.

    The engine writes some bills at a time to ``piece_path``, which is there only meanwhile. Raises ``OSError``.
    """
    cells = {
        name: build_guard_sql(_build_sql(name))
        for name, (sql_type, _) in CHARGE_COLUMN_TYPES.items()
        if sql_type == "VARCHAR"
    }
    quoted_path = str(piece_path).replace("'", "''")
    yield (",".join(CHARGE_COLUMN_TYPES) + "\n").encode()
    try:
        for query in build_charge_queries(ledger, filters, cells):
            ledger.execute(f"COPY ({query}) TO '{quoted_path}' ({_COPY_OPTIONS}, HEADER false)")
            with piece_path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
    finally:
        piece_path.unlink(missing_ok=True)


def _build_sql(name: str) -> str:
    return build_column_sql(name, "a.name", "b.account")
