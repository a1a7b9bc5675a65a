"""The accounts that a task is about: those of a configuration, or values that a program makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from billfold import config
from billfold.config import AccountConfig
from billfold.model.errors import ConfigurationError


@dataclass(frozen=True)
class Account:
    """An account at a vendor, made by a program that keeps the credentials itself.

    ``provider`` is a vendor's name in a configuration, as "vultr"; ``credentials`` are the values themselves, by the names that a
    configuration has (``{"api_key": ...}``); what is not in it is read from the vendor's environment variables.
    ``unlimited`` leaves the rate limit out, for a twin.
    """

    name: str
    provider: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_url: str | None = None
    unlimited: bool = False


Accounts: TypeAlias = Path | str | Iterable[Account]
"""The path of a configuration, or accounts."""


def load_accounts(accounts: Accounts) -> list[AccountConfig]:
    """Return accounts as a collection needs them; raises ``ConfigurationError``."""
    if isinstance(accounts, Path | str):
        return config.load_accounts(Path(accounts))
    configured = [_configure_account(account) for account in accounts]
    config.reject_duplicates(configured, "the accounts")
    return configured


def _configure_account(account: Account) -> AccountConfig:
    location = f"account {account.name!r}"
    block = {"name": account.name, "provider": account.provider} | ({"rate": "off"} if account.unlimited else {})
    block |= {"base_url": account.base_url} if account.base_url else {}
    configured = config.parse_account(block, location)
    names = [credential.name for credential in configured.provider.credentials]
    if unknown := sorted(set(account.credentials) - set(names)) if names else []:
        raise ConfigurationError(
            f"{location}: {unknown[0]!r} is not known; {configured.provider.title} takes {', '.join(names)}"
        )
    return configured._replace(credentials=account.credentials)


def map_payment_terms(configured: Iterable[AccountConfig]) -> dict[tuple[str, str], str]:
    """Return the terms of payment that are configured, by provider and name of their account."""
    return {
        (account.provider.name, account.name): account.payment_terms for account in configured if account.payment_terms
    }


def list_account_names(accounts: Iterable[AccountConfig]) -> list[tuple[str, str]]:
    """Return provider and name of accounts."""
    return [(account.provider.name, account.name) for account in accounts]


def select_accounts(
    configured: Sequence[AccountConfig], provider: str | None, account: str | None
) -> list[AccountConfig]:
    """Return the accounts that are wanted; raises ``ConfigurationError`` where there are none."""
    selected = [
        candidate
        for candidate in configured
        if provider in {None, candidate.provider.name} and account in {None, candidate.name}
    ]
    if not selected:
        account_list = ", ".join(f"{candidate.name} ({candidate.provider.name})" for candidate in configured)
        raise ConfigurationError(
            f"no account of the configuration fits; there are {account_list or 'none: see `billfold connect`'}"
        )
    return selected


def select_named_accounts(configured: Sequence[AccountConfig], names: Sequence[str]) -> list[AccountConfig]:
    """Return the accounts of these names (none: all); raises ``ConfigurationError`` for a name that no account has."""
    accounts_by_name = {account.name: account for account in configured}
    if unknown := sorted(set(names) - set(accounts_by_name)):
        raise ConfigurationError(
            f"no account is called {unknown[0][:80]!r}; there are {', '.join(accounts_by_name) or 'none yet'}"
        )
    return [accounts_by_name[name] for name in dict.fromkeys(names)] or list(configured)
