"""Two archives become one: every run of both, in the order in which its entries were made.

The chain of an account that only one of them goes on with stays as it is; where both did, it is made anew and says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.archive import Archive
from billfold.ledger.archive_redaction import list_redactions, note_redactions
from billfold.ledger.chain import ChainKey, iter_checked
from billfold.ledger.entries import MERGE, Entry, build_run_marker

REDACTED_CONDITION = "tombstone NOTNULL"


class MergeResult(NamedTuple):
    """How many runs the other archive brought, and how many were here already."""

    added_count: int
    duplicate_count: int


class _Group(NamedTuple):
    """The entries of a run, or an entry of none."""

    entries: list[Entry]

    def compute_hash(self) -> str:
        """Return what is the same for the same group in another archive."""
        text = "\x1e".join("\x1f".join(map(str, entry[2:-1])) for entry in self.entries)
        return hashlib.sha256(text.encode()).hexdigest()


class _Source(NamedTuple):
    """What is taken of an archive; ``unsound_seqs`` are the numbers of entries that are not as they were written."""

    archive: Archive
    groups: list[_Group]
    unsound_seqs: frozenset[int]
    last_hashes: dict[ChainKey, str]


def merge_archives(archive: Archive, other_archive: Archive, target_path: Path, now: datetime) -> MergeResult:
    """Write a new archive that holds both; neither of the two is changed. A run that both hold is taken once."""
    source, other_source = _read_source(archive), _read_source(other_archive)
    known_hashes = {group.compute_hash() for group in source.groups}
    new_groups = [group for group in other_source.groups if group.compute_hash() not in known_hashes]
    with Archive(target_path) as target:
        run_ids: dict[tuple[int, int], int] = {}
        for origin, entry in _iter_by_time([source, other_source._replace(groups=new_groups)]):
            run_key = id(origin.archive), entry.run
            copy = entry._replace(run=run_ids.get(run_key, 0) if entry.run else 0)
            is_sound = entry.seq not in origin.unsound_seqs
            run_ids[run_key] = target.copy_entry(copy, origin.archive, is_sound=is_sound)
        _copy_redactions(target, (archive, other_archive), now)
        _note_new_chains(target, source, other_source, now)
    added_count = _count_runs(new_groups)
    return MergeResult(added_count, _count_runs(other_source.groups) - added_count)


def _copy_redactions(target: Archive, archives: Iterable[Archive], now: datetime) -> None:
    """Take over what was redacted in either; an archive of an earlier format has no entries that say so."""
    redacted_bodies = {body.hash: body for archive in archives for body in archive.iter_bodies(REDACTED_CONDITION)}
    for body in redacted_bodies.values():
        target.add_redacted_body(body)
    tombstones = {digest: str(body.tombstone) for digest, body in redacted_bodies.items()}
    noted = list_redactions(target)
    note_redactions(target, {digest: text for digest, text in tombstones.items() if (digest, text) not in noted}, now)


def _count_runs(groups: list[_Group]) -> int:
    return sum(bool(group.entries[0].run) for group in groups)


def _read_source(archive: Archive) -> _Source:
    groups, unsound_seqs, last_hashes = dict[int, _Group](), set[int](), dict[ChainKey, str]()
    for entry, is_sound in iter_checked(archive.iter_entries(), has_separate_chains=archive.has_separate_chains):
        groups.setdefault(entry.run or -entry.seq, _Group([])).entries.append(entry)
        last_hashes[entry.chain_key] = entry.hash
        if not is_sound:
            unsound_seqs.add(entry.seq)
    return _Source(archive, list(groups.values()), frozenset(unsound_seqs), last_hashes)


def _note_new_chains(target: Archive, source: _Source, other_source: _Source, now: datetime) -> None:
    """Note in each chain that was made of two which heads their archives had."""
    heads = json.dumps([source.archive.read_head(), other_source.archive.read_head()])
    last_hashes = {entry.chain_key: entry.hash for entry in target.iter_entries()}
    for chain_key in sorted(source.last_hashes.keys() & other_source.last_hashes.keys()):
        if last_hashes[chain_key] not in {source.last_hashes[chain_key], other_source.last_hashes[chain_key]}:
            target.add_marker(build_run_marker(0, *chain_key, MERGE, heads, now))


def _iter_by_time(sources: list[_Source]) -> Iterator[tuple[_Source, Entry]]:
    """Yield the entries by time; those of one archive stay in their order also where its clock jumped back."""
    timed_entries = list[tuple[str, int, Entry]]()
    for source_index, source in enumerate(sources):
        latest_time = ""
        for entry in sorted((entry for group in source.groups for entry in group.entries), key=lambda entry: entry.seq):
            latest_time = max(latest_time, entry.fetched_at)
            timed_entries.append((latest_time, source_index, entry))
    return (
        (sources[source_index], entry)
        for _, source_index, entry in sorted(
            timed_entries, key=lambda timed_entry: (timed_entry[0], timed_entry[1], timed_entry[2].seq)
        )
    )
