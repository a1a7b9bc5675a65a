"""Collect: ask every account what it owes, archive each answer as it comes, then book it. Resumable at every answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib import import_module
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Any

from billfold.collect.customers import find_refusal, read_ledger_state
from billfold.collect.outcome import CollectOutcome, fail_unknown_providers, fill_outcomes
from billfold.collect.outcome_log import log_booked, log_collected
from billfold.collect.session import CollectSession, Transport
from billfold.collect.side_by_side import DEFAULT_PER_SERVER, DEFAULT_WORKERS, ParallelLimits, collect_side_by_side
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.account_lock import LOCK_TIMEOUT_S, WRITERS_TIMEOUT_S, account_lock
from billfold.ledger.acknowledgements import list_acknowledged_ids
from billfold.ledger.archive import Archive
from billfold.ledger.archive_writer import ArchiveWriter
from billfold.ledger.entries import REFUSED_PREFIX, Run
from billfold.ledger.layout import LOCKS_FOLDER
from billfold.model.errors import (
    PROVIDER_FAULTS,
    ApiError,
    BillfoldError,
    ConfigurationError,
    InvalidResponse,
    LedgerError,
)
from billfold.model.finding import describe_finding
from billfold.model.log_context import set_log_subject
from billfold.model.money import describe_arithmetic_error
from billfold.model.period import Month, is_instant, parse_instant
from billfold.model.plain_text import make_printable
from billfold.providers import provider
from billfold.providers.provider import SyncState
from billfold.transport.http import HttpSettings
from billfold.transport.pause import interruptible_sleep
from billfold.transport.sync import HttpTransport
from billfold.wire.exchange import name_errors
from billfold.wire.operation import Operation, operation_name, question_text

if TYPE_CHECKING:
    pass

FIRST_SYNC_MONTHS = 24
"""Months that the first sync of an account reaches back."""
MAX_RESUME_AGE = timedelta(hours=6)
"""An interrupted collection that is older is begun anew: its first answers would be stale."""
Progress = Callable[[str, str, int], None]
"""Is told of each answer: its account, its operation, and how many answers the account has by now."""
NoteOutcome = Callable[[CollectOutcome], None]
"""Is told of each account as soon as its vendor was asked all; what the ledger makes of it is not known yet."""


def open_transport(account: AccountConfig) -> HttpTransport:
    """Open a connection for an account; raises ``ConfigurationError``."""
    credentials = account.read_credentials()
    base_url = account.base_url or account.provider.find_base_url(credentials)
    return HttpTransport(
        HttpSettings(base_url, ca=account.find_ca(), proxy=account.find_proxy()),
        account.provider.make_context(credentials, base_url, unlimited=account.unlimited),
    )


def get_current_time() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def sync_accounts(
    workspace: Workspace,
    accounts: Sequence[AccountConfig],
    *,
    since: Month | None = None,
    progress: Progress = lambda *_: None,
    connect: Callable[[AccountConfig], Transport] = open_transport,
    clock: Callable[[], datetime] = get_current_time,
    configured_names: Sequence[str] = (),
    recheck_months: int = 0,
    workers: int = DEFAULT_WORKERS,
    per_server: int = DEFAULT_PER_SERVER,
    note_outcome: NoteOutcome = lambda _: None,
) -> list[CollectOutcome]:
    """Collect all accounts side by side and book what came; one account's failure leaves the others untouched.

    ``configured_names`` names all accounts of the configuration, so that one customer under two names is refused; ``recheck_months``
    reads the invoices of so many past months again, whether or not their listing changed; ``workers`` is how many
    accounts are collected at once, ``per_server`` how many of one server.
    """
    unknown_outcomes = fail_unknown_providers((account.name, account.provider.name) for account in accounts)
    accounts = [account for account in accounts if account.provider.name in provider.provider_names()]
    with workspace.lock_writers(), ExitStack() as locks:
        busy_outcomes = _lock_accounts(locks, workspace, accounts)
        busy_names = {outcome.account for outcome in busy_outcomes}
        accounts = [account for account in accounts if account.name not in busy_names]
        before_month = Month.of(clock()).add_months(-recheck_months) if recheck_months else None
        last_seq = workspace.archive.read_last_seq()
        limits = ParallelLimits(workers, per_server)
        settings = _SyncSettings(workspace, since or FIRST_SYNC_MONTHS, progress, note_outcome, connect, clock, limits)
        outcomes = _collect_all(settings, accounts, configured_names, before_month)
        _book_outcomes(workspace, outcomes, last_seq)
        all_outcomes = [*outcomes, *busy_outcomes, *unknown_outcomes]
        head = workspace.archive.read_head()
        for outcome in all_outcomes:
            outcome.head = head
            log_booked(outcome)
        return all_outcomes


def _book_outcomes(workspace: Workspace, outcomes: Sequence[CollectOutcome], last_seq: int) -> None:
    """Book what came since an archive number, and read its documents: whoever reconciles need not then."""
    from billfold.report import document_check

    with workspace.open_ledger(wait=True) as db:
        fill_outcomes(db, outcomes, last_seq, list_acknowledged_ids(workspace.archive))
    document_check.keep_texts(workspace.archive, workspace.archive.iter_answers(after=last_seq))


def _lock_accounts(locks: ExitStack, workspace: Workspace, accounts: Sequence[AccountConfig]) -> list[CollectOutcome]:
    """Take the turns of all accounts, and return the outcomes of those that another process collects for too long.

    In one order everywhere, so that no two syncs wait for each other. A single account is waited for as long as all writers are.
    """
    busy_outcomes, timeout_s = list[CollectOutcome](), LOCK_TIMEOUT_S if len(accounts) > 1 else WRITERS_TIMEOUT_S
    deadline = time.monotonic() + timeout_s
    for account in sorted(accounts, key=lambda account: account.name):
        lock = account_lock(workspace.directory / LOCKS_FOLDER, account.provider.name, account.name, deadline=deadline)
        try:
            locks.enter_context(lock)
        except LedgerError as error:
            busy_outcomes.append(CollectOutcome(account.name, account.provider.name, error=error))
    return busy_outcomes


@dataclass(frozen=True)
class _SyncSettings:
    """What is the same for all accounts of a sync: where answers go, how far back to ask, how to ask, what time it is."""

    workspace: Workspace
    since: Month | int
    progress: Progress
    note_outcome: NoteOutcome
    connect: Callable[[AccountConfig], Transport]
    clock: Callable[[], datetime]
    limits: ParallelLimits


def _collect_all(
    settings: _SyncSettings,
    accounts: Sequence[AccountConfig],
    configured_names: Sequence[str],
    before_month: Month | None,
) -> list[CollectOutcome]:
    ledger_state = read_ledger_state(settings.workspace, accounts, before_month)

    def collect_account(account: AccountConfig) -> tuple[CollectOutcome, Run | None]:
        current_thread().name = account.name  # what is logged on the way says whose it is
        return _collect_account(settings, account, ledger_state.fingerprints.get(account.name, {}))

    # the ledger's libraries take as long to load as some answers to come: both at once; no daemon, for a process that
    # ends while one of them is loaded would crash in it
    Thread(target=lambda: import_module("billfold.ledger.booking").preload_duckdb()).start()
    all_names = {*configured_names, *(account.name for account in accounts)}
    claims = {customer: name for customer, name in ledger_state.account_names.items() if name in all_names}
    open_runs, accounts_by_name = dict[str, tuple[Run, str | None]](), {account.name: account for account in accounts}

    def close_run(run: Run, identity: str | None, outcome: CollectOutcome) -> None:
        account, workspace = accounts_by_name[run.account], settings.workspace
        _close_run(settings, run, outcome, find_refusal(workspace, account, run, identity, ledger_state, claims))

    def note_result(result: tuple[CollectOutcome, Run | None]) -> None:
        """End the run of a customer known by this name at once; who a new one is may be claimed by several."""
        outcome, run = result
        if run:
            identity = settings.workspace.find_identity(run)
            if claims.get((run.provider, identity or "")) == run.account:
                close_run(run, identity, outcome)
            else:
                open_runs[run.account] = run, identity
        settings.note_outcome(outcome)

    results = collect_side_by_side(collect_account, accounts, settings.limits, note_result)
    known_names = set(ledger_state.account_names.values())
    for outcome, _ in sorted(results, key=lambda result: result[0].account not in known_names):
        if outcome.account in open_runs:
            close_run(*open_runs[outcome.account], outcome)
    return [outcome for outcome, _ in results]


def _close_run(settings: _SyncSettings, run: Run, outcome: CollectOutcome, refusal: ConfigurationError | None) -> None:
    outcome_text = (
        f"{REFUSED_PREFIX} {refusal}"
        if refusal
        else str(
            outcome.error or "; ".join(describe_finding(gap) for gap in outcome.missing if gap.is_wrong) or "complete"
        )
    )
    outcome.error = refusal or outcome.error
    # what separates an entry's fields must stand in none of them
    settings.workspace.archive.end_run(run, make_printable(outcome_text), settings.clock())


def _begin_run(archive: Archive, account: AccountConfig, start_time: datetime) -> Run:
    """Go on with a collection that was interrupted a short while ago, or begin a new one."""
    run = archive.start_run(account.provider.name, account.name, "sync", start_time)
    if is_instant(run.started_at) and start_time - parse_instant(run.started_at) <= MAX_RESUME_AGE:
        return run
    archive.end_run(run, "abandoned: interrupted too long ago", start_time)
    return archive.start_run(account.provider.name, account.name, "sync", start_time)


def _collect_account(
    settings: _SyncSettings, account: AccountConfig, fingerprints: dict[str, str]
) -> tuple[CollectOutcome, Run | None]:
    """Collect one account; returns how it went, and its run unless not even that could be begun."""
    archive, outcome = settings.workspace.archive, CollectOutcome(account.name, account.provider.name)
    start_time, run, session = time.monotonic(), None, None
    set_log_subject(provider=account.provider.name, account=account.name)
    try:
        run = _begin_run(archive, account, settings.clock())
        set_log_subject(provider=account.provider.name, account=account.name, run=run.id)
        with closing(settings.connect(account)) as transport, ArchiveWriter(archive, run) as writer:
            session = CollectSession(archive, run, transport, settings.clock, writer, _find_answered(archive, run))
            sync_state = SyncState(
                session.read_vendor_time, settings.since, fingerprints, _make_answer_check(archive, run)
            )
            _run_plan(session, account, sync_state, outcome, settings.progress)
    except BillfoldError as error:
        outcome.error = _scrub_error(error, session)
    except PROVIDER_FAULTS as error:  # a provider's fault is never another's
        reason = describe_arithmetic_error(error) or f"{type(error).__name__}: {error}"
        message = f"an answer cannot be reckoned with: {reason}"
        outcome.error = _scrub_error(InvalidResponse(message, provider=account.provider.name), session)
    outcome.seconds = time.monotonic() - start_time
    log_collected(outcome)
    return outcome, run


def _scrub_error(error: BillfoldError, session: CollectSession | None) -> BillfoldError:
    """Return an error whose text holds no credential of the account: it is kept, and shown."""
    text = error.message if isinstance(error, ApiError) else str(error)
    if session is None or session.scrub_text(text) == text:
        return error
    provider_name = session.run.provider
    return (
        type(error)(session.scrub_text(text), provider=provider_name, operation=error.operation, status=error.status)
        if isinstance(error, ApiError)
        else type(error)(session.scrub_text(text))
    )


def _find_answered(archive: Archive, run: Run) -> set[tuple[str, str]]:
    """Return the questions that an interrupted collection has good answers to."""
    return {(entry.operation, entry.question) for entry in archive.iter_answers(run=run.id) if entry.status == 200}


def _make_answer_check(archive: Archive, run: Run) -> Callable[[Operation[Any]], bool]:
    """Return what tells whether a question was well answered in any collection of the account."""
    find_answered = cache(partial(archive.find_answered_questions, run.provider, run.account))
    return lambda op: question_text(op) in find_answered(operation_name(op))


def _run_plan(
    session: CollectSession, account: AccountConfig, sync_state: SyncState, outcome: CollectOutcome, progress: Progress
) -> None:
    plan = account.provider.plan_requests(sync_state)
    answer: Any = None
    while True:
        interruptible_sleep(0)  # ends here where the process is told to end
        try:
            with name_errors(session.transport.context):
                fetch = plan.send(answer)
        except StopIteration:
            return
        answer = session.answer_fetch(fetch)
        outcome.answers, outcome.missing = outcome.answers + 1, session.missing
        progress(account.name, operation_name(fetch.op), outcome.answers)
