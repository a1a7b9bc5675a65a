"""Charges as a CSV file, written by the engine: a month of many accounts is too much to go through Python row by row."""

from __future__ import annotations

from pathlib import Path

from billfold.ledger.columns import CHARGE_COLUMN_TYPES, TIME_FORMAT, build_column_sql
from billfold.ledger.query import LedgerFilter, build_charge_queries
from billfold.ledger.store import OpenLedger
from billfold.model.csv_text import build_guard_sql

_COPY_OPTIONS = f"FORMAT csv, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '', TIMESTAMPFORMAT '{TIME_FORMAT}'"


def write_charge_csv(ledger: OpenLedger, filters: LedgerFilter, path: Path) -> None:
    """Write the charges of all bills that are not parked, all columns, sorted; texts are guarded as in every listing.

    The file appears piece by piece: it is whole when this returns. Raises ``OSError``.
    """
    cells = {
        name: build_guard_sql(_build_sql(name))
        for name, (sql_type, _) in CHARGE_COLUMN_TYPES.items()
        if sql_type == "VARCHAR"
    }
    piece = path.with_name(f"{path.name}.piece")
    with path.open("wb") as file:
        file.write((",".join(CHARGE_COLUMN_TYPES) + "\n").encode())
        try:
            for query in build_charge_queries(ledger, filters, cells):
                quoted_path = str(piece).replace("'", "''")
                ledger.execute(f"COPY ({query}) TO '{quoted_path}' ({_COPY_OPTIONS}, HEADER false)")
                file.write(piece.read_bytes())
        finally:
            piece.unlink(missing_ok=True)


def _build_sql(name: str) -> str:
    return build_column_sql(name, "a.name", "b.account")
