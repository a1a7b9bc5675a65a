"""The ledger: bills and their charges in one DuckDB file, derived from the archive and disposable.

A bill is never changed: it is believed from one archive number on, and until another (or still). Opened for one
piece of work at a time; where another process has it open, opening waits some seconds and then says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from billfold.ledger.batch import Written, exact, naive, stored, write
from billfold.ledger.columns import BILLS, COMMITMENTS, SCHEMA
from billfold.ledger.digest import CONTENT
from billfold.model.bill import Bill, State
from billfold.model.errors import LedgerError
from billfold.model.focus import ContractCommitment
from billfold.model.money import least, plain
from billfold.model.period import instant

FORMAT = f"4 {duckdb.__version__}"
MEMORY, MEMORY_TO_WRITE = "256MB", "100MB"
"""What DuckDB may hold before it writes to disk: a ledger is larger than the memory it is computed in."""
TOGETHER = 32_768
"""Rows that DuckDB packs at once: fewer than it would by itself, so that a large bill is packed while it is still read."""
PATIENCE = 10.0
"""Seconds to wait for another process that has the ledger open."""


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
) -> Owner:
    """Find whose run it is and note its name; an account whose identity was not known before keeps its history.

    ``listed`` are the invoices that the run lists: an account of the same name that has one of them is the same customer,
    whatever the vendor says of itself now, so that no bill can be counted twice.
    """
    unknown = f"name:{name}"
    known = db.execute(
        "SELECT account FROM accounts WHERE provider=? AND name=? ORDER BY run DESC LIMIT 1", [provider, name]
    ).fetchone()
    if known and identity and known[0] != identity and _has_any(db, provider, known[0], listed):
        identity = known[0] if known[0] != unknown else identity
    account = identity or (known[0] if known else unknown)
    if identity and known and known[0] == unknown:
        db.execute("UPDATE bills SET account=? WHERE provider=? AND account=?", [identity, provider, unknown])
        db.execute("DELETE FROM accounts WHERE provider=? AND account=?", [provider, unknown])
    db.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?)", [provider, account, name, run])
    return Owner(provider, account, run, seq)


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the ledger file and close it again; makes an empty one where there is none or it is of another format."""
    db = _connect(path)
    try:
        db.execute("SET preserve_insertion_order=false")
        if not _is_ours(db):
            raise StaleLedgerError(f"{path} is of another format")
        yield db
    except duckdb.Error as error:
        words = str(error).splitlines()[0]
        raise LedgerError(f"the ledger {path} cannot be used: {words}; `billfold rebuild` computes it anew") from error
    finally:
        db.close()


@contextmanager
def writing(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB use one thread and little memory while bills are booked: many small inserts need no more."""
    db.execute(f"SET threads=1; SET memory_limit='{MEMORY_TO_WRITE}'")
    try:
        yield
    finally:
        db.execute(f"RESET threads; SET memory_limit='{MEMORY}'")


def tie(db: duckdb.DuckDBPyConnection) -> tuple[int, str] | None:
    """Return the last archive number that was booked, and the hash of its entry; None for an empty ledger."""
    found = db.execute("SELECT seq, chain FROM runs ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(found[0]), str(found[1])) if found else None


class StaleLedgerError(LedgerError):
    """The ledger file is of another format or damaged: drop it, it can be rebuilt."""


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _attached(path)
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise StaleLedgerError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
            if time.monotonic() > deadline:
                raise LedgerError(f"the ledger {path} is in use by another process; try again in a moment") from error
            time.sleep(0.05)
        except (duckdb.Error, OSError) as error:
            raise StaleLedgerError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _attached(path: Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": f"{path}.tmp"})
    try:
        name = str(path).replace("'", "''")
        db.execute(f"ATTACH '{name}' AS ledger (ROW_GROUP_SIZE {TOGETHER}); USE ledger")
    except BaseException:
        db.close()
        raise
    return db


def _has_any(db: duckdb.DuckDBPyConnection, provider: str, account: str, listed: list[str]) -> bool:
    query = "SELECT 1 FROM bills WHERE provider=? AND account=? AND invoice_id IN (SELECT unnest(?)) LIMIT 1"
    return db.execute(query, [provider, account, listed]).fetchone() is not None


def _is_ours(db: duckdb.DuckDBPyConnection) -> bool:
    try:
        found = db.execute("SELECT value FROM meta WHERE key='format'").fetchone()
    except duckdb.CatalogException:
        if db.execute("SELECT 1 FROM duckdb_tables()").fetchone():
            return False
        db.execute(f"BEGIN; {SCHEMA} INSERT INTO meta VALUES ('format', '{FORMAT}'); COMMIT;")
        return True
    return found is not None and found[0] == FORMAT


def book(db: duckdb.DuckDBPyConnection, bill: Bill, owner: Owner) -> bool:
    """Book a bill unless it is known already or something higher is; returns whether the ledger changed."""
    current = _current(db, owner, bill.key)
    if current and State(current["state"]).rank > bill.state.rank:
        raise LedgerError(f"is told as {bill.state} again, after it was {current['state']}: kept as it was")
    if bill.state is State.ESTIMATE and _is_billed(db, owner, bill):
        return False
    number = db.execute("SELECT coalesce(max(id), 0) + 1 FROM bills").fetchone()[0]  # type: ignore[index]
    row = _write(db, number, bill, owner)
    if current:
        before, row["content"] = current["content"] or _content(db, current["id"]), _content(db, number)
        if before == row["content"] and all(current[n] == row[n] for n in ("state", "total", "parked", "mark")):
            _forget(db, number)
            return False
        db.execute("UPDATE bills SET content=?, until_seq=? WHERE id=?", [before, owner.seq, current["id"]])
    if bill.state is not State.ESTIMATE:
        _drop_estimates(db, owner, bill)
    db.execute(f"INSERT INTO bills VALUES ({', '.join('?' * len(BILLS))})", [row[name] for name in BILLS])
    return True


def close_run(
    db: duckdb.DuckDBPyConnection,
    owner: Owner,
    ended: str,
    outcome: str,
    *,
    problems: list[str],
    listing: str | None,
    checks: list[str],
    chain: str,
) -> None:
    """Note that a run is booked: how it ended, what could not be read, what its list of invoices said.

    ``chain`` is the hash of the archive's entry that it was booked up to: it ties the ledger to its archive.
    """
    at = naive(instant(ended))
    row = [
        owner.run,
        owner.provider,
        owner.account,
        at,
        owner.seq,
        outcome,
        json.dumps(problems),
        listing,
        json.dumps(checks),
        chain,
    ]
    db.execute(f"INSERT INTO runs VALUES ({', '.join('?' * len(row))})", row)


def retire(db: duckdb.DuckDBPyConnection, owner: Owner, told: dict[str, set[str]], estimates: list[str]) -> None:
    """Stop believing what an invoice was said to be in a currency that it is no longer told in, and older estimates.

    A run that tells an estimate tells all there are: an estimate of a period that it does not tell is no longer one.
    """
    if estimates:
        old = (
            "provider=? AND account=? AND state='estimate' AND until_seq IS NULL AND bill_key NOT IN (SELECT unnest(?))"
        )
        db.execute(f"UPDATE bills SET until_seq=? WHERE {old}", [owner.seq, owner.provider, owner.account, estimates])
    query = """SELECT id, invoice_id, currency FROM bills WHERE provider=? AND account=? AND until_seq IS NULL
               AND invoice_id IN (SELECT unnest(?))"""
    for number, invoice_id, currency in db.execute(query, [owner.provider, owner.account, list(told)]).fetchall():
        if currency not in told[invoice_id]:
            db.execute("UPDATE bills SET until_seq=? WHERE id=?", [owner.seq, number])


_SLOT = "provider=? AND account=? AND currency=? AND period_start=? AND until_seq IS NULL"


def _current(db: duckdb.DuckDBPyConnection, owner: Owner, key: str) -> dict[str, Any] | None:
    query = "SELECT * FROM bills WHERE provider=? AND account=? AND bill_key=? AND until_seq IS NULL"
    found = db.execute(query, [owner.provider, owner.account, key]).fetchone()
    return dict(zip(BILLS, found, strict=True)) if found else None


def _slot(owner: Owner, bill: Bill) -> list[Any]:
    return [owner.provider, owner.account, bill.currency, naive(bill.period.start)]


def _is_billed(db: duckdb.DuckDBPyConnection, owner: Owner, bill: Bill) -> bool:
    query = f"SELECT 1 FROM bills WHERE {_SLOT} AND state <> 'estimate'"
    return db.execute(query, _slot(owner, bill)).fetchone() is not None


def _drop_estimates(db: duckdb.DuckDBPyConnection, owner: Owner, bill: Bill) -> None:
    query = f"UPDATE bills SET until_seq=? WHERE {_SLOT} AND state='estimate'"
    db.execute(query, [owner.seq, *_slot(owner, bill)])


def _write(db: duckdb.DuckDBPyConnection, number: int, bill: Bill, owner: Owner) -> dict[str, Any]:
    try:
        return _row(db, number, bill, write(db, number, bill), owner)
    except BaseException:
        with suppress(duckdb.Error):  # a full disk has ended the transaction already
            _forget(db, number)
        raise


def _forget(db: duckdb.DuckDBPyConnection, number: int) -> None:
    for table in ("charges", "commitments"):
        db.execute(f"DELETE FROM {table} WHERE bill=?", [number])


def _row(db: duckdb.DuckDBPyConnection, number: int, bill: Bill, written: Written, owner: Owner) -> dict[str, Any]:
    problems, summed = [*bill.problems, *written.problems], written.summed
    if bill.total is not None and summed != bill.total:
        problems.append(f"its charges sum to {plain(summed)} {bill.currency}, the vendor states {plain(bill.total)}")
    _promise(db, number, bill.commitments)
    return {
        "id": number,
        "provider": owner.provider,
        "account": owner.account,
        "bill_key": bill.key,
        "state": str(bill.state),
        "invoice_id": bill.invoice_id,
        "period_start": naive(bill.period.start),
        "period_end": naive(bill.period.end),
        "currency": bill.currency,
        "total": least(summed) if bill.total is None else plain(bill.total),
        "lines": written.listed if bill.listed is None else bill.listed,
        "charges": written.charges,
        "summed": plain(summed),
        "parked": "; ".join(problems) or None,
        "mark": bill.mark,
        "issuer": bill.issuer,
        "issued_on": naive(bill.issued_on),
        "due_on": naive(bill.due_on),
        "terms": bill.terms,
        "purchase_order": bill.purchase_order,
        "corrects": bill.corrects,
        "content": None,
        "run": owner.run,
        "from_seq": owner.seq,
        "until_seq": None,
    }


def _promise(db: duckdb.DuckDBPyConnection, number: int, commitments: tuple[ContractCommitment, ...]) -> None:
    for one in commitments:
        for name, value in one._asdict().items():
            if isinstance(value, Decimal):
                exact([value], COMMITMENTS[name][1])  # DuckDB would round what is too long
        row = [number, *map(stored, one)]
        db.execute(f"INSERT INTO commitments VALUES ({', '.join('?' * len(row))})", row)


def _content(db: duckdb.DuckDBPyConnection, number: int) -> str:
    """Return a fingerprint of a bill's charges, whatever their order, that leaves out where they came from.

    Taken only where a bill is told again: the first one needs none.
    """
    query = f"SELECT count(*) || '/' || sum(hash({CONTENT})) FROM charges c WHERE bill=?"
    return str(db.execute(query, [number]).fetchone()[0])  # type: ignore[index]
