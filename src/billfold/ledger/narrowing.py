"""A part of a ledger for whom only some accounts exist: the others are taken out of its tables and of its archive.

It is done once, where the ledger is opened: no question over it can show what is not there.
"""

from __future__ import annotations

from pathlib import Path

from billfold.ledger.finding_rows import FindingStage
from billfold.ledger.narrowed_archive import NarrowedArchive
from billfold.ledger.query import read_account_names, read_names_by_run
from billfold.ledger.store import OpenLedger
from billfold.model.identity import AccountPatterns

_ACCOUNT_TABLES = ("runs", "accounts", "bills", "payments", "balances", "usages")


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
