"""Puts answers on disk in the background, in the order they came; those that come while the disk is busy go together."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from billfold.ledger.archive import Archive
from billfold.ledger.entries import Heard, Run

WAITING = 16
"""Answers that may wait for the disk: a kill loses so many at most, and they are asked for again."""


class Keeper:
    """Keeps the answers of one run; use it in a ``with`` statement: all is on disk, or ``LedgerError`` raised, at its end."""

    def __init__(self, archive: Archive, run: Run) -> None:
        self._archive, self._run = archive, run
        self._hand = ThreadPoolExecutor(max_workers=1)
        self._answers, self._turns = deque[Heard](), list[Future[None]]()
        self._failed = False

    def keep(self, answer: Heard) -> None:
        """Take an answer; raises ``LedgerError`` where an earlier one cannot be kept."""
        if len(self._turns) >= WAITING:
            self.settle()
        self._answers.append(answer)
        self._turns.append(self._hand.submit(self._write))

    def settle(self) -> None:
        """Wait until all that was taken is on disk; raises ``LedgerError`` where it cannot be kept."""
        for turn in self._turns:
            turn.result()
        self._turns.clear()

    def _write(self) -> None:
        """Write all that waits; nothing more once something could not be written: the order is the archive's meaning."""
        answers = [self._answers.popleft() for _ in range(len(self._answers))]
        if answers and not self._failed:
            self._failed = True
            self._archive.add(self._run, *answers)
            self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hand.shutdown()
        if error is None or isinstance(error, Exception):  # nobody who was interrupted wants to hear of the disk
            self.settle()
