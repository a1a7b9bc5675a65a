"""The real way from questions to bills: the session of a collection, an archive in memory, the ledger's check of each bill."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

import pyarrow as pa

from billfold.collect import sync
from billfold.collect.importing import find_answers
from billfold.collect.outcome import CollectOutcome
from billfold.collect.run_answers import ArchiveRunAnswers
from billfold.collect.session import CollectSession
from billfold.config import AccountConfig
from billfold.ledger.batch import build_columns, sum_batch
from billfold.ledger.bill_values import check_total
from billfold.ledger.charge_writer import WrittenBill
from billfold.ledger.entries import ArchivedResponse, Entry, Run, build_entry
from billfold.model.bill import Bill
from billfold.model.errors import ApiError, BillfoldError
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT_CONTEXT, ZERO
from billfold.model.period import Month, format_instant
from billfold.providers.provider import SyncState
from billfold.wire.operation import operation_name, operation_shape, question_text
from tests import stage
from tests.fuzz.vendors import NOW, Change, RecordedVendor

SINCE = Month(2026, 6)
REFUSALS = BillfoldError, ValueError, ArithmeticError, TypeError
"""What the ledger takes for one bill's fault where its charges are made; it hides no other bill."""


class MemoryArchive:
    """Answers as they came, in memory: what writes an archive, and what reads it."""

    def __init__(self, run: Run) -> None:
        self.run, self.entries, self.bodies = run, list[Entry](), dict[str, bytes]()

    def add_response(self, response: ArchivedResponse) -> None:
        """Keep an answer."""
        entry, body = build_entry(self.run, response)
        self.entries.append(entry._replace(seq=len(self.entries) + 1, body=body.hash))
        self.bodies[body.hash] = response.body

    def flush(self) -> None:
        """Do nothing: all is written."""

    def iter_answers(
        self, run: int | None = None, operation: str | None = None, question: str | None = None
    ) -> Iterator[Entry]:
        """Yield answers in order, of an operation or a question."""
        for entry in self.entries:
            if operation in {None, entry.operation} and question in {None, entry.question}:
                yield entry

    def read_body(self, digest: str) -> bytes:
        """Return a body."""
        return self.bodies[digest]


class PlayedBill(NamedTuple):
    """A bill that the ledger would count, with its charges."""

    bill: Bill
    charge_sum: Any
    rows: tuple[CostAndUsage, ...]


class Played(NamedTuple):
    """What a collection came to: its answers, the bills that would be counted, how many there are, what broke."""

    archive: MemoryArchive
    trusted_bills: dict[str, PlayedBill]
    bill_count: int
    crashes: list[str]


def play_collection(vendor: RecordedVendor, change: Change | None = None) -> Played:
    """Collect an account, or import what was saved of it; then read its bills as the ledger does."""
    run = Run(
        1, vendor.provider.name, vendor.account.name, "sync", format_instant(NOW), format_instant(NOW), "complete"
    )
    played = Played(archive := MemoryArchive(run), {}, 0, [])
    gather = _import_answers if vendor.world.is_import else _collect_answers
    with vendor.use_page_sizes():
        _guard(played, lambda: gather(vendor, archive, change), BillfoldError)
    run_answers: Any = ArchiveRunAnswers(archive, run)  # type: ignore[arg-type]
    for read in (vendor.provider.find_identity, vendor.provider.read_listing):
        _guard(played, lambda read=read: read(run_answers), BillfoldError)  # type: ignore[misc]
    counts = list[int]()
    _guard(played, lambda: counts.extend(_judge_bills(played, vendor.provider.read_bills(run_answers))), BillfoldError)
    _guard(played, lambda: list(vendor.provider.check_answers(run_answers)), BillfoldError)
    return played._replace(bill_count=len(counts))


def _guard(played: Played, work: Callable[[], object], accepted: Any) -> None:
    """Do some work; an error that is none of billfold's own is noted with the line that it comes from."""
    try:
        work()
    except accepted:
        pass
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what a fuzz looks for
        frame = traceback.extract_tb(error.__traceback__)[-1]
        own_frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/billfold/" in frame.filename]
        place = ", ".join(f"{frame.filename.rpartition('/billfold/')[2]}:{frame.lineno}" for frame in own_frames[-3:])
        played.crashes.append(f"{type(error).__name__}: {str(error)[:200]} at {place or frame.filename}")


def _collect_answers(vendor: RecordedVendor, archive: MemoryArchive, change: Change | None) -> None:
    transport = vendor.connect(change)
    session = CollectSession(archive, archive.run, transport, lambda: NOW, archive, set())  # type: ignore[arg-type]
    account = AccountConfig(vendor.account.name, vendor.provider, {}, unlimited=True)
    outcome = CollectOutcome(account.name, vendor.provider.name)
    sync._run_plan(session, account, SyncState(session.read_vendor_time, SINCE), outcome, lambda *_: None)


def _import_answers(vendor: RecordedVendor, archive: MemoryArchive, change: Change | None) -> None:
    transport = vendor.connect(change)
    for op in vendor.list_saved_operations():
        path_fields = {name: str(getattr(op, name)) for name in operation_shape(type(op)).path_fields}
        try:
            body = transport.send(op).body
            try:
                answers = find_answers(body, vendor.provider, operation_name(op), {})
            except BillfoldError:
                answers = find_answers(body, vendor.provider, operation_name(op), path_fields)
        except (ApiError, BillfoldError):
            continue
        for op_read, response in answers:
            name, question = operation_name(op_read), question_text(op_read)
            archive.add_response(ArchivedResponse(name, question, *response, NOW))


def _judge_bills(played: Played, bills: Iterable[Bill]) -> Iterator[int]:
    """Judge bills one by one; of two that are told as one bill the first is booked. Yields 1 for each."""
    keys = set[str]()
    for bill in bills:
        yield 1
        try:
            played_bill = None if bill.key in keys else judge_bill(stage.whole(bill))
        except REFUSALS:
            continue
        keys.add(bill.key)
        if played_bill:
            played.trusted_bills[bill.key] = played_bill


def judge_bill(bill: Bill) -> PlayedBill | None:
    """Return a bill with its charges if the ledger would count it."""
    charge_sum, batches = ZERO, list(filter(attrgetter("line_count"), bill.charges))
    for batch in batches:
        try:
            build_columns(batch, bill.state)
        except pa.ArrowInvalid:
            return None
        charge_sum = EXACT_CONTEXT.add(charge_sum, sum_batch(batch, bill.currency)[0])
    line_count = sum(batch.line_count for batch in batches)
    findings = [*bill.findings, *check_total(bill, WrittenBill(line_count, line_count, charge_sum, ()))]
    if any(finding.is_wrong for finding in findings):
        return None
    return PlayedBill(bill, charge_sum, tuple(row for batch in batches for row in batch.iter_rows()))
