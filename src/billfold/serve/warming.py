"""Asks in the background what everybody asks first, once a ledger has changed and rests, so that nobody waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from billfold.ledger.grouping import find_last_month
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import State
from billfold.serve import listings, outlooks, trees
from billfold.serve.questions import Question, build_question
from billfold.serve.views import ViewPool

log = logging.getLogger("billfold.serve")

POLL_INTERVAL_S = 5
"""Seconds for which a ledger must not have changed: while a sync runs, nothing is asked."""
QUESTIONS: tuple[Callable[[Question], object], ...] = (
    listings.judge_months,
    listings.list_bills,
    outlooks.forecast_months,
    listings.list_commitments,
    listings.list_payables,
    listings.list_findings,
    listings.list_restatements,
)
MONTH_QUESTIONS: tuple[Callable[[Question], object], ...] = (
    listings.explain_month,
    listings.list_accrued,
    listings.read_verdict,
    trees.build_customer_tree,
    trees.build_team_tree,
)
"""What is asked of the last month that has invoices."""


class Warmer:
    """Keeps the answers of a pool's ledgers warm."""

    def __init__(self, pool: ViewPool) -> None:
        self._pool = pool
        self._seen_state, self._warm_state = "", ""

    def warm_once(self) -> int:
        """Ask everything where the ledger is another than it was when last asked, and did not change since the last call.

        Returns how many questions were asked. Between two of them others may use the ledger.
        """
        state = self._pool.read_fingerprint()
        is_resting, self._seen_state = state == self._seen_state, state
        if not is_resting or state == self._warm_state:
            return 0
        month = self._find_month()
        pairs = [(read, "") for read in QUESTIONS] + [(read, month) for read in MONTH_QUESTIONS if month]
        for read, month_text in pairs:
            with self._pool.borrow_view() as view:
                read(build_question(view, {}, month_text))
        self._warm_state = state
        return len(pairs)

    def _find_month(self) -> str:
        with self._pool.borrow_view() as view:
            month = find_last_month(view.db, LedgerFilter(), State.ISSUED)
        return str(month) if month else ""

    def run(self, stop: threading.Event) -> None:
        """Ask until it is to stop; what goes wrong is for who asks himself, and is in the log."""
        while not stop.wait(POLL_INTERVAL_S):
            try:
                self.warm_once()
            except Exception as error:  # noqa: BLE001 - nobody asked for it
                log.info("the ledger was not read ahead: %s", error)


@contextmanager
def keep_warm(pool: ViewPool) -> Iterator[None]:
    """Keep a pool's answers warm meanwhile, in a thread that ends with the process."""
    stop = threading.Event()
    threading.Thread(target=Warmer(pool).run, args=(stop,), name="warmer", daemon=True).start()
    try:
        yield
    finally:
        stop.set()
