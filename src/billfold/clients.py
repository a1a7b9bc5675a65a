"""The vendors' clients: ``Vultr(api_key=...)`` asks at once, ``AsyncVultr(api_key=...)`` is awaited.

Every client takes ``base_url``, ``timeout`` (seconds, for connecting and each read) and ``retries``. Credentials that are
not given are read from the environment variables of the vendor's own tools.
"""

from __future__ import annotations

import os
from typing import Any, Self, TypedDict
from urllib.parse import urlsplit

from typing_extensions import Unpack

from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.providers import provider
from billfold.providers.cockroach.api import CockroachApi
from billfold.providers.fastly.api import FastlyApi
from billfold.providers.genesys.api import GenesysApi
from billfold.providers.provider import Provider
from billfold.providers.vultr.api import VultrApi
from billfold.transport.aio import AsyncHttpTransport
from billfold.transport.http import HttpSettings
from billfold.transport.sync import HttpTransport
from billfold.wire.auth import check_credential
from billfold.wire.exchange import ClientContext


class ClientOptions(TypedDict, total=False):
    """What every client takes beside its credentials: ``timeout`` is in seconds, ``unlimited`` leaves the rate limit out."""

    base_url: str | None
    timeout: float
    retries: int
    unlimited: bool


def complete_credentials(provider: Provider, arguments: dict[str, str | None]) -> dict[str, str]:
    """Complete credentials from the environment; raises ``ConfigurationError`` for one that is missing."""
    credentials = {}
    for field in provider.credentials:
        if not isinstance(arguments.get(field.name), str | None):
            raise ConfigurationError(f"{field.name} must be text")
        value = arguments.get(field.name) or next(
            (variable_value for variable in field.env_names if (variable_value := os.environ.get(variable))),
            field.default,
        )
        if not value:
            raise ConfigurationError(
                f"{provider.title} needs {field.name}; give it, or set {' or '.join(field.env_names)}"
            )
        credentials[field.name] = check_credential(value, field.name)
    return credentials


def make_connection(
    provider: Provider, arguments: dict[str, str | None], options: ClientOptions
) -> tuple[HttpSettings, ClientContext]:
    """Return the settings and the line for one client; raises ``TypeError`` for an option that there is not.

    A misspelt ``base_url`` would send the key to the vendor itself. Raises ``ConfigurationError`` for a value that cannot be.
    """
    option_names = {*ClientOptions.__annotations__, *(field.name for field in provider.credentials)}
    if unknown := sorted({*arguments, *options} - option_names):
        raise TypeError(f"{provider.client} has no option {unknown[0]!r}; it has {', '.join(sorted(option_names))}")
    check_options(options)
    credentials = complete_credentials(provider, arguments)
    base_url = options.get("base_url") or provider.find_base_url(credentials)
    limits = {"retries": options.get("retries", 4), "unlimited": options.get("unlimited", False)}
    return HttpSettings(base_url, options.get("timeout", 60.0)), provider.make_context(credentials, base_url, **limits)  # type: ignore[arg-type]


def check_options(options: ClientOptions) -> None:
    """Raise ``ConfigurationError`` for an option's value that cannot be, before anything is asked."""
    values: dict[str, object] = {"timeout": 60.0, "retries": 4, "unlimited": False, **options}
    timeout, retries, unlimited = values["timeout"], values["retries"], values["unlimited"]
    if not isinstance(timeout, int | float) or isinstance(timeout, bool) or not 0 < timeout < float("inf"):
        raise ConfigurationError(f"timeout must be a number of seconds greater than 0, not {timeout!r}")
    if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
        raise ConfigurationError(f"retries must be a whole number, 0 or greater, not {retries!r}")
    if not isinstance(unlimited, bool):
        raise ConfigurationError(f"unlimited must be True or False, not {unlimited!r}")
    base_url = options.get("base_url")
    if base_url is not None and not _is_base_url(base_url):
        raise ConfigurationError(
            "base_url must be an http:// or https:// address without query, as in https://api.example.com/v2"
        )


def _is_base_url(url: object) -> bool:
    """Tell whether requests can go there; what the address holds may be secret, and is not told."""
    if not isinstance(url, str) or not url.isprintable() or set(" ?#\\") & set(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class _Client:
    transport: Any

    def __repr__(self) -> str:
        return f"<billfold.{type(self).__name__} {self.transport.settings.base_url}>"


class _SyncClient(_Client):
    transport: HttpTransport

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _AsyncClient(_Client):
    transport: AsyncHttpTransport

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _make_transport(name: str, arguments: dict[str, str | None], options: ClientOptions) -> HttpTransport:
    return HttpTransport(*make_connection(provider.find_provider(name), arguments, options))


def _make_async_transport(name: str, arguments: dict[str, str | None], options: ClientOptions) -> AsyncHttpTransport:
    return AsyncHttpTransport(*make_connection(provider.find_provider(name), arguments, options))


class Cockroach(_SyncClient, CockroachApi[HttpTransport]):
    """CockroachDB Cloud's billing API."""

    def __init__(self, api_key: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(_make_transport("cockroach", {"api_key": api_key}, options))


class AsyncCockroach(_AsyncClient, CockroachApi[AsyncHttpTransport]):
    """CockroachDB Cloud's billing API, awaited."""

    def __init__(self, api_key: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(_make_async_transport("cockroach", {"api_key": api_key}, options))


class Fastly(_SyncClient, FastlyApi[HttpTransport]):
    """Fastly's billing API, version 2 (retired) and 3."""

    def __init__(self, token: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(_make_transport("fastly", {"token": token}, options))


class AsyncFastly(_AsyncClient, FastlyApi[AsyncHttpTransport]):
    """Fastly's billing API, version 2 (retired) and 3, awaited."""

    def __init__(self, token: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(_make_async_transport("fastly", {"token": token}, options))


class Vultr(_SyncClient, VultrApi[HttpTransport]):
    """Vultr's billing API."""

    def __init__(self, api_key: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(_make_transport("vultr", {"api_key": api_key}, options))


class AsyncVultr(_AsyncClient, VultrApi[AsyncHttpTransport]):
    """Vultr's billing API, awaited."""

    def __init__(self, api_key: str | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(_make_async_transport("vultr", {"api_key": api_key}, options))


class Genesys(_SyncClient, GenesysApi[HttpTransport]):
    """Genesys Cloud's billing API; ``region`` is an AWS region name or a bare domain."""

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        region: str | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        arguments = {"client_id": client_id, "client_secret": client_secret, "region": region}
        super().__init__(_make_transport("genesys", arguments, options))


class AsyncGenesys(_AsyncClient, GenesysApi[AsyncHttpTransport]):
    """Genesys Cloud's billing API, awaited; ``region`` is an AWS region name or a bare domain."""

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        region: str | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        arguments = {"client_id": client_id, "client_secret": client_secret, "region": region}
        super().__init__(_make_async_transport("genesys", arguments, options))


CLIENTS: dict[str, type[Any]] = {
    client_type.__name__: client_type
    for client_type in (Cockroach, AsyncCockroach, Fastly, AsyncFastly, Vultr, AsyncVultr, Genesys, AsyncGenesys)
}


def find_client(name: str) -> type[Any]:
    """Return a client class by its name, also that of a provider found elsewhere; raises ``InvalidArgument``."""
    if name in CLIENTS:
        return CLIENTS[name]
    for candidate in map(provider.find_provider, provider.provider_names()):
        if name == candidate.client:
            return _make_client_type(name, (_SyncClient, candidate.api), _make_transport, candidate.name)
        if name == f"Async{candidate.client}":
            return _make_client_type(name, (_AsyncClient, candidate.api), _make_async_transport, candidate.name)
    raise InvalidArgument(f"there is no client {name!r}")


def _make_client_type(name: str, bases: tuple[type, ...], make_transport: Any, provider_name: str) -> type[Any]:
    option_names = ClientOptions.__annotations__

    def init_client(self: Any, **arguments: Any) -> None:
        options = {key: arguments.pop(key) for key in option_names if key in arguments}
        bases[1].__init__(self, make_transport(provider_name, arguments, options))  # type: ignore[misc]

    return type(name, bases, {"__init__": init_client})
