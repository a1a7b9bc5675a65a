"""What is being collected now, for the page: each account that runs, its answers so far, and how many the last sync had."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from typing import NamedTuple


class RunningSync(NamedTuple):
    """An account that is being collected by this process; ``expected`` is how many answers its last sync had (0: unknown)."""

    provider: str
    account: str
    began_at: datetime
    answers: int = 0
    expected: int = 0
    operation: str = ""


class SyncActivity:
    """Keeps what runs; collecting threads write it, requests read it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running = dict[str, RunningSync]()

    def begin_syncs(self, syncs: Iterable[RunningSync]) -> None:
        """Note that accounts are begun."""
        with self._lock:
            self._running |= {sync.account: sync for sync in syncs}

    def note_answer(self, account: str, operation: str, answers: int) -> None:
        """Note an answer of an account."""
        with self._lock:
            if account in self._running:
                self._running[account] = self._running[account]._replace(answers=answers, operation=operation)

    def end_syncs(self, accounts: Iterable[str]) -> None:
        """Note that accounts are done."""
        with self._lock:
            for account in accounts:
                self._running.pop(account, None)

    def list_running(self) -> list[RunningSync]:
        """Return what runs, the longest first."""
        with self._lock:
            return sorted(self._running.values(), key=lambda sync: (sync.began_at, sync.provider, sync.account))
