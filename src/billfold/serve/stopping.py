"""How the server ends: what it collects ends at its next safe point, and at a second signal at once; nothing is lost either way."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from billfold.serve.background import BackgroundSyncs
from billfold.transport.pause import STOP_REQUESTED
from billfold.twin.serve import ReadyServer


class GracefulServer(ReadyServer):
    """Ends what runs in the background before it ends itself."""

    def __init__(self, config: uvicorn.Config, note_ready: Callable[[], None], background: BackgroundSyncs) -> None:
        super().__init__(config, note_ready)
        self._background = background

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end, or end at once where that was begun: a signal's handler."""
        if self.should_exit:
            os._exit(128 + sig)
        STOP_REQUESTED.set()  # whoever waits for a vendor waits no longer
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was asked, and wait until nothing is collected."""
        self._background.stop()
        await super().shutdown(sockets)
        await asyncio.to_thread(self._background.close)
        STOP_REQUESTED.clear()
