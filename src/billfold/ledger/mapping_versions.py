"""With which version of its mapping each provider's bills were made; those of another one are forgotten and made anew."""

from __future__ import annotations

from hashlib import blake2b

from billfold.ledger.catalog_file import find_format
from billfold.ledger.store import OpenLedger

_KEY_PREFIX = "mapping "
"""Begins the key of a provider's version among the catalog's notes."""


def read_mapping_versions(db: OpenLedger) -> dict[str, str]:
    """Return the versions by provider."""
    rows = db.execute("SELECT key, value FROM meta WHERE starts_with(key, ?)", [_KEY_PREFIX]).fetchall()
    return {key.removeprefix(_KEY_PREFIX): value for key, value in rows}


def read_booking_code(db: OpenLedger) -> str:
    """Return a hash of the code that the ledger was booked with: as long as it stays, equal bills have equal hashes."""
    lines = [find_format(), *(" ".join(version) for version in sorted(read_mapping_versions(db).items()))]
    return blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


def note_mapping_version(db: OpenLedger, provider: str, version: str) -> None:
    """Note the version that a provider's bills are made with; only within a transaction."""
    db.catalog.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [f"{_KEY_PREFIX}{provider}", version])


def forget_provider(db: OpenLedger, provider: str) -> None:
    """Forget all that was booked of a provider; its charges are nobody's then. Only within a transaction."""
    bills_sql, runs_sql = "SELECT id FROM bills WHERE provider=?", "SELECT run FROM runs WHERE provider=?"
    for statement in (
        f"DELETE FROM commitments WHERE bill IN ({bills_sql})",
        f"DELETE FROM findings WHERE run IN ({runs_sql})",
        "DELETE FROM bills WHERE provider=?",
        "DELETE FROM payments WHERE provider=?",
        "DELETE FROM balances WHERE provider=?",
        "DELETE FROM usages WHERE provider=?",
        "DELETE FROM runs WHERE provider=?",
        "DELETE FROM accounts WHERE provider=?",
    ):
        db.catalog.execute(statement, [provider])
