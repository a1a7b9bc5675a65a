"""The books: archive and ledger together, the second always computed from the first by the providers' ``charges.py``."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from billfold.ledger.archive import Archive
from billfold.ledger.entries import REFUSED, Kept, Run
from billfold.model.bill import Bill, State
from billfold.model.errors import BillfoldError, LedgerError
from billfold.model.money import unreckoned
from billfold.model.period import instant, stamp
from billfold.providers import provider
from billfold.providers.provider import Answer
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Kind, Operation, name_of, question

if TYPE_CHECKING:
    import duckdb

    from billfold.ledger.booking import Booking

T = TypeVar("T")
log = logging.getLogger("billfold.books")
BEFORE_MERGE, MERGING = "archive.before-merge.sqlite", "archive.merging.sqlite"
"""Archives that a merge leaves beside the one in use: as it was, and (where it was killed) the one being made."""


@dataclass(frozen=True)
class ArchiveReading:
    """The good answers of one run of the archive."""

    archive: Archive
    run: Run
    _read: dict[Kind, list[tuple[Operation[Any], Kept]]] = field(default_factory=dict)

    def answers(self, kind: Kind, **fields: object) -> Iterator[Answer]:
        """Yield the answers to one operation in order, only those asked with the given fields."""
        for op, kept in self._asked(kind):
            if any(getattr(op, name) != value for name, value in fields.items()):
                continue
            response = Response(kept.status, json.loads(kept.headers), self.archive.body(kept.body))
            if not (op.waiting and op.waiting.not_yet(response)):
                yield Answer(op, response, kept.seq, kept.when)

    def asked(self, kind: Kind) -> Iterator[Operation[Any]]:
        """Yield the questions of one operation in the order they were answered."""
        return (op for op, _ in self._asked(kind))

    def _asked(self, kind: Kind) -> list[tuple[Operation[Any], Kept]]:
        """Find the questions of one operation once: each of a run's many invoices looks for its own."""
        if kind not in self._read:
            kept = self.archive.answers(run=self.run.id, operation=name_of(kind))
            asked = ((_question(self.run.provider, one.operation, one.question), one) for one in kept)
            self._read[kind] = [(op, one) for op, one in asked if one.status == 200 and isinstance(op, kind)]
        return self._read[kind]


def _question(door: str, operation: str, asked: str) -> Operation[Any] | None:
    """Read a question as the archive keeps it; None where it is of an operation that there is no more."""
    for kind in provider.find(door).operations:
        if name_of(kind) == operation:
            try:
                op = codec.decode(asked.encode(), kind)
            except BillfoldError:
                continue
            if question(op) == asked:
                return op
    return None


class Books:
    """An archive and its ledger in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.archive = Archive(directory / "archive.sqlite")
        self.path = directory / "ledger.duckdb"

    @contextmanager
    def ledger(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the ledger, brought up to the archive; a stale or damaged file is dropped and computed anew."""
        from billfold.ledger import store

        if not self.path.exists():
            self._refuse_to_write()
        try:
            with store.opened(self.path) as db:
                self._catch_up(db)
                yield db
                return
        except store.StaleLedgerError as error:
            log.warning("%s; computing the ledger anew from the archive", error)
        self.drop()
        with store.opened(self.path) as db:
            self._catch_up(db)
            yield db

    def identity(self, run: Run) -> str | None:
        """Find in a run's answers whose account it is, or None where they do not say."""
        return _identity(ArchiveReading(self.archive, run))

    def listed(self, run: Run) -> frozenset[str]:
        """Find which invoices a run lists; none where it has no list, or one that cannot be read."""
        listing = _listing(ArchiveReading(self.archive, run))
        return frozenset(json.loads(listing)["ids"] if listing else ())

    def drop(self) -> None:
        """Remove the ledger file; the archive stays."""
        self._refuse_to_write()
        for path in (self.path, self.path.with_suffix(".duckdb.wal")):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise LedgerError(f"{path} cannot be removed: {error.strerror}; remove it by hand") from error

    def _refuse_to_write(self) -> None:
        if self.archive.read_only:
            raise LedgerError(
                f"{self.directory} may only be read, and its ledger must be computed; check the path, its rights, or copy "
                f"the directory whole, {self.path.name} included, after a sync"
            )

    def catch_up(self) -> None:
        """Book every ended run that is not booked yet, but those whose provider is not installed."""
        with self.ledger():
            pass

    def _catch_up(self, db: duckdb.DuckDBPyConnection) -> None:
        from billfold.ledger import store

        last = store.tie(db)
        if last and self.archive.hash_at(last[0]) != last[1]:
            raise LedgerError(
                f"{self.path} was computed from another archive than {self.archive.path}, or from one that went further: put "
                "that archive back, or let `billfold rebuild` forget what is not in this one"
            )
        for run in self.pending(db):
            if run.provider not in provider.names():
                log.info("%s: run %d is not booked: there is no provider %r", run.account, run.id, run.provider)
                continue
            self._refuse_to_write()
            with store.writing(db):
                self._book(db, run)

    def pending(self, db: duckdb.DuckDBPyConnection) -> list[Run]:
        """Return the ended runs that are not booked; in a ledger that was opened, those whose provider is not installed."""
        booked = {row[0] for row in db.execute("SELECT run FROM runs").fetchall()}
        ended = (run for run in self.archive.runs() if run.ended and not (run.outcome or "").startswith(REFUSED))
        return [run for run in ended if run.id not in booked]

    def _book(self, db: duckdb.DuckDBPyConnection, run: Run) -> None:
        from billfold.ledger import booking, identities

        door, reading, problems = provider.find(run.provider), ArchiveReading(self.archive, run), list[str]()
        seq = self.archive.last_seq(run.id)
        listing = _listing(reading)
        ids = json.loads(listing)["ids"] if listing else []
        asked = run.outcome != "imported"  # whoever saved a file may call its account anything
        owner = identities.owner(db, run.provider, _identity(reading), run.account, run.id, seq, ids, renames=asked)
        told, estimates, keys = dict[str, set[str]](), list[str](), set[str]()
        with booking.of_run(db, owner) as made:
            for bill in _careful(door.bills(reading), problems):
                if _untimely(bill, run):
                    estimates.append(bill.key)
                    continue
                less = made.outdone(bill)
                if _book_one(made, bill, problems) and bill.key in keys:
                    problems.append(f"{bill.key}: is told twice by one collection, and not alike")
                keys.add(bill.key)
                if bill.invoice_id and not less:
                    told.setdefault(bill.invoice_id, set()).add(bill.currency)
                elif not bill.invoice_id:
                    estimates.append(bill.key)
            made.retire(told, estimates)
        checks = list(_careful(iter(door.checks(reading)), problems))
        chain = self.archive.hash_at(seq)
        booking.close_run(
            db,
            owner,
            run.ended or "",
            run.outcome or "",
            problems=problems,
            listing=listing,
            checks=checks,
            chain=chain,
        )

    def replace_archive(self, draft: Path) -> None:
        """Put a new archive file in the place of this one, which stays beside it; the ledger is computed anew."""
        self.archive.settle()
        self.archive.close()
        here, aside = self.archive.path, self.directory / BEFORE_MERGE
        self.drop()
        aside.unlink(missing_ok=True)
        aside.hardlink_to(here)
        for side in ("-wal", "-shm"):  # empty, and not the new file's
            Path(f"{here}{side}").unlink(missing_ok=True)
        draft.replace(here)
        self.archive = Archive(here)

    def close(self) -> None:
        """Close the archive."""
        self.archive.close()


def _identity(reading: ArchiveReading) -> str | None:
    try:
        return provider.find(reading.run.provider).identity(reading)
    except (BillfoldError, ValueError):
        return None


def _listing(reading: ArchiveReading) -> str | None:
    """Write down what a run's list of invoices said, for the question what is missing from it."""
    try:
        found = provider.find(reading.run.provider).listing(reading)
    except (BillfoldError, ValueError):
        return None
    if found is None:
        return None
    since = stamp(found.since) if found.since else None
    months = {one: str(month) for one, month in sorted(found.months.items())}
    return json.dumps({"ids": sorted(found.ids), "proven": found.proven, "since": since, "months": months})


def _untimely(bill: Bill, run: Run) -> bool:
    """Tell an estimate of a time that is over, where a collection did not bring everything: its invoice may be missing."""
    whole = run.outcome in {"complete", "imported"}
    return bill.state is State.ESTIMATE and not whole and bill.period.end <= instant(run.ended or "")


def _book_one(made: Booking, bill: Bill, problems: list[str]) -> bool:
    """Book a bill; one that cannot be booked is noted, and the others are booked all the same."""
    try:
        return made.book(bill)
    except (BillfoldError, ValueError, ArithmeticError, TypeError) as error:
        words = str(error) if isinstance(error, BillfoldError) else f"{type(error).__name__}: {error}"
        problems.append(f"{bill.key}: {unreckoned(error) or words}")
        return False


def _careful(made: Iterator[T], problems: list[str]) -> Iterator[T]:
    try:
        yield from made
    except (BillfoldError, ValueError, ArithmeticError, TypeError) as error:
        problems.append(unreckoned(error) or str(error))
