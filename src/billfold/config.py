"""The configuration: which accounts there are, and where their credentials are kept - never the credentials themselves."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from billfold.model.errors import ConfigurationError
from billfold.model.money import NATIONAL_CURRENCIES
from billfold.model.plain_values import check_document, read_plain_amount, show_name
from billfold.providers import provider
from billfold.providers.account_values import check_base_url, check_proxy, check_terms
from billfold.providers.credential_references import (
    COMMAND_PREFIX,
    REFERENCE_PATTERN,
    check_value,
    read_text,
    require_private_file,
    resolve_reference,
)
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import check_credential

CONFIG_FILE_NAME = "billfold.toml"
ENVIRONMENT_CONFIG = Path("$BILLFOLD_CONFIG_TOML")
"""Stands for a configuration that is no file, but the text of a variable: its paths begin at the working directory."""
_COMMON_KEYS = {"name", "provider", "base_url", "rate", "payment_terms", "ca", "proxy"}


class AccountConfig(NamedTuple):
    """One account of the configuration; ``references`` say where each credential is kept.

    ``credentials`` are the values themselves: of an account that a program made, or of what is no secret. ``ca`` and ``proxy``
    are as they are written; paths begin at the configuration's ``directory``.
    """

    name: str
    provider: Provider
    references: Mapping[str, str]
    base_url: str | None = None
    unlimited: bool = False
    credentials: Mapping[str, str] = {}
    payment_terms: str | None = None
    """What was agreed on with a vendor whose invoices do not say it, as ``Net 30``."""
    ca: str = ""
    proxy: str = ""
    directory: Path = Path()

    def __repr__(self) -> str:
        return f"<account {self.name} at {self.provider.name}>"  # and no secret

    def read_credentials(self) -> dict[str, str]:
        """Fetch the credentials; raises ``ConfigurationError`` that names the reference, never the value."""
        return {field.name: self._read_credential(field) for field in self.provider.credentials}

    def _read_credential(self, field: Credential) -> str:
        reference = self.references.get(field.name)
        location = f"account {self.name!r}, {field.name}"
        if reference is not None:
            return resolve_reference(reference, location, self.directory)
        if field.name in self.credentials:
            return check_value(self.credentials[field.name], location)
        credential = next((value for variable in field.env_names if (value := os.environ.get(variable))), field.default)
        if not credential:
            raise ConfigurationError(
                f"{location}: nothing is configured and {' or '.join(field.env_names)} is not set; set it, or name a reference"
            )
        return check_credential(credential.strip(), location)

    def find_ca(self) -> str:
        """Return the path of the file with the certificates to trust, "" for the usual ones; raises ``ConfigurationError``."""
        target = self.ca.removeprefix("file:")
        if target.startswith("env:"):
            target = resolve_reference(target, f"account {self.name!r}, ca")
        return str(self.directory / Path(target).expanduser()) if target else ""

    def find_proxy(self) -> str:
        """Return the address of the account's own proxy, "" for the environment's; raises ``ConfigurationError``."""
        is_reference = REFERENCE_PATTERN.fullmatch(self.proxy)
        return (
            resolve_reference(self.proxy, f"account {self.name!r}, proxy", self.directory)
            if is_reference
            else self.proxy
        )


def find_config(path_option: str | None) -> Path:
    """Return the configuration's path: the one given, $BILLFOLD_CONFIG, $BILLFOLD_CONFIG_TOML, the working directory's, the user's."""
    if named_path := path_option or os.environ.get("BILLFOLD_CONFIG"):
        return Path(named_path)
    if _read_environment_config():
        return ENVIRONMENT_CONFIG
    local_path = Path(CONFIG_FILE_NAME)
    if local_path.exists():
        return local_path
    try:
        user_path = _find_user_directory("XDG_CONFIG_HOME", ".config") / CONFIG_FILE_NAME
    except ConfigurationError:  # who has no home has no configuration there
        return local_path
    return user_path if user_path.exists() else local_path


def _find_user_directory(variable: str, folder: str) -> Path:
    try:
        return Path(os.environ.get(variable) or Path.home() / folder) / "billfold"
    except RuntimeError:
        raise ConfigurationError(
            "this user has no home directory: name the configuration with --config or BILLFOLD_CONFIG, and the ledger with "
            "--ledger or BILLFOLD_LEDGER"
        ) from None


def _read_environment_config() -> str:
    return os.environ.get(ENVIRONMENT_CONFIG.name.removeprefix("$"), "")


def has_config(path: Path) -> bool:
    """Tell whether there is a configuration."""
    return path == ENVIRONMENT_CONFIG or path.exists()


def check_config(path_option: str | None) -> None:
    """Raise ``ConfigurationError`` where a configuration is named that is not there, or the one that is cannot be used."""
    path = find_config(path_option)
    if has_config(path) or path_option or os.environ.get("BILLFOLD_CONFIG"):
        load_accounts(path)


_TABLES = ("rates", "allocation", "bank", "company", "evidence", "journal", "oidc", "reporting", "schedule")
SECTIONS = {name: f"[[{name}]]" for name in ("accounts", "alerts", "budgets", "commitments")}
SECTIONS |= {name: f"[{name}]" for name in _TABLES}
"""The sections of a configuration, as they are written; what is in one is read by its module in ``settings/``."""


def load_accounts(path: Path) -> list[AccountConfig]:
    """Read the accounts of a configuration; raises ``ConfigurationError`` with the one thing to change."""
    document = _read_config(path)
    blocks = document.get("accounts", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ConfigurationError(f"{path}: accounts are written as [[accounts]] blocks")
    accounts = [
        parse_account(_require_texts(block, location), location, path.parent)
        for number, block in enumerate(blocks, 1)
        for location in [f"{path}, account {number}"]
    ]
    reject_duplicates(accounts, str(path))
    return accounts


def load_section(path: Path, name: str) -> object:
    """Return what stands in a section: a table or a list of tables with exact numbers, None where there is none or no file.

    Raises ``ConfigurationError``.
    """
    return _read_config(path).get(name) if has_config(path) else None


def load_rates(path: Path) -> dict[str, Decimal]:
    """Read what a unit of each virtual currency cost, from ``[rates]``; raises ``ConfigurationError``."""
    return _parse_rates(_read_config(path).get("rates", {}), path)


def _parse_rates(table: object, path: Path) -> dict[str, Decimal]:
    rates = table if isinstance(table, dict) and all(isinstance(rate, str) for rate in table.values()) else {"": None}
    rates_by_currency = {str(name): rate for name in rates if (rate := read_plain_amount(rates[name])) is not None}
    if len(rates_by_currency) < len(rates) or "" in rates_by_currency:
        raise ConfigurationError(f'{path}, [rates]: write a rate as text, as CRDB_CLOUD_CREDITS = "0.95"')
    if worthless := sorted(name for name, rate in rates_by_currency.items() if rate <= 0):
        reason = "is worth what a unit of it cost: write a rate above 0, or leave it out"
        raise ConfigurationError(f"{path}, [rates]: {show_name(worthless[0])} {reason}")
    if national_codes := sorted(NATIONAL_CURRENCIES.intersection(rates_by_currency)):
        reason = "is no virtual currency, its rate does nothing: `report --in` takes rates of [[reporting.rates]]"
        raise ConfigurationError(f"{path}, [rates]: {national_codes[0]} {reason}")
    return rates_by_currency


def _read_config(path: Path) -> Mapping[str, object]:
    """Read a configuration whose sections and rates are known to be right."""
    try:
        text = _read_environment_config() if path == ENVIRONMENT_CONFIG else read_text(path)
        document = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no configuration at {path}; make one with `billfold connect PROVIDER`"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    if unknown := document.keys() - SECTIONS.keys():
        raise ConfigurationError(
            f"{path}: {min(unknown)!r} is not known; a configuration has {', '.join(SECTIONS.values())}"
        )
    check_document(document, path)
    if path != ENVIRONMENT_CONFIG and _has_commands(document):
        require_private_file(path)
    _parse_rates(document.get("rates", {}), path)
    return document


def _has_commands(value: object) -> bool:
    """Tell whether any text of a configuration refers to a command."""
    if isinstance(value, dict | list):
        return any(map(_has_commands, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and value.startswith(COMMAND_PREFIX)


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


def parse_account(block: Mapping[str, str], location: str, directory: Path = Path()) -> AccountConfig:
    """Read an account from its texts, as a configuration in a directory has them; raises ``ConfigurationError``."""
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
            f"{location}: {min(unknown)!r} is not known; {account_provider.title} takes "
            f"{', '.join([*fields, 'base_url', 'rate', 'payment_terms', 'ca', 'proxy'])}"
        )
    stated = {key: block[key] for key in fields if key in block}
    literals = {key: text for key, text in stated.items() if not _is_reference(text, fields[key], f"{location}, {key}")}
    if block.get("rate", "off") != "off":
        raise ConfigurationError(f'{location}: rate can only be "off", for a twin; leave it out otherwise')
    return AccountConfig(
        name,
        account_provider,
        {key: text for key, text in stated.items() if key not in literals},
        check_base_url(block.get("base_url"), location),
        unlimited="rate" in block,
        credentials=literals,
        payment_terms=check_terms(block.get("payment_terms"), location),
        ca=block.get("ca", ""),
        proxy=check_proxy(block.get("proxy", ""), location),
        directory=directory,
    )


def _is_reference(text: str, field: Credential, location: str) -> bool:
    """Tell whether a text refers to a credential, or is one that is no secret; raises ``ConfigurationError`` for a secret."""
    if REFERENCE_PATTERN.fullmatch(text):
        return True
    if field.is_secret:
        raise ConfigurationError(
            f"{location}: write a reference (env:NAME, file:PATH, keyring:SERVICE/USER or cmd:COMMAND), never the secret itself"
        )
    return False


def find_ledger_directory(path_option: str | None) -> Path:
    """Return where the archive and the ledger are: the one given, $BILLFOLD_LEDGER, the user's data directory."""
    if named_path := path_option or os.environ.get("BILLFOLD_LEDGER"):
        return Path(named_path)
    return _find_user_directory("XDG_DATA_HOME", ".local/share")
