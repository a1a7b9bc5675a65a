"""The server ends when it is asked to: first what it collects, at a safe point; at the second signal at once."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import main_thread
from unittest import mock

import pytest
import uvicorn
from starlette.applications import Starlette

from billfold.serve.background import BackgroundSyncs
from billfold.serve.server import run_server
from billfold.serve.stopping import GracefulServer
from billfold.serve.views import ViewPool
from billfold.transport.pause import STOP_REQUESTED
from billfold.twin.serve import open_listener


class StoppedSyncs(BackgroundSyncs):
    """Notes how it is stopped."""

    def __init__(self, directory: Path) -> None:
        super().__init__(ViewPool(directory, directory / "billfold.toml"))
        self.steps = list[tuple[str, bool]]()

    def stop(self) -> None:
        self.steps.append(("stop", STOP_REQUESTED.is_set()))

    def close(self) -> None:
        self.steps.append(("close", STOP_REQUESTED.is_set()))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Return an open port of this machine."""
    with closing(open_listener("127.0.0.1", 0)) as opened:
        yield opened


def test_what_is_collected_ends_before_the_server(tmp_path: Path, listener: socket.socket) -> None:
    """SIGTERM lets waits end, stops what runs and waits for it; then the process may be asked to wait again."""
    background, signals = StoppedSyncs(tmp_path), list[int]()
    with mock.patch.dict(os.environ):
        earlier_handler = signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
        try:
            run_server(Starlette(), listener, lambda: signal.raise_signal(signal.SIGTERM), background)
        finally:
            signal.signal(signal.SIGTERM, earlier_handler)
    assert background.steps == [("stop", True), ("close", True)]
    assert signals == [signal.SIGTERM]
    assert not STOP_REQUESTED.is_set()
    assert main_thread().is_alive()


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    server = GracefulServer(uvicorn.Config(Starlette()), lambda: None, StoppedSyncs(tmp_path))
    try:
        with mock.patch("os._exit") as end_process:
            server.handle_exit(signal.SIGTERM, None)
            assert not end_process.called
            server.handle_exit(signal.SIGTERM, None)
            end_process.assert_called_once_with(143)
    finally:
        STOP_REQUESTED.clear()
