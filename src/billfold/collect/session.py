"""Where a collection's questions are answered, and every answer is put into the archive as it came, but for our own keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from billfold.ledger.archive import Archive
from billfold.ledger.archive_writer import ArchiveWriter
from billfold.ledger.entries import UNREADABLE_SUFFIX, ArchivedResponse, Run
from billfold.model.errors import ApiError, APIStatusError, InvalidArgument, InvalidResponse
from billfold.model.finding import Finding
from billfold.model.log_context import log_fields
from billfold.providers.fetch import FailureKey, Fetch
from billfold.wire.exchange import ClientContext, decode_response, name_errors
from billfold.wire.message import Response
from billfold.wire.operation import Operation, operation_name, question_text, read_response, salvage_response
from billfold.wire.scrub import scrub_response, scrub_secrets, select_long_secrets
from billfold.wire.vendor_time import choose_vendor_time, read_stated_time

log = logging.getLogger("billfold.sync")
MAX_READ_ATTEMPTS = 3
"""How often a question is asked whose answer cannot be read: a body may have been cut on its way. The last is read as far as it fits."""

MAX_NAMED_GAPS = 20
"""How many invoices that are missing are named one by one."""


class Transport(Protocol):
    """Anything that brings an operation to its response."""

    @property
    def context(self) -> ClientContext:
        """Whose errors are to be named, and which secrets taken out of them."""
        ...

    def send(self, op: Operation[Any], /) -> Response:
        """Return the good response; raises an ``ApiError``."""
        ...

    def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL; raises an ``ApiError``."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


@dataclass
class CollectSession:
    """Where a question is answered: from this run's archive if it was answered already, else by the vendor."""

    archive: Archive
    run: Run
    transport: Transport
    clock: Callable[[], datetime]
    writer: ArchiveWriter
    answered_questions: set[tuple[str, str]]
    last_response_time: datetime | None = None
    _missing_by_cause: dict[FailureKey, Finding] = field(default_factory=dict)

    @property
    def missing(self) -> list[Finding]:
        """What is missing; what is missing for one reason is one finding, that counts how many there are. Invoices are named."""
        return list(self._missing_by_cause.values())

    def read_vendor_time(self) -> datetime:
        """Return the vendor's time as its last answer had it and could be believed, or ours: which month runs is its to say."""
        return self.last_response_time or self.clock()

    def _note_response_time(self, response: Response, received_at: datetime | None = None) -> Response:
        if read_stated_time(response.headers):
            self.last_response_time = choose_vendor_time(response.headers, received_at or self.clock())
        return response

    def answer_fetch(self, fetch: Fetch) -> Any:
        """Return what answers a question, read, or a document's bytes; None where it may be missing, and is."""
        archived_response = next(self._find_archived(fetch.op), None)
        if archived_response is not None:
            return archived_response.body if fetch.find_document_url else self._decode(fetch.op, archived_response)
        try:
            self._refuse_secret(fetch.op)
            return self._fetch_askable(fetch)
        except ApiError as error:
            if isinstance(error, APIStatusError) and isinstance(error.response, Response):
                self._archive_response(fetch.op, self._scrub_response(error.response))
            if not fetch.may_fail(error):
                raise
            if missing := fetch.find_missing(error):
                self._note_missing(fetch.failure_key(error), self._scrub_finding(missing))
            return None

    def _note_missing(self, cause: FailureKey, missing: Finding) -> None:
        if len(self._missing_by_cause) >= MAX_NAMED_GAPS:
            cause = cause._replace(invoice_id="")
        earlier = self._missing_by_cause.get(cause)
        self._missing_by_cause[cause] = replace(earlier, count=earlier.count + 1) if earlier else missing

    def _fetch_askable(self, fetch: Fetch) -> Any:
        """Ask a question; one that cannot be asked was made from an earlier answer, so it is that answer that cannot be used."""
        try:
            return self._fetch_readable(fetch)
        except InvalidArgument as error:
            with name_errors(self.transport.context, operation_name(fetch.op)):
                raise InvalidResponse(f"an answer led to a question that cannot be asked: {error}") from error

    def _fetch_readable(self, fetch: Fetch) -> Any:
        """Ask until the answer can be read; one that cannot is kept beside, so that it is never booked."""
        for attempt in range(1, MAX_READ_ATTEMPTS + 1):
            response, is_last = self._send_fetch(fetch), attempt == MAX_READ_ATTEMPTS
            try:
                answer = self._read_answer(fetch, response, salvage_response if is_last else read_response)
            except InvalidResponse:
                self._archive_response(fetch.op, response, UNREADABLE_SUFFIX)
                if is_last:
                    raise
            else:
                self._archive_response(fetch.op, response)
                return answer
        raise AssertionError("the last reading returns or raises")

    def _decode(self, op: Operation[Any], response: Response, read: Callable[..., Any] = salvage_response) -> Any:
        return decode_response(op, response, self.transport.context, read)

    def _read_answer(self, fetch: Fetch, response: Response, read: Callable[..., Any]) -> Any:
        if not fetch.find_document_url:
            return self._decode(fetch.op, response, read)
        if problem := fetch.find_flaw(response.body):
            with name_errors(self.transport.context, operation_name(fetch.op)):
                raise InvalidResponse(f"the document {problem}", status=response.status)
        return response.body

    def _send_fetch(self, fetch: Fetch) -> Response:
        response = self._note_response_time(self.transport.send(fetch.op))
        if fetch.find_document_url:
            response = self.transport.fetch(fetch.find_document_url(self._decode(fetch.op, response)))
        name, byte_count = operation_name(fetch.op), len(response.body)
        fields = log_fields(operation=name, status=response.status, bytes=byte_count)
        log.info("%s: %d, %d bytes", name, response.status, byte_count, extra=fields)
        return self._scrub_response(response)

    def _scrub_response(self, response: Response) -> Response:
        """Take our credentials out of an answer before anything reads it: what is read comes back in questions and findings."""
        return scrub_response(response, self.transport.context.auth.secrets)

    def _refuse_secret(self, op: Operation[Any]) -> None:
        """Raise ``InvalidResponse`` for a question that holds a credential, in whatever way it came into an answer."""
        question = question_text(op)
        if self.scrub_text(question) != question:
            with name_errors(self.transport.context, operation_name(op)):
                raise InvalidResponse("an answer led to a question that holds our own credential, which is not sent")

    def scrub_text(self, text: str) -> str:
        """Return a text without our credentials."""
        return scrub_secrets(text, select_long_secrets(self.transport.context.auth.secrets))

    def _scrub_finding(self, finding: Finding) -> Finding:
        data = {name: self.scrub_text(value) for name, value in finding.data.items()}
        return replace(finding, subject=self.scrub_text(finding.subject), text=self.scrub_text(finding.text), data=data)

    def _find_archived(self, op: Operation[Any]) -> Iterator[Response]:
        question_key = operation_name(op), question_text(op)
        if question_key not in self.answered_questions:
            return
        self.writer.flush()
        for entry in self.archive.iter_answers(run=self.run.id, operation=question_key[0], question=question_key[1]):
            if entry.status == 200:
                body = self.archive.read_body(entry.body)
                yield self._note_response_time(Response(entry.status, entry.response_headers, body), entry.fetch_time)

    def _archive_response(self, op: Operation[Any], response: Response, suffix: str = "") -> None:
        """Keep an answer, out of which our credentials were taken already."""
        name, question = operation_name(op) + suffix, question_text(op)
        self.writer.add_response(ArchivedResponse(name, question, *response, self.clock()))
        if response.status == 200:
            self.answered_questions.add((name, question))
