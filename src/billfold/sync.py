"""Collect: ask every account what it owes, archive each answer as it comes, then book it. Resumable at every answer."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache, partial
from importlib import import_module
from threading import Thread, current_thread
from typing import Any, Protocol

from billfold.books import Books, question
from billfold.config import Account
from billfold.ledger.entries import REFUSED, Heard, Run
from billfold.ledger.keeper import Keeper
from billfold.ledger.turn import turn
from billfold.model.errors import ApiError, BillfoldError, SetupError, Unreadable
from billfold.model.money import unreckoned
from billfold.model.period import Month, instant
from billfold.outcome import Outcome, note, strangers
from billfold.providers import provider
from billfold.providers.provider import Ask, Known
from billfold.transport.http import Settings
from billfold.transport.pause import pause
from billfold.transport.sync import Http
from billfold.wire.ask import Line, naming, understood
from billfold.wire.message import Response
from billfold.wire.operation import Operation, name_of

log = logging.getLogger("billfold.sync")
FIRST_DEPTH = 24
"""Months that the first sync of an account reaches back."""
READINGS = 3
"""How often a question is asked whose answer cannot be read: a body may have been cut on its way."""
UNREADABLE = ":unreadable"
"""Marks the operation of an archived answer that could not be read."""
RESUME_WITHIN = timedelta(hours=6)
"""An interrupted collection that is older is begun anew: its first answers would be stale."""


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


Progress = Callable[[str, str, int], None]


def carrier(account: Account) -> Http:
    """Open a connection for an account; raises ``SetupError``."""
    credentials = account.credentials()
    base_url = account.base_url or account.provider.base_url(credentials)
    return Http(Settings(base_url), account.provider.line(credentials, base_url, unlimited=account.unlimited))


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def sync(
    books: Books,
    accounts: Sequence[Account],
    *,
    since: Month | None = None,
    progress: Progress = lambda *_: None,
    opened: Callable[[Account], Carrier] = carrier,
    clock: Callable[[], datetime] = now,
    configured: Sequence[str] = (),
    recheck: int = 0,
    workers: int | None = None,
) -> list[Outcome]:
    """Collect all accounts side by side and book what came; one account's failure leaves the others untouched.

    ``configured`` names all accounts of the configuration, so that one customer under two names is refused; ``recheck``
    reads the invoices of so many past months again, whether or not their listing changed; ``workers`` is how many
    accounts are collected at once (None: all).
    """
    others = strangers((one.name, one.provider.name) for one in accounts)
    accounts = [one for one in accounts if one.provider.name in provider.names()]
    with ExitStack() as turns:
        for account in sorted(accounts, key=lambda one: one.name):
            turns.enter_context(turn(books.directory / "locks", account.provider.name, account.name))
        before = Month.of(clock()).plus(-recheck) if recheck else None
        last = books.archive.last_seq()
        outcomes = _all(books, accounts, since, progress, opened, clock, configured, before, workers)
        with books.ledger() as db:
            note(db, outcomes, last)
        return outcomes + others


def _all(
    books: Books,
    accounts: Sequence[Account],
    since: Month | None,
    progress: Progress,
    opened: Callable[[Account], Carrier],
    clock: Callable[[], datetime],
    configured: Sequence[str],
    before: Month | None,
    workers: int | None,
) -> list[Outcome]:
    marks, owners = _known(books, accounts, before)

    def collect(account: Account) -> tuple[Outcome, Run | None]:
        current_thread().name = account.name  # what is logged on the way says whose it is
        return _collect(books, account, since or FIRST_DEPTH, marks[account.name], progress, opened, clock)

    # the ledger's libraries take as long to load as some answers to come: both at once
    Thread(target=lambda: import_module("billfold.ledger.booking").warm(), daemon=True).start()
    with ThreadPoolExecutor(max_workers=workers or max(len(accounts), 1)) as pool:
        collected = list(pool.map(collect, accounts))
    named = {*configured, *(account.name for account in accounts)}
    claims = {owner: name for owner, name in owners.items() if name in named}
    for outcome, run in collected:
        if run:
            _close(books, outcome, run, claims, clock())
    return [outcome for outcome, _ in collected]


def _known(
    books: Books, accounts: Sequence[Account], before: Month | None
) -> tuple[dict[str, dict[str, str]], dict[tuple[str, str], str]]:
    if not books.archive.last_seq():
        return {one.name: {} for one in accounts}, {}
    from billfold.ledger import query

    with books.ledger() as db:
        marks = {one.name: query.known_marks(db, one.provider.name, one.name, before) for one in accounts}
        return marks, query.owners(db)


def _close(books: Books, outcome: Outcome, run: Run, claims: dict[tuple[str, str], str], when: datetime) -> None:
    """End a run; one of a customer that another configured account already has is kept but not booked."""
    identity = books.identity(run)
    holder = claims.setdefault((run.provider, identity), run.account) if identity else run.account
    if holder != run.account:
        outcome.error = SetupError(f"this is the same customer as account {holder!r}; remove one of the two")
        books.archive.end(run, f"{REFUSED} {outcome.error}", when)
        return
    books.archive.end(run, str(outcome.error or "; ".join(outcome.missing) or "complete"), when)


def _begin(books: Books, account: Account, when: datetime) -> Run:
    """Go on with a collection that was interrupted a short while ago, or begin a new one."""
    run = books.archive.start(account.provider.name, account.name, "sync", when)
    if when - instant(run.started) <= RESUME_WITHIN:
        return run
    books.archive.end(run, "abandoned: interrupted too long ago", when)
    return books.archive.start(account.provider.name, account.name, "sync", when)


def _collect(
    books: Books,
    account: Account,
    since: Month | int,
    marks: dict[str, str],
    progress: Progress,
    opened: Callable[[Account], Carrier],
    clock: Callable[[], datetime],
) -> tuple[Outcome, Run | None]:
    """Collect one account; returns how it went, and its run unless not even that could be begun."""
    outcome = Outcome(account.name, account.provider.name)
    began, run = time.monotonic(), None
    try:
        run = _begin(books, account, clock())
        with closing(opened(account)) as wires, Keeper(books.archive, run) as keeper:
            desk = _Desk(books, run, wires, clock, keeper, _answered(books, run))
            known = Known(desk.vendor_time, since, marks, _known_answers(books, run))
            _converse(desk, account, known, outcome, progress)
    except BillfoldError as error:
        outcome.error = error
    except (ArithmeticError, ValueError, TypeError) as error:
        words = unreckoned(error) or f"{type(error).__name__}: {error}"
        said = f"an answer cannot be reckoned with: {words}"
        outcome.error = Unreadable(said, provider=account.provider.name)
    outcome.seconds = time.monotonic() - began
    return outcome, run


def _answered(books: Books, run: Run) -> set[tuple[str, str]]:
    """Return the questions that an interrupted collection has good answers to."""
    return {(kept.operation, kept.question) for kept in books.archive.answers(run=run.id) if kept.status == 200}


def _known_answers(books: Books, run: Run) -> Callable[[Operation[Any]], bool]:
    """Return what tells whether a question was well answered in any collection of the account."""
    answered = cache(partial(books.archive.answered, run.provider, run.account))
    return lambda op: question(op) in answered(name_of(op))


def _converse(desk: _Desk, account: Account, known: Known, outcome: Outcome, progress: Progress) -> None:
    plan = account.provider.collect(known)
    said: Any = None
    while True:
        pause(0)  # ends here where the process is told to end
        try:
            with naming(desk.wires.line):
                ask = plan.send(said)
        except StopIteration:
            return
        said = desk.answer(ask, outcome)
        outcome.answers += 1
        progress(account.name, name_of(ask.op), outcome.answers)


@dataclass
class _Desk:
    """Where a question is answered: from this run's archive if it was answered already, else by the vendor."""

    books: Books
    run: Run
    wires: Carrier
    clock: Callable[[], datetime]
    keeper: Keeper
    answered: set[tuple[str, str]]
    heard: datetime | None = None
    missed: dict[object, list[str]] = field(default_factory=dict)

    def vendor_time(self) -> datetime:
        """Return the vendor's time as its last answer had it, or ours: what is a running month is the vendor's to say."""
        return self.heard or self.clock()

    def _hear(self, response: Response) -> Response:
        with suppress(ValueError, OverflowError):  # no date, or one outside the calendar
            self.heard = parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
        return response

    def answer(self, ask: Ask, outcome: Outcome) -> Any:
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
            self._miss(ask, error, outcome)
            return None

    def _miss(self, ask: Ask, error: ApiError, outcome: Outcome) -> None:
        """Note what is missing, and only how many more there are that are missing for the same reason."""
        if missed := ask.missed(error):
            self.missed.setdefault((name_of(ask.op), type(error), error.status), []).append(missed)
            said = ((words[0], len(words) - 1) for words in self.missed.values())
            outcome.missing = [f"{first} (and {more} more of these)" if more else first for first, more in said]

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
        for kept in self.books.archive.answers(run=self.run.id, operation=asked[0], question=asked[1]):
            if kept.status == 200:
                body = self.books.archive.body(kept.body)
                yield self._hear(Response(kept.status, json.loads(kept.headers), body))

    def _keep(self, op: Operation[Any], response: Response, mark: str = "") -> None:
        name, asked = name_of(op) + mark, question(op)
        self.keeper.keep(Heard(name, asked, response.status, response.headers, response.body, self.clock()))
        if response.status == 200:
            self.answered.add((name, asked))
