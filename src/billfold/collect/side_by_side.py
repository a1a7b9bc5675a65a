"""Accounts side by side: so many at once, fewer of one server, and each is told of as soon as it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from billfold.config import AccountConfig
from billfold.transport.pause import POLL_INTERVAL_S

DEFAULT_WORKERS = 16
"""Accounts that are collected at once."""
DEFAULT_PER_SERVER = 8
"""Accounts of one server that are collected at once: they ask as fast as the vendors allow for one address, and a server that
hangs leaves workers to the others."""
T = TypeVar("T")


class ParallelLimits(NamedTuple):
    """How many accounts are collected at once, and how many of one server."""

    workers: int = DEFAULT_WORKERS
    per_server: int = DEFAULT_PER_SERVER


def collect_side_by_side(
    collect_account: Callable[[AccountConfig], T],
    accounts: Sequence[AccountConfig],
    limits: ParallelLimits,
    note_result: Callable[[T], None] = lambda _: None,
) -> list[T]:
    """Return what collecting each account came to, in the order of the accounts; each result is noted when it is there."""
    servers = [name_server(account) for account in accounts]
    waiting, running, done = list(range(len(accounts))), dict[Future[T], int](), dict[int, Future[T]]()
    with ThreadPoolExecutor(max_workers=min(limits.workers, max(len(accounts), 1))) as pool:
        try:
            while waiting or running:
                busy_servers = Counter(servers[number] for number in running.values())
                free_workers = limits.workers - len(running)
                for number in _choose_next(waiting, servers, busy_servers, free_workers, limits.per_server):
                    waiting.remove(number)
                    running[pool.submit(collect_account, accounts[number])] = number
                # the timeout shows a signal that came in the instant the wait began
                for future in wait(running, timeout=POLL_INTERVAL_S, return_when=FIRST_COMPLETED).done:
                    done[running.pop(future)] = future
                    if not future.exception():
                        note_result(future.result())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return [done[number].result() for number in range(len(accounts))]


def _choose_next(
    waiting: Sequence[int], servers: Sequence[str], busy_servers: Counter[str], free_workers: int, per_server: int
) -> list[int]:
    """Return the first accounts that wait and whose servers are not asked by enough others."""
    chosen = list[int]()
    for number in waiting:
        if len(chosen) == free_workers:
            break
        if busy_servers[servers[number]] < per_server:
            busy_servers[servers[number]] += 1
            chosen.append(number)
    return chosen


def name_server(account: AccountConfig) -> str:
    """Name the server that an account is asked of: a vendor's own, in all its regions, goes by the vendor's name."""
    return urlsplit(account.base_url).netloc.lower() if account.base_url else account.provider.name
