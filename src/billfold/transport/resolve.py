"""The addresses of a host, as this machine's resolver gives them, if it does in time."""

from __future__ import annotations

from billfold.transport.deadline import find_addresses
from billfold.transport.document import Resolve

RESOLVE_TIMEOUT_S = 60
"""Seconds that a resolver may take."""


def resolve_host(step: Resolve) -> frozenset[str]:
    """Return all addresses of a host, none where it has none, or where they do not come in time."""
    try:
        return frozenset(find_addresses(step.host, step.port, RESOLVE_TIMEOUT_S))
    except (OSError, UnicodeError):
        return frozenset()
