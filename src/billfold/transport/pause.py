"""A pause that ends at once where the process is told to end: nobody sleeps a vendor's minutes out after Ctrl-C."""

from __future__ import annotations

import threading
import time

ENDING = threading.Event()
"""Set when the process is told to end; nobody waits for it, so that a signal's handler finds its lock free."""
HEED = 0.2
"""Seconds that a wait lasts at most: a signal that comes in the instant a wait begins is seen when the wait is over."""


def pause(seconds: float) -> None:
    """Sleep so long; raises ``KeyboardInterrupt``, in any thread, as soon as the process is told to end."""
    until = time.monotonic() + seconds
    while not ENDING.is_set():
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, HEED))
    raise KeyboardInterrupt
