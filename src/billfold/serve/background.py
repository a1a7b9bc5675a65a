"""What the server does by itself: it collects accounts when they are due, or when asked to, and calls what follows a sync."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from threading import Thread

from billfold import config
from billfold.collect.outcome import CollectOutcome
from billfold.collect.sync import get_current_time
from billfold.config import AccountConfig
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.ledger.server_schedule import lead_schedule
from billfold.model.errors import InvalidArgument
from billfold.serve.rounds import AfterSync, DueSync, RoundRunner, Work, log_errors, start_thread
from billfold.serve.views import ViewPool
from billfold.settings.schedule import ScheduleSettings
from billfold.tasks.access import open_workspace
from billfold.tasks.accounts import list_account_names, select_named_accounts
from billfold.tasks.schedule import Awaited, LastOutcome, load_schedule, read_awaited, read_last_outcomes
from billfold.tasks.sync_plan import plan_next_sync

TICK_S = 5.0
"""Seconds between two looks at the clock."""
LOOK_INTERVAL, AWAITED_INTERVAL, HOOK_INTERVAL = timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=5)
"""How often it is looked what is due, what is awaited, and how often the hooks are called that are called regularly."""
MAX_ROUNDS, MAX_RETRIES = 16, 8
"""Rounds of the schedule at a time, and how many there may be for another retry to begin: some are left to the healthy."""


class BackgroundSyncs:
    """Collects accounts when they are due, and when asked to; ``clock`` and ``spawn`` are for tests."""

    def __init__(
        self,
        pool: ViewPool,
        *,
        clock: Callable[[], datetime] = get_current_time,
        spawn: Callable[[Work], Thread | None] = start_thread,
    ) -> None:
        self._pool, self._clock = pool, clock
        self._runner = RoundRunner(pool, clock=clock, spawn=spawn)
        self._regular_hooks, self._loop = list[Callable[[datetime], object]](), Thread(target=lambda: None)
        self._next_look = self._next_hooks = self._next_awaited = clock()
        self._awaited: Awaited = {}
        self.after_sync(self._look_again)

    def _look_again(self, _: Sequence[CollectOutcome]) -> None:
        """Look at the next tick what is due: it is another after a round."""
        self._next_look = self._clock()

    def after_sync(self, hook: AfterSync) -> None:
        """Let a function be called with the outcomes after each round; what it raises is logged."""
        self._runner.after_sync.append(hook)

    def call_regularly(self, hook: Callable[[datetime], object]) -> None:
        """Let a function be called every few minutes with the time, whether or not anything is collected."""
        self._regular_hooks.append(hook)

    def start(self, *, is_scheduled: bool) -> None:
        """Begin to look at the clock; what is due is collected where that is wanted, by one process of a ledger."""
        self._loop = Thread(target=self._look_on, args=(is_scheduled,), name="schedule")
        self._loop.start()

    def _look_on(self, is_scheduled: bool) -> None:
        with ExitStack() as stack:
            is_leading = False
            while not self._runner.stop_event.is_set():
                with log_errors():
                    is_leading = is_leading or (is_scheduled and self._try_to_lead(stack))
                    if is_leading:
                        self.run_due()
                self.call_hooks()
                self._runner.stop_event.wait(TICK_S)
            self._runner.join()

    def _try_to_lead(self, stack: ExitStack) -> bool:
        """Become the process that runs this ledger's schedule, unless another one is."""
        with ExitStack() as attempt:
            if is_leading := attempt.enter_context(lead_schedule(self._pool.directory)):
                stack.push(attempt.pop_all())
            return is_leading

    def call_hooks(self) -> None:
        """Call what is called regularly, if its time has come."""
        now = self._clock()
        if now >= self._next_hooks:
            self._next_hooks = now + HOOK_INTERVAL
            for hook in self._regular_hooks:
                with log_errors():
                    hook(now)

    def run_due(self) -> None:
        """Begin to collect what is due; raises ``ConfigurationError`` and ``LedgerError``."""
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_INTERVAL
        settings, accounts = load_schedule(self._pool.config_path)
        for syncs in group_due(self._list_due(settings, accounts, now)):
            if self._runner.round_count < (MAX_RETRIES if syncs[0].failures else MAX_ROUNDS):
                self._runner.begin_round("schedule", syncs, accounts, now)

    def _list_due(self, settings: ScheduleSettings, accounts: Sequence[AccountConfig], now: datetime) -> list[DueSync]:
        """Return the accounts that are due and not being collected; it is looked again when the next one is."""
        due = list[DueSync]()
        outcomes = self._read_outcomes(accounts, self._find_awaited(now), now)
        for account, outcome in zip(accounts, outcomes, strict=True):
            planned_at = plan_next_sync(outcome.history, settings.find_schedule(account.name), now).at
            if planned_at is not None and planned_at <= now and not outcome.history.is_running:
                due.append(_make_due(account, outcome))
            elif planned_at is not None and planned_at > now:
                self._next_look = min(self._next_look, planned_at)
        return due

    def _read_outcomes(self, accounts: Sequence[AccountConfig], awaited: Awaited, now: datetime) -> list[LastOutcome]:
        with open_workspace(self._pool.directory, new=True) as workspace:
            return read_last_outcomes(workspace.archive, list_account_names(accounts), awaited, now)

    def _find_awaited(self, now: datetime) -> Awaited:
        """Return what is awaited as of some minutes ago: the ledger must be opened to know it."""
        if now >= self._next_awaited and (self._pool.directory / ARCHIVE_FILE).exists():
            self._next_awaited = now + AWAITED_INTERVAL
            with log_errors(), self._pool.borrow_view() as view:
                self._awaited = read_awaited(view.workspace.archive, view.db, now)
        return self._awaited

    def start_sync(self, account_names: Sequence[str] = (), cause: str = "request") -> str:
        """Begin to collect accounts at once (none named: all); returns the number of the round.

        What is being collected already is left out. Raises ``InvalidArgument`` where that is all of them, and
        ``ConfigurationError``.
        """
        now, configured = self._clock(), config.load_accounts(self._pool.config_path)
        accounts = select_named_accounts(configured, account_names)
        outcomes = self._read_outcomes(accounts, {}, now)
        syncs = [
            _make_due(account, outcome)
            for account, outcome in zip(accounts, outcomes, strict=True)
            if not outcome.history.is_running
        ]
        round_id = self._runner.begin_round(cause, syncs, configured, now)
        if round_id is None:
            raise InvalidArgument("these accounts are being collected already: ask again when they are done")
        return str(round_id)

    def stop(self) -> None:
        """Begin nothing any more, and let what runs end after its next answer: nothing of it is lost."""
        self._runner.stop()

    def close(self) -> None:
        """Stop, and wait until nothing runs."""
        self.stop()
        self._runner.join()
        if self._loop.is_alive():
            self._loop.join()


def group_due(due: Sequence[DueSync]) -> list[list[DueSync]]:
    """Return what is due as rounds: one of each vendor, and one of each account whose last sync failed, after the others.

    What is in a round waits for its slowest account: trouble is mostly a vendor's, or stays with an account.
    """
    groups = defaultdict[str, list[DueSync]](list)
    for sync in due:
        if not sync.failures:
            groups[sync.key[0]].append(sync)
    return [*groups.values(), *([sync] for sync in due if sync.failures)]


def _make_due(account: AccountConfig, outcome: LastOutcome) -> DueSync:
    return DueSync(account, outcome.claimed_at, outcome.history.failures, outcome.answers)
