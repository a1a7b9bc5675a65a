"""Which addresses are out in the world: private, local and service ones may be reached by nothing that others name."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SITE_NETWORKS = tuple(map(ipaddress.ip_network, ("fec0::/10", "64:ff9b:1::/48", "192.0.0.0/24")))
"""Networks that are private to a site, whatever Python's own table (it grows with its releases) has for them."""
IPV4_CARRYING_PREFIXES = {0, 0x64FF9B << 64, 0xFFFF0000}
"""First 96 bits of addresses that carry an IPv4 address in the rest: compatible, NAT64, SIIT."""
_SERVICE_ADDRESS_TEXTS = (
    *("168.63.129.16", "169.254.169.254", "100.100.100.200", "192.0.0.192"),
    *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe"),
)
SERVICE_ADDRESSES = frozenset(map(ipaddress.ip_address, _SERVICE_ADDRESS_TEXTS))
"""Where clouds answer their machines: with credentials, some of them, and at addresses that look public or private."""


def check_addresses(texts: Collection[str], *, allow_private: bool = False) -> str:
    """Say why a host with these addresses may not be reached, "" where it may.

    ``allow_private`` lets loopback and private networks pass; link-local, multicast and clouds' service addresses never do.
    """
    if not texts:
        return "its host has no address"
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
    if allow_private:
        return "" if not any(map(is_never_reached, addresses)) else "its host is at a link-local or service address"
    return "" if all(map(is_public, addresses)) else "its host is not on a public address"


def is_public(address: Address) -> bool:
    """Tell whether an address is out in the world, and does not carry one that is not."""
    return all(
        candidate.is_global
        and not candidate.is_multicast
        and candidate not in SERVICE_ADDRESSES
        and not any(candidate in network for network in SITE_NETWORKS)
        for candidate in _list_carried(address)
    )


def is_never_reached(address: Address) -> bool:
    """Tell whether an address is one that no server of anybody's is at."""
    return any(
        candidate.is_link_local
        or candidate.is_multicast
        or candidate in SERVICE_ADDRESSES
        or _is_unspecified(candidate)
        for candidate in _list_carried(address)
    )


def _is_unspecified(address: Address) -> bool:
    return address.is_unspecified or address == ipaddress.ip_address("255.255.255.255")


def _list_carried(address: Address) -> list[Address]:
    """Return an address, and the IPv4 address that it carries, if it is of a sort that does."""
    addresses: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        low_address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        is_carrying = int(address) >> 32 in IPV4_CARRYING_PREFIXES and int(address) > 1
        carried_address = address.ipv4_mapped or address.sixtofour or (low_address if is_carrying else None)
        addresses += [carried_address] if carried_address else []
    return addresses
