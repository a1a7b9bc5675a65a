"""Two archives become one: every run of both, in the order in which its entries were made, in a chain of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.archive import Archive
from billfold.ledger.entries import Kept


class Merged(NamedTuple):
    """How many runs the other archive brought, and how many were here already."""

    added: int
    known: int


def merge(here: Archive, other: Archive, into: Path) -> Merged:
    """Write a new archive that holds both; neither of the two is changed. A run that both hold is taken once."""
    mine, theirs = _runs(here), _runs(other)
    known = {_fingerprint(entries) for entries in mine.values()}
    new = {run: entries for run, entries in theirs.items() if _fingerprint(entries) not in known}
    sources = [(here, mine), (other, new)]
    with Archive(into) as merged:
        numbers: dict[tuple[int, int], int] = {}
        for source, kept in _in_order(sources):
            before = numbers.get((source, kept.run), 0)
            numbers[source, kept.run] = merged.copy(kept._replace(run=before), sources[source][0])
    return Merged(len(new), len(theirs) - len(new))


def _runs(archive: Archive) -> dict[int, list[Kept]]:
    runs: dict[int, list[Kept]] = {}
    for kept in archive.entries():
        runs.setdefault(kept.run, []).append(kept)
    return runs


def _fingerprint(entries: list[Kept]) -> str:
    said = "\x1e".join("\x1f".join(map(str, kept[2:-1])) for kept in entries)
    return hashlib.sha256(said.encode()).hexdigest()


def _in_order(sources: list[tuple[Archive, dict[int, list[Kept]]]]) -> Iterator[tuple[int, Kept]]:
    """Yield the entries by time; those of one archive stay in their order also where its clock jumped back."""
    every = list[tuple[str, int, Kept]]()
    for number, (_, runs) in enumerate(sources):
        latest = ""
        for kept in sorted((kept for entries in runs.values() for kept in entries), key=lambda kept: kept.seq):
            latest = max(latest, kept.fetched_at)
            every.append((latest, number, kept))
    return ((number, kept) for _, number, kept in sorted(every, key=lambda one: (one[0], one[1], one[2].seq)))
