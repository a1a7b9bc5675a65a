"""The clients of Fastly's billing API, version 2 (retired) and 3."""

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
from billfold.providers.fastly.api import FastlyApi


class Fastly(SyncClient, FastlyApi[LazyHttpTransport]):
    """Fastly's billing API, version 2 (retired) and 3."""

    def __init__(self, token: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(make_transport("fastly", {"token": token}, options))


class AsyncFastly(AsyncClient, FastlyApi[LazyAsyncHttpTransport]):
    """Fastly's billing API, version 2 (retired) and 3, awaited."""

    def __init__(self, token: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(make_async_transport("fastly", {"token": token}, options))
