"""From where a request comes: a proxy is believed only where it is trusted, and an open address is only taken when it is safe."""

from __future__ import annotations

import pytest
from starlette.types import Scope

from billfold.model.errors import ConfigurationError
from billfold.serve.peers import (
    Binding,
    Peer,
    find_peer,
    is_own_host,
    make_binding,
    read_proxies,
    require_safe_binding,
)

BEHIND = Binding(proxies=read_proxies(["10.0.0.0/24, 127.0.0.1"]))


def make_scope(client: str, **headers: str) -> Scope:
    """Return a request's scope."""
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "GET", "scheme": "http", "client": (client, 1), "headers": pairs}


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.5", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "6.6.6.6, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.5", "10.0.0.7", "10.0.0.7"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_sender_is_the_last_that_no_proxy_of_ours_is(client: str, forwarded: str, address: str) -> None:
    """What a sender writes himself into the list stands before what our proxies add, and is not believed."""
    scope = make_scope(client, host="bills.example.com", x_forwarded_for=forwarded)
    assert find_peer(scope, BEHIND).address == address


def test_scheme_and_host_are_believed_of_a_trusted_proxy_only() -> None:
    headers = {"host": "inner:8500", "x_forwarded_proto": "https", "x_forwarded_host": "bills.example.com"}
    assert find_peer(make_scope("10.0.0.5", **headers), BEHIND)[1:3] == ("https", "bills.example.com")
    assert find_peer(make_scope("10.9.9.9", **headers), BEHIND) == Peer("10.9.9.9", "http", "inner:8500", True)


def test_a_host_is_ours_by_its_name() -> None:
    binding = make_binding("0.0.0.0", ["Bills.Example.com"], [], has_tls=True)
    assert [is_own_host(host, binding) for host in ("bills.example.com:443", "127.0.0.1:8500")] == [True, True]
    strange_hosts = (
        "127.0.0.1/x?",
        "127.0.0.1#",
        "a@127.0.0.1",
        "127.0.0.1:8500 ",
        "127.0.0.1:x",
        "[::1",
        "127.0.0.1\n",
    )
    for host in ("evil.example", "bills.example.com.evil.example", "", "10.0.0.1", "0.0.0.0", *strange_hosts):
        assert not is_own_host(host, binding)
    assert is_own_host("10.0.0.1:8500", make_binding("10.0.0.1", [], [], has_tls=True))


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "example.com"])
def test_an_open_address_needs_a_key_and_tls(address: str) -> None:
    plain = make_binding(address, [], [], has_tls=False)
    with pytest.raises(ConfigurationError, match="billfold keys create"):
        require_safe_binding(address, make_binding(address, [], [], has_tls=True), has_credentials=False)
    with pytest.raises(ConfigurationError, match="--tls-cert and --tls-key"):
        require_safe_binding(address, plain, has_credentials=True)
    for safe in (make_binding(address, [], [], has_tls=True), make_binding(address, [], ["10.0.0.5"], has_tls=False)):
        require_safe_binding(address, safe, has_credentials=True)


def test_a_site_is_one_sender() -> None:
    """Whoever has one address of IPv6 has many: they are counted together."""
    sites = [Peer(address, "http", "").site for address in ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1")]
    assert sites == ["2001:db8::/64", "2001:db8::/64", "2001:db8:0:1::/64"]
    assert [Peer(address, "http", "").site for address in ("10.0.0.1", "unix")] == ["10.0.0.1", "unix"]


def test_this_machine_needs_nothing() -> None:
    for address in ("127.0.0.1", "::1", "localhost"):
        binding = make_binding(address, [], [], has_tls=False)
        require_safe_binding(address, binding, has_credentials=False)
        assert binding.is_local
    assert not make_binding("127.0.0.1", [], ["127.0.0.1"], has_tls=False).is_local


def test_everybody_is_no_proxy() -> None:
    for text in ("0.0.0.0/0", "::/0"):
        with pytest.raises(ConfigurationError, match="is everybody"):
            read_proxies([text])
    with pytest.raises(ConfigurationError, match="no address of a proxy"):
        read_proxies(["proxy.example.com"])
