"""Which addresses may be reached: a table of those that attackers name, in every spelling that carries one."""

from __future__ import annotations

import pytest

from billfold.transport.addresses import check_addresses

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::6810:84e5", "64:ff9b::808:808", "2002:808:808::1"]
PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::1"),
    *(
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "fc00::1",
        "fd12::1",
    ),
    *("100.64.0.1", "fec0::1", "64:ff9b:1::a00:1", "192.0.0.8", "198.18.0.1", "192.0.2.1", "2001:db8::1", "240.0.0.1"),
]
NEVER = [
    *(
        "169.254.169.254",
        "169.254.1.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "fe80::1%eth0",
    ),
    *("168.63.129.16", "::ffff:168.63.129.16", "100.100.100.200", "fd00:ec2::254"),
    *("fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe"),
    *("0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert check_addresses([address]) == check_addresses([address], allow_private=True) == ""


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_reached_where_allowed(address: str) -> None:
    assert check_addresses([address]) == "its host is not on a public address"
    assert check_addresses([address], allow_private=True) == ""


@pytest.mark.parametrize("address", NEVER)
def test_link_local_and_service_addresses_never_are(address: str) -> None:
    """Clouds give credentials away there: no setting opens them."""
    assert check_addresses([address]) != ""
    assert check_addresses([address], allow_private=True) == "its host is at a link-local or service address"


def test_one_private_address_of_many_is_enough() -> None:
    assert check_addresses(["8.8.8.8", "10.0.0.1"]) == "its host is not on a public address"
    assert check_addresses([]) == "its host has no address"
