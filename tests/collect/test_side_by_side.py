"""Many accounts at once: no server is flooded, and no account waits for another's trouble."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from billfold.collect.side_by_side import ParallelLimits, collect_side_by_side, name_server
from billfold.config import AccountConfig
from billfold.providers import provider

TIMEOUT_S = 60


def account(name: str, vendor: str = "cockroach", base_url: str | None = None) -> AccountConfig:
    return AccountConfig(name, provider.find_provider(vendor), {}, base_url)


def test_no_server_is_asked_for_more_accounts_than_allowed() -> None:
    """Of one server two accounts are collected at once, though workers are free; those of another server fill these."""
    accounts = [account(f"c{number}") for number in range(6)] + [account(f"v{number}", "vultr") for number in range(2)]
    lock, meeting = threading.Lock(), threading.Barrier(4)
    running, highest_counts = Counter[str](), Counter[str]()

    def collect(configured: AccountConfig) -> str:
        vendor = configured.provider.name
        with lock:
            running[vendor] += 1
            highest_counts[vendor] = max(highest_counts[vendor], running[vendor])
        if configured.name in {"c0", "c1", "v0", "v1"}:
            meeting.wait(TIMEOUT_S)
        with lock:
            running[vendor] -= 1
        return configured.name

    names = collect_side_by_side(collect, accounts, ParallelLimits(workers=5, per_server=2))
    assert names == [configured.name for configured in accounts]
    assert highest_counts == {"cockroach": 2, "vultr": 2}


def test_an_account_is_noted_while_others_still_wait() -> None:
    """Who is done is told of at once, though the first account hangs until all others were told of."""
    accounts = [account(f"c{number}") for number in range(5)]
    release, noted = threading.Event(), list[str]()

    def collect(configured: AccountConfig) -> str:
        if configured.name == "c0":
            assert release.wait(TIMEOUT_S)
        return configured.name

    def note(name: str) -> None:
        noted.append(name)
        if len(noted) == 4:
            release.set()

    names = collect_side_by_side(collect, accounts, ParallelLimits(workers=2), note)
    assert (noted[-1], sorted(noted)) == ("c0", sorted(names))


def test_an_error_is_raised_when_the_others_are_done() -> None:
    noted = list[str]()

    def collect(configured: AccountConfig) -> str:
        if configured.name == "c0":
            raise ZeroDivisionError
        return configured.name

    with pytest.raises(ZeroDivisionError):
        collect_side_by_side(collect, [account("c0"), account("c1")], ParallelLimits(workers=1), noted.append)
    assert noted == ["c1"]


def test_no_account_is_no_work() -> None:
    assert collect_side_by_side(lambda configured: configured.name, [], ParallelLimits()) == []


def test_a_server_goes_by_its_address_or_its_vendor() -> None:
    urls = (None, "http://Proxy.example:8400/vultr", "http://proxy.example:8400/fastly")
    assert [name_server(account("a", "vultr", url)) for url in urls] == [
        "vultr",
        "proxy.example:8400",
        "proxy.example:8400",
    ]
