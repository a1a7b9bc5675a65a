"""Where a credential must never turn up: the bytes of any file, an archive's unpacked bodies, a ledger's cells."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import duckdb

from tests import stage
from tests.wire import kit

PLAIN = {"region", "client_id"}
"""Fields of an account's credentials that are no secret."""
SIGNATURE = "X-Amz-Signature="
"""Whoever has a document's pre-signed URL has the document."""


def list_secrets() -> set[str]:
    """Return every secret that tests use."""
    accounts = [account for vendor in stage.twin(months=1).world.vendors for account in vendor.accounts]
    pairs = [pair for account in accounts for pair in (account.credentials, account.unprivileged_credentials) if pair]
    return {value for credentials in pairs for name, value in credentials.items() if name not in PLAIN} | {kit.KEY}


def find_secrets(text: str, secrets: Iterable[str]) -> set[str]:
    """Return the secrets that a text tells."""
    return {secret for secret in secrets if secret in text}


def in_file(path: Path, secrets: Iterable[str]) -> set[str]:
    """Return the secrets that a file holds, as it is and unpacked."""
    remaining = list(secrets)
    parts = [path.read_bytes(), *_unpacked(path)]
    return {secret for secret in remaining for part in parts if secret.encode() in part}


def _unpacked(path: Path) -> Iterator[bytes]:
    """Yield an archive's bodies; nothing for another file, or one that a test has damaged."""
    if path.suffix != ".sqlite":
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
        for (packed,) in db.execute("SELECT packed FROM bodies"):
            with suppress(zlib.error, TypeError):
                yield zlib.decompress(packed)


def cells(path: Path) -> str:
    """Return every cell of a table file, in one text."""
    with duckdb.connect() as db:
        return str(db.execute(f"SELECT COLUMNS(*)::VARCHAR FROM '{path}'").fetchall())
