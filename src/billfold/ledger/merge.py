"""Two archives become one: every run of both, in the order in which its entries were made, in a chain of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.archive import Archive
from billfold.ledger.entries import Entry


class MergeResult(NamedTuple):
    """How many runs the other archive brought, and how many were here already."""

    added_count: int
    duplicate_count: int


def merge_archives(archive: Archive, other_archive: Archive, target_path: Path) -> MergeResult:
    """Write a new archive that holds both; neither of the two is changed. A run that both hold is taken once."""
    archive_runs, other_runs = _group_by_run(archive), _group_by_run(other_archive)
    archive_hashes = {_hash_run(entries) for entries in archive_runs.values()}
    new_runs = {run: entries for run, entries in other_runs.items() if _hash_run(entries) not in archive_hashes}
    sources = [(archive, archive_runs), (other_archive, new_runs)]
    with Archive(target_path) as target:
        run_ids: dict[tuple[int, int], int] = {}
        for source_index, entry in _iter_by_time(sources):
            run_id = run_ids.get((source_index, entry.run), 0)
            run_ids[source_index, entry.run] = target.copy_entry(entry._replace(run=run_id), sources[source_index][0])
    return MergeResult(len(new_runs), len(other_runs) - len(new_runs))


def _group_by_run(archive: Archive) -> dict[int, list[Entry]]:
    runs: dict[int, list[Entry]] = {}
    for entry in archive.iter_entries():
        runs.setdefault(entry.run, []).append(entry)
    return runs


def _hash_run(entries: list[Entry]) -> str:
    text = "\x1e".join("\x1f".join(map(str, entry[2:-1])) for entry in entries)
    return hashlib.sha256(text.encode()).hexdigest()


def _iter_by_time(sources: list[tuple[Archive, dict[int, list[Entry]]]]) -> Iterator[tuple[int, Entry]]:
    """Yield the entries by time; those of one archive stay in their order also where its clock jumped back."""
    timed_entries = list[tuple[str, int, Entry]]()
    for source_index, (_, runs) in enumerate(sources):
        latest_time = ""
        for entry in sorted((entry for entries in runs.values() for entry in entries), key=lambda entry: entry.seq):
            latest_time = max(latest_time, entry.fetched_at)
            timed_entries.append((latest_time, source_index, entry))
    return (
        (source_index, entry)
        for _, source_index, entry in sorted(
            timed_entries, key=lambda timed_entry: (timed_entry[0], timed_entry[1], timed_entry[2].seq)
        )
    )
