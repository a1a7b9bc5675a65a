"""The world that the twin plays: which accounts there are, and what is true of them at a time."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from billfold.model.bill import Bill
from billfold.model.errors import InvalidArgument
from billfold.model.money import format_decimal
from billfold.model.period import Month, format_instant
from billfold.providers import provider
from billfold.providers.provider import Provider
from billfold.providers.twin_api import TwinAccount, TwinApi

DEFAULT_MONTHS = 12
MAX_YEARS = 20
"""How long a story goes on: it is told anew from its beginning, and takes longer the more months there are."""
START_YEARS = range(2000, 2101)
"""Years in which a world may be made."""
DEFAULT_SCENARIO = "default"


class PlayedVendor(NamedTuple):
    """One vendor on stage: its provider, what plays it, its accounts."""

    provider: Provider
    twin: TwinApi
    accounts: tuple[TwinAccount, ...]


class World:
    """A deterministic function of scenario, seed and time; it begins so many closed months before the time it is made."""

    def __init__(
        self, *, seed: int, start_time: datetime, scenario: str = DEFAULT_SCENARIO, months: int = DEFAULT_MONTHS
    ) -> None:
        if start_time.year not in START_YEARS:
            raise InvalidArgument(
                f"no world begins at {format_instant(start_time)}: choose a time from the year {START_YEARS[0]} to {START_YEARS[-1]}"
            )
        account_types = parse_scenario(scenario)
        self.seed, self.first_month = seed, Month.of(start_time).add_months(-months)
        self.vendors = [
            PlayedVendor(candidate, twin := candidate.load_twin(), twin.make_accounts(seed, self.first_month))
            for candidate in map(provider.find_provider, provider.provider_names())
            if candidate.has_twin
        ]
        self._configure_accounts(account_types)

    def _configure_accounts(self, account_types: dict[str, str]) -> None:
        """Give accounts another kind; raises ``InvalidArgument`` for an account or a kind that is not there."""
        names = [account.name for vendor in self.vendors for account in vendor.accounts]
        if unknown := set(account_types) - set(names):
            raise InvalidArgument(f"the scenario names an account {min(unknown)!r}; there are {', '.join(names)}")
        for index, vendor in enumerate(self.vendors):
            for name in [account.name for account in vendor.accounts if account.name in account_types]:
                if not any(
                    re.fullmatch(pattern.replace("N", r"\d{1,8}"), account_types[name])
                    for pattern in vendor.twin.account_types
                ):
                    known_types = ", ".join(vendor.twin.account_types)
                    raise InvalidArgument(
                        f"{name} cannot be of the kind {account_types[name]!r}; it can be {known_types}"
                    )
            accounts = tuple(
                account._replace(account_type=account_types.get(account.name, account.account_type))
                for account in vendor.accounts
            )
            self.vendors[index] = vendor._replace(accounts=accounts)

    def apply_event(self, provider_name: str, restatement: tuple[str, Month] | None) -> None:
        """Let something happen to a vendor's first account."""
        for index, vendor in enumerate(self.vendors):
            if vendor.provider.name == provider_name:
                first_account, *other_accounts = vendor.accounts
                self.vendors[index] = vendor._replace(
                    accounts=(first_account._replace(restatement=restatement), *other_accounts)
                )

    def shift_time(self, base_time: datetime, delta: timedelta = timedelta()) -> datetime:
        """Return so much later than a time; raises ``InvalidArgument`` where the story has not begun yet, or has long ended."""
        earliest, latest = self.first_month.start, self.first_month.add_months(12 * MAX_YEARS).start
        if not earliest <= base_time <= latest or delta > latest - base_time:
            raise InvalidArgument(
                f"the clock can be set from {format_instant(earliest)} to {format_instant(latest)}: that is the world's story"
            )
        return base_time + delta

    def iter_bills(self, now: datetime) -> Iterator[tuple[TwinAccount, Bill]]:
        """Yield every true bill with its account."""
        for vendor in self.vendors:
            for account in vendor.accounts:
                for bill in vendor.twin.true_bills(account, now):
                    yield account, bill

    def iter_addresses(self, root_url: str) -> Iterator[tuple[TwinAccount, str]]:
        """Yield every account with the base URL that its vendor's API has below the twin's own."""
        for vendor in self.vendors:
            for account in vendor.accounts:
                yield account, root_url + vendor.twin.mount_path

    def describe_accounts(self, root_url: str, now: datetime) -> list[dict[str, object]]:
        """Describe the accounts: what a client needs to reach them."""
        last_month = Month.of(now).add_months(-1)
        return [
            {
                "name": account.name,
                "provider": account.provider,
                "base_url": base_url,
                "credentials": dict(account.credentials),
                **account.public_facts,
                "first_month": str(account.first_month),
                "last_closed_month": str(last_month),
            }
            for account, base_url in self.iter_addresses(root_url)
        ]


def parse_scenario(scenario: str) -> dict[str, str]:
    """Read a scenario: ``default``, ``ACCOUNT:KIND``, or a TOML file whose ``[accounts]`` give accounts their kinds.

    What kinds there are stands in each provider's README. Raises ``InvalidArgument``.
    """
    if scenario == DEFAULT_SCENARIO:
        return {}
    account, colon, account_type = scenario.partition(":")
    if colon and not Path(scenario).exists():
        return {account: account_type}
    try:
        accounts_table = tomllib.loads(Path(scenario).read_text(encoding="utf-8"))["accounts"]
        return {str(name): str(account_type) for name, account_type in accounts_table.items()}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, AttributeError) as error:
        problem = "is neither `default`, ACCOUNT:KIND nor a TOML file with [accounts]"
        raise InvalidArgument(f"the scenario {scenario!r} {problem}") from error


def describe_bill(account: TwinAccount, bill: Bill) -> dict[str, Any]:
    """Describe a bill as the vendor states it; the same object as in ``billfold invoices --format json``."""
    return {
        "provider": account.provider,
        "account": account.name,
        "invoice_id": bill.invoice_id,
        "state": str(bill.state),
        "period_start": format_instant(bill.period.start),
        "period_end": format_instant(bill.period.end),
        "currency": bill.currency,
        "total": None if bill.total is None else format_decimal(bill.total),
        "lines": bill.line_count,
    }
