"""``[evidence]`` of the configuration: which authority stamps a month's evidence with the time."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from billfold.model.errors import ConfigurationError

URL_KEY = "timestamp_url"


def read_timestamp_url(section: object, path: Path) -> str:
    """Return the address of the time-stamp authority, "" where none is configured; raises ``ConfigurationError``."""
    if section is None:
        return ""
    advice = f'{path}, [evidence]: write {URL_KEY} = "https://...", the address of an RFC 3161 authority'
    if not isinstance(section, dict) or set(section) - {URL_KEY}:
        raise ConfigurationError(advice)
    url = section.get(URL_KEY, "")
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        is_usable = False
    if url and not is_usable:
        raise ConfigurationError(advice)
    return str(url)
