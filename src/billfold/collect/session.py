"""Where a collection's questions are answered, and every answer is put into the archive as it came, but for our own keys."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from billfold.ledger.archive import Archive
from billfold.ledger.archive_writer import Keeper
from billfold.ledger.entries import UNREADABLE, Heard, Run
from billfold.model.errors import ApiError, Unreadable
from billfold.providers.provider import Ask
from billfold.wire.auth import scrub
from billfold.wire.exchange import Line, naming, understood
from billfold.wire.message import Response
from billfold.wire.operation import Operation, name_of, question

log = logging.getLogger("billfold.sync")
READINGS = 3
"""How often a question is asked whose answer cannot be read: a body may have been cut on its way."""

SHORTEST = 8
"""Characters of the shortest credential that is looked for in answers: a shorter one is no secret, and stands in amounts."""


class Carrier(Protocol):
    """Anything that brings an operation to its response."""

    @property
    def line(self) -> Line:
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
class Desk:
    """Where a question is answered: from this run's archive if it was answered already, else by the vendor."""

    archive: Archive
    run: Run
    wires: Carrier
    clock: Callable[[], datetime]
    keeper: Keeper
    answered: set[tuple[str, str]]
    heard: datetime | None = None
    _missed: dict[object, list[str]] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """What is missing; of what is missing for one reason the first, and how many more there are."""
        said = ((words[0], len(words) - 1) for words in self._missed.values())
        return [f"{first} (and {more} more of these)" if more else first for first, more in said]

    def vendor_time(self) -> datetime:
        """Return the vendor's time as its last answer had it, or ours: what is a running month is the vendor's to say."""
        return self.heard or self.clock()

    def _hear(self, response: Response) -> Response:
        with suppress(ValueError, OverflowError):  # no date, or one outside the calendar
            self.heard = parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
        return response

    def answer(self, ask: Ask) -> Any:
        """Return what answers a question, read, or a document's bytes; None where it may be missing, and is."""
        found = next(self._kept(ask.op), None)
        if found is not None:
            return found.body if ask.document else understood(ask.op, found, self.wires.line)
        try:
            return self._readable(ask)
        except ApiError as error:
            if isinstance(error.answer, Response):
                self._keep(ask.op, error.answer)
            if not ask.may_miss(error):
                raise
            if missed := ask.missed(error):
                self._missed.setdefault(ask.cause(error), []).append(missed)
            return None

    def _readable(self, ask: Ask) -> Any:
        """Ask until the answer can be read; one that cannot is kept beside, so that it is never booked."""
        for attempt in range(1, READINGS + 1):
            response = self._asked(ask)
            try:
                said = self._read(ask, response)
            except Unreadable:
                self._keep(ask.op, response, UNREADABLE)
                if attempt == READINGS:
                    raise
            else:
                self._keep(ask.op, response)
                return said
        raise AssertionError("the last reading returns or raises")

    def _read(self, ask: Ask, response: Response) -> Any:
        if not ask.document:
            return understood(ask.op, response, self.wires.line)
        if wrong := ask.flaw(response.body):
            with naming(self.wires.line, name_of(ask.op)):
                raise Unreadable(f"the document {wrong}", status=response.status)
        return response.body

    def _asked(self, ask: Ask) -> Response:
        response = self._hear(self.wires.send(ask.op))
        if ask.document:
            response = self.wires.fetch(ask.document(understood(ask.op, response, self.wires.line)))
        log.info("%s: %d, %d bytes", name_of(ask.op), response.status, len(response.body))
        return response

    def _kept(self, op: Operation[Any]) -> Iterator[Response]:
        asked = name_of(op), question(op)
        if asked not in self.answered:
            return
        self.keeper.settle()
        for kept in self.archive.answers(run=self.run.id, operation=asked[0], question=asked[1]):
            if kept.status == 200:
                body = self.archive.body(kept.body)
                yield self._hear(Response(kept.status, json.loads(kept.headers), body))

    def _keep(self, op: Operation[Any], response: Response, mark: str = "") -> None:
        name, asked = name_of(op) + mark, question(op)
        status, headers, body = secretless(response, self.wires.line.auth.secrets)
        self.keeper.keep(Heard(name, asked, status, headers, body, self.clock()))
        if response.status == 200:
            self.answered.add((name, asked))


def secretless(response: Response, secrets: tuple[str, ...]) -> Response:
    """Return a response with ``[secret]`` wherever its vendor echoes a credential; any other is byte for byte as it came."""
    long = tuple(one for one in secrets if len(one) >= SHORTEST)
    headers = {name: scrub(value, long) for name, value in response.headers.items()}
    if not any(one.encode() in response.body for one in long):
        return response._replace(headers=headers)
    return response._replace(headers=headers, body=scrub(response.body.decode("latin-1"), long).encode("latin-1"))
