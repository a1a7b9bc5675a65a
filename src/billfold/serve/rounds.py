"""Rounds of syncs in threads of the server: each account once at a time, and all of them stopped at a safe point."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Lock, Thread
from typing import NamedTuple

from billfold.collect.outcome import CollectOutcome
from billfold.config import AccountConfig
from billfold.ledger.chain import ChainKey
from billfold.ledger.server_schedule import begin_round
from billfold.serve.activity import RunningSync
from billfold.serve.views import ViewPool
from billfold.tasks.sync_round import SyncRound, run_round

log = logging.getLogger("billfold.schedule")
BOOKING = "waits to be booked"
"""What is shown of an account whose vendor was asked all, until the others of its round are done."""
Work = Callable[[], None]
AfterSync = Callable[[Sequence[CollectOutcome]], object]


def start_thread(work: Work) -> Thread:
    """Begin work in a thread of its own."""
    thread = Thread(target=work, name="schedule")
    thread.start()
    return thread


@contextmanager
def log_errors() -> Iterator[None]:
    """Log what goes wrong in the background: it ends nothing else."""
    try:
        yield
    except Exception as error:
        log.warning("%s", error)
        log.debug("what happened", exc_info=True)


class DueSync(NamedTuple):
    """An account to be collected; ``claimed_at`` is when the server last began it, as far as who plans it knows."""

    account: AccountConfig
    claimed_at: datetime | None = None
    failures: int = 0
    answers: int = 0

    @property
    def key(self) -> ChainKey:
        """Provider and name."""
        return self.account.provider.name, self.account.name


class RoundRunner:
    """Runs rounds; ``clock`` and ``spawn`` (which begins work, as a thread) are for tests."""

    def __init__(
        self,
        pool: ViewPool,
        *,
        clock: Callable[[], datetime],
        spawn: Callable[[Work], Thread | None] = start_thread,
    ) -> None:
        self._pool, self._clock, self._spawn = pool, clock, spawn
        self._lock, self.stop_event = Lock(), Event()
        self._busy_keys, self._threads = set[ChainKey](), list[Thread]()
        self.after_sync = list[AfterSync]()

    @property
    def round_count(self) -> int:
        """How many rounds run."""
        with self._lock:
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            return len(self._threads)

    def is_busy(self, key: ChainKey) -> bool:
        """Tell whether an account is in a round that runs."""
        with self._lock:
            return key in self._busy_keys

    def begin_round(
        self, cause: str, syncs: Sequence[DueSync], configured: Sequence[AccountConfig], now: datetime
    ) -> int | None:
        """Begin to collect accounts; returns the round's number, None where all are being collected, or the server stops.

        Raises ``LedgerError``.
        """
        idle_syncs = [sync for sync in syncs if not self.is_busy(sync.key)]
        if not idle_syncs or self.stop_event.is_set():
            return None
        self._pool.directory.mkdir(parents=True, exist_ok=True)
        claims = [(sync.key, sync.claimed_at) for sync in idle_syncs]
        round_id, keys = begin_round(self._pool.directory, cause, claims, now)
        claimed_syncs = [sync for sync in idle_syncs if sync.key in keys]
        if not claimed_syncs:
            return None
        accounts = [sync.account for sync in claimed_syncs]
        self._note_begun(claimed_syncs, now)
        thread = self._spawn(lambda: self._run(SyncRound(round_id, self._pool.directory, accounts, configured, now)))
        with self._lock:
            self._threads += [thread] if thread else []
        return round_id

    def _note_begun(self, syncs: Sequence[DueSync], now: datetime) -> None:
        with self._lock:
            self._busy_keys |= {sync.key for sync in syncs}
        self._pool.activity.begin_syncs(RunningSync(*sync.key, now, expected=sync.answers) for sync in syncs)

    def _run(self, sync_round: SyncRound) -> None:
        outcomes = list[CollectOutcome]()
        try:
            with log_errors():
                outcomes = run_round(sync_round, self._clock, self._note_answer, self._note_outcome)
        except KeyboardInterrupt:
            log.info("round %d was stopped; the next sync goes on where it was", sync_round.id)
            return
        finally:
            self._note_ended(sync_round)
        for hook in self.after_sync:
            with log_errors():
                hook(outcomes)

    def _note_answer(self, account: str, operation: str, answers: int) -> None:
        """Note an answer, which is in the archive; a sync that is to stop does so here."""
        if self.stop_event.is_set():
            raise KeyboardInterrupt
        self._pool.activity.note_answer(account, operation, answers)

    def _note_outcome(self, outcome: CollectOutcome) -> None:
        self._pool.activity.note_answer(outcome.account, BOOKING, outcome.answers)

    def _note_ended(self, sync_round: SyncRound) -> None:
        self._pool.activity.end_syncs([account.name for account in sync_round.accounts])
        with self._lock:
            self._busy_keys -= {(account.provider.name, account.name) for account in sync_round.accounts}

    def stop(self) -> None:
        """Begin no round any more, and let each that runs end after its next answer."""
        self.stop_event.set()

    def join(self) -> None:
        """Wait until no round runs."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()
