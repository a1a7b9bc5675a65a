"""Keys of the API as they are kept: never a secret, only its SHA-256, with what it may and when it was last used."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.entries import format_time
from billfold.ledger.server_file import open_server_file
from billfold.model.identity import AccountPatterns, DataScope, Role, sort_scopes
from billfold.model.period import parse_instant

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS access_keys (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, accounts TEXT NOT NULL, scopes TEXT NOT NULL,
        secret_hash TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, last_used_at TEXT, revoked_at TEXT,
        old_hash TEXT, old_until TEXT) STRICT""",
)
USE_INTERVAL = timedelta(minutes=1)
"""The last use is written at most so often."""
_COLUMNS = "id, name, role, accounts, scopes, secret_hash, created_at, expires_at, last_used_at, revoked_at, old_hash, old_until"


class AccessKey(NamedTuple):
    """A key; ``old_hash`` is that of the secret before it was rotated, which is good until ``old_until``."""

    id: str
    name: str
    role: Role
    accounts: AccountPatterns
    scopes: frozenset[DataScope]
    secret_hash: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    old_hash: str | None = None
    old_until: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def list_hashes(self, now: datetime) -> list[str]:
        """Return the hashes of the secrets that are good now."""
        has_old = self.old_hash is not None and self.old_until is not None and now < self.old_until
        return [self.secret_hash, *([self.old_hash] if has_old and self.old_hash else [])]


def add_key(directory: Path, key: AccessKey) -> None:
    """Keep a new key."""
    row = (*key[:3], *write_rights(key.accounts, key.scopes), key.secret_hash, *map(_write_time, key[6:10]))
    with open_server_file(directory, SCHEMA) as db:
        db.execute(f"INSERT INTO access_keys VALUES ({', '.join('?' * 12)})", (*row, key.old_hash, None))


def list_keys(directory: Path) -> list[AccessKey]:
    """Return all keys, the oldest first."""
    with open_server_file(directory, SCHEMA) as db:
        return [_read_key(row) for row in db.execute(f"SELECT {_COLUMNS} FROM access_keys ORDER BY created_at, id")]


def find_key(directory: Path, key_id: str) -> AccessKey | None:
    """Return a key by its id; None where there is none."""
    with open_server_file(directory, SCHEMA) as db:
        row = db.execute(f"SELECT {_COLUMNS} FROM access_keys WHERE id=?", (key_id,)).fetchone()
        return _read_key(row) if row else None


def revoke_key(directory: Path, key_id: str, now: datetime) -> None:
    """Let a key be good no longer; one that was revoked before stays as it is."""
    with open_server_file(directory, SCHEMA) as db:
        statement = "UPDATE access_keys SET revoked_at=? WHERE id=? AND revoked_at IS NULL"
        db.execute(statement, (format_time(now), key_id))


def replace_secret(directory: Path, key_id: str, secret_hash: str, old_until: datetime) -> None:
    """Give a key another secret; the one before it is good until a time."""
    with open_server_file(directory, SCHEMA) as db:
        statement = "UPDATE access_keys SET old_hash=secret_hash, old_until=?, secret_hash=? WHERE id=?"
        db.execute(statement, (format_time(old_until), secret_hash, key_id))


def note_key_use(directory: Path, key: AccessKey, now: datetime) -> None:
    """Note that a key was used, at most once a minute."""
    if key.last_used_at and now - key.last_used_at < USE_INTERVAL:
        return
    with open_server_file(directory, SCHEMA) as db:
        db.execute("UPDATE access_keys SET last_used_at=? WHERE id=?", (format_time(now), key.id))


def has_keys(db: sqlite3.Connection) -> bool:
    """Tell whether there was ever a key, in a file with this schema."""
    return bool(db.execute("SELECT EXISTS (SELECT 1 FROM access_keys)").fetchone()[0])


def write_rights(accounts: AccountPatterns, scopes: frozenset[DataScope]) -> tuple[str, str]:
    """Return what somebody may as it is kept."""
    return json.dumps(accounts.patterns), json.dumps(sort_scopes(scopes))


def read_rights(accounts: str, scopes: str) -> tuple[AccountPatterns, frozenset[DataScope]]:
    """Read what somebody may."""
    return AccountPatterns(tuple(json.loads(accounts))), frozenset(map(DataScope, json.loads(scopes)))


def _read_key(row: Sequence[str | None]) -> AccessKey:
    key_id, name, role, accounts, scopes, secret_hash, created_at = map(str, row[:7])
    expires_at, last_used_at, revoked_at = map(read_time, row[7:10])
    times = (parse_instant(created_at), expires_at, last_used_at, revoked_at)
    return AccessKey(
        *(key_id, name, Role(role), *read_rights(accounts, scopes), secret_hash), *times, row[10], read_time(row[11])
    )


def read_time(text: str | None) -> datetime | None:
    """Read a time; None where there is none."""
    return parse_instant(text) if text else None


def _write_time(instant: datetime | None) -> str | None:
    return format_time(instant) if instant else None
