"""Check every stored hash of an archive, and name every damaged or missing byte's answer.

A chain that was cut at its end, or written anew as a whole, is still a chain. What it was is noted in two other places: the
catalog that was computed from it, and wherever its head was kept. Where neither is asked, nothing here can know.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from billfold.ledger.archive import Archive
from billfold.ledger.archive_redaction import list_redactions
from billfold.ledger.catalog_file import DamagedLedgerError, StaleLedgerError, read_booked_hashes
from billfold.ledger.chain import ChainKey, find_head, iter_checked
from billfold.ledger.entries import MERGE, RUN_END, RUN_START, Entry, Run
from billfold.ledger.layout import MERGE_BACKUP_PATTERN
from billfold.ledger.narrowed_archive import NarrowedArchive
from billfold.model.errors import BillfoldError
from billfold.model.finding import AccountFinding, Finding, limit_findings, make_finding
from billfold.model.finding_codes import FindingCode

NO_ACCOUNT: ChainKey = ("", "")
"""Whose damage it is that is the whole file's."""
_Damage = tuple[ChainKey, str]


def find_damage(archive: Archive, catalog_path: Path | None = None) -> Iterator[Finding]:
    """Yield a finding for each thing that is not as it was written; nothing for a sound archive.

    The catalog, where it is given and there, tells whether the archive's end is missing, or all of it was written anew.
    """
    for located in find_archive_damage(archive, catalog_path):
        yield located.finding
    if catalog_path and catalog_path.exists() and (text := _describe_ledger_damage(catalog_path)):
        yield make_finding(FindingCode.LEDGER_DAMAGED, f"{text}; `billfold rebuild` computes it anew")


def find_archive_damage(archive: Archive, catalog_path: Path | None = None) -> Iterator[AccountFinding]:
    """Yield what of an archive is not as it was written, each with the account that it is of; without one: of the file."""
    if isinstance(archive, NarrowedArchive):  # its chains are checked whole, and told as far as they are shown
        with Archive(archive.path) as whole_archive:
            for located in find_archive_damage(whole_archive, catalog_path):
                if not located.account or archive.shows_chain(located.provider, located.account):
                    yield located
        return
    for (provider, account), text in _describe_damage(archive, catalog_path):
        yield AccountFinding(provider, account, "", make_finding(FindingCode.ARCHIVE_DAMAGED, text))


def limit_damage(damage: Iterable[AccountFinding]) -> list[AccountFinding]:
    """Keep the first few things of each account; the last of them counts for all that are left out."""
    findings_by_account = dict[ChainKey, list[Finding]]()
    for located in damage:
        findings_by_account.setdefault((located.provider, located.account), []).append(located.finding)
    return [
        AccountFinding(*chain_key, "", finding)
        for chain_key, findings in findings_by_account.items()
        for finding in limit_findings(findings)
    ]


def find_run_damage(archive: Archive, run: Run) -> Iterator[Finding]:
    """Yield what is damaged of a run's part of its account's chain: what is new costs no more than it is."""
    entries = list(archive.iter_run_chain(run)) if archive.has_separate_chains else []
    start_hashes = {run_id: archive.read_start_hash(run_id) for run_id in {entry.run for entry in entries if entry.run}}
    is_begun = bool(entries) and entries[0].run != run.id
    for entry, is_sound in iter_checked(entries, start_hashes=start_hashes, is_begun=is_begun):
        if not is_sound:
            yield make_finding(FindingCode.ARCHIVE_DAMAGED, _describe_change(entry))


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
    if entry := find_head(archive.iter_settling_entries(), head) or _find_head_before_merge(archive, head):
        return entry, None
    text = f"{head} was never its head: what it had then was rewritten or cut off, or the head is of another archive"
    if any(head in marker.question for marker in archive.list_markers(MERGE)):
        text = f"{head} was the head of an archive before a merge wrote chains anew: check it against that one's file"
    return None, make_finding(FindingCode.ARCHIVE_DAMAGED, text)


def _find_head_before_merge(archive: Archive, head: str) -> Entry | None:
    """Find a head of before a merge brought entries between these: its chains are here, the file of then says which they were."""
    kept_entries = {entry.hash: entry for entry in archive.iter_settling_entries()}
    for path in sorted(archive.path.parent.glob(MERGE_BACKUP_PATTERN)):
        with suppress(BillfoldError, sqlite3.Error, ValueError), Archive(path, as_it_is=True) as earlier:
            earlier_entries = list(earlier.iter_settling_entries())
            if entry := find_head(earlier_entries, head):
                heads = {other.chain_key: other.hash for other in earlier_entries if other.seq <= entry.seq}
                if kept_entries.keys() >= set(heads.values()):
                    return kept_entries[entry.hash]
    return None


def _describe_damage(archive: Archive, catalog_path: Path | None) -> Iterator[_Damage]:
    try:
        with archive.open_snapshot():
            yield from ((NO_ACCOUNT, text) for text in archive.check_integrity())
            yield from _check_chains(archive)
            booked_hashes = read_booked_hashes(catalog_path) if catalog_path else {}
            yield from ((NO_ACCOUNT, text) for text in describe_missing(archive, booked_hashes))
            yield from _check_bodies(archive)
    except (BillfoldError, sqlite3.Error, UnicodeDecodeError, ValueError, OverflowError) as error:
        yield NO_ACCOUNT, f"the archive's file is damaged: {error}"


def _check_chains(archive: Archive) -> Iterator[_Damage]:
    expected_seq, open_runs, ended_runs = 1, dict[int, Entry](), set[int]()
    for entry, is_sound in iter_checked(archive.iter_entries(), has_separate_chains=archive.has_separate_chains):
        if entry.seq != expected_seq:
            yield entry.chain_key, f"answers {expected_seq} to {entry.seq - 1} are missing"
        if not is_sound:
            yield entry.chain_key, _describe_change(entry)
        if entry.operation == RUN_START:
            open_runs[entry.run] = entry
        elif entry.run or not entry.is_settling:
            is_ended = entry.run in ended_runs
            yield from (
                (entry.chain_key, text) for text in _check_run(entry, open_runs.get(entry.run), is_ended=is_ended)
            )
        if entry.operation == RUN_END:
            ended_runs.add(entry.run)
        expected_seq = entry.seq + 1


def _check_run(entry: Entry, start: Entry | None, *, is_ended: bool) -> Iterator[str]:
    if start is None or is_ended:
        yield f"{_describe_entry(entry)} belongs to no open run"
    elif entry.chain_key != start.chain_key:
        yield f"{_describe_entry(entry)} belongs to another account than its run"


def describe_missing(archive: Archive, booked_hashes: Mapping[int, str]) -> Iterator[str]:
    """Say what was booked from an archive and is not in it."""
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


def _describe_change(entry: Entry) -> str:
    return f"{_describe_entry(entry)} was changed, or an answer before it"


def _describe_entry(entry: Entry) -> str:
    subject = (
        f"{entry.operation} {entry.question}"
        if not entry.operation.startswith(":")
        else f"run {entry.run}'s {entry.operation[1:]}"
        if entry.run
        else entry.operation[1:]
    )
    return f"entry {entry.seq} ({entry.provider} {entry.account}: {subject})"


def _check_bodies(archive: Archive) -> Iterator[_Damage]:
    entries_by_body: dict[str, Entry] = {}
    for entry in archive.iter_entries():
        entries_by_body.setdefault(entry.body, entry)
    redactions = list_redactions(archive)
    for digest, size, packed, tombstone in archive.iter_bodies():
        body_entry = entries_by_body.pop(digest) if digest in entries_by_body else None
        if body_entry is None:
            yield NO_ACCOUNT, f"body {digest[:12]} belongs to no answer"
        elif reason := _find_damage(digest, size, packed, tombstone):
            yield body_entry.chain_key, f"the body of {_describe_entry(body_entry)} {reason}"
        elif tombstone and (digest, tombstone) not in redactions and archive.has_separate_chains:
            yield (
                body_entry.chain_key,
                f"the body of {_describe_entry(body_entry)} was replaced, and its chain does not say so",
            )
    for unmatched_entry in entries_by_body.values():
        yield unmatched_entry.chain_key, f"the body of {_describe_entry(unmatched_entry)} is missing"


def _find_damage(digest: str, size: int, packed: bytes, tombstone: str | None) -> str:
    try:
        decompressor = zlib.decompressobj()
        body = decompressor.decompress(packed)
    except (zlib.error, TypeError) as error:
        return f"is damaged: {error}"
    if not decompressor.eof or decompressor.unused_data:
        return "is damaged: its end is not where it should be"
    if hashlib.sha256(body).hexdigest() != (tombstone or digest):
        return "is damaged: its content has another hash"
    return "" if tombstone or len(body) == size else "is damaged: its size is not as noted"
