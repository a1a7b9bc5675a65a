"""A pause that ends as soon as the process must end: Ctrl-C never has to wait for a vendor's minutes."""

from __future__ import annotations

import threading
import time

STOP_REQUESTED = threading.Event()
"""Set when the process must end; no thread waits for it, so that a signal's handler finds its lock free."""
POLL_INTERVAL_S = 0.2
"""Seconds that a wait lasts at most: a signal that comes in the instant a wait begins is seen when the wait is over."""


def interruptible_sleep(seconds: float) -> None:
    """Sleep for this time; raises ``KeyboardInterrupt``, in any thread, as soon as the process must end."""
    deadline = time.monotonic() + seconds
    while not STOP_REQUESTED.is_set():
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return
        time.sleep(min(remaining, POLL_INTERVAL_S))
    raise KeyboardInterrupt
