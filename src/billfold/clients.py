"""The vendors' clients: ``Vultr(api_key=...)`` asks at once, ``AsyncVultr(api_key=...)`` is awaited.

Every client takes ``base_url``, ``timeout`` (seconds, for connecting and each read) and ``retries``. Credentials that are
not given are read from the environment variables of the vendor's own tools.
"""

from __future__ import annotations

import os
from typing import Any, Self, TypedDict

from typing_extensions import Unpack

from billfold.model.errors import Misasked, SetupError
from billfold.providers import provider
from billfold.providers.cockroach.api import CockroachApi
from billfold.providers.fastly.api import FastlyApi
from billfold.providers.genesys.api import GenesysApi
from billfold.providers.provider import Provider
from billfold.providers.vultr.api import VultrApi
from billfold.transport.aio import AsyncHttp
from billfold.transport.http import Settings
from billfold.transport.sync import Http
from billfold.wire.auth import travelling
from billfold.wire.exchange import Line


class Options(TypedDict, total=False):
    """What every client takes beside its credentials."""

    base_url: str | None
    timeout: float
    retries: int
    unlimited: bool


def credentials(door: Provider, given: dict[str, str | None]) -> dict[str, str]:
    """Complete credentials from the environment; raises ``SetupError`` for one that is missing."""
    found = {}
    for field in door.credentials:
        value = given.get(field.name) or next((v for name in field.env if (v := os.environ.get(name))), field.default)
        if not value:
            raise SetupError(f"{door.title} needs {field.name}; give it, or set {' or '.join(field.env)}")
        found[field.name] = travelling(value, field.name)
    return found


def connection(door: Provider, given: dict[str, str | None], options: Options) -> tuple[Settings, Line]:
    """Return the settings and the line for one client; raises ``TypeError`` for an option that there is not.

    A misspelt ``base_url`` would send the key to the vendor itself.
    """
    known = {*Options.__annotations__, *(field.name for field in door.credentials)}
    if unknown := sorted({*given, *options} - known):
        raise TypeError(f"{door.client} has no option {unknown[0]!r}; it has {', '.join(sorted(known))}")
    complete = credentials(door, given)
    base_url = options.get("base_url") or door.base_url(complete)
    limits = {"retries": options.get("retries", 4), "unlimited": options.get("unlimited", False)}
    return Settings(base_url, options.get("timeout", 60.0)), door.line(complete, base_url, **limits)  # type: ignore[arg-type]


class _Sync:
    carrier: Http

    def close(self) -> None:
        """Close the connections."""
        self.carrier.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Async:
    carrier: AsyncHttp

    async def close(self) -> None:
        """Close the connections."""
        await self.carrier.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _at_once(name: str, given: dict[str, str | None], options: Options) -> Http:
    return Http(*connection(provider.find(name), given, options))


def _awaited(name: str, given: dict[str, str | None], options: Options) -> AsyncHttp:
    return AsyncHttp(*connection(provider.find(name), given, options))


class Cockroach(_Sync, CockroachApi[Http]):
    """CockroachDB Cloud's billing API."""

    def __init__(self, api_key: str | None = None, **options: Unpack[Options]) -> None:
        super().__init__(_at_once("cockroach", {"api_key": api_key}, options))


class AsyncCockroach(_Async, CockroachApi[AsyncHttp]):
    """CockroachDB Cloud's billing API, awaited."""

    def __init__(self, api_key: str | None = None, **options: Unpack[Options]) -> None:
        super().__init__(_awaited("cockroach", {"api_key": api_key}, options))


class Fastly(_Sync, FastlyApi[Http]):
    """Fastly's billing API, version 2 (retired) and 3."""

    def __init__(self, token: str | None = None, **options: Unpack[Options]) -> None:
        super().__init__(_at_once("fastly", {"token": token}, options))


class AsyncFastly(_Async, FastlyApi[AsyncHttp]):
    """Fastly's billing API, version 2 (retired) and 3, awaited."""

    def __init__(self, token: str | None = None, **options: Unpack[Options]) -> None:
        super().__init__(_awaited("fastly", {"token": token}, options))


class Vultr(_Sync, VultrApi[Http]):
    """Vultr's billing API."""

    def __init__(self, api_key: str | None = None, **options: Unpack[Options]) -> None:
        super().__init__(_at_once("vultr", {"api_key": api_key}, options))


class AsyncVultr(_Async, VultrApi[AsyncHttp]):
    """Vultr's billing API, awaited."""

    def __init__(self, api_key: str | None = None, **options: Unpack[Options]) -> None:
        super().__init__(_awaited("vultr", {"api_key": api_key}, options))


class Genesys(_Sync, GenesysApi[Http]):
    """Genesys Cloud's billing API; ``region`` is an AWS region name or a bare domain."""

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        region: str | None = None,
        **options: Unpack[Options],
    ) -> None:
        given = {"client_id": client_id, "client_secret": client_secret, "region": region}
        super().__init__(_at_once("genesys", given, options))


class AsyncGenesys(_Async, GenesysApi[AsyncHttp]):
    """Genesys Cloud's billing API, awaited; ``region`` is an AWS region name or a bare domain."""

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        region: str | None = None,
        **options: Unpack[Options],
    ) -> None:
        given = {"client_id": client_id, "client_secret": client_secret, "region": region}
        super().__init__(_awaited("genesys", given, options))


CLIENTS: dict[str, type[Any]] = {
    one.__name__: one
    for one in (Cockroach, AsyncCockroach, Fastly, AsyncFastly, Vultr, AsyncVultr, Genesys, AsyncGenesys)
}


def client(name: str) -> type[Any]:
    """Return a client class by its name, also that of a provider found elsewhere; raises ``Misasked``."""
    if name in CLIENTS:
        return CLIENTS[name]
    for door in map(provider.find, provider.names()):
        if name == door.client:
            return _made(name, (_Sync, door.api), _at_once, door.name)
        if name == f"Async{door.client}":
            return _made(name, (_Async, door.api), _awaited, door.name)
    raise Misasked(f"there is no client {name!r}")


def _made(name: str, bases: tuple[type, ...], opened: Any, vendor: str) -> type[Any]:
    options = Options.__annotations__

    def init(self: Any, **given: Any) -> None:
        chosen = {key: given.pop(key) for key in options if key in given}
        bases[1].__init__(self, opened(vendor, given, chosen))  # type: ignore[misc]

    return type(name, bases, {"__init__": init})
