"""The server as a process: where it listens, in clear or by TLS, and when it says that it answers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import uvicorn
from starlette.types import ASGIApp

from billfold.model.errors import ConfigurationError
from billfold.serve.background import BackgroundSyncs
from billfold.serve.stopping import GracefulServer


class TlsFiles(NamedTuple):
    """A certificate (with those that lead to its issuer) and its key, as PEM files."""

    certificate: Path
    key: Path


def choose_tls(certificate: Path | None, key: Path | None) -> TlsFiles | None:
    """Return the files of TLS, None for none; raises ``ConfigurationError`` for one without the other, or that cannot be used."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ConfigurationError("--tls-cert and --tls-key go together: name both files")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, lambda: "")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{certificate} and {key} are no certificate and its key without a password: {error.strerror if isinstance(error, OSError) else error}"
        ) from error
    return TlsFiles(certificate, key)


def run_server(
    app: ASGIApp,
    listener: socket.socket,
    note_ready: Callable[[], None],
    background: BackgroundSyncs,
    tls: TlsFiles | None = None,
) -> None:
    """Answer requests until interrupted; ``note_ready`` is called once it begins to. What runs in the background ends first."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        ssl_certfile=tls and tls.certificate,
        ssl_keyfile=tls and tls.key,
    )
    GracefulServer(config, note_ready, background).run(sockets=[listener])
