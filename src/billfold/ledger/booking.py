"""A run on its way into the ledger: its bills, what they take the place of, and how it ended.

A bill is never changed: it is believed from one archive number on, and until another (or still).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from billfold.ledger.batch import exact, naive, stored
from billfold.ledger.charge_writer import Writer, Written
from billfold.ledger.columns import BILLS, COMMITMENTS
from billfold.ledger.digest import CONTENT, STATED
from billfold.ledger.identities import Owner
from billfold.model.bill import Bill, State
from billfold.model.errors import LedgerError
from billfold.model.focus import ContractCommitment
from billfold.model.money import least, plain
from billfold.model.period import instant

_TYPES = {"INTEGER": pa.int32(), "BIGINT": pa.int64(), "VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us")}
_BILLS = pa.schema([(name, _TYPES[kind]) for name, kind in BILLS.items()])
TOLD = ("mark", "lines", "parked", "settles", "grade", *STATED)
"""What a bill must say again, beside its charges, to be the one that is known already."""
Row = dict[str, Any]


def warm() -> None:
    """Have DuckDB do what it does once in a process, so that the ledger opens sooner."""
    duckdb.connect().close()


@contextmanager
def of_run(db: duckdb.DuckDBPyConnection, owner: Owner) -> Iterator[Booking]:
    """Book what a run brought; all of it is in the ledger's tables when this ends without an error."""
    with Writer(db) as writer:
        made = Booking(db, owner, writer)
        yield made
        made.settle()


class Booking:
    """A run's bills, booked one by one over what its account was believed to owe before."""

    def __init__(self, db: duckdb.DuckDBPyConnection, owner: Owner, writer: Writer) -> None:
        self._db, self._owner, self._writer = db, owner, writer
        self._believed: dict[str, Row] = {}
        self._slots: defaultdict[object, dict[str, Row]] = defaultdict(dict)
        self._new, self._ended = list[Row](), list[Row]()
        self._last: int = db.execute("SELECT coalesce(max(id), 0) FROM bills").fetchone()[0]  # type: ignore[index]
        query = "SELECT * FROM bills WHERE provider=? AND account=? AND until_seq IS NULL"
        for row in db.execute(query, [owner.provider, owner.account]).fetchall():
            self._believe(dict(zip(BILLS, row, strict=True)))

    def book(self, bill: Bill) -> bool:
        """Book a bill unless it is known already or something higher is; returns whether the ledger changed."""
        if better := self.outdone(bill):
            _agree(bill, better)
            return False
        current = self._believed.get(bill.key)
        told: Row = {"state": bill.state, "bill_key": bill.key, "settles": _settles(bill)}
        told |= {"currency": bill.currency, "period_start": naive(bill.period.start)}
        rivals = {key: row for slot in _slots(told) for key, row in self._slots[slot].items()}
        if bill.state is State.ESTIMATE and any(row["state"] != State.ESTIMATE for row in rivals.values()):
            return False
        self._last += 1
        row = self._write(self._last, bill)
        if current:
            before, row["content"] = current["content"] or self._content(current["id"]), self._content(row["id"])
            if before == row["content"] and all(current[n] == row[n] for n in TOLD):
                self._forget(row["id"])
                return False
            current["content"] = before
            self._end(current)
        if bill.state is not State.ESTIMATE:
            for estimate in [row for row in rivals.values() if row["state"] == State.ESTIMATE]:
                self._end(estimate)
        self._believe(row)
        self._new.append(row)
        return True

    def outdone(self, bill: Bill) -> Row | None:
        """Return what is believed of the same invoice and stays: of a higher state, or by a source that says more."""
        if bill.invoice_id is None or (bill.grade >= 0 and bill.state is State.ISSUED):
            return None
        mine = [row for row in self._believed.values() if row["invoice_id"] == bill.invoice_id]
        ranks = [State(row["state"]).rank - bill.state.rank for row in mine]
        stays = (
            row for row, more in zip(mine, ranks, strict=True) if more > 0 or (not more and row["grade"] > bill.grade)
        )
        return next(stays, None)

    def retire(self, told: Mapping[str, set[str]], estimates: Sequence[str]) -> None:
        """Stop believing what an invoice was said to be in a currency that it is no longer told in, and older estimates.

        A run that tells an estimate tells all there are: an estimate of a period that it does not tell is no longer one.
        Estimates that an invoice has ended do not count: they are told for some time after it.
        """
        tells_any = any(key in self._believed for key in estimates)
        for row in list(self._believed.values()):
            if row["state"] == State.ESTIMATE:
                gone = tells_any and row["bill_key"] not in estimates
            else:
                gone = row["currency"] not in told.get(row["invoice_id"], {row["currency"]})
            if gone:
                self._end(row)

    def settle(self) -> None:
        """Bring all that was booked into the tables."""
        self._writer.settle()
        for row in self._ended:
            change = [row["content"], row["until_seq"], row["id"]]
            self._db.execute("UPDATE bills SET content=?, until_seq=? WHERE id=?", change)
        if self._new:
            lines = pa.Table.from_pylist(self._new, _BILLS)  # noqa: F841 - read by name in the SQL below
            self._db.execute("INSERT INTO bills SELECT * FROM lines")
        self._new, self._ended = [], []

    def _believe(self, row: Row) -> None:
        for place in (self._believed, *(self._slots[slot] for slot in _slots(row))):
            place[row["bill_key"]] = row

    def _end(self, row: Row) -> None:
        row["until_seq"] = self._owner.seq
        for place in (self._believed, *(self._slots[slot] for slot in _slots(row))):
            del place[row["bill_key"]]
        if not any(row is new for new in self._new):
            self._ended.append(row)

    def _write(self, number: int, bill: Bill) -> Row:
        try:
            row = _row(number, bill, self._writer.write(number, bill), self._owner)
            pa.Table.from_pylist([row], _BILLS)  # what cannot be kept is this bill's error, not the run's
            self._promise(number, bill.commitments)
        except BaseException:
            with suppress(duckdb.Error):  # a full disk has ended the transaction already
                self._forget(number)
            raise
        return row

    def _forget(self, number: int) -> None:
        self._writer.settle()
        for table in ("charges", "commitments"):
            self._db.execute(f"DELETE FROM {table} WHERE bill=?", [number])

    def _promise(self, number: int, commitments: tuple[ContractCommitment, ...]) -> None:
        for one in commitments:
            for name, value in one._asdict().items():
                if isinstance(value, Decimal):
                    exact([value], COMMITMENTS[name][1])  # DuckDB would round what is too long
            self._writer.pause()
            row = [number, *map(stored, one)]
            self._db.execute(f"INSERT INTO commitments VALUES ({', '.join('?' * len(row))})", row)

    def _content(self, number: int) -> str:
        """Return a fingerprint of a bill's charges, whatever their order, that leaves out where they came from.

        Taken only where a bill is told again: the first one needs none.
        """
        self._writer.settle()
        query = f"SELECT count(*) || '/' || sum(hash({CONTENT})) FROM charges c WHERE bill=?"
        return str(self._db.execute(query, [number]).fetchone()[0])  # type: ignore[index]


def _agree(bill: Bill, better: Row) -> None:
    """Hold what a lower bill says against what is believed; raises ``LedgerError`` where it is another state or total."""
    if better["state"] != bill.state:
        raise LedgerError(f"is told as {bill.state} again, after it was {better['state']}: kept as it was")
    if bill.total is not None and better["total"] is not None and bill.total != Decimal(better["total"]):
        said, known = f"{plain(bill.total)} {bill.currency}", f"{better['total']} {better['currency']}"
        raise LedgerError(f"is told as {said} by a source that says less than the one booked, {known}: kept as it was")


def _slots(row: Row) -> list[object]:
    """Return where a bill meets the estimates that it ends, or those that end it: its period, or one estimate by its key."""
    period = row["currency"], row["period_start"]
    if row["state"] == State.ESTIMATE:
        return [period, row["bill_key"]]
    return [period] if row["settles"] is None else json.loads(row["settles"])


def _settles(bill: Bill) -> str | None:
    return None if bill.settles is None else json.dumps(bill.settles)


def _row(number: int, bill: Bill, written: Written, owner: Owner) -> Row:
    problems, summed = [*bill.problems, *written.problems], written.summed
    if bill.total is not None and summed != bill.total and written.whole:
        problems.append(f"its charges sum to {plain(summed)} {bill.currency}, the vendor states {plain(bill.total)}")
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
        "total": _total(bill, summed, problems),
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
        "settles": _settles(bill),
        "grade": bill.grade,
        "content": None,
        "run": owner.run,
        "from_seq": owner.seq,
        "until_seq": None,
    }


def _total(bill: Bill, summed: Decimal, problems: list[str]) -> str | None:
    """Return what the vendor states; of a bill without a word on it, what its charges sum to, if they can be trusted."""
    if bill.total is not None:
        return plain(bill.total)
    return None if problems else least(summed)


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
