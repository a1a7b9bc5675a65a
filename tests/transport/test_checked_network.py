"""A name is resolved once, its addresses are checked, and the one that was checked is connected to."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from billfold.transport import checked_network
from billfold.transport.checked_network import AddressRefused, open_checked_socket
from billfold.transport.webhook import post_webhook
from tests.transport.receiving import open_inbox


class Resolver:
    """Stands for the resolver: a name has another address each time that it is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
        self.addresses, self.names = list(addresses), list[str]()
        monkeypatch.setattr(socket, "getaddrinfo", self.resolve)

    def resolve(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        """Return the next address, again and again the last."""
        self.names.append(host)
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note whom anything connects to, and let it fail."""
    reached = list[str]()

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return reached


def post(host: str) -> str:
    """Post to a host, and return what came of it."""
    return post_webhook(f"https://{host}/hook", {}, b"{}").text


def connect_mail(host: str) -> str:
    """Connect to a host as mail does, and return what came of it."""
    try:
        open_checked_socket(host, 587, 5, allow_private=False)
    except AddressRefused as error:
        return f"{host} is refused: {error}"
    except OSError:
        return "failed"
    raise AssertionError("nobody listens there")


both = pytest.mark.parametrize("reach", [post, connect_mail])


@both
def test_a_second_answer_of_the_resolver_is_not_asked_for(
    reach: Callable[[str], str], connections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is public when it is checked, and would be the cloud's metadata when it is connected to."""
    resolver = Resolver(monkeypatch, "8.8.8.8", "169.254.169.254")
    reach("rebound.example.com")
    assert (resolver.names, connections) == (["rebound.example.com"], ["8.8.8.8"])


@both
@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "168.63.129.16"])
def test_a_name_of_a_private_address_is_refused(
    reach: Callable[[str], str], address: str, connections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Resolver(monkeypatch, address)
    assert "inside.example.com is refused: its host is not on a public address" in reach("inside.example.com")
    assert connections == []


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "017700000001", "[::1]", "[::ffff:7f00:1]", "localhost"]
)
def test_loopback_is_refused_in_every_spelling(host: str) -> None:
    """Whatever the system's resolver makes of it, its address is what is checked."""
    with open_inbox() as inbox:
        port = inbox.root.rpartition(":")[2]
        assert "is refused" in post_webhook(f"http://{host}:{port}/", {}, b"{}").text
        assert inbox.posted == []


def test_a_host_without_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_network, "find_addresses", lambda *_: [])
    with pytest.raises(AddressRefused, match="no address"):
        open_checked_socket("empty.example.com", 25, 1, allow_private=True)
