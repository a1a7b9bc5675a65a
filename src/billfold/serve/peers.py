"""From where a request comes: the address, the scheme and the host, which a proxy may state only where it is trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import Scope

from billfold.model.errors import ConfigurationError
from billfold.twin.access import is_open_address
from billfold.twin.addresses import parse_host_name

FORWARDING_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via", "x-real-ip")
HOST_PATTERN = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", re.ASCII)
SITE_BITS = 64
"""Of an IPv6 address what a site has: whoever has one has all that begin so."""
Network = IPv4Network | IPv6Network


class Binding(NamedTuple):
    """How a server is reached: names beside this machine's own, trusted proxies, whether it speaks TLS, and whether others reach it."""

    names: frozenset[str] = frozenset()
    proxies: tuple[Network, ...] = ()
    has_tls: bool = False
    is_open: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only this machine's users can ask."""
        return not self.is_open and not self.proxies

    @property
    def is_secure(self) -> bool:
        """Whether what a browser sends goes through TLS: ours, or the proxy's."""
        return self.has_tls or bool(self.proxies)

    def trusts(self, address: str) -> bool:
        """Tell whether an address is a trusted proxy's."""
        with suppress(ValueError):
            parsed = ip_address(address)
            return any(parsed in network for network in self.proxies)
        return False


class Peer(NamedTuple):
    """Who sent a request: the address (not a proxy's), and the scheme and the host name that he used."""

    address: str
    scheme: str
    host: str
    is_forwarded: bool = False

    @property
    def site(self) -> str:
        """What is counted as one sender: an address, or the network that a site has."""
        with suppress(ValueError):
            parsed = ip_address(self.address)
            return str(ip_network((parsed, SITE_BITS), strict=False)) if parsed.version == 6 else self.address
        return self.address


def find_peer(scope: Scope, binding: Binding) -> Peer:
    """Return who sent a request; what a proxy states counts only where the proxy is trusted."""
    headers, (address, *_) = Headers(scope=scope), scope.get("client") or ("",)
    host, scheme = headers.get("host", ""), str(scope.get("scheme", "http"))
    is_forwarded = any(name in headers for name in FORWARDING_HEADERS)
    if not binding.trusts(address):
        return Peer(address, scheme, host, is_forwarded)
    chain = [part.strip() for part in ",".join(headers.getlist("x-forwarded-for")).split(",") if part.strip()]
    sender = next((hop for hop in reversed(chain) if not binding.trusts(hop)), chain[0] if chain else address)
    stated_scheme = headers.get("x-forwarded-proto", scheme).rpartition(",")[2].strip()
    stated_host = headers.get("x-forwarded-host", host).rpartition(",")[2].strip()
    return Peer(sender[:60], stated_scheme, stated_host, is_forwarded)


def is_own_host(host: str, binding: Binding) -> bool:
    """Tell whether a ``Host`` names this server: this machine's names, or those that it was given.

    What is more than a name and a port is no host: addresses that are made of it would lead elsewhere.
    """
    if not HOST_PATTERN.fullmatch(host):
        return False
    name = parse_host_name(f"//{host}")
    return not is_open_address(name) or name.lower() in binding.names


def is_own_origin(origin: str, peer: Peer) -> bool:
    """Tell whether an ``Origin`` is the site that was asked."""
    return origin.lower() == f"{peer.scheme}://{peer.host}".lower()


def read_proxies(addresses: Iterable[str]) -> tuple[Network, ...]:
    """Read the addresses of proxies; raises ``ConfigurationError`` for what is none, and for all of the world."""
    networks = list[Network]()
    for text in (part.strip() for address in addresses for part in address.split(",")):
        try:
            network = ip_network(text, strict=False)
        except ValueError as error:
            raise ConfigurationError(
                f"{text!r} is no address of a proxy: write --behind-proxy 10.0.0.5 or 10.0.0.0/24"
            ) from error
        if network.prefixlen == 0:
            raise ConfigurationError(f"{text} is everybody: --behind-proxy names the proxy's own addresses")
        networks.append(network)
    return tuple(networks)


def make_binding(host: str, names: Sequence[str], proxies: Iterable[str], *, has_tls: bool) -> Binding:
    """Return how a server is reached that listens on a host."""
    is_named = is_open_address(host) and host not in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    own_names = frozenset(name.strip().lower().rstrip(".") for name in (*names, *([host] if is_named else [])))
    return Binding(own_names, read_proxies(proxies), has_tls, is_open_address(host))


def require_safe_binding(host: str, binding: Binding, *, has_credentials: bool) -> None:
    """Raise ``ConfigurationError`` for an address that others reach without a key, or without TLS or a trusted proxy."""
    if binding.is_open and not has_credentials:
        raise ConfigurationError(
            f"{host} is open to other machines, and there is no key and no user yet: make one first with `billfold keys create "
            "NAME` or `billfold users add NAME`; or leave --host out, and use an SSH tunnel (ssh -L 8500:127.0.0.1:8500 HOST)"
        )
    if binding.is_open and not binding.is_secure:
        raise ConfigurationError(
            f"{host} is open to other machines, and keys would travel in the clear: add --tls-cert and --tls-key, or name the "
            "proxy that speaks TLS with --behind-proxy ADDRESS"
        )
