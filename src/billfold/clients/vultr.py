"""The clients of Vultr's billing API."""

from __future__ import annotations

from typing import Unpack

from billfold.clients.client import (
    AsyncClient,
    LazyAsyncHttpTransport,
    LazyHttpTransport,
    SyncClient,
    make_async_transport,
    make_transport,
)
from billfold.clients.options import ClientOptions
from billfold.providers.vultr.api import VultrApi


class Vultr(SyncClient, VultrApi[LazyHttpTransport]):
    """Vultr's billing API."""

    def __init__(self, api_key: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(make_transport("vultr", {"api_key": api_key}, options))


class AsyncVultr(AsyncClient, VultrApi[LazyAsyncHttpTransport]):
    """Vultr's billing API, awaited."""

    def __init__(self, api_key: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(make_async_transport("vultr", {"api_key": api_key}, options))
