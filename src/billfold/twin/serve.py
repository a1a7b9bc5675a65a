"""Serve the twin over HTTP on this machine, and write a configuration that speaks to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import uvicorn

from billfold.model.errors import ConfigurationError, MissingExtra
from billfold.providers.twin_api import TwinAccount
from billfold.transport.asgi import make_application
from billfold.twin.access import find_intrusion
from billfold.twin.control import handle_control
from billfold.twin.host import TwinHost
from billfold.wire.answer import build_response
from billfold.wire.message import Request, Response

MAX_BODY_BYTES = 1 << 20
"""Bytes of the longest request that is read: those of all vendors and of the control desk are short."""


def make_handler(host: TwinHost, allowed_hosts: Iterable[str] = ()) -> Callable[[Request, str], Response]:
    """Return the function that answers every request to the twin; the control desk answers to ``allowed_hosts`` besides this machine."""

    def handle_request(request: Request, root_url: str) -> Response:
        if request.path == "/_twin" or request.path.startswith("/_twin/"):
            if intrusion := find_intrusion(request, allowed_hosts):
                return build_response({"error": intrusion}, status=403)
            return handle_control(host, request, root_url)
        try:
            response = host.answer_request(request)
        except MissingExtra as error:  # of what draws a PDF
            return build_response({"error": str(error)}, status=501)
        if response is not None:
            return response
        mount_paths = ", ".join(vendor.twin.mount_path for vendor in host.world.vendors)
        return build_response(
            {"error": f"nothing is served under {request.path}; try {mount_paths} or /_twin/accounts"}, status=404
        )

    return handle_request


def open_listener(address: str, port: int) -> socket.socket:
    """Open the port (0 for any free one); raises ``ConfigurationError`` where it is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {address}:{port}: {error.strerror}; choose another --port"
        ) from error
    listener.listen(128)
    return listener


def succeed_when_ended() -> None:
    """Let this process exit with 0 when it is asked to end (SIGTERM): a twin that is stopped has not failed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the server raises the signal again once it has stopped


class ReadyServer(uvicorn.Server):
    """Says when it answers, and not before: a signal that comes while it starts may be lost."""

    def __init__(self, config: uvicorn.Config, note_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._note_ready = note_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._note_ready()


def serve_twin(
    host: TwinHost,
    listener: socket.socket,
    allowed_hosts: Iterable[str] = (),
    note_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until interrupted; tells when it begins to."""
    config = uvicorn.Config(
        make_application(make_handler(host, allowed_hosts), max_body_bytes=MAX_BODY_BYTES),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
    )
    ReadyServer(config, note_ready).run(sockets=[listener])


def write_config(path: Path, addresses: Iterable[tuple[TwinAccount, str]]) -> None:
    """Write a configuration for accounts with their base URLs; each credential goes into a file of its own beside it (mode 0600)."""
    try:
        _write_config_files(path, addresses)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}; choose another --write-config"
        ) from error


def _write_config_files(path: Path, addresses: Iterable[tuple[TwinAccount, str]]) -> None:
    secrets_directory = path.with_suffix(".credentials")
    secrets_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    blocks = []
    for account, base_url in addresses:
        settings = {"name": account.name, "provider": account.provider, "base_url": base_url, "rate": "off"}
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        for field, value in account.credentials.items():
            secret_path = secrets_directory / f"{account.name}.{field}"
            _write_private(secret_path, value)
            lines.append(f"{field} = {json.dumps(f'file:{secret_path.resolve()}')}")
        blocks.append("[[accounts]]\n" + "\n".join(lines) + "\n")
    path.write_text("\n".join(blocks), encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
