"""An archive for whom only some accounts exist: the entries of the others are not shown.

A pattern is held against what an account is called now; what was archived under a name that several accounts had is shown only
where all of them exist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from billfold.ledger.archive import Archive
from billfold.ledger.chain import ChainKey
from billfold.ledger.entries import ACKNOWLEDGEMENT, Entry
from billfold.model.identity import AccountPatterns

_ENTRIES_PER_LOOK = 500
_LEDGER_FIELD = '"of"'
"""Stands in what is acknowledged of the whole ledger: it may name any account."""


class NarrowedArchive(Archive):
    """An archive that is only read, and of which only the entries of some accounts are shown.

    ``names_by_run`` is what the account of each booked run is called now.
    """

    def __init__(self, path: Path, accounts: AccountPatterns, names_by_run: Mapping[int, str]) -> None:
        self._accounts, self._names_by_run = accounts, names_by_run
        self._shown_chains: frozenset[ChainKey] | None = None
        super().__init__(path)
        verdicts = defaultdict[ChainKey, list[bool]](list)
        for run in self.list_runs():
            name = names_by_run.get(run.id, run.account)
            verdicts[run.provider, run.account].append(accounts.includes(run.provider, name))
        self._shown_chains = frozenset(chain_key for chain_key, shown in verdicts.items() if all(shown))

    def shows_chain(self, provider: str, account: str) -> bool:
        """Tell whether all entries of an account's name are shown."""
        return self._shown_chains is not None and (provider, account) in self._shown_chains

    def read_last_seq(self, run: int | None = None) -> int:
        """Return the number of the last entry that is shown, or of a run's last; 0 where there is none."""
        highest = super().read_last_seq(run)
        if run is not None or self._shown_chains is None:
            return highest
        for end in range(highest, 0, -_ENTRIES_PER_LOOK):  # from the end: it is mostly there
            numbers = {"low": end - _ENTRIES_PER_LOOK, "high": end}
            if entries := list(self.select_entries("seq > :low AND seq <= :high", numbers)):
                return entries[-1].seq
        return 0

    def select_entries(self, condition: str, parameters: Mapping[str, object]) -> Iterator[Entry]:
        """Yield the entries of a condition in SQL that are shown, in order."""
        entries = super().select_entries(condition, parameters)
        if self._shown_chains is None:
            return entries
        return (entry for entry in entries if self._shows_entry(entry))

    def _shows_entry(self, entry: Entry) -> bool:
        if entry.run in self._names_by_run:
            return self._accounts.includes(entry.provider, self._names_by_run[entry.run])
        is_of_ledger = entry.operation == ACKNOWLEDGEMENT and _LEDGER_FIELD in entry.question
        return self.shows_chain(*entry.chain_key) and not is_of_ledger
