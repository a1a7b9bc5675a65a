"""The vendors' clients: ``Vultr(api_key=...)`` asks at once, ``AsyncVultr(api_key=...)`` is awaited.

Every client takes ``base_url``, ``timeout`` (seconds, for connecting and each read) and ``retries``. Credentials that are
not given are read from the environment variables of the vendor's own tools. Each vendor's are loaded when they are named.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from billfold.clients.client import AsyncClient, SyncClient, make_async_transport, make_transport
from billfold.clients.options import ClientOptions
from billfold.model.errors import InvalidArgument
from billfold.providers import provider

CLIENT_MODULES = {
    f"{prefix}{name}": f"billfold.clients.{name.lower()}"
    for name in ("Cockroach", "Fastly", "Genesys", "Vultr")
    for prefix in ("", "Async")
}
"""In which module the clients of our own vendors are."""


def find_client(name: str) -> type[Any]:
    """Return a client class by its name, also that of a provider found elsewhere; raises ``InvalidArgument``."""
    if name in CLIENT_MODULES:
        client_type: type[Any] = getattr(import_module(CLIENT_MODULES[name]), name)
        return client_type
    for candidate in map(provider.find_provider, provider.provider_names()):
        if name == candidate.client:
            return _make_client_type(name, (SyncClient, candidate.api), make_transport, candidate.name)
        if name == f"Async{candidate.client}":
            return _make_client_type(name, (AsyncClient, candidate.api), make_async_transport, candidate.name)
    raise InvalidArgument(f"there is no client {name!r}")


def _make_client_type(name: str, bases: tuple[type, ...], make_transport: Any, provider_name: str) -> type[Any]:
    option_names = ClientOptions.__annotations__

    def init_client(self: Any, **arguments: Any) -> None:
        options = {key: arguments.pop(key) for key in option_names if key in arguments}
        bases[1].__init__(self, make_transport(provider_name, arguments, options))  # type: ignore[misc]

    return type(name, bases, {"__init__": init_client})
