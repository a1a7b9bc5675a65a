"""A question to the ledger is bounded: Ctrl-C ends it while it is computed, and what it spills has a limit."""

from __future__ import annotations

import _thread
import signal
import threading

import duckdb
import pytest

from billfold.ledger.reader import _run_interruptibly


def test_ctrl_c_ends_a_question_that_is_computed() -> None:
    """The library itself hears nothing until it is done, which may be next week."""
    connection, before = duckdb.connect(), signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.3, _thread.interrupt_main).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            _run_interruptibly(
                connection,
                lambda: connection.execute("SELECT count(*) FROM range(1000000000000) a, range(1000) b").fetchall(),
            )
    finally:
        signal.signal(signal.SIGINT, before)
    assert connection.execute("SELECT 1").fetchall() == [(1,)]
