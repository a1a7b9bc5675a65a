"""One process at a time collects an account, and nobody while archives are merged: locks that end with their holder."""

from __future__ import annotations

import errno
import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from billfold.model.errors import LedgerError

LOCK_TIMEOUT_S, WRITERS_TIMEOUT_S = 60.0, 600.0
"""Seconds to wait for another process that collects the same account where others are to be collected, and where nothing else is."""
POLL_INTERVAL_S = 0.05


@contextmanager
def account_lock(directory: Path, provider: str, account: str, *, deadline: float | None = None) -> Iterator[None]:
    """Hold the turn of an account; raises ``LedgerError`` where another process does not give it back in time.

    ``deadline`` is a time of the monotonic clock that several accounts may share.
    """
    with open_lock_file(directory / _name_lock(provider, account)) as file:
        deadline = time.monotonic() + WRITERS_TIMEOUT_S if deadline is None else deadline
        message = f"account {account!r} is being collected by another process; try again when it is done"
        _wait_for_lock(file, deadline, message)
        yield


def is_locked(directory: Path, provider: str, account: str) -> bool:
    """Tell whether a process collects an account now; where locks cannot be looked at, none is known of."""
    try:
        with (directory / _name_lock(provider, account)).open() as file:
            return not try_file_lock(file.fileno(), shared=True)
    except OSError:
        return False


def _name_lock(provider: str, account: str) -> str:
    return f"{hashlib.sha256(f'{provider}/{account}'.encode()).hexdigest()[:16]}.lock"


@contextmanager
def writers_lock(directory: Path, *, alone: bool = False) -> Iterator[None]:
    """Write in a directory beside others, or ``alone``; raises ``LedgerError`` where that takes too long.

    Who is to be alone holds the gate first: nobody who comes later goes before him.
    """
    deadline = time.monotonic() + WRITERS_TIMEOUT_S
    message = f"other processes write in {directory.parent}; try again when they are done"
    with open_lock_file(directory / "writers.lock") as file:
        with open_lock_file(directory / "gate.lock") as gate:
            _wait_for_lock(gate, deadline, message, shared=not alone)
            _wait_for_lock(file, deadline, message, shared=not alone)
        yield


def _wait_for_lock(file: IO[str], deadline: float, message: str, *, shared: bool = False) -> None:
    while not try_file_lock(file.fileno(), shared=shared):
        if time.monotonic() > deadline:
            raise LedgerError(message)
        time.sleep(POLL_INTERVAL_S)


def open_lock_file(path: Path) -> IO[str]:
    """Open a file that is there to be locked; raises ``LedgerError``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")
    except OSError as error:
        if obstacle := next(
            (place for place in (path, path.parent) if place.exists() and place.is_dir() != (place != path)), None
        ):
            kind = "directory where a file" if obstacle == path else "file where a directory"
            raise LedgerError(f"{obstacle} is a {kind} is needed for locks; move it away") from error
        raise LedgerError(
            f"the locks in {path.parent} cannot be used: {error.strerror}; check the path and its rights"
        ) from error


def check_locks(directory: Path) -> None:
    """Raise ``LedgerError`` where a directory's file system has no locks, as many network shares: nobody can write there safely.

    It is tried with a file of its own: who closes one that SQLite has open takes SQLite's locks away.
    """
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            lock_range(file.fileno())
    except OSError as error:
        if error.errno in NO_LOCK_NUMBERS:
            raise LedgerError(
                f"the file system of {directory} has no locks, as many network shares: keep the ledger on a local disk, and name "
                "it with --ledger or BILLFOLD_LEDGER"
            ) from error


NO_LOCK_NUMBERS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
"""What a file system answers that has no locks."""

if sys.platform == "win32":

    def try_file_lock(number: int, *, shared: bool = False) -> bool:
        """Take any lock for given: this system has no such locks, and the user sees to it."""
        return number >= 0 or shared

    def lock_range(number: int) -> None:
        """Take the locks that SQLite takes for given."""

else:
    import fcntl

    def lock_range(number: int) -> None:
        """Take a lock as SQLite takes it; raises ``OSError``."""
        fcntl.lockf(number, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def try_file_lock(number: int, *, shared: bool = False) -> bool:
        """Try to take the lock of an open file, alone or with others."""
        try:
            fcntl.flock(number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
