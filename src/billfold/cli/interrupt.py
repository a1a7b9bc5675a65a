"""How Ctrl-C ends the process: in a sentence. Nothing is imported that takes time: it counts before all else is loaded."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # NOTE: `signal` itself imports `enum`, which takes 10 ms
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

INTERRUPTED_MESSAGE = "interrupted; what was collected is kept"


def end_interrupted(number: int = 0, frame: FrameType | None = None) -> NoReturn:
    """Tell that the process was interrupted, and end it; a signal's handler."""
    os.write(2, f"billfold: {INTERRUPTED_MESSAGE}\n".encode())
    os._exit(130)


def heed_interrupts() -> None:
    """Let Ctrl-C end the process from here on, unless whoever started it wants it ignored."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, end_interrupted)
