"""The server as a process: where it listens, and when it says that it answers."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from billfold.model.errors import ConfigurationError
from billfold.serve.background import BackgroundSyncs
from billfold.serve.stopping import GracefulServer
from billfold.twin.access import is_open_address


def require_loopback(address: str) -> None:
    """Raise ``ConfigurationError`` for an address that others than this machine reach: nobody is asked for a key yet."""
    if is_open_address(address):
        raise ConfigurationError(
            f"{address} is open to other machines, and this server asks nobody for a key yet: leave --host out, and reach it "
            "through an SSH tunnel (ssh -L 8500:127.0.0.1:8500 HOST)"
        )


def run_server(
    app: ASGIApp, listener: socket.socket, note_ready: Callable[[], None], background: BackgroundSyncs
) -> None:
    """Answer requests until interrupted; ``note_ready`` is called once it begins to. What runs in the background ends first."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False, proxy_headers=False
    )
    GracefulServer(config, note_ready, background).run(sockets=[listener])
