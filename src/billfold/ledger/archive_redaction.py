"""Redacted forms take the places of archived bodies; which, is an entry in the chain of each account that they are of."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from billfold.ledger.archive import Archive
from billfold.ledger.archive_file import build_archive_error
from billfold.ledger.chain import ChainKey
from billfold.ledger.entries import REDACTION, build_run_marker, pack_body
from billfold.model.errors import LedgerError


def redact_bodies(archive: Archive, bodies: Iterable[tuple[str, bytes]], now: datetime) -> set[str]:
    """Put redacted forms in the places of bodies, and return the hashes of these; the hashes stay in the chains.

    Nothing of the originals is in the file any more when this returns; raises ``LedgerError`` where another process
    keeps it from being written anew.
    """
    tombstones = dict[str, str]()
    try:
        with archive.open_transaction():
            for digest, body in bodies:
                redacted_body = pack_body(body)
                tombstones[digest] = redacted_body.hash
                archive.add_redacted_body(redacted_body._replace(hash=digest, tombstone=redacted_body.hash))
            note_redactions(archive, tombstones, now)
        _purge_originals(archive, has_redacted=bool(tombstones))
    except sqlite3.Error as error:
        raise build_archive_error(archive.path, error) from error
    return set(tombstones)


def _purge_originals(archive: Archive, *, has_redacted: bool) -> None:
    """Leave nothing in the file, nor in the log beside it, of what was overwritten."""
    if has_redacted:
        archive.rewrite_file()
    if not archive.read_only and archive.checkpoint_wal():
        raise LedgerError(
            f"the archive {archive.path} is being read by another process, and what was redacted is still in its file; "
            "redact again in a moment"
        )


def note_redactions(archive: Archive, tombstones: Mapping[str, str], now: datetime) -> None:
    """Note in each account's chain which of its bodies were redacted; an archive of an earlier format has no such entries."""
    if not archive.has_separate_chains or not tombstones:
        return
    tombstones_by_account = dict[ChainKey, dict[str, str]]()
    for entry in archive.iter_answers():
        if entry.body in tombstones:
            tombstones_by_account.setdefault(entry.chain_key, {})[entry.body] = tombstones[entry.body]
    for chain_key, account_tombstones in sorted(tombstones_by_account.items()):
        text = json.dumps(account_tombstones, sort_keys=True)
        archive.add_marker(build_run_marker(0, *chain_key, REDACTION, text, now))


def count_redacted(archive: Archive, seq: int) -> int:
    """Return how many bodies were redacted after an entry; raises ``LedgerError``."""
    return len(list_redactions(archive, seq))


def list_redactions(archive: Archive, after: int = 0) -> set[tuple[str, str]]:
    """Return the hashes of the bodies that the chains say were redacted, each with that of what stands there now.

    Raises ``LedgerError`` where one does not say it.
    """
    redactions = set[tuple[str, str]]()
    for entry in (marker for marker in archive.list_markers(REDACTION) if marker.seq > after):
        try:
            redactions |= set(json.loads(entry.question).items())
        except (ValueError, AttributeError, TypeError) as error:
            raise LedgerError(f"entry {entry.seq} does not say what was redacted") from error
    return redactions
