"""Whose bills these are: an account is the vendor's customer, whatever the configuration calls it."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

UNKNOWN = "name:"
"""Begins the identity of an account whose vendor has not said yet whose it is."""


class Owner(NamedTuple):
    """Whose bill is booked, out of which run, and from which archive number on it is believed.

    ``account`` is the vendor's own identity of the account; its name may change.
    """

    provider: str
    account: str
    run: int
    seq: int


def owner(
    db: duckdb.DuckDBPyConnection,
    provider: str,
    identity: str | None,
    name: str,
    run: int,
    seq: int,
    listed: list[str],
    *,
    renames: bool = True,
) -> Owner:
    """Find whose run it is and note its name; an account whose identity was not known before keeps its history.

    ``listed`` are the invoices that the run lists: who has one of them is the same customer, whatever the vendor says of
    itself now, so that no bill can be counted twice. Without ``renames`` an account that is known keeps its name.
    """
    unknown = f"{UNKNOWN}{name}"
    known = db.execute(
        "SELECT account FROM accounts WHERE provider=? AND name=? ORDER BY run DESC LIMIT 1", [provider, name]
    ).fetchone()
    if known and identity and known[0] != identity and _has_any(db, provider, known[0], listed):
        identity = known[0] if known[0] != unknown else identity
    if not known and identity is None and (holder := _holder(db, provider, listed)):
        return Owner(provider, holder, run, seq)
    account = identity or (known[0] if known else unknown)
    if identity:
        strangers = {_holder(db, provider, listed, UNKNOWN), unknown if known and known[0] == unknown else None}
        for stranger in strangers - {None, identity}:
            db.execute("UPDATE bills SET account=? WHERE provider=? AND account=?", [identity, provider, stranger])
            db.execute("DELETE FROM accounts WHERE provider=? AND account=?", [provider, stranger])
    how = "REPLACE" if renames else "IGNORE"
    db.execute(f"INSERT OR {how} INTO accounts VALUES (?, ?, ?, ?)", [provider, account, name, run])
    return Owner(provider, account, run, seq)


def _holder(db: duckdb.DuckDBPyConnection, provider: str, listed: list[str], beginning: str = "") -> str | None:
    """Return the account that has one of these invoices, whose identity begins so; None where none or several have."""
    query = """SELECT DISTINCT account FROM bills JOIN accounts USING (provider, account)
               WHERE provider=? AND starts_with(account, ?) AND invoice_id IN (SELECT unnest(?))"""
    found = db.execute(query, [provider, beginning, listed]).fetchall() if listed else []
    return str(found[0][0]) if len(found) == 1 else None


class Customer(NamedTuple):
    """Who answered to an account's name until now: the identities at the vendor, and the invoices."""

    identities: frozenset[str] = frozenset()
    invoices: frozenset[str] = frozenset()

    def is_another(self, identity: str | None, listed: frozenset[str]) -> bool:
        """Tell whether somebody else answers to the name now, of whom neither the identity nor any invoice is known."""
        strange = identity is not None and bool(self.identities) and identity not in self.identities
        return strange and not self.invoices & listed


def customer(db: duckdb.DuckDBPyConnection, provider: str, name: str) -> Customer:
    """Return who answered to an account's name until now."""
    query = """SELECT DISTINCT account, invoice_id FROM accounts LEFT JOIN bills USING (provider, account)
               WHERE provider=? AND name=?"""
    rows = db.execute(query, [provider, name]).fetchall()
    known = frozenset(one for one, _ in rows if not one.startswith(UNKNOWN))
    return Customer(known, frozenset(invoice for _, invoice in rows if invoice))


def _has_any(db: duckdb.DuckDBPyConnection, provider: str, account: str, listed: list[str]) -> bool:
    query = "SELECT 1 FROM bills WHERE provider=? AND account=? AND invoice_id IN (SELECT unnest(?)) LIMIT 1"
    return db.execute(query, [provider, account, listed]).fetchone() is not None
