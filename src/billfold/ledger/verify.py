"""Check every stored hash of an archive, and name every damaged or missing byte's answer.

A chain that was cut at its end is still a chain. That it went on is noted in one other place, the ledger that was computed
from it; where that is cut off too, or gone, nothing here can know.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from billfold.ledger.archive import Archive
from billfold.ledger.entries import END, GENESIS, START, Kept
from billfold.model.errors import BillfoldError, LedgerError


def problems(archive: Archive, ledger: Path | None = None) -> Iterator[str]:
    """Yield a sentence for each thing that is not as it was written; nothing for a sound archive.

    The ledger's file, where it is given and there, tells whether the archive's end is missing.
    """
    try:
        yield from archive.integrity()
        yield from _chain(archive)
        yield from _end(archive, _booked(ledger) if ledger and ledger.is_file() else 0)
        yield from _bodies(archive)
    except (BillfoldError, sqlite3.Error, UnicodeDecodeError, ValueError, OverflowError) as error:
        yield f"the archive's file is damaged: {error}"


def _chain(archive: Archive) -> Iterator[str]:
    before, expected, open_runs, ended = GENESIS, 1, dict[int, Kept](), set[int]()
    for kept in archive.entries():
        if kept.seq != expected:
            yield f"answers {expected} to {kept.seq - 1} are missing"
        if not _fits(kept, before):
            yield f"{_name(kept)} was changed, or an answer before it"
        if kept.operation == START:
            open_runs[kept.run] = kept
        elif kept.run not in open_runs or kept.run in ended:
            yield f"{_name(kept)} belongs to no open run"
        elif (kept.provider, kept.account) != open_runs[kept.run][2:4]:
            yield f"{_name(kept)} belongs to another account than its run"
        if kept.operation == END:
            ended.add(kept.run)
        before, expected = kept.hash, kept.seq + 1


def _fits(kept: Kept, before: str) -> bool:
    try:
        return kept.chained(before) == kept.hash
    except LedgerError:
        return False


def _end(archive: Archive, booked: int) -> Iterator[str]:
    last = archive.last_seq()
    if last < booked:
        yield (
            f"the archive's end is missing: it has {last} entries, and entry {booked} was booked in the ledger; "
            "bring the archive back from a copy, or let `billfold rebuild` forget what is gone"
        )


def _booked(ledger: Path) -> int:
    """Return the highest archive number that the ledger notes; 0 where its file cannot tell (stale, in use, damaged)."""
    query = "SELECT max(seq) FROM (SELECT seq FROM runs UNION ALL SELECT from_seq FROM bills)"
    try:
        with closing(duckdb.connect(str(ledger), read_only=True)) as db:
            found = db.execute(query).fetchone()
    except duckdb.Error:
        return 0
    return int(found[0] or 0) if found else 0


def _name(kept: Kept) -> str:
    what = (
        f"{kept.operation} {kept.question}"
        if kept.operation not in {START, END}
        else f"run {kept.run}'s {kept.operation[1:]}"
    )
    return f"entry {kept.seq} ({kept.provider} {kept.account}: {what})"


def _bodies(archive: Archive) -> Iterator[str]:
    wanted: dict[str, Kept] = {}
    for kept in archive.entries():
        wanted.setdefault(kept.body, kept)
    for digest, size, packed, tombstone in archive.bodies():
        owner = wanted.pop(digest) if digest in wanted else None
        if owner is None:
            yield f"body {digest[:12]} belongs to no answer"
        elif reason := _damage(digest, size, packed, tombstone):
            yield f"the body of {_name(owner)} {reason}"
    for missed in wanted.values():
        yield f"the body of {_name(missed)} is missing"


def _damage(digest: str, size: int, packed: bytes, tombstone: str | None) -> str:
    try:
        unpacking = zlib.decompressobj()
        body = unpacking.decompress(packed)
    except zlib.error as error:
        return f"is damaged: {error}"
    if not unpacking.eof or unpacking.unused_data:
        return "is damaged: its end is not where it should be"
    if hashlib.sha256(body).hexdigest() != (tombstone or digest):
        return "is damaged: its content has another hash"
    return "" if tombstone or len(body) == size else "is damaged: its size is not as noted"
