"""The configuration: which accounts there are, and where their credentials are kept - never the credentials themselves."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from billfold.model.errors import ConfigurationError
from billfold.model.extras import name_missing_extras
from billfold.providers import provider
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import check_credential, check_url_userinfo

MAX_TEXT_CHARS = 1_000_000
"""Characters of a configuration, or of a key: what is longer is neither, and may have no end."""
CONFIG_FILE_NAME = "billfold.toml"
_REFERENCE_PATTERN = re.compile(r"(env|keyring|file):(.+)", re.DOTALL)
_COMMON_KEYS = {"name", "provider", "base_url", "rate", "payment_terms"}
MAX_TERMS_CHARS = 100


class AccountConfig(NamedTuple):
    """One account of the configuration; ``references`` say where each credential is kept.

    ``credentials`` are the values themselves, of an account that a program made.
    """

    name: str
    provider: Provider
    references: Mapping[str, str]
    base_url: str | None = None
    unlimited: bool = False
    credentials: Mapping[str, str] = {}
    payment_terms: str | None = None
    """What was agreed on with a vendor whose invoices do not say it, as ``Net 30``."""

    def __repr__(self) -> str:
        return f"<account {self.name} at {self.provider.name}>"  # and no secret

    def read_credentials(self) -> dict[str, str]:
        """Fetch the credentials; raises ``ConfigurationError`` that names the reference, never the value."""
        return {field.name: self._read_credential(field) for field in self.provider.credentials}

    def _read_credential(self, field: Credential) -> str:
        reference = self.references.get(field.name)
        location = f"account {self.name!r}, {field.name}"
        if reference is not None:
            return resolve_reference(reference, location)
        if field.name in self.credentials:
            return _check_value(self.credentials[field.name], location)
        credential = next((value for variable in field.env_names if (value := os.environ.get(variable))), field.default)
        if not credential:
            raise ConfigurationError(
                f"{location}: nothing is configured and {' or '.join(field.env_names)} is not set; set it, or name a reference"
            )
        return check_credential(credential.strip(), location)


def _check_value(value: object, location: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{location} must be text, and not empty")
    return check_credential(value.strip(), location)


def resolve_reference(reference: str, location: str) -> str:
    """Fetch what an ``env:``, ``file:`` or ``keyring:`` reference points to; raises ``ConfigurationError``."""
    scheme, _, target = reference.partition(":")
    match scheme:
        case "env":
            value = os.environ.get(target, "")
        case "file":
            value = _read_file(Path(target), location)
        case _:
            value = _read_keyring(target, location)
    if not value.strip():
        raise ConfigurationError(f"{location}: {reference} is empty or not set")
    return check_credential(value.strip(), location)


def _read_file(path: Path, location: str) -> str:
    try:
        return _read_text(path.expanduser())
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{location}: {path} cannot be read: not text") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(
            f"{location}: {path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error


def _read_text(path: Path) -> str:
    """Read a file that somebody wrote; raises ``ValueError`` for one that is longer than anybody writes."""
    with path.open(encoding="utf-8") as file:
        text = file.read(MAX_TEXT_CHARS + 1)
    if len(text) > MAX_TEXT_CHARS:
        raise ValueError(f"it is longer than {MAX_TEXT_CHARS} characters")
    return text


def _read_keyring(target: str, location: str) -> str:
    try:
        with name_missing_extras():
            import keyring
    except ImportError as error:
        raise ConfigurationError(f"{location}: {error}") from None
    service, _, user = target.partition("/")
    try:
        return keyring.get_password(service, user or "billfold") or ""
    except Exception as error:
        raise ConfigurationError(f"{location}: the keyring cannot be read: {type(error).__name__}") from error


def find_config(path_option: str | None) -> Path:
    """Return the configuration's path: the one given, $BILLFOLD_CONFIG, the working directory's, the user's."""
    if named_path := path_option or os.environ.get("BILLFOLD_CONFIG"):
        return Path(named_path)
    local_path = Path(CONFIG_FILE_NAME)
    user_path = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "billfold" / CONFIG_FILE_NAME
    return local_path if local_path.exists() or not user_path.exists() else user_path


def check_config(path_option: str | None) -> None:
    """Raise ``ConfigurationError`` where a configuration is named that is not there, or the one that is cannot be used."""
    path = find_config(path_option)
    if path.exists() or path_option or os.environ.get("BILLFOLD_CONFIG"):
        load_accounts(path)


def _missing_config_error(path: Path) -> ConfigurationError:
    return ConfigurationError(f"there is no configuration at {path}; make one with `billfold connect PROVIDER`")


SECTIONS = {"accounts", "rates"}


def load_accounts(path: Path) -> list[AccountConfig]:
    """Read the accounts of a configuration; raises ``ConfigurationError`` with the one thing to change."""
    document = _read_config(path)
    blocks = document.get("accounts", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ConfigurationError(f"{path}: accounts are written as [[accounts]] blocks")
    accounts = [
        parse_account(_require_texts(block, location), location)
        for number, block in enumerate(blocks, 1)
        for location in [f"{path}, account {number}"]
    ]
    reject_duplicates(accounts, str(path))
    return accounts


def load_rates(path: Path) -> dict[str, Decimal]:
    """Read what a unit of each virtual currency cost, from ``[rates]``; raises ``ConfigurationError``."""
    return _parse_rates(_read_config(path).get("rates", {}), path)


def _parse_rates(table: object, path: Path) -> dict[str, Decimal]:
    rates_error = ConfigurationError(f'{path}, [rates]: write a rate as text, as CRDB_CLOUD_CREDITS = "0.95"')
    if not isinstance(table, dict) or not all(isinstance(rate, str) for rate in table.values()):
        raise rates_error
    try:
        rates_by_currency = {currency: Decimal(rate) for currency, rate in table.items()}
    except InvalidOperation:
        raise rates_error from None
    if not all(rate.is_finite() for rate in rates_by_currency.values()):
        raise rates_error
    return rates_by_currency


def _read_config(path: Path) -> Mapping[str, object]:
    """Read a configuration whose sections and rates are known to be right."""
    try:
        document = tomllib.loads(_read_text(path))
    except FileNotFoundError:
        raise _missing_config_error(path) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    if unknown := set(document) - SECTIONS:
        raise ConfigurationError(f"{path}: {min(unknown)!r} is not known; a configuration has [[accounts]] and [rates]")
    _parse_rates(document.get("rates", {}), path)
    return document


def reject_duplicates(accounts: list[AccountConfig], location: str) -> None:
    """Raise ``ConfigurationError`` for a name that two accounts have."""
    names = [account.name for account in accounts]
    if duplicates := {name for name in names if names.count(name) > 1}:
        raise ConfigurationError(
            f"{location}: the account name {min(duplicates)!r} is used twice; names are unique, and --name or `name =` gives another"
        )


def _require_texts(block: Mapping[str, object], location: str) -> dict[str, str]:
    texts = {key: value for key, value in block.items() if isinstance(value, str)}
    for key in block:
        if key not in texts:
            raise ConfigurationError(f"{location}: {key} must be text in quotes")
    return texts


def parse_account(block: Mapping[str, str], location: str) -> AccountConfig:
    """Read an account from its texts, as a configuration has them; raises ``ConfigurationError``."""
    name, provider_name = block.get("name", ""), block.get("provider", "")
    if not name or not re.fullmatch(r"[\w.@+-]+", name):
        raise ConfigurationError(f"{location}: give it a name of letters, digits and . _ - @ +")
    if not provider_name:
        block_keys, known_providers = ", ".join(block), ", ".join(provider.provider_names())
        raise ConfigurationError(f"{location}: it says {block_keys}, and no provider; known are {known_providers}")
    if provider_name not in provider.provider_names():
        if not re.fullmatch(r"[\w.-]+", provider_name):
            raise ConfigurationError(
                f"{location}: there is no provider {provider_name!r}; known are {', '.join(provider.provider_names())}"
            )
        return AccountConfig(
            name, provider.unknown_provider(provider_name), {}
        )  # one that a newer billfold knows stops no other account
    account_provider = provider.find_provider(provider_name)
    fields = {field.name: field for field in account_provider.credentials}
    if unknown := set(block) - _COMMON_KEYS - set(fields):
        raise ConfigurationError(
            f"{location}: {min(unknown)!r} is not known; {account_provider.title} takes {', '.join([*fields, 'base_url', 'rate', 'payment_terms'])}"
        )
    references = {
        key: _check_reference(block[key], fields[key], f"{location}, {key}") for key in fields if key in block
    }
    if block.get("rate", "off") != "off":
        raise ConfigurationError(f'{location}: rate can only be "off", for a twin; leave it out otherwise')
    return AccountConfig(
        name,
        account_provider,
        references,
        _check_base_url(block.get("base_url"), location),
        unlimited="rate" in block,
        payment_terms=_check_terms(block.get("payment_terms"), location),
    )


def _check_terms(terms: str | None, location: str) -> str | None:
    """Check that terms of payment are some words; raises ``ConfigurationError``."""
    if terms is None:
        return None
    if not terms.strip() or not terms.isprintable() or len(terms) > MAX_TERMS_CHARS:
        raise ConfigurationError(f'{location}: write payment_terms as your contract has them, as "Net 30"')
    return terms.strip()


def _check_base_url(base_url: str | None, location: str) -> str | None:
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


def _check_reference(reference: str, field: Credential, location: str) -> str:
    if _REFERENCE_PATTERN.fullmatch(reference):
        return reference
    if field.is_secret:
        raise ConfigurationError(
            f"{location}: write a reference (env:NAME, file:PATH or keyring:SERVICE/USER), never the secret itself"
        )
    raise ConfigurationError(f"{location}: write a reference: env:NAME, file:PATH or keyring:SERVICE/USER")


def add_account(path: Path, block: Mapping[str, str]) -> None:
    """Add an account to the configuration, and check that the whole can still be read."""
    try:
        _write_account(path, block)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be written: {error}") from error


def _write_account(path: Path, block: Mapping[str, str]) -> None:
    existing_text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in block.items())
    text = f"{existing_text.rstrip()}\n\n[[accounts]]\n{lines}\n".lstrip()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft_path = path.with_suffix(".draft")
    try:
        draft_path.write_text(text, encoding="utf-8")
        try:
            load_accounts(draft_path)
        except ConfigurationError as error:
            raise ConfigurationError(str(error).replace(str(draft_path), str(path))) from error
        draft_path.replace(path)
    finally:
        draft_path.unlink(missing_ok=True)


def find_ledger_directory(path_option: str | None) -> Path:
    """Return where the archive and the ledger are: the one given, $BILLFOLD_LEDGER, the user's data directory."""
    if named_path := path_option or os.environ.get("BILLFOLD_LEDGER"):
        return Path(named_path)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "billfold"
