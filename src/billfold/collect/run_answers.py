"""What one run brought: its good answers out of the archive, and what they say of whose they are and what is listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar, cast

from billfold.ledger.archive import Archive
from billfold.ledger.entries import Entry, Run
from billfold.model.bill import DerivedTax
from billfold.model.errors import PROVIDER_FAULTS, BillfoldError
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import format_instant
from billfold.providers import provider
from billfold.providers.provider import ArchivedAnswer
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation, OperationType, operation_name, question_text
from billfold.wire.vendor_time import choose_vendor_time, read_stated_time

O = TypeVar("O", bound=Operation[Any])  # noqa: E741 - an operation


@dataclass(frozen=True)
class ArchiveRunAnswers:
    """The good answers of one run of the archive."""

    archive: Archive
    run: Run
    recall_bills: Callable[[str], bool] = lambda _: False
    """Tells whether all bills of these inputs are in the ledger, and takes them for told again then."""
    unreadable_entries: dict[int, Entry] = field(default_factory=dict)
    """The answers whose question, headers or time are damaged, by their numbers, as far as they were asked for."""
    recall_taxes: Callable[[], Sequence[DerivedTax]] = tuple
    """Returns what the account's booked invoices have beyond their lines, and was taken for tax."""
    _answers_by_type: dict[OperationType, list[tuple[Operation[Any], Entry]]] = field(default_factory=dict)

    def answers(self, operation_type: type[O], **fields: object) -> Iterator[ArchivedAnswer[O]]:
        """Yield the answers to one operation in order, only those asked with the given fields."""
        for op, entry in self._list_answers(operation_type):
            if any(getattr(op, name) != value for name, value in fields.items()):
                continue
            response = Response(entry.status, entry.response_headers, self.archive.read_body(entry.body))
            if not (op.waiting and op.waiting.is_pending(response)):
                yield ArchivedAnswer(op, response, entry.seq, entry.fetch_time)

    def describe_unreadable(self) -> Iterator[Finding]:
        """Yield a finding for each answer that was asked for and cannot be read at all."""
        for seq, entry in sorted(self.unreadable_entries.items()):
            text = (
                f"entry {seq} ({entry.operation} {entry.question}) is damaged: what was asked, or when, cannot be read"
            )
            yield make_finding(FindingCode.ARCHIVE_DAMAGED, text)

    def find_vendor_time(self) -> datetime | None:
        """Return the vendor's time of the last answer that was asked for; None where none was."""
        entries = [entry for answers in self._answers_by_type.values() for _, entry in answers]
        last_entry = max(entries, key=lambda entry: entry.seq, default=None)
        return choose_vendor_time(last_entry.response_headers, last_entry.fetch_time) if last_entry else None

    def check_clocks(self) -> Iterator[Finding]:
        """Yield a finding where an answer's time is further from ours than any zone is: one of the clocks is wrong."""
        entries = sorted(
            (entry for answers in self._answers_by_type.values() for _, entry in answers), key=attrgetter("seq")
        )
        for entry in entries:
            stated_time = read_stated_time(entry.response_headers)
            if stated_time and stated_time != choose_vendor_time(entry.response_headers, entry.fetch_time):
                text = (
                    f"the vendor says that it is {format_instant(stated_time)}, this machine that it is "
                    f"{format_instant(entry.fetch_time.replace(microsecond=0))}: the vendor's time is not used"
                )
                yield make_finding(FindingCode.CLOCKS_APART, text)
                return

    def has_bills_of(self, inputs_hash: str) -> bool:
        """Tell whether the ledger has all bills that are made of these inputs."""
        return self.recall_bills(inputs_hash)

    def list_derived_taxes(self) -> Sequence[DerivedTax]:
        """Return what the account's booked invoices have beyond their lines, and was taken for tax."""
        return self.recall_taxes()

    def requests(self, operation_type: type[O]) -> Iterator[O]:
        """Yield the questions of one operation in the order they were answered."""
        return (op for op, _ in self._list_answers(operation_type))

    def _list_answers(self, operation_type: type[O]) -> list[tuple[O, Entry]]:
        """Find the questions of one operation once: each of a run's many invoices looks for its own."""
        if operation_type not in self._answers_by_type:
            self._answers_by_type[operation_type] = [
                (op, entry)
                for entry in self.archive.iter_answers(run=self.run.id, operation=operation_name(operation_type))
                if entry.status == 200 and isinstance(op := self._read_operation(entry), operation_type)
            ]
        return cast("list[tuple[O, Entry]]", self._answers_by_type[operation_type])

    def _read_operation(self, entry: Entry) -> Operation[Any] | None:
        """Read a question as the archive keeps it; None where it, or what is kept beside it, is damaged."""
        for operation_type in provider.find_provider(self.run.provider).operations:
            if operation_name(operation_type) == entry.operation:
                try:
                    op = codec.decode_record(entry.question.encode(), operation_type)
                    is_readable = isinstance(json.loads(entry.headers), dict) and entry.fetch_time.tzinfo is not None
                except (BillfoldError, ValueError):
                    continue
                if question_text(op) == entry.question and is_readable:
                    return op
        self.unreadable_entries[entry.seq] = entry
        return None


def find_identity(run_answers: ArchiveRunAnswers) -> str | None:
    """Find in a run's answers whose account it is, or None where they do not say."""
    try:
        return provider.find_provider(run_answers.run.provider).find_identity(run_answers)
    except PROVIDER_FAULTS:  # a provider's own code: nothing is known of it then
        return None


def find_listed_ids(run_answers: ArchiveRunAnswers) -> frozenset[str]:
    """Find which invoices a run lists; none where it has no list, or one that cannot be read."""
    listing = read_listing(run_answers)
    return frozenset(json.loads(listing)["ids"] if listing else ())


def read_listing(run_answers: ArchiveRunAnswers) -> str | None:
    """Write down what a run's list of invoices said, for the question what is missing from it."""
    try:
        listing = provider.find_provider(run_answers.run.provider).read_listing(run_answers)
    except PROVIDER_FAULTS:  # a provider's own code: nothing is known of it then
        return None
    if listing is None:
        return None
    since = format_instant(listing.since) if listing.since else None
    months = {invoice_id: str(month) for invoice_id, month in sorted(listing.months.items())}
    quiet_months = sorted(map(str, listing.quiet_months))
    fields = {"ids": sorted(listing.ids), "proven": listing.has_end_mark, "since": since, "months": months}
    return json.dumps(fields | ({"quiet": quiet_months} if quiet_months else {}))
