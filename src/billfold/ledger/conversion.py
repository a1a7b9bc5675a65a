"""From an archive of format 1, one chain for all, to one with a chain for each account: in one step, the old file kept.

What was damaged stays damaged: an entry that did not have the hash that it must have has none after it either.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from billfold.ledger.account_lock import account_lock
from billfold.ledger.archive_file import (
    ARCHIVE_FORMAT,
    FIRST_FORMAT,
    INDEXES_AND_GUARDS,
    decode_text,
    enable_wal,
    read_format,
    replace_archive_file,
)
from billfold.ledger.chain import ChainWalk, iter_checked
from billfold.ledger.entries import REDACTION, Entry, build_run_marker, read_row
from billfold.ledger.layout import CONVERSION_DRAFT_FILE, EARLIER_ARCHIVE_FILE, LOCKS_FOLDER
from billfold.model.errors import LedgerError

CONVERSION_LOCK = ("", "conversion")
"""Whoever converts holds this lock, as who collects holds that of an account."""
CHECKPOINT_TIMEOUT_S = 10
"""Seconds to wait for who reads the old file's log."""


def convert_archive(path: Path) -> None:
    """Convert an archive of format 1, unless another process just did; raises ``sqlite3.Error``, ``OSError``, ``LedgerError``.

    Nobody may collect meanwhile: what an earlier billfold writes into the old file would not be in the new one.
    """
    locks_directory = path.parent / LOCKS_FOLDER
    with ExitStack() as locks:
        locks.enter_context(account_lock(locks_directory, *CONVERSION_LOCK))
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            if read_format(db) != FIRST_FORMAT:
                return
            for chain_key in sorted(db.execute("SELECT DISTINCT provider, account FROM entries").fetchall()):
                locks.enter_context(account_lock(locks_directory, *chain_key))
            draft_path = path.with_name(CONVERSION_DRAFT_FILE)
            _write_draft(db, draft_path)
            db.execute(f"PRAGMA busy_timeout={CHECKPOINT_TIMEOUT_S * 1000}")
            if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise LedgerError(f"the archive {path} is being read, and must be converted; try again in a moment")
        replace_archive_file(path, draft_path, path.with_name(EARLIER_ARCHIVE_FILE))


def _write_draft(db: sqlite3.Connection, draft_path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(f"{draft_path}{suffix}").unlink(missing_ok=True)
    draft_path.touch(mode=0o600)
    with closing(sqlite3.connect(draft_path, isolation_level=None)) as draft:
        draft.text_factory = decode_text
        draft.execute("PRAGMA journal_mode=OFF")  # a draft that is not whole is begun anew
        db.backup(draft)
        draft.execute("PRAGMA synchronous=FULL")
        draft.execute("PRAGMA journal_mode=DELETE")
        draft.execute("BEGIN")
        for kind, name in draft.execute("SELECT type, name FROM sqlite_schema WHERE type='trigger'").fetchall():
            draft.execute(f'DROP {kind} "{name}"')
        draft.execute("DROP INDEX IF EXISTS entries_by_operation")
        _write_chains(draft)
        for statement in INDEXES_AND_GUARDS:
            draft.execute(statement)
        draft.execute(f"PRAGMA user_version={ARCHIVE_FORMAT}")
        draft.execute("COMMIT")
        enable_wal(draft)


def _write_chains(draft: sqlite3.Connection) -> None:
    chain_walk, new_hashes = ChainWalk(), list[tuple[str, int]]()
    for old_entry, is_sound in iter_checked(_iter_entries(draft), has_separate_chains=False):
        entry = old_entry._replace(hash=chain_walk.compute_hash(old_entry)) if is_sound else old_entry
        chain_walk.add(entry)
        new_hashes.append((entry.hash, entry.seq))
    draft.executemany("UPDATE entries SET hash=? WHERE seq=?", new_hashes)
    last_seq = new_hashes[-1][1] if new_hashes else 0
    for seq, marker in enumerate(_build_redaction_markers(draft), last_seq + 1):
        entry = marker._replace(seq=seq, hash=chain_walk.compute_hash(marker))
        chain_walk.add(entry)
        draft.execute(f"INSERT INTO entries VALUES ({','.join('?' * len(entry))})", entry)


def _build_redaction_markers(draft: sqlite3.Connection) -> Iterator[Entry]:
    """Yield an entry for each account of which bodies were redacted: the chain of format 1 had none."""
    query = "SELECT provider, account, b.hash, tombstone FROM entries JOIN bodies b ON body = b.hash WHERE tombstone NOTNULL"
    redactions = dict[tuple[str, str], dict[str, str]]()
    for provider, account, digest, tombstone in draft.execute(query).fetchall():
        redactions.setdefault((provider, account), {})[digest] = tombstone
    for (provider, account), tombstones in sorted(redactions.items()):
        text = json.dumps(tombstones, sort_keys=True)
        marker, body = build_run_marker(0, provider, account, REDACTION, text, datetime.now(UTC))
        draft.execute("INSERT OR IGNORE INTO bodies VALUES (?,?,?,?)", body)
        yield marker._replace(body=body.hash)


def _iter_entries(db: sqlite3.Connection) -> Iterator[Entry]:
    yield from map(read_row, db.execute("SELECT * FROM entries ORDER BY seq"))
