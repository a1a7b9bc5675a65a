"""What every client takes: credentials and options, checked before anything is sent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit

from billfold.model.errors import ConfigurationError
from billfold.providers.provider import Provider
from billfold.wire.auth import check_credential
from billfold.wire.exchange import ClientContext

if TYPE_CHECKING:
    from billfold.transport.http import HttpSettings


class ClientOptions(TypedDict, total=False):
    """What every client takes beside its credentials: ``timeout`` is in seconds, ``unlimited`` leaves the rate limit out.

    ``ca`` is the path of the certificates to trust, ``proxy`` the address of the proxy to use, else the environment's.
    """

    base_url: str | None
    timeout: float
    retries: int
    unlimited: bool
    ca: str | None
    proxy: str | None


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
    from billfold.transport.http import HttpSettings

    option_names = {*ClientOptions.__annotations__, *(field.name for field in provider.credentials)}
    if unknown := sorted({*arguments, *options} - option_names):
        raise TypeError(f"{provider.client} has no option {unknown[0]!r}; it has {', '.join(sorted(option_names))}")
    check_options(options)
    credentials = complete_credentials(provider, arguments)
    base_url = options.get("base_url") or provider.find_base_url(credentials)
    limits = {"retries": options.get("retries", 4), "unlimited": options.get("unlimited", False)}
    settings = HttpSettings(
        base_url, options.get("timeout", 60.0), ca=options.get("ca") or "", proxy=options.get("proxy") or ""
    )
    return settings, provider.make_context(credentials, base_url, **limits)  # type: ignore[arg-type]


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
    if not all(isinstance(options.get(name), str | None) for name in ("ca", "proxy")):
        raise ConfigurationError("ca must be a path and proxy an address, as text")
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
