"""Check every stored hash of an archive, and name every damaged or missing byte's answer.

A chain that was cut at its end, or written anew as a whole, is still a chain. What it was is noted in two other places: the
catalog that was computed from it, and wherever its head was kept. Where neither is asked, nothing here can know.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

from billfold.ledger.archive import Archive
from billfold.ledger.archive_redaction import list_redactions
from billfold.ledger.catalog_file import DamagedLedgerError, StaleLedgerError, read_booked_hashes
from billfold.ledger.chain import find_head, iter_checked
from billfold.ledger.entries import MERGE, RUN_END, RUN_START, Entry
from billfold.model.errors import BillfoldError
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode


def find_damage(archive: Archive, catalog_path: Path | None = None) -> Iterator[Finding]:
    """Yield a finding for each thing that is not as it was written; nothing for a sound archive.

    The catalog, where it is given and there, tells whether the archive's end is missing, or all of it was written anew.
    """
    for text in _describe_damage(archive, catalog_path):
        yield make_finding(FindingCode.ARCHIVE_DAMAGED, text)
    if catalog_path and catalog_path.exists() and (text := _describe_ledger_damage(catalog_path)):
        yield make_finding(FindingCode.LEDGER_DAMAGED, f"{text}; `billfold rebuild` computes it anew")


def _describe_ledger_damage(catalog_path: Path) -> str:
    """Say what of a ledger is not as it was written; one of another format counts for nothing."""
    from billfold.ledger.store import open_ledger

    try:
        with open_ledger(catalog_path) as ledger:
            ledger.catalog.select("SELECT 1")  # who writes looks whether its indexes are whole
    except DamagedLedgerError as error:
        return str(error)
    except StaleLedgerError:
        return ""
    return ""


def check_head(archive: Archive, head: str) -> tuple[Entry | None, Finding | None]:
    """Return the entry with which an archive had a head that was kept elsewhere, or what is wrong where it never had it."""
    if entry := find_head(archive.iter_settling_entries(), head):
        return entry, None
    text = f"{head} was never its head: what it had then was rewritten or cut off, or the head is of another archive"
    if any(head in json.loads(marker.question) for marker in archive.list_markers(MERGE)):
        text = f"{head} was the head of an archive before a merge wrote chains anew: check it against that one's file"
    return None, make_finding(FindingCode.ARCHIVE_DAMAGED, text)


def _describe_damage(archive: Archive, catalog_path: Path | None) -> Iterator[str]:
    try:
        yield from archive.check_integrity()
        yield from _check_chains(archive)
        yield from _check_booked(archive, read_booked_hashes(catalog_path) if catalog_path else {})
        yield from _check_bodies(archive)
    except (BillfoldError, sqlite3.Error, UnicodeDecodeError, ValueError, OverflowError) as error:
        yield f"the archive's file is damaged: {error}"


def _check_chains(archive: Archive) -> Iterator[str]:
    expected_seq, open_runs, ended_runs = 1, dict[int, Entry](), set[int]()
    for entry, is_sound in iter_checked(archive.iter_entries(), has_separate_chains=archive.has_separate_chains):
        if entry.seq != expected_seq:
            yield f"answers {expected_seq} to {entry.seq - 1} are missing"
        if not is_sound:
            yield f"{_describe_entry(entry)} was changed, or an answer before it"
        if entry.operation == RUN_START:
            open_runs[entry.run] = entry
        elif entry.run or not entry.is_settling:
            yield from _check_run(entry, open_runs.get(entry.run), is_ended=entry.run in ended_runs)
        if entry.operation == RUN_END:
            ended_runs.add(entry.run)
        expected_seq = entry.seq + 1


def _check_run(entry: Entry, start: Entry | None, *, is_ended: bool) -> Iterator[str]:
    if start is None or is_ended:
        yield f"{_describe_entry(entry)} belongs to no open run"
    elif entry.chain_key != start.chain_key:
        yield f"{_describe_entry(entry)} belongs to another account than its run"


def _check_booked(archive: Archive, booked_hashes: dict[int, str]) -> Iterator[str]:
    """Hold the archive against what was booked from it."""
    last_seq, booked_seq = archive.read_last_seq(), max(booked_hashes, default=0)
    if last_seq < booked_seq:
        yield (
            f"the archive's end is missing: it has {last_seq} entries, and entry {booked_seq} was booked in the ledger; "
            "bring the archive back from a copy, or let `billfold rebuild` forget what is gone"
        )
    elif rewritten_seqs := archive.find_other_hashes(booked_hashes):
        yield (
            f"entry {rewritten_seqs[0]} is not the one that was booked in the ledger: the archive was written anew or is "
            "another one; bring the one back that was booked, or let `billfold rebuild` forget it"
        )


def _describe_entry(entry: Entry) -> str:
    subject = (
        f"{entry.operation} {entry.question}"
        if not entry.operation.startswith(":")
        else f"run {entry.run}'s {entry.operation[1:]}"
        if entry.run
        else entry.operation[1:]
    )
    return f"entry {entry.seq} ({entry.provider} {entry.account}: {subject})"


def _check_bodies(archive: Archive) -> Iterator[str]:
    entries_by_body: dict[str, Entry] = {}
    for entry in archive.iter_entries():
        entries_by_body.setdefault(entry.body, entry)
    redactions = list_redactions(archive)
    for digest, size, packed, tombstone in archive.iter_bodies():
        body_entry = entries_by_body.pop(digest) if digest in entries_by_body else None
        if body_entry is None:
            yield f"body {digest[:12]} belongs to no answer"
        elif reason := _find_damage(digest, size, packed, tombstone):
            yield f"the body of {_describe_entry(body_entry)} {reason}"
        elif tombstone and (digest, tombstone) not in redactions and archive.has_separate_chains:
            yield f"the body of {_describe_entry(body_entry)} was replaced, and its chain does not say so"
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
