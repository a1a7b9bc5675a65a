"""The chains of an archive: one of each account, whose newest hashes together are the archive's head.

Whoever keeps a head outside can have it proved that nothing of what it stands for was rewritten or cut off since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from billfold.ledger.entries import GENESIS_HASH, RUN_START, Entry
from billfold.model.errors import LedgerError

ChainKey = tuple[str, str]
"""A provider and an account."""


class ChainWalk:
    """The chains of an archive as they grow, entry by entry; in format 1 all accounts shared one."""

    def __init__(self, *, has_separate_chains: bool = True, start_hashes: Mapping[int, str] | None = None) -> None:
        self._has_separate_chains = has_separate_chains
        self._last_hashes = dict[object, str]()
        self._start_hashes = dict(start_hashes or {})

    def compute_hash(self, entry: Entry) -> str:
        """Return the hash that the next entry must have; raises ``LedgerError`` for one that could be taken for another."""
        previous_hash = self._last_hashes.get(self._choose_chain(entry), GENESIS_HASH)
        if not self._has_separate_chains:
            return entry.compute_earlier_hash(previous_hash)
        is_start = entry.operation == RUN_START
        return entry.compute_hash(previous_hash, "" if is_start else self._start_hashes.get(entry.run, ""))

    def add(self, entry: Entry) -> None:
        """Go on behind an entry, whether or not it has the hash that it must have."""
        self._last_hashes[self._choose_chain(entry)] = entry.hash
        if entry.operation == RUN_START:
            self._start_hashes[entry.run] = entry.hash

    def _choose_chain(self, entry: Entry) -> object:
        return entry.chain_key if self._has_separate_chains else None


def iter_checked(
    entries: Iterable[Entry],
    *,
    has_separate_chains: bool = True,
    start_hashes: Mapping[int, str] | None = None,
    is_begun: bool = False,
) -> Iterator[tuple[Entry, bool]]:
    """Yield the entries of an archive in order, each with whether its hash is the one that it must have.

    Of a chain that ``is_begun`` before them the first only says what the others are held against; ``start_hashes`` are of
    entries that began runs before them.
    """
    chain_walk = ChainWalk(has_separate_chains=has_separate_chains, start_hashes=start_hashes)
    for entry in entries:
        if is_begun:
            chain_walk.add(entry)
            is_begun = False
            continue
        try:
            is_sound = chain_walk.compute_hash(entry) == entry.hash
        except LedgerError:
            is_sound = False
        chain_walk.add(entry)
        yield entry, is_sound


def compute_head(account_heads: Mapping[ChainKey, str]) -> str:
    """Return the head of an archive: one hash over the newest settling entry of each account, whatever their order."""
    lines = sorted("\x1f".join((*chain_key, account_head)) for chain_key, account_head in account_heads.items())
    digest = hashlib.sha256("\x1e".join(lines).encode()).hexdigest()
    return f"sha256:{digest}"


def find_head(settling_entries: Iterable[Entry], head: str) -> Entry | None:
    """Return the entry with which an archive had a head; None where it never had it.

    The heads are tried from the newest to the oldest: it is mostly a recent one that is asked for.
    """
    heads_by_account = dict[ChainKey, list[str]]()
    entries = list(settling_entries)
    for entry in entries:
        heads_by_account.setdefault(entry.chain_key, []).append(entry.hash)
    for entry in reversed(entries):
        if compute_head({chain_key: hashes[-1] for chain_key, hashes in heads_by_account.items()}) == head:
            return entry
        hashes = heads_by_account[entry.chain_key]
        hashes.pop()
        if not hashes:
            del heads_by_account[entry.chain_key]
    return None
