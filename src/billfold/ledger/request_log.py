"""Requests that do something, by the key that their sender gave them: sent again, they are answered again and not done again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.entries import format_time
from billfold.ledger.server_file import open_server_file

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS request_answers (
        identity TEXT NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL, started_at TEXT NOT NULL,
        status INTEGER, body TEXT, PRIMARY KEY (identity, key)) STRICT""",
)
REMEMBERED = timedelta(hours=24)
"""How long an answer is kept."""


class RequestRecord(NamedTuple):
    """A request that began: the hash of what it asked, and its answer (None: it has not ended)."""

    request_hash: str
    status: int | None
    body: str | None


def begin_request(directory: Path, identity: str, key: str, request_hash: str, now: datetime) -> RequestRecord | None:
    """Note that a request begins; returns the one that had its key before, which is to be answered instead of done."""
    with open_server_file(directory, SCHEMA) as db:
        db.execute("DELETE FROM request_answers WHERE started_at < ?", (format_time(now - REMEMBERED),))
        row = db.execute(
            "SELECT request_hash, status, body FROM request_answers WHERE identity=? AND key=?", (identity, key)
        ).fetchone()
        if row is None:
            values = (identity, key, request_hash, format_time(now))
            db.execute("INSERT INTO request_answers VALUES (?,?,?,?,NULL,NULL)", values)
        return RequestRecord(*row) if row else None


def end_request(directory: Path, identity: str, key: str, status: int, body: str) -> None:
    """Keep the answer of a request that was done."""
    with open_server_file(directory, SCHEMA) as db:
        db.execute(
            "UPDATE request_answers SET status=?, body=? WHERE identity=? AND key=?", (status, body, identity, key)
        )


def forget_request(directory: Path, identity: str, key: str) -> None:
    """Forget a request that did nothing: it may be sent again with the same key."""
    with open_server_file(directory, SCHEMA) as db:
        db.execute("DELETE FROM request_answers WHERE identity=? AND key=?", (identity, key))
