"""Which proxy leads to an address: the account's own, or the one that the environment names for it.

The HTTP library reads the environment as well, but opens every proxy that it finds there, also those that are not needed.
"""

from __future__ import annotations

from importlib.util import find_spec
from urllib.parse import urlsplit

import httpx2
from httpx2._utils import URLPattern, get_environment_proxies

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


class UnusableSetting(ValueError):
    """A setting of the network that cannot be used: which and why, without a login that it may hold, and its ``cure``."""

    def __init__(self, message: str, cure: str = "Check the proxy's settings, or name the host in NO_PROXY.") -> None:
        self.cure = cure
        super().__init__(message)


def find_proxy(url: str, account_proxy: str = "") -> str:
    """Return the proxy's address, "" for none; raises ``UnusableSetting``."""
    if account_proxy:
        return _check_proxy(account_proxy, "`proxy =` in the account's configuration")
    try:
        target, environment_proxies = httpx2.URL(url), get_environment_proxies()
        patterns = sorted((URLPattern(pattern), address) for pattern, address in environment_proxies.items())
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        raise UnusableSetting("the environment's proxies (HTTPS_PROXY, ALL_PROXY, NO_PROXY) cannot be read") from error
    address = next((address for pattern, address in patterns if pattern.matches(target)), None)
    return _check_proxy(address, "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY") if address else ""


def name_proxy(address: str) -> str:
    """Return a proxy's host and port, without a login that its address may hold."""
    return urlsplit(address).netloc.rpartition("@")[2]


def _check_proxy(address: str, source: str) -> str:
    try:
        scheme, is_whole = urlsplit(address).scheme.lower(), bool(httpx2.URL(address).host)
    except (ValueError, httpx2.InvalidURL) as error:
        raise UnusableSetting(f"the proxy of {source} has an address that cannot be read") from error
    if scheme not in PROXY_SCHEMES or not is_whole:
        raise UnusableSetting(
            f"the proxy of {source} must be an address as http://HOST:PORT; {scheme}:// cannot be used"
        )
    if scheme.startswith("socks") and find_spec("socksio") is None:
        raise UnusableSetting(
            f"the proxy of {source} is a SOCKS proxy: run `pip install socksio`, or name an HTTP proxy"
        )
    return address
