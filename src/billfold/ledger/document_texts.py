"""The texts of archived PDFs, kept by the hash of each document: reading one takes as long as booking a hundred charges.

A file beside the ledger that may go at any time: what is not in it is read again from the document.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Self

LOCK_TIMEOUT_S = 5
"""Seconds to wait for another process that keeps a text."""


class DocumentTexts:
    """The texts that are kept in a file; where it cannot be used, each is read anew. Use it in a ``with`` statement.

    ``reader_version`` is that of the code which reads documents: texts that another version read are dropped.
    """

    def __init__(self, path: Path, reader_version: str) -> None:
        self._db: sqlite3.Connection | None = None
        with suppress(sqlite3.Error, OSError):
            path.touch(mode=0o600)  # it says what customers are called and pay
            self._db = sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT_S)
            _prepare_tables(self._db, int(reader_version[:7], 16))

    def read_text(self, digest: str, extract_text: Callable[[], str]) -> str:
        """Return the text of a document, "" where it has none; raises what ``extract_text`` raises."""
        with suppress(sqlite3.Error):
            if self._db and (
                row := self._db.execute("SELECT text, hash FROM texts WHERE digest=?", (digest,)).fetchone()
            ):
                text, text_hash = map(str, row)
                if text_hash == _hash_text(digest, text):
                    return text
        text = extract_text()
        with suppress(sqlite3.Error, UnicodeEncodeError):
            if self._db and text:  # what took too long to read today may be read tomorrow
                self._db.execute(
                    "INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", (digest, text, _hash_text(digest, text))
                )
        return text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._db:
            self._db.close()


def _hash_text(digest: str, text: str) -> str:
    """Return what tells a text that was damaged, or is another document's."""
    return blake2b(f"{digest} {text}".encode(), digest_size=8).hexdigest()


def _prepare_tables(db: sqlite3.Connection, version: int) -> None:
    db.execute("PRAGMA synchronous=OFF")  # what a power cut takes is read again
    if db.execute("PRAGMA user_version").fetchone()[0] == version:
        return
    db.execute("BEGIN IMMEDIATE")
    with closing(db.cursor()) as cursor:
        cursor.execute("DROP TABLE IF EXISTS texts")
        cursor.execute(
            "CREATE TABLE texts (digest TEXT PRIMARY KEY, text TEXT NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID"
        )
        cursor.execute(f"PRAGMA user_version={version}")
    db.execute("COMMIT")
