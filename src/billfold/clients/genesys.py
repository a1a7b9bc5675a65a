"""The clients of Genesys Cloud's billing API: credentials of an OAuth client, and a region."""

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
from billfold.providers.genesys.api import GenesysApi


class Genesys(SyncClient, GenesysApi[LazyHttpTransport]):
    """Genesys Cloud's billing API; ``region`` is an AWS region name or a bare domain."""

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        region: str | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        arguments = {"client_id": client_id, "client_secret": client_secret, "region": region}
        super().__init__(make_transport("genesys", arguments, options))


class AsyncGenesys(AsyncClient, GenesysApi[LazyAsyncHttpTransport]):
    """Genesys Cloud's billing API, awaited; ``region`` is an AWS region name or a bare domain."""

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        region: str | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        arguments = {"client_id": client_id, "client_secret": client_secret, "region": region}
        super().__init__(make_async_transport("genesys", arguments, options))
