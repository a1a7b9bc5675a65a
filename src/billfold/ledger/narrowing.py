"""A part of a ledger for whom only some accounts exist: the others are taken out of its tables and of its archive.

It is done once, where the ledger is opened: no question over it can show what is not there. A pattern is held against what an account
is called now; what was archived under a name that several accounts had is shown only where all of them exist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from billfold.ledger.archive import Archive
from billfold.ledger.chain import ChainKey
from billfold.ledger.entries import ACKNOWLEDGEMENT, Entry
from billfold.ledger.finding_rows import FindingStage
from billfold.ledger.query import read_account_names, read_names_by_run
from billfold.ledger.store import OpenLedger
from billfold.model.identity import AccountPatterns

_ACCOUNT_TABLES = ("runs", "accounts", "bills", "payments", "balances", "usages")
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

    @contextmanager
    def open_whole(self) -> Iterator[Archive]:
        """Give all of the archive."""
        with Archive(self.path) as whole_archive:
            yield whole_archive

    def shows_chain(self, provider: str, account: str) -> bool:
        """Tell whether all entries of an account's name are shown."""
        return self._shown_chains is not None and (provider, account) in self._shown_chains

    def _select_entries(self, condition: str, parameters: Mapping[str, object]) -> Iterator[Entry]:
        entries = super()._select_entries(condition, parameters)
        if self._shown_chains is None:
            return entries
        return (entry for entry in entries if self._shows_entry(entry))

    def _shows_entry(self, entry: Entry) -> bool:
        if entry.run in self._names_by_run:
            return self._accounts.includes(entry.provider, self._names_by_run[entry.run])
        is_of_ledger = entry.operation == ACKNOWLEDGEMENT and _LEDGER_FIELD in entry.question
        return self.shows_chain(*entry.chain_key) and not is_of_ledger


def open_narrowed(db: OpenLedger, path: Path, accounts: AccountPatterns) -> NarrowedArchive:
    """Take all accounts but some out of an open ledger's tables, and open its archive without them; the files stay as they are."""
    archive = NarrowedArchive(path, accounts, read_names_by_run(db))
    inside = [key for key, name in read_account_names(db).items() if accounts.includes(key[0], name)]
    db.execute("CREATE OR REPLACE TEMP TABLE inside (provider VARCHAR, account VARCHAR)")
    for key in inside:
        db.execute("INSERT INTO inside VALUES (?, ?)", key)
    _forget_damage(db, archive)
    for table in _ACCOUNT_TABLES:
        db.execute(
            f"DELETE FROM {table} t WHERE NOT EXISTS "
            "(SELECT 1 FROM inside i WHERE i.provider = t.provider AND i.account = t.account)"
        )
    db.execute("DELETE FROM commitments WHERE bill NOT IN (SELECT id FROM bills)")
    db.execute("DELETE FROM findings WHERE bill IS NOT NULL AND bill NOT IN (SELECT id FROM bills)")
    stage = FindingStage.ARCHIVE
    db.execute(f"DELETE FROM findings WHERE stage <> '{stage}' AND bill IS NULL AND run NOT IN (SELECT run FROM runs)")
    db.hide_foreign_charges()
    return archive


def _forget_damage(db: OpenLedger, archive: NarrowedArchive) -> None:
    """Forget what is damaged of other accounts; what is of the whole file stays."""
    query = f"SELECT rowid, data->>'provider', data->>'account' FROM findings WHERE stage = '{FindingStage.ARCHIVE}'"
    for row_id, provider, account in db.execute(query).fetchall():
        if (provider or account) and not archive.shows_chain(provider, account):
            db.execute("DELETE FROM findings WHERE rowid = ?", [row_id])
