"""A twin's accounts as a program has them, and a sync that reaches the twin without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

import billfold
from billfold.collect.sync import sync_accounts
from billfold.config import AccountConfig
from billfold.tasks.accounts import Account
from billfold.transport.loop import InProcessTransport
from billfold.twin.host import TwinHost
from tests import stage


def list_accounts(host: TwinHost) -> list[Account]:
    """Return the twin's accounts with their credentials."""
    return [
        Account(account.name, account.provider, dict(account.credentials), unlimited=True)
        for vendor in host.world.vendors
        for account in vendor.accounts
    ]


@contextmanager
def connect_twin(
    host: TwinHost, connect: Callable[[AccountConfig], InProcessTransport] | None = None
) -> Iterator[None]:
    """Let every sync ask the twin by the twin's clock, with the credentials of its accounts or as ``connect`` does."""
    twin_accounts = {account.name: account for vendor in host.world.vendors for account in vendor.accounts}

    def connect_account(account: AccountConfig) -> InProcessTransport:
        return stage.connection(host, twin_accounts[account.name], account.read_credentials(), retries=0)

    collect = partial(sync_accounts, connect=connect or connect_account, clock=host.clock.now)
    with mock.patch("billfold.tasks.sync.sync_accounts", collect):
        yield


def collect_twin(directory: Path, months: int = 2) -> list[billfold.Account]:
    """Collect a twin's accounts and return them."""
    host = stage.twin(months=months)
    with connect_twin(host):
        billfold.sync(list_accounts(host), directory)
    return list_accounts(host)
