"""Write points: every statement, rename, removal and open for writing, found by tracing; and death at one of them."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from billfold.ledger import archive_writer, parts

_WRITING = {"os.rename", "os.remove", "os.truncate", "os.link"}


class Tracer:
    """Counts write points in this process, and kills it at one of them."""

    def __init__(self, fatal: int | None) -> None:
        self.fatal, self.count = fatal, 0
        self.names: list[str] = []

    def point(self, name: str) -> None:
        """Pass a write point, or die at it."""
        self.count += 1
        if self.fatal is None:
            self.names.append(name)
        elif self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Trace SQLite, the ledger's parts and the files of this process."""
        sys.addaudithook(self._audit)
        connect = sqlite3.connect

        def traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            db = connect(*args, **kwargs)
            db.set_trace_callback(lambda text: self.point(f"sqlite: {text.split(' VALUES')[0][:60]}"))
            return db  # type: ignore[no-any-return]

        sqlite3.connect = traced  # type: ignore[assignment]
        closing = parts.PartWriter.close

        def closed(writer: parts.PartWriter) -> Any:
            self.point("part: close")
            part = closing(writer)
            self.point("part: closed")
            return part

        setattr(parts.PartWriter, "close", closed)  # noqa: B010 - a method is not its to give, for a type checker
        setattr(archive_writer, "ThreadPoolExecutor", _Slow)  # noqa: B010 - what a module imports is not its to give

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _WRITING:
            self.point(f"{event}: {Path(str(args[0])).name}")
        elif event == "open" and str(args[0]).endswith(".parquet") and args[2] & os.O_CREAT:
            self.point("part: open")


class _Slow:
    """A hand that works only when three answers wait, or somebody waits for it: the same points in every run."""

    def __init__(self, max_workers: int) -> None:
        self._waiting = list[tuple[_Promised, Callable[[], None]]]()

    def submit(self, work: Callable[[], None]) -> Future[None]:
        promised = _Promised(self)
        self._waiting.append((promised, work))
        if len(self._waiting) == 3:
            self.shutdown()
        return promised

    def shutdown(self) -> None:
        waiting, self._waiting = self._waiting, []
        for promised, work in waiting:
            try:
                promised.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
                promised.set_exception(error)


class _Promised(Future[None]):
    """A piece of work that is done at the latest when somebody waits for it."""

    def __init__(self, hand: _Slow) -> None:
        super().__init__()
        self._hand = hand

    def result(self, timeout: float | None = None) -> None:
        self._hand.shutdown()
        return super().result(timeout)
