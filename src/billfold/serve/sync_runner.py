"""Syncs that somebody asked the server for: in a thread of their own, one at a time."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Sequence

from starlette.exceptions import HTTPException

from billfold.serve.views import ViewPool
from billfold.tasks.sync import sync

log = logging.getLogger("billfold.serve")


class SyncRunner:
    """Collects accounts of the configuration, as the command does."""

    def __init__(self, pool: ViewPool) -> None:
        self._pool, self._lock = pool, threading.Lock()
        self.thread: threading.Thread | None = None

    def start_sync(self, accounts: Sequence[str]) -> str:
        """Begin to collect accounts by their names, all for none, and return what the run is called.

        Raises ``HTTPException`` while another one runs.
        """
        run_id = secrets.token_hex(6)
        with self._lock:
            if self.thread is not None and self.thread.is_alive():
                raise HTTPException(409, "a sync runs already: ask again when it has ended")
            self.thread = threading.Thread(
                target=self._sync, args=(run_id, tuple(accounts)), name=f"sync {run_id}", daemon=True
            )
            self.thread.start()
        return run_id

    def _sync(self, run_id: str, accounts: Sequence[str]) -> None:
        for account in accounts or (None,):
            try:
                outcomes = sync(self._pool.config_path, self._pool.directory, account=account)
            except Exception:
                log.exception("sync %s ended early", run_id)
                continue
            for outcome in outcomes:
                log.info("sync %s: %s: %s", run_id, outcome.account, outcome.error or "collected")
