"""A pause that ends at once where the process is told to end: nobody sleeps a vendor's minutes out after Ctrl-C."""

from __future__ import annotations

import threading

ENDING = threading.Event()
"""Set when the process is told to end."""


def pause(seconds: float) -> None:
    """Sleep so long; raises ``KeyboardInterrupt``, in any thread, as soon as the process is told to end."""
    if ENDING.wait(seconds):
        raise KeyboardInterrupt
