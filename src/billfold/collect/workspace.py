"""The books: archive and ledger together, the second always computed from the first by the providers' ``charges.py``."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from billfold.ledger.archive import Archive
from billfold.ledger.entries import REFUSED_PREFIX, Entry, Run
from billfold.model.bill import Bill, State
from billfold.model.errors import ApiError, BillfoldError, DamagedAnswer, LedgerError
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import describe_arithmetic_error
from billfold.model.period import format_instant, parse_instant
from billfold.providers import provider
from billfold.providers.provider import ArchivedAnswer
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation, OperationType, operation_name, question_text

if TYPE_CHECKING:
    from billfold.ledger.booking import Booking
    from billfold.ledger.identities import AccountIdentity
    from billfold.ledger.store import OpenLedger

T = TypeVar("T")
O = TypeVar("O", bound=Operation[Any])  # noqa: E741 - an operation
log = logging.getLogger("billfold.books")
MERGE_BACKUP_FILE, MERGE_DRAFT_FILE = "archive.before-merge.sqlite", "archive.merging.sqlite"
"""Archives that a merge leaves beside the one in use: as it was, and (where it was killed) the one being made."""


@dataclass(frozen=True)
class ArchiveRunAnswers:
    """The good answers of one run of the archive."""

    archive: Archive
    run: Run
    _answers_by_type: dict[OperationType, list[tuple[Operation[Any], Entry]]] = field(default_factory=dict)

    def answers(self, operation_type: type[O], **fields: object) -> Iterator[ArchivedAnswer[O]]:
        """Yield the answers to one operation in order, only those asked with the given fields."""
        for op, entry in self._list_answers(operation_type):
            if any(getattr(op, name) != value for name, value in fields.items()):
                continue
            response = Response(entry.status, json.loads(entry.headers), self.archive.read_body(entry.body))
            if not (op.waiting and op.waiting.is_pending(response)):
                yield ArchivedAnswer(op, response, entry.seq, entry.fetch_time)

    def requests(self, operation_type: type[O]) -> Iterator[O]:
        """Yield the questions of one operation in the order they were answered."""
        return (op for op, _ in self._list_answers(operation_type))

    def _list_answers(self, operation_type: type[O]) -> list[tuple[O, Entry]]:
        """Find the questions of one operation once: each of a run's many invoices looks for its own."""
        if operation_type not in self._answers_by_type:
            entries = self.archive.iter_answers(run=self.run.id, operation=operation_name(operation_type))
            answers = (
                (_read_operation(self.run.provider, entry.operation, entry.question), entry) for entry in entries
            )
            self._answers_by_type[operation_type] = [
                (op, entry) for op, entry in answers if entry.status == 200 and isinstance(op, operation_type)
            ]
        return cast("list[tuple[O, Entry]]", self._answers_by_type[operation_type])


def _read_operation(provider_name: str, operation: str, question: str) -> Operation[Any] | None:
    """Read a question as the archive keeps it; None where it is of an operation that there is no more."""
    for operation_type in provider.find_provider(provider_name).operations:
        if operation_name(operation_type) == operation:
            try:
                op = codec.decode_record(question.encode(), operation_type)
            except BillfoldError:
                continue
            if question_text(op) == question:
                return op
    return None


class Workspace:
    """An archive and its ledger in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.archive = Archive(directory / "archive.sqlite")
        self.ledger_path = directory / "ledger.duckdb"

    @contextmanager
    def open_ledger(self) -> Iterator[OpenLedger]:
        """Open the ledger, brought up to the archive; a stale or damaged file is dropped and computed anew."""
        from billfold.ledger import store

        if not self.ledger_path.exists():
            self._require_writable()
        try:
            with store.open_ledger(self.ledger_path) as db:
                self._catch_up(db)
                yield db
                return
        except store.StaleLedgerError as error:
            log.warning("%s; computing the ledger anew from the archive", error)
        self.drop_ledger()
        with store.open_ledger(self.ledger_path) as db:
            self._catch_up(db)
            yield db

    def find_identity(self, run: Run) -> str | None:
        """Find in a run's answers whose account it is, or None where they do not say."""
        return _find_identity(ArchiveRunAnswers(self.archive, run))

    def find_listed_ids(self, run: Run) -> frozenset[str]:
        """Find which invoices a run lists; none where it has no list, or one that cannot be read."""
        listing = _read_listing(ArchiveRunAnswers(self.archive, run))
        return frozenset(json.loads(listing)["ids"] if listing else ())

    def drop_ledger(self) -> None:
        """Remove the ledger file; the archive stays."""
        self._require_writable()
        for path in (self.ledger_path, self.ledger_path.with_suffix(".duckdb.wal")):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise LedgerError(f"{path} cannot be removed: {error.strerror}; remove it by hand") from error

    def _require_writable(self) -> None:
        if self.archive.read_only:
            raise LedgerError(
                f"{self.directory} may only be read, and its ledger must be computed; check the path, its rights, or copy "
                f"the directory whole, {self.ledger_path.name} included, after a sync"
            )

    def catch_up(self) -> None:
        """Book every ended run that is not booked yet, but those whose provider is not installed."""
        with self.open_ledger():
            pass

    def _catch_up(self, db: OpenLedger) -> None:
        from billfold.ledger import store

        last_booked = store.read_last_booked(db)
        if last_booked and self.archive.read_hash(last_booked[0]) != last_booked[1]:
            raise LedgerError(
                f"{self.ledger_path} was computed from another archive than {self.archive.path}, or from one that went further: put "
                "that archive back, or let `billfold rebuild` forget what is not in this one"
            )
        for run in self.list_pending_runs(db):
            if run.provider not in provider.provider_names():
                log.info("%s: run %d is not booked: there is no provider %r", run.account, run.id, run.provider)
                continue
            self._require_writable()
            with store.open_transaction(db):
                self._book_run(db, run)

    def list_pending_runs(self, db: OpenLedger) -> list[Run]:
        """Return the ended runs that are not booked; in a ledger that was opened, those whose provider is not installed."""
        from billfold.ledger.runs import list_booked_ids

        booked_ids = list_booked_ids(db)
        ended_runs = (
            run
            for run in self.archive.list_runs()
            if run.ended_at and not (run.outcome or "").startswith(REFUSED_PREFIX)
        )
        return [run for run in ended_runs if run.id not in booked_ids]

    def _book_run(self, db: OpenLedger, run: Run) -> None:
        """Book one run: whose it is, its bills, what they supersede, and how it ended."""
        from billfold.ledger import booking

        run_answers, booking_findings = ArchiveRunAnswers(self.archive, run), list[Finding]()
        listing = _read_listing(run_answers)
        account_identity = self._resolve_account(db, run_answers, listing)
        with booking.open_booking(db, account_identity) as run_booking:
            _book_bills(run_booking, run_answers, booking_findings)
        run_provider = provider.find_provider(run.provider)
        checks = iter(run_provider.check_answers(run_answers))
        check_findings = list(_iter_guarded(checks, run, booking_findings))
        booking.close_run(
            db,
            account_identity,
            run.ended_at or "",
            run.outcome or "",
            booking_findings=booking_findings,
            check_findings=check_findings,
            listing=listing,
            chain_hash=self.archive.read_hash(account_identity.seq),
        )

    def _resolve_account(self, db: OpenLedger, run_answers: ArchiveRunAnswers, listing: str | None) -> AccountIdentity:
        from billfold.ledger import identities

        run = run_answers.run
        return identities.resolve_account(
            db,
            run.provider,
            _find_identity(run_answers),
            run.account,
            run.id,
            self.archive.read_last_seq(run.id),
            json.loads(listing)["ids"] if listing else [],
            can_rename=run.outcome != "imported",  # whoever saved a file may call its account anything
        )

    def replace_archive(self, draft: Path) -> None:
        """Put a new archive file in the place of this one, which stays beside it; the ledger is computed anew."""
        self.archive.checkpoint_wal()
        self.archive.close()
        archive_path, backup_path = self.archive.path, self.directory / MERGE_BACKUP_FILE
        self.drop_ledger()
        backup_path.unlink(missing_ok=True)
        backup_path.hardlink_to(archive_path)
        for suffix in ("-wal", "-shm"):  # empty, and not the new file's
            Path(f"{archive_path}{suffix}").unlink(missing_ok=True)
        draft.replace(archive_path)
        self.archive = Archive(archive_path)

    def close(self) -> None:
        """Close the archive."""
        self.archive.close()


def _find_identity(run_answers: ArchiveRunAnswers) -> str | None:
    try:
        return provider.find_provider(run_answers.run.provider).find_identity(run_answers)
    except (BillfoldError, ValueError):
        return None


def _read_listing(run_answers: ArchiveRunAnswers) -> str | None:
    """Write down what a run's list of invoices said, for the question what is missing from it."""
    try:
        listing = provider.find_provider(run_answers.run.provider).read_listing(run_answers)
    except (BillfoldError, ValueError):
        return None
    if listing is None:
        return None
    since = format_instant(listing.since) if listing.since else None
    months = {invoice_id: str(month) for invoice_id, month in sorted(listing.months.items())}
    return json.dumps({"ids": sorted(listing.ids), "proven": listing.has_end_mark, "since": since, "months": months})


def _is_stale_estimate(bill: Bill, run: Run) -> bool:
    """Tell an estimate of a time that is over, where a collection did not bring everything: its invoice may be missing."""
    is_complete = run.outcome in {"complete", "imported"}
    return bill.state is State.ESTIMATE and not is_complete and bill.period.end <= parse_instant(run.ended_at or "")


def _book_bills(run_booking: Booking, run_answers: ArchiveRunAnswers, findings: list[Finding]) -> None:
    """Book all bills of a run, then end what they supersede; one that cannot be booked hides no other."""
    currencies_by_invoice, estimate_keys, bill_keys = dict[str, set[str]](), list[str](), set[str]()
    run_provider = provider.find_provider(run_answers.run.provider)
    for bill in _iter_guarded(run_provider.read_bills(run_answers), run_answers.run, findings):
        if _is_stale_estimate(bill, run_answers.run):
            estimate_keys.append(bill.key)
            continue
        superseding_row = run_booking.superseded_by(bill)
        if _book_bill(run_booking, bill, findings) and bill.key in bill_keys:
            text = "is told twice by one collection, and not alike"
            findings.append(make_finding(FindingCode.BILL_REPEATED, text, bill.key, **_name_invoice(bill)))
        bill_keys.add(bill.key)
        if bill.invoice_id and not superseding_row:
            currencies_by_invoice.setdefault(bill.invoice_id, set()).add(bill.currency)
        elif not bill.invoice_id:
            estimate_keys.append(bill.key)
    run_booking.supersede_missing(currencies_by_invoice, estimate_keys)


def _book_bill(booking: Booking, bill: Bill, findings: list[Finding]) -> bool:
    """Book a bill; one that cannot be booked is noted, and the others are booked all the same."""
    if disagreement := booking.check_agreement(bill):
        findings.append(disagreement)
        return False
    try:
        return booking.book_bill(bill)
    except (BillfoldError, ValueError, ArithmeticError, TypeError) as error:
        message = str(error) if isinstance(error, BillfoldError) else f"{type(error).__name__}: {error}"
        code = FindingCode.ARCHIVE_DAMAGED if isinstance(error, DamagedAnswer) else FindingCode.BILL_UNBOOKABLE
        text = describe_arithmetic_error(error) or message
        findings.append(make_finding(code, text, bill.key, **_name_invoice(bill)))
        return False


def _name_invoice(bill: Bill) -> dict[str, str]:
    return {"invoice_id": bill.invoice_id} if bill.invoice_id else {}


def _iter_guarded(values: Iterator[T], run: Run, findings: list[Finding]) -> Iterator[T]:
    """Yield values as long as they can be read; why they cannot is noted. A file is not asked for again as an answer is."""
    try:
        yield from values
    except DamagedAnswer as error:
        findings.append(make_finding(FindingCode.ARCHIVE_DAMAGED, str(error)))
    except (BillfoldError, ValueError, ArithmeticError, TypeError) as error:
        message = error.summary if isinstance(error, ApiError) and run.run_type == "import" else str(error)
        findings.append(make_finding(FindingCode.ANSWER_UNREADABLE, describe_arithmetic_error(error) or message))
