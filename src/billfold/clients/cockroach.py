"""The clients of CockroachDB Cloud's billing API."""

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
from billfold.providers.cockroach.api import CockroachApi


class Cockroach(SyncClient, CockroachApi[LazyHttpTransport]):
    """CockroachDB Cloud's billing API."""

    def __init__(self, api_key: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(make_transport("cockroach", {"api_key": api_key}, options))


class AsyncCockroach(AsyncClient, CockroachApi[LazyAsyncHttpTransport]):
    """CockroachDB Cloud's billing API, awaited."""

    def __init__(self, api_key: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(make_async_transport("cockroach", {"api_key": api_key}, options))
