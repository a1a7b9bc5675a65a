"""Collect: ask every account what it owes, archive each answer as it comes, then book it. Resumable at every answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib import import_module
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Any, TypeVar

from billfold.collect.outcome import Outcome, note, strangers
from billfold.collect.session import Carrier, Desk
from billfold.collect.workspace import Books
from billfold.config import Account
from billfold.ledger.account_lock import turn
from billfold.ledger.archive import Archive
from billfold.ledger.archive_writer import Keeper
from billfold.ledger.entries import REFUSED, Run
from billfold.model.errors import BillfoldError, SetupError, Unreadable
from billfold.model.money import unreckoned
from billfold.model.period import Month, instant
from billfold.providers import provider
from billfold.providers.provider import Known
from billfold.transport.http import Settings
from billfold.transport.pause import HEED, pause
from billfold.transport.sync import Http
from billfold.wire.exchange import naming
from billfold.wire.operation import Operation, name_of, question

if TYPE_CHECKING:
    from billfold.ledger.identities import Customer

FIRST_DEPTH = 24
"""Months that the first sync of an account reaches back."""
RESUME_WITHIN = timedelta(hours=6)
"""An interrupted collection that is older is begun anew: its first answers would be stale."""
Progress = Callable[[str, str, int], None]
T = TypeVar("T")


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
        errand = _Errand(books, since or FIRST_DEPTH, progress, opened, clock)
        outcomes = _all(errand, accounts, configured, before, workers)
        with books.ledger() as db:
            note(db, outcomes, last)
        return outcomes + others


@dataclass(frozen=True)
class _Errand:
    """What is the same for all accounts of a sync: where answers go, how far back to ask, how to ask, what time it is."""

    books: Books
    since: Month | int
    progress: Progress
    opened: Callable[[Account], Carrier]
    clock: Callable[[], datetime]


def _all(
    errand: _Errand,
    accounts: Sequence[Account],
    configured: Sequence[str],
    before: Month | None,
    workers: int | None,
) -> list[Outcome]:
    known = _known(errand.books, accounts, before)

    def collect(account: Account) -> tuple[Outcome, Run | None]:
        current_thread().name = account.name  # what is logged on the way says whose it is
        return _collect(errand, account, known.marks.get(account.name, {}))

    # the ledger's libraries take as long to load as some answers to come: both at once; no daemon, for a process that
    # ends while one of them is loaded would crash in it
    Thread(target=lambda: import_module("billfold.ledger.booking").warm()).start()
    collected = _side_by_side(collect, accounts, workers or max(len(accounts), 1))
    named = {*configured, *(account.name for account in accounts)}
    claims = {owner: name for owner, name in known.owners.items() if name in named}
    for account, (outcome, run) in sorted(
        zip(accounts, collected, strict=True), key=lambda pair: pair[0].name not in known.owners.values()
    ):
        if run:
            _close(errand, run, outcome, _refusal(errand.books, account, run, known, claims))
    return [outcome for outcome, _ in collected]


def _side_by_side(collect: Callable[[Account], T], accounts: Sequence[Account], workers: int) -> list[T]:
    with ThreadPoolExecutor(max_workers=workers) as pool:
        results = [pool.submit(collect, account) for account in accounts]
        try:
            while wait(results, timeout=HEED).not_done:
                continue  # here a signal is seen that came in the instant the wait began
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return [result.result() for result in results]


@dataclass(frozen=True)
class _Known:
    """What the ledger knew before: marks of invoices and customers by account name, names by provider and customer."""

    marks: dict[str, dict[str, str]] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)


def _known(books: Books, accounts: Sequence[Account], before: Month | None) -> _Known:
    if not books.archive.last_seq():
        return _Known()
    from billfold.ledger import identities, query

    with books.ledger() as db:
        marks = {one.name: query.known_marks(db, one.provider.name, one.name, before) for one in accounts}
        customers = {one.name: identities.customer(db, one.provider.name, one.name) for one in accounts}
        return _Known(marks, customers, query.owners(db))


def _refusal(
    books: Books, account: Account, run: Run, known: _Known, claims: dict[tuple[str, str], str]
) -> SetupError | None:
    """Say why a collection is kept but not booked: its name is another customer's, or its customer has another account."""
    identity = books.identity(run)
    before = known.customers.get(run.account)
    if before and before.is_another(identity, books.listed(run)):
        return SetupError(
            "its key belongs to another customer than before; give this customer an account name of its own"
        )
    customer = identity or _key(account)
    holder = claims.setdefault((run.provider, customer), run.account) if customer else run.account
    if holder != run.account:
        return SetupError(f"this is the same customer as account {holder!r}; remove one of the two")
    return None


def _key(account: Account) -> str:
    """Return what two accounts have in common that ask with the same key; "" where there is none."""
    try:
        return " ".join(["key", account.base_url or "", *sorted(account.credentials().values())])
    except SetupError:
        return ""


def _close(errand: _Errand, run: Run, outcome: Outcome, refused: SetupError | None) -> None:
    words = f"{REFUSED} {refused}" if refused else str(outcome.error or "; ".join(outcome.missing) or "complete")
    outcome.error = refused or outcome.error
    errand.books.archive.end(run, words, errand.clock())


def _begin(archive: Archive, account: Account, when: datetime) -> Run:
    """Go on with a collection that was interrupted a short while ago, or begin a new one."""
    run = archive.start(account.provider.name, account.name, "sync", when)
    if when - instant(run.started) <= RESUME_WITHIN:
        return run
    archive.end(run, "abandoned: interrupted too long ago", when)
    return archive.start(account.provider.name, account.name, "sync", when)


def _collect(errand: _Errand, account: Account, marks: dict[str, str]) -> tuple[Outcome, Run | None]:
    """Collect one account; returns how it went, and its run unless not even that could be begun."""
    archive, outcome = errand.books.archive, Outcome(account.name, account.provider.name)
    began, run = time.monotonic(), None
    try:
        run = _begin(archive, account, errand.clock())
        with closing(errand.opened(account)) as wires, Keeper(archive, run) as keeper:
            desk = Desk(archive, run, wires, errand.clock, keeper, _answered(archive, run))
            known = Known(desk.vendor_time, errand.since, marks, _known_answers(archive, run))
            _converse(desk, account, known, outcome, errand.progress)
    except BillfoldError as error:
        outcome.error = error
    except (ArithmeticError, ValueError, TypeError) as error:
        words = unreckoned(error) or f"{type(error).__name__}: {error}"
        said = f"an answer cannot be reckoned with: {words}"
        outcome.error = Unreadable(said, provider=account.provider.name)
    outcome.seconds = time.monotonic() - began
    return outcome, run


def _answered(archive: Archive, run: Run) -> set[tuple[str, str]]:
    """Return the questions that an interrupted collection has good answers to."""
    return {(kept.operation, kept.question) for kept in archive.answers(run=run.id) if kept.status == 200}


def _known_answers(archive: Archive, run: Run) -> Callable[[Operation[Any]], bool]:
    """Return what tells whether a question was well answered in any collection of the account."""
    answered = cache(partial(archive.answered, run.provider, run.account))
    return lambda op: question(op) in answered(name_of(op))


def _converse(desk: Desk, account: Account, known: Known, outcome: Outcome, progress: Progress) -> None:
    plan = account.provider.collect(known)
    said: Any = None
    while True:
        pause(0)  # ends here where the process is told to end
        try:
            with naming(desk.wires.line):
                ask = plan.send(said)
        except StopIteration:
            return
        said = desk.answer(ask)
        outcome.answers, outcome.missing = outcome.answers + 1, desk.missing
        progress(account.name, name_of(ask.op), outcome.answers)
