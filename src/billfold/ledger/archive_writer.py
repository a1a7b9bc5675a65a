"""Puts answers on disk in the background, in the order they came; those that come while the disk is busy go together."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from billfold.ledger.archive import Archive
from billfold.ledger.entries import ArchivedResponse, Run

MAX_QUEUED_RESPONSES = 16
"""Answers that may wait for the disk: a kill loses so many at most, and they are asked for again."""


class ArchiveWriter:
    """Keeps the answers of one run; use it in a ``with`` statement: all is on disk, or ``LedgerError`` raised, at its end."""

    def __init__(self, archive: Archive, run: Run) -> None:
        self._archive, self._run = archive, run
        self._executor = ThreadPoolExecutor(max_workers=1)
        self._queue, self._futures = deque[ArchivedResponse](), list[Future[None]]()
        self._has_failed = False

    def add_response(self, response: ArchivedResponse) -> None:
        """Take an answer; raises ``LedgerError`` where an earlier one cannot be kept."""
        if len(self._futures) >= MAX_QUEUED_RESPONSES:
            self.flush()
        self._queue.append(response)
        self._futures.append(self._executor.submit(self._write_queue))

    def flush(self) -> None:
        """Wait until all that was taken is on disk; raises ``LedgerError`` where it cannot be kept."""
        for future in self._futures:
            future.result()
        self._futures.clear()

    def _write_queue(self) -> None:
        """Write all that waits; nothing more once something could not be written: the order is the archive's meaning."""
        responses = [self._queue.popleft() for _ in range(len(self._queue))]
        if responses and not self._has_failed:
            self._has_failed = True
            self._archive.add_responses(self._run, *responses)
            self._has_failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
        if error is None or isinstance(error, Exception):  # nobody who was interrupted wants to hear of the disk
            self.flush()
