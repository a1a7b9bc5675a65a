"""Open ledgers that requests read from: opened as a command opens one, and kept until anything that they show has changed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, NoReturn

from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.archive_file import read_file_id
from billfold.ledger.layout import ARCHIVE_FILE, CATALOG_FILE
from billfold.ledger.narrowing import open_narrowed
from billfold.ledger.store import OpenLedger
from billfold.model.code_version import hash_sources
from billfold.model.errors import BillfoldError, ConfigurationError, LedgerError
from billfold.model.identity import EVERY_ACCOUNT, AccountPatterns
from billfold.serve.activity import SyncActivity
from billfold.tasks.access import open_workspace
from billfold.tasks.configured import list_named_files

POOL_SIZE = 2
"""Ledgers that are in use at a time: each holds the whole catalog in memory."""
MAX_IDLE_VIEWS = 4
"""Ledgers that wait to be used again, each of the accounts that exist for somebody."""


class NarrowedWorkspace(Workspace):
    """A workspace of which only some accounts exist: what opens or writes all of it is refused."""

    def __init__(self, directory: Path, archive: Archive) -> None:
        super().__init__(directory)
        self.archive.close()
        self.archive = archive

    def lock_writers(self, *, alone: bool = False) -> NoReturn:
        """Refuse to write."""
        raise LedgerError("only some accounts are open here, for reading: open all of the ledger to write")

    def open_ledger(self, *, wait: bool = False) -> NoReturn:
        """Refuse to open all of the ledger."""
        raise LedgerError("only some accounts are open here, and their ledger is open already")


class LedgerView(NamedTuple):
    """What a request reads from: an archive, its ledger, the configuration's path (there may be no file), and whose accounts exist."""

    workspace: Workspace
    db: OpenLedger
    config_path: Path
    accounts: AccountPatterns = EVERY_ACCOUNT


class _OpenView(NamedTuple):
    view: LedgerView
    fingerprint: str
    stack: ExitStack


class ViewPool:
    """Lends open ledgers, each to one request at a time; what is idle holds up no writer, and no part of it is in use."""

    def __init__(self, directory: Path, config_path: Path) -> None:
        self.directory, self.config_path, self.activity = directory, config_path, SyncActivity()
        self._idle_views = list[_OpenView]()
        self._lock, self._free = threading.Lock(), threading.BoundedSemaphore(POOL_SIZE)

    @contextmanager
    def borrow_view(self, accounts: AccountPatterns = EVERY_ACCOUNT) -> Iterator[LedgerView]:
        """Lend a ledger that is up to date, in which only some ``accounts`` are.

        Raises ``ConfigurationError`` where there is none, and ``LedgerError``.
        """
        with self._free:
            open_view = self._take_current(accounts) or self._open_view(accounts)
            try:
                yield open_view.view
            except BillfoldError:
                self._give_back(open_view)
                raise
            except BaseException:
                if not open_view.stack.__exit__(*sys.exc_info()):  # the ledger may make a sentence of it
                    raise
            else:
                self._give_back(open_view)

    @contextmanager
    def open_own_view(self, accounts: AccountPatterns = EVERY_ACCOUNT) -> Iterator[LedgerView]:
        """Open a ledger for one answer that takes its time."""
        open_view = self._open_view(accounts)
        with open_view.stack:
            yield open_view.view

    def read_fingerprint(self) -> str:
        """Return what stands for all that an answer is made of: the archive, the ledger, the configuration, the code."""
        paths = (self.directory / ARCHIVE_FILE, self.directory / CATALOG_FILE, self.config_path)
        with closing(Archive(paths[0])) as archive:
            state = [archive.read_last_seq(), read_file_id(paths[0]), hash_sources("billfold")]
        for path in (*paths[1:], *list_named_files(self.config_path)):
            try:
                status = path.stat()
                state += [status.st_ino, status.st_size, status.st_mtime_ns]
            except OSError:
                state.append(None)
        return blake2b(repr(state).encode(), digest_size=12).hexdigest()

    def require_ledger(self) -> None:
        """Raise ``ConfigurationError`` where there is no archive to show."""
        if not (self.directory / ARCHIVE_FILE).is_file():
            raise ConfigurationError(
                f"there is no ledger in {self.directory}: `billfold sync` makes one; --ledger names another place"
            )

    def _take_current(self, accounts: AccountPatterns) -> _OpenView | None:
        """Take an idle ledger of the same accounts that nothing has changed since; those that have changed are closed."""
        while True:
            with self._lock:
                same_views = [row for row in self._idle_views if row.view.accounts == accounts]
                if not same_views:
                    return None
                open_view = same_views[-1]
                self._idle_views.remove(open_view)
            open_view.view.db.hold_parts()  # first: what its catalog names stays, if that is still the catalog
            if open_view.fingerprint == self.read_fingerprint():
                return open_view
            open_view.stack.close()

    def _open_view(self, accounts: AccountPatterns) -> _OpenView:
        self.require_ledger()
        fingerprint = self.read_fingerprint()  # before: what changes while it is opened shows in the next request
        with ExitStack() as stack:
            workspace = stack.enter_context(open_workspace(self.directory))
            db = stack.enter_context(workspace.open_ledger())
            if not accounts.is_everything:
                archive = open_narrowed(db, workspace.archive.path, accounts)
                workspace = stack.enter_context(closing(NarrowedWorkspace(self.directory, archive)))
            return _OpenView(LedgerView(workspace, db, self.config_path, accounts), fingerprint, stack.pop_all())

    def _give_back(self, open_view: _OpenView) -> None:
        open_view.view.db.release_parts()
        with self._lock:
            self._idle_views.append(open_view)
            surplus_views = [self._idle_views.pop(0) for _ in self._idle_views[MAX_IDLE_VIEWS:]]
        for surplus_view in surplus_views:
            surplus_view.stack.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            views, self._idle_views = self._idle_views, []
        for open_view in views:
            open_view.stack.close()
