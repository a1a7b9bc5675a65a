"""The file of what the server keeps beside the ledger: who may ask, what was done, what was told, what runs when."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from billfold.ledger.layout import SERVER_FILE
from billfold.model.errors import LedgerError

_FORMAT = 1
WAIT_S = 5
"""Seconds to wait for another process that writes: a request holds one of a few threads as long."""


@contextmanager
def open_server_file(directory: Path, schema: tuple[str, ...]) -> Iterator[sqlite3.Connection]:
    """Open the server's file for some statements that are one transaction: all are kept, or none is.

    The file and the tables of a schema (statements with ``IF NOT EXISTS``) are made where they are missing, readable by their
    owner only. Another process that writes is waited for. Raises ``LedgerError`` for a file that cannot be used.
    """
    path = directory / SERVER_FILE
    try:
        path.touch(mode=0o600)
        db = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, cached_statements=0)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"{path} cannot be opened: {error}; check its rights and its disk") from error
    try:
        db.execute("BEGIN IMMEDIATE")
        _require_format(db, path)
        for statement in schema:
            db.execute(statement)
        yield db
        db.execute("COMMIT")
    except sqlite3.Error as error:
        raise LedgerError(f"{path} cannot be used: {error}; restore it from a copy, or move it away") from error
    finally:
        db.close()


def _require_format(db: sqlite3.Connection, path: Path) -> None:
    """Mark a new file; raises ``LedgerError`` for one of a newer billfold."""
    (file_format,) = db.execute("PRAGMA user_version").fetchone()
    if file_format > _FORMAT:
        raise LedgerError(f"{path} was written by a newer billfold: update this one")
    if not file_format:
        db.execute(f"PRAGMA user_version = {_FORMAT}")
