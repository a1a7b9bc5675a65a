"""The addresses of a host, as this machine's resolver gives them: it may take its time, and blocks who asks."""

from __future__ import annotations

import socket

from billfold.transport.document import Resolve


def resolve_host(step: Resolve) -> frozenset[str]:
    """Return all addresses of a host, none where it has none."""
    try:
        address_infos = socket.getaddrinfo(step.host, step.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(str(info[4][0]) for info in address_infos)
