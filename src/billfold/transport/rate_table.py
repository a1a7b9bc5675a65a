"""The request budgets of all processes of a user, in one file: when each is free again, locked for the instant of a change.

A process that is killed gives its lock back and leaves nothing half done. Where no file can be used, each process keeps
to the rate by itself.
"""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock

from billfold.wire.rate import keep_sane_time

assert sys.platform != "win32", "this system has no locks on a file's parts"
log = logging.getLogger("billfold.transport")
ROW = struct.Struct("<d")
ROW_COUNT = 1 << 20
"""Rows of the file, most of them holes: two of a thousand budgets hardly ever share one, and then only wait too long."""
MAX_LOCK_ATTEMPTS, LOCK_PAUSE_S = 100, 0.001
"""How often a row is tried that another process holds, for microseconds as a rule, and the seconds in between: who was
stopped while it holds one is not waited for."""


def choose_directory() -> Path:
    """Return where the user's processes meet: below the temporary directory, which a login and a schedule have in common."""
    return Path(tempfile.gettempdir()) / f"billfold-{os.getuid()}"


class RateFile:
    """When each budget is free again, in seconds since 1970, for all processes that name the same directory.

    The file is opened for each change: a process that forks, becomes a daemon or has its temporary files removed can then
    neither hold another's lock nor write where it should not.
    """

    def __init__(
        self, directory: Path | None = None, *, pause: Callable[[], None] = lambda: time.sleep(LOCK_PAUSE_S)
    ) -> None:
        self._pause = pause
        self._directory, self._lock, self._is_usable = os.fspath(directory or choose_directory()), Lock(), True

    def take_slot(self, budget: str, earliest: float, interval_s: float) -> float:
        """Return the first free time from the earliest on, and count it; the earliest itself where nothing can be shared."""
        if not self._is_usable:
            return earliest
        try:
            with self._lock:  # closing a file releases all the locks that its process has on it
                return self._take_locked(int(budget[:8], 16) % ROW_COUNT * ROW.size, earliest, interval_s)
        except (OSError, OverflowError) as error:
            self._is_usable = False
            log.info("the rate is kept by this process alone: %s", error)
            return earliest

    def _take_locked(self, offset: int, earliest: float, interval_s: float) -> float:
        number = self._open_file()
        try:
            if not self.lock_row(number, offset):
                return earliest
            row = os.pread(number, ROW.size, offset)
            slot = keep_sane_time(ROW.unpack(row)[0], earliest) if len(row) == ROW.size else earliest
            os.pwrite(number, ROW.pack(slot + interval_s), offset)
            return slot
        finally:
            os.close(number)

    def lock_row(self, number: int, offset: int) -> bool:
        """Try to lock a row for this process until the file is closed, or the process ends in whatever way."""
        for _ in range(MAX_LOCK_ATTEMPTS):
            try:
                fcntl.lockf(number, fcntl.LOCK_EX | fcntl.LOCK_NB, ROW.size, offset)
            except BlockingIOError:
                self._pause()
            else:
                return True
        return False

    def _open_file(self) -> int:
        try:
            _require_own(self._directory)
        except FileNotFoundError:
            Path(self._directory).mkdir(mode=0o700, parents=True, exist_ok=True)
            _require_own(self._directory)
        return os.open(f"{self._directory}/rates", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _require_own(directory: str) -> None:
    """Raise ``PermissionError`` for a directory that somebody else put in the place, or may write to."""
    status = os.lstat(directory)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise PermissionError(f"{directory} is not this user's own")


@cache
def find_rate_file() -> RateFile:
    """Return the file of this user's processes."""
    return RateFile()
