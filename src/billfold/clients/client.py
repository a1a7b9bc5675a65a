"""What all clients have in common: how they connect, and how they close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeAlias

from billfold.clients.options import ClientOptions, make_connection
from billfold.providers import provider

if TYPE_CHECKING:
    from billfold.transport.aio import AsyncHttpTransport
    from billfold.transport.sync import HttpTransport

LazyHttpTransport: TypeAlias = "HttpTransport"
LazyAsyncHttpTransport: TypeAlias = "AsyncHttpTransport"
"""The transports as a client's class names them: type checkers know them, and the HTTP library stays unloaded."""


class _Client:
    transport: Any

    def __repr__(self) -> str:
        return f"<billfold.{type(self).__name__} {self.transport.settings.base_url}>"


class SyncClient(_Client):
    """A client that asks at once; close it, or use it in a ``with`` statement."""

    transport: HttpTransport

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Client):
    """A client that is awaited; close it, or use it in an ``async with`` statement."""

    transport: AsyncHttpTransport

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def make_transport(provider_name: str, arguments: dict[str, str | None], options: ClientOptions) -> HttpTransport:
    """Return the connection of a client; raises ``ConfigurationError``."""
    # PERF: the HTTP library takes longer to load than all the rest: whoever only names a client does not need it
    from billfold.transport.sync import HttpTransport

    return HttpTransport(*make_connection(provider.find_provider(provider_name), arguments, options))


def make_async_transport(
    provider_name: str, arguments: dict[str, str | None], options: ClientOptions
) -> AsyncHttpTransport:
    """Return the connection of a client that is awaited; raises ``ConfigurationError``."""
    from billfold.transport.aio import AsyncHttpTransport

    return AsyncHttpTransport(*make_connection(provider.find_provider(provider_name), arguments, options))
