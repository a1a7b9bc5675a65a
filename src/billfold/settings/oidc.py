"""``[oidc]`` of a configuration: the service that people log in at, and what whose claim says so may do."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.model.identity import AccountPatterns, DataScope, Role, parse_patterns, parse_scopes
from billfold.providers.credential_references import REFERENCE_PATTERN, resolve_reference

KEYS = {"issuer", "client_id", "client_secret", "name", "claim", "scopes", "rights"}
RIGHTS_KEYS = {"value", "role", "accounts", "scope"}
EXAMPLE = 'issuer = "https://login.example.com", client_id = "billfold", client_secret = "env:BILLFOLD_OIDC_SECRET"'


class OidcRights(NamedTuple):
    """What somebody may whose claim has a value."""

    value: str
    role: Role
    accounts: AccountPatterns
    scopes: frozenset[DataScope]


class OidcSettings(NamedTuple):
    """A service that proves who somebody is: ``name_claim`` is his name, ``rights_claim`` what is looked up in ``rights``."""

    issuer: str
    client_id: str
    client_secret: str
    name_claim: str
    rights_claim: str
    scopes: str
    rights: tuple[OidcRights, ...]


def read_oidc(section: object, path: Path) -> OidcSettings | None:
    """Read the section, None where there is none; raises ``ConfigurationError`` with the one thing to change."""
    if section is None:
        return None
    location = f"{path}, [oidc]"
    if not isinstance(section, dict) or set(section) - KEYS:
        raise ConfigurationError(f"{location}: write {EXAMPLE}; it has {', '.join(sorted(KEYS))}")
    issuer = _read_text(section, "issuer", location).rstrip("/")
    if not is_safe_url(issuer):
        raise ConfigurationError(f"{location}: issuer is an address that begins with https://, without a query")
    rights = section.get("rights")
    if not isinstance(rights, list) or not rights:
        raise ConfigurationError(
            f'{location}: say who may what in [[oidc.rights]], as value = "finance", role = "reader"'
        )
    return OidcSettings(
        issuer,
        _read_text(section, "client_id", location),
        _resolve_secret(_read_text(section, "client_secret", location), location, path),
        _read_text(section, "name", location, "email"),
        _read_text(section, "claim", location, "groups"),
        _read_text(section, "scopes", location, "openid email profile"),
        tuple(_read_rights(row, f"{location}, rights {number}") for number, row in enumerate(rights, 1)),
    )


def is_safe_url(url: str) -> bool:
    """Tell whether what is sent to an address is read by nobody on the way: https, or this machine."""
    try:
        parts = urlsplit(url)
        is_local = _is_loopback(parts.hostname or "")
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or parts.username)
    return is_plain and bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_local))


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _read_text(section: Mapping[str, object], key: str, location: str, default: str = "") -> str:
    value = section.get(key, default)
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{location}: write {key} as text in quotes, as {EXAMPLE}")
    return value.strip()


def _resolve_secret(reference: str, location: str, path: Path) -> str:
    if not REFERENCE_PATTERN.fullmatch(reference):
        raise ConfigurationError(
            f"{location}: client_secret is a reference, as env:BILLFOLD_OIDC_SECRET, and never the secret"
        )
    return resolve_reference(reference, f"{location}, client_secret", path.parent)


def _read_rights(row: object, location: str) -> OidcRights:
    if not isinstance(row, dict) or set(row) - RIGHTS_KEYS:
        raise ConfigurationError(f"{location}: it has {', '.join(sorted(RIGHTS_KEYS))}")
    role_name = _read_text(row, "role", location, Role.READER)
    if role_name not in set(Role):
        raise ConfigurationError(f"{location}: role is one of {', '.join(Role)}")
    try:
        accounts, scopes = parse_patterns(row.get("accounts")), parse_scopes(row.get("scope"), Role(role_name))
    except (InvalidArgument, AttributeError) as error:
        raise ConfigurationError(f"{location}: {error}") from error
    return OidcRights(_read_text(row, "value", location), Role(role_name), accounts, scopes)
