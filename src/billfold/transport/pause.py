"""A pause that ends at once where the process is told to end: nobody sleeps a vendor's minutes out after Ctrl-C."""

from __future__ import annotations

import threading
import time

STOP_REQUESTED = threading.Event()
"""Set when the process is told to end; nobody waits for it, so that a signal's handler finds its lock free."""
POLL_INTERVAL_S = 0.2
"""Seconds that a wait lasts at most: a signal that comes in the instant a wait begins is seen when the wait is over."""


def interruptible_sleep(seconds: float) -> None:
    """Sleep so long; raises ``KeyboardInterrupt``, in any thread, as soon as the process is told to end."""
    deadline = time.monotonic() + seconds
    while not STOP_REQUESTED.is_set():
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return
        time.sleep(min(remaining, POLL_INTERVAL_S))
    raise KeyboardInterrupt
