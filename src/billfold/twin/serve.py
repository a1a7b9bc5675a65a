"""Serve the twin over HTTP on this machine, and write a configuration that speaks to it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from billfold.model.errors import SetupError
from billfold.transport.asgi import application
from billfold.twin.control import control
from billfold.twin.host import Host
from billfold.wire.answer import respond
from billfold.wire.message import Request, Response


def answering(host: Host) -> Callable[[Request, str], Response]:
    """Return the function that answers every request to the twin."""

    def answer(request: Request, root: str) -> Response:
        if request.path == "/_twin" or request.path.startswith("/_twin/"):
            return control(host, request, root)
        if (response := host.answer(request)) is not None:
            return response
        mounts = ", ".join(stage.twin.MOUNT for stage in host.world.stages)
        return respond(
            {"error": f"nothing is served under {request.path}; try {mounts} or /_twin/accounts"}, status=404
        )

    return answer


def listen(address: str, port: int) -> socket.socket:
    """Open the port (0 for any free one); raises ``SetupError`` where it is taken."""
    door = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((address, port))
    except OSError as error:
        raise SetupError(f"cannot listen on {address}:{port}: {error.strerror}; choose another --port") from error
    door.listen(128)
    return door


def serve(host: Host, door: socket.socket) -> None:
    """Serve until interrupted."""
    config = uvicorn.Config(
        application(answering(host)),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
    )
    uvicorn.Server(config).run(sockets=[door])


def write_config(path: Path, accounts: list[dict[str, Any]]) -> None:
    """Write a configuration for these accounts; each credential goes into a file of its own beside it (mode 0600)."""
    try:
        _write_config(path, accounts)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}; choose another --write-config") from error


def _write_config(path: Path, accounts: list[dict[str, Any]]) -> None:
    secrets = path.with_suffix(".credentials")
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    blocks = []
    for account in accounts:
        lines = [f"{key} = {json.dumps(account[key])}" for key in ("name", "provider", "base_url")] + ['rate = "off"']
        for field, value in account["credentials"].items():
            secret = secrets / f"{account['name']}.{field}"
            _write_private(secret, value)
            lines.append(f"{field} = {json.dumps(f'file:{secret.resolve()}')}")
        blocks.append("[[accounts]]\n" + "\n".join(lines) + "\n")
    path.write_text("\n".join(blocks), encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
