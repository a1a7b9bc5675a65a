"""A network that only reaches addresses that were checked: the very one that a name resolved to is connected to.

A name that has another address the next time (DNS rebinding) gains nothing by it: it is not resolved a second time.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from billfold.transport.addresses import check_addresses
from billfold.transport.deadline import DeadlineNetwork, find_addresses


class AddressRefused(OSError):
    """A host is at an address that is not reached; the text says why."""


def require_allowed(addresses: Sequence[str], *, allow_private: bool) -> Sequence[str]:
    """Return a host's addresses; raises ``AddressRefused`` where one of them may not be reached."""
    if reason := check_addresses(addresses, allow_private=allow_private):
        raise AddressRefused(reason)
    return addresses


class CheckedNetwork(DeadlineNetwork):
    """Connects to public addresses only, or also to private ones."""

    def __init__(self, *, allow_private: bool) -> None:
        super().__init__()
        self._allow_private = allow_private

    def select_addresses(self, addresses: Sequence[str]) -> Sequence[str]:
        """Return a host's addresses; raises ``AddressRefused``."""
        return require_allowed(addresses, allow_private=self._allow_private)


def open_checked_socket(host: str, port: int, timeout_s: int, *, allow_private: bool) -> socket.socket:
    """Connect to a host's address that was checked; raises ``AddressRefused`` and any other ``OSError``."""
    refusal: OSError = AddressRefused("its host has no address")
    for address in require_allowed(find_addresses(host, port, timeout_s), allow_private=allow_private):
        try:
            return socket.create_connection((address, port), timeout_s)
        except OSError as error:
            refusal = error
    raise refusal
