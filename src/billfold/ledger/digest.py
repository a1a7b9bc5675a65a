"""One line that stands for the whole ledger: equal ledgers have equal hashes, on any machine, in any order of booking."""

from __future__ import annotations

import duckdb

from billfold.ledger.columns import CHARGE_COLUMNS, PROVENANCE

STATED = (
    "state",
    "total",
    "period_start",
    "period_end",
    "issuer",
    "issued_on",
    "due_on",
    "terms",
    "purchase_order",
    "corrects",
)
"""What a vendor states of a bill beside its charges: another word here is another version of it."""
_BILL = ("lines", "parked", *STATED)
_OWNER = ("b.provider", "b.account", "b.bill_key")
_BELIEVED = "b.until_seq IS NULL"


def text(columns: tuple[str, ...]) -> str:
    """Return the SQL that writes some columns as one text, in which a null and an empty text differ."""
    return f"concat_ws(chr(31), {', '.join(f'coalesce({column}::VARCHAR, chr(30))' for column in columns)})"


_SAID = tuple(f'c."{name}"' for name in CHARGE_COLUMNS if name not in {*PROVENANCE, "BillingAccountName"})
CONTENT, ROW = ", ".join(_SAID), text(_SAID)
"""A charge as text, without where it came from and what its account is called."""


def digest(db: duckdb.DuckDBPyConnection) -> str:
    """Return ``sha256:<64 hex>`` over the bills and charges that are believed now.

    Fetch times, archive numbers, runs and belief spans are left out, and so is what an account is called.
    """
    bills = f"SELECT sha256({text((*_OWNER, *(f'b.{name}' for name in _BILL)))}) AS h FROM bills b WHERE {_BELIEVED}"
    charges = f"""SELECT sha256({text(_OWNER)} || chr(29) || {ROW}) AS h
                  FROM charges c JOIN bills b ON c.bill = b.id WHERE {_BELIEVED} AND b.parked IS NULL"""
    query = f"SELECT sha256(coalesce(string_agg(h, '' ORDER BY h), '')) FROM ({bills} UNION ALL {charges})"
    return f"sha256:{db.execute(query).fetchall()[0][0]}"
