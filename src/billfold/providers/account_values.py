"""What an account says beside its credentials, checked: its proxy, its terms of payment, the address of its API."""

from __future__ import annotations

from urllib.parse import urlsplit

from billfold.model.errors import ConfigurationError
from billfold.providers.credential_references import REFERENCE_PATTERN
from billfold.wire.auth import check_url_userinfo

MAX_TERMS_CHARS = 100


def check_proxy(proxy: str, location: str) -> str:
    """Check a proxy's address; one with a login is a secret, and is referred to. Raises ``ConfigurationError``."""
    if proxy and not REFERENCE_PATTERN.fullmatch(proxy):
        if "@" in proxy:
            raise ConfigurationError(
                f"{location}: write a reference (env:NAME, file:PATH or cmd:COMMAND) for a proxy with a login"
            )
        if "://" not in proxy:
            raise ConfigurationError(f"{location}: proxy must be a whole address, as http://proxy.example.com:3128")
    return proxy


def check_terms(terms: str | None, location: str) -> str | None:
    """Check that terms of payment are some words; raises ``ConfigurationError``."""
    if terms is None:
        return None
    if not terms.strip() or not terms.isprintable() or len(terms) > MAX_TERMS_CHARS:
        raise ConfigurationError(f'{location}: write payment_terms as your contract has them, as "Net 30"')
    return terms.strip()


def check_base_url(base_url: str | None, location: str) -> str | None:
    """Check that a base URL is one, and no secret in it; raises ``ConfigurationError``."""
    try:
        parts = urlsplit(base_url or "https://ok")
        is_valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        is_valid = is_valid and (base_url or "").isprintable() and " " not in (base_url or "")
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ConfigurationError(f"{location}: base_url must be a whole URL, as https://api.example.com")
    return check_url_userinfo(base_url, f"{location}: base_url") if base_url else None
