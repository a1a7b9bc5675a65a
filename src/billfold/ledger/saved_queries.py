"""Queries that are kept under a name, for whoever looks at the ledger: in the server's file, beside the ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.layout import SERVER_FILE
from billfold.ledger.server_file import open_server_file
from billfold.model.errors import InvalidArgument
from billfold.model.period import format_instant

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS saved_queries (name TEXT PRIMARY KEY, sql TEXT NOT NULL, saved_at TEXT NOT NULL) STRICT",
)
MAX_QUERIES = 200
MAX_NAME_CHARS, MAX_SQL_CHARS = 80, 10_000


class SavedQuery(NamedTuple):
    """A SELECT under its name, and when it was saved."""

    name: str
    sql: str
    saved_at: str


def list_saved_queries(directory: Path) -> list[SavedQuery]:
    """Return the saved queries by name; raises ``LedgerError`` for a file that cannot be used."""
    if not (directory / SERVER_FILE).exists():
        return []
    with open_server_file(directory, SCHEMA) as db:
        return [SavedQuery(*row) for row in db.execute("SELECT name, sql, saved_at FROM saved_queries ORDER BY name")]


def save_query(directory: Path, name: str, sql: str, now: datetime) -> None:
    """Save a query under a name; one that has it is replaced. Raises ``InvalidArgument``, and ``LedgerError``."""
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable() or name != name.strip():
        raise InvalidArgument(f"name the query in 1 to {MAX_NAME_CHARS} printable characters")
    if not sql.strip() or len(sql) > MAX_SQL_CHARS:
        raise InvalidArgument(f"write a SELECT of at most {MAX_SQL_CHARS} characters to save")
    with open_server_file(directory, SCHEMA) as db:
        (others,) = db.execute("SELECT count(*) FROM saved_queries WHERE name <> ?", [name]).fetchone()
        if others >= MAX_QUERIES:
            raise InvalidArgument(f"{MAX_QUERIES} queries are saved already: delete one first")
        db.execute("REPLACE INTO saved_queries VALUES (?, ?, ?)", [name, sql, format_instant(now)])


def delete_query(directory: Path, name: str) -> None:
    """Delete a saved query; raises ``InvalidArgument`` where there is none of this name."""
    with open_server_file(directory, SCHEMA) as db:
        if not db.execute("DELETE FROM saved_queries WHERE name = ?", [name]).rowcount:
            raise InvalidArgument(f"no saved query is called {name[:MAX_NAME_CHARS]!r}")
