"""Check every stored hash of an archive, and name every damaged or missing byte's answer.

A chain that was cut at its end is still a chain. That it went on is noted in one other place, the ledger that was computed
from it; where that is cut off too, or gone, nothing here can know.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

from billfold.ledger.archive import Archive
from billfold.ledger.catalog_file import read_booked_seq
from billfold.ledger.entries import GENESIS_HASH, RUN_END, RUN_START, Entry
from billfold.model.errors import BillfoldError, LedgerError
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode


def find_damage(archive: Archive, ledger_path: Path | None = None) -> Iterator[Finding]:
    """Yield a finding for each thing that is not as it was written; nothing for a sound archive.

    The ledger's file, where it is given and there, tells whether the archive's end is missing.
    """
    for text in _describe_damage(archive, ledger_path):
        yield make_finding(FindingCode.ARCHIVE_DAMAGED, text)


def _describe_damage(archive: Archive, ledger_path: Path | None) -> Iterator[str]:
    try:
        yield from archive.check_integrity()
        yield from _check_chain(archive)
        yield from _check_end(archive, read_booked_seq(ledger_path) if ledger_path and ledger_path.is_file() else 0)
        yield from _check_bodies(archive)
    except (BillfoldError, sqlite3.Error, UnicodeDecodeError, ValueError, OverflowError) as error:
        yield f"the archive's file is damaged: {error}"


def _check_chain(archive: Archive) -> Iterator[str]:
    previous_hash, expected_seq, open_runs, ended_runs = GENESIS_HASH, 1, dict[int, Entry](), set[int]()
    for entry in archive.iter_entries():
        if entry.seq != expected_seq:
            yield f"answers {expected_seq} to {entry.seq - 1} are missing"
        if not _has_valid_hash(entry, previous_hash):
            yield f"{_describe_entry(entry)} was changed, or an answer before it"
        if entry.operation == RUN_START:
            open_runs[entry.run] = entry
        elif entry.run not in open_runs or entry.run in ended_runs:
            yield f"{_describe_entry(entry)} belongs to no open run"
        elif (entry.provider, entry.account) != open_runs[entry.run][2:4]:
            yield f"{_describe_entry(entry)} belongs to another account than its run"
        if entry.operation == RUN_END:
            ended_runs.add(entry.run)
        previous_hash, expected_seq = entry.hash, entry.seq + 1


def _has_valid_hash(entry: Entry, previous_hash: str) -> bool:
    try:
        return entry.compute_hash(previous_hash) == entry.hash
    except LedgerError:
        return False


def _check_end(archive: Archive, booked_seq: int) -> Iterator[str]:
    last_seq = archive.read_last_seq()
    if last_seq < booked_seq:
        yield (
            f"the archive's end is missing: it has {last_seq} entries, and entry {booked_seq} was booked in the ledger; "
            "bring the archive back from a copy, or let `billfold rebuild` forget what is gone"
        )


def _describe_entry(entry: Entry) -> str:
    subject = (
        f"{entry.operation} {entry.question}"
        if entry.operation not in {RUN_START, RUN_END}
        else f"run {entry.run}'s {entry.operation[1:]}"
    )
    return f"entry {entry.seq} ({entry.provider} {entry.account}: {subject})"


def _check_bodies(archive: Archive) -> Iterator[str]:
    entries_by_body: dict[str, Entry] = {}
    for entry in archive.iter_entries():
        entries_by_body.setdefault(entry.body, entry)
    for digest, size, packed, tombstone in archive.iter_bodies():
        body_entry = entries_by_body.pop(digest) if digest in entries_by_body else None
        if body_entry is None:
            yield f"body {digest[:12]} belongs to no answer"
        elif reason := _find_damage(digest, size, packed, tombstone):
            yield f"the body of {_describe_entry(body_entry)} {reason}"
    for unmatched_entry in entries_by_body.values():
        yield f"the body of {_describe_entry(unmatched_entry)} is missing"


def _find_damage(digest: str, size: int, packed: bytes, tombstone: str | None) -> str:
    try:
        decompressor = zlib.decompressobj()
        body = decompressor.decompress(packed)
    except zlib.error as error:
        return f"is damaged: {error}"
    if not decompressor.eof or decompressor.unused_data:
        return "is damaged: its end is not where it should be"
    if hashlib.sha256(body).hexdigest() != (tombstone or digest):
        return "is damaged: its content has another hash"
    return "" if tombstone or len(body) == size else "is damaged: its size is not as noted"
