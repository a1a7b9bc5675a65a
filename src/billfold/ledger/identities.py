"""Whose bills these are: an account is the vendor's customer, whatever the configuration calls it."""

from __future__ import annotations

import json
from typing import NamedTuple

from billfold.ledger.store import OpenLedger

UNKNOWN_PREFIX = "name:"
"""Begins the identity of an account whose vendor has not said yet whose it is."""


class AccountIdentity(NamedTuple):
    """Whose bill is booked, out of which run, and from which archive number on it is believed.

    ``account`` is the vendor's own identity of the account; its name may change.
    """

    provider: str
    account: str
    run: int
    seq: int


def resolve_account(
    db: OpenLedger,
    provider: str,
    identity: str | None,
    name: str,
    run_id: int,
    seq: int,
    invoice_ids: list[str],
    *,
    can_rename: bool = True,
    is_stable: bool = True,
) -> AccountIdentity:
    """Find whose run it is and note its name; an account whose identity was not known before keeps its history.

    ``invoice_ids`` are the invoices that the run lists: who has one of them is the same customer, whatever the vendor says of
    itself now, so that no bill can be counted twice. Without ``can_rename`` an account that is known keeps its name; an identity
    that is not ``is_stable`` may be another one today.
    """
    default_account = f"{UNKNOWN_PREFIX}{name}"
    booked_account = _find_account(db, provider, name)
    is_other = bool(identity) and booked_account not in {None, identity, default_account}
    if is_other and _has_invoice(db, provider, str(booked_account), invoice_ids):
        identity = booked_account
    elif identity and not is_stable and not _is_known(db, provider, identity):
        claimed_by = _find_claimant(db, provider, invoice_ids)
        identity = claimed_by if claimed_by and not claimed_by.startswith(UNKNOWN_PREFIX) else identity
    if not booked_account and identity is None and (claimed_by := _find_claimant(db, provider, invoice_ids)):
        return AccountIdentity(provider, claimed_by, run_id, seq)
    account = identity or booked_account or default_account
    if identity:
        provisional_accounts = {_find_claimant(db, provider, invoice_ids, UNKNOWN_PREFIX)}
        provisional_accounts |= {default_account} if booked_account == default_account else set()
        _move_bills(db, provider, provisional_accounts - {None, identity}, identity)
    conflict_action = "REPLACE" if can_rename else "IGNORE"
    db.catalog.execute(
        f"INSERT OR {conflict_action} INTO accounts VALUES (?, ?, ?, ?)", [provider, account, name, run_id]
    )
    return AccountIdentity(provider, account, run_id, seq)


def _find_account(db: OpenLedger, provider: str, name: str) -> str | None:
    """Return the account that was last called so; None where none was."""
    query = "SELECT account FROM accounts WHERE provider=? AND name=? ORDER BY run DESC LIMIT 1"
    rows = db.catalog.select(query, [provider, name])
    return str(rows[0][0]) if rows else None


def _move_bills(db: OpenLedger, provider: str, provisional_accounts: set[str | None], identity: str) -> None:
    """Give the bills of accounts whose identity was not known before, and what is stated of them, to the account that they are of."""
    for provisional_account in provisional_accounts:
        for table in ("bills", "payments", "balances", "usages"):
            update_sql = f"UPDATE {table} SET account=? WHERE provider=? AND account=?"
            db.catalog.execute(update_sql, [identity, provider, provisional_account])
        db.catalog.execute("DELETE FROM accounts WHERE provider=? AND account=?", [provider, provisional_account])


def _find_claimant(db: OpenLedger, provider: str, invoice_ids: list[str], prefix: str = "") -> str | None:
    """Return the account that has most of these invoices, whose identity begins so; None where none has any."""
    query = """SELECT account FROM bills JOIN accounts USING (provider, account)
               WHERE provider=?1 AND substr(account, 1, length(?2)) = ?2 AND invoice_id IN (SELECT value FROM json_each(?3))
               GROUP BY account ORDER BY count(DISTINCT invoice_id) DESC, account LIMIT 1"""
    rows = db.catalog.select(query, [provider, prefix, json.dumps(invoice_ids)]) if invoice_ids else []
    return str(rows[0][0]) if rows else None


def _is_known(db: OpenLedger, provider: str, identity: str) -> bool:
    query = "SELECT 1 FROM accounts WHERE provider=? AND account=? LIMIT 1"
    return bool(db.catalog.select(query, [provider, identity]))


class KnownCustomer(NamedTuple):
    """Who answered to an account's name until now: the identities at the vendor, and the invoices."""

    identities: frozenset[str] = frozenset()
    invoice_ids: frozenset[str] = frozenset()

    def is_another_customer(self, identity: str | None, listed_ids: frozenset[str]) -> bool:
        """Tell whether somebody else answers to the name now, of whom neither the identity nor any invoice is known."""
        is_unknown = identity is not None and bool(self.identities) and identity not in self.identities
        return is_unknown and not self.invoice_ids & listed_ids


def known_customer(db: OpenLedger, provider: str, name: str) -> KnownCustomer:
    """Return who answered to an account's name until now."""
    query = """SELECT DISTINCT account, invoice_id FROM accounts LEFT JOIN bills USING (provider, account)
               WHERE provider=? AND name=?"""
    rows = db.execute(query, [provider, name]).fetchall()
    identities = frozenset(identity for identity, _ in rows if not identity.startswith(UNKNOWN_PREFIX))
    return KnownCustomer(identities, frozenset(invoice_id for _, invoice_id in rows if invoice_id))


def _has_invoice(db: OpenLedger, provider: str, account: str, invoice_ids: list[str]) -> bool:
    query = (
        "SELECT 1 FROM bills WHERE provider=? AND account=? AND invoice_id IN (SELECT value FROM json_each(?)) LIMIT 1"
    )
    return bool(db.catalog.select(query, [provider, account, json.dumps(invoice_ids)]))
