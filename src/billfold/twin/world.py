"""The world that the twin plays: which accounts there are, and what is true of them at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from billfold.model.bill import Bill
from billfold.model.errors import InvalidArgument
from billfold.model.money import format_decimal
from billfold.model.period import Month, format_instant
from billfold.providers import provider
from billfold.providers.provider import Provider
from billfold.providers.twin_api import StoryEvent, TwinAccount, TwinApi
from billfold.twin.faults import Fault
from billfold.twin.scenarios import (
    DEFAULT_SCENARIO,
    RESTATED_INVOICE,
    RESTATED_KIND,
    AccountRole,
    PlacedEvent,
    Scenario,
    check_event,
    list_event_kinds,
    parse_scenario,
    schedule_fault,
)

MAX_YEARS = 20
"""How long a story goes on: it is told anew from its beginning, and takes longer the more months there are."""
START_YEARS = range(2000, 2101)
"""Years in which a world may be made."""


class PlayedVendor(NamedTuple):
    """One vendor on stage: its provider, what plays it, its accounts."""

    provider: Provider
    twin: TwinApi
    accounts: tuple[TwinAccount, ...]


class World:
    """A deterministic function of scenario, seed and time; it begins so many closed months before the time it is made."""

    def __init__(
        self, *, seed: int, start_time: datetime, scenario: str = DEFAULT_SCENARIO, months: int | None = None
    ) -> None:
        if start_time.year not in START_YEARS:
            raise InvalidArgument(
                f"no world begins at {format_instant(start_time)}: choose a time from the year {START_YEARS[0]} to {START_YEARS[-1]}"
            )
        story = parse_scenario(scenario)
        self.seed, self.first_month = seed, Month.of(start_time).add_months(-(months or story.months))
        self.vendors = [
            PlayedVendor(candidate, twin := candidate.load_twin(), twin.make_accounts(seed, self.first_month))
            for candidate in map(provider.find_provider, provider.provider_names())
            if candidate.has_twin
        ]
        story = story.resolve_kinds(kind for vendor in self.vendors for kind in vendor.twin.event_kinds)
        self.events = [event.place(self.first_month, Month.of(start_time)) for event in story.events]
        self._cast_accounts(story)
        self.scheduled_faults = [fault for event in self.events if (fault := self._schedule_fault(event))]

    def _cast_accounts(self, story: Scenario) -> None:
        """Make the accounts those of the scenario; raises ``InvalidArgument`` for an account or a kind that is not there."""
        names = [account.name for vendor in self.vendors for account in vendor.accounts]
        if unknown := {role.name for role in story.accounts} - set(names):
            raise InvalidArgument(f"the scenario names an account {min(unknown)!r}; there are {', '.join(names)}")
        roles = {role.name: role for role in story.accounts}
        for index, vendor in enumerate(self.vendors):
            accounts = tuple(
                self._cast_account(vendor, account, roles.get(account.name, AccountRole(account.name)))
                for account in vendor.accounts
            )
            self.vendors[index] = vendor._replace(accounts=accounts)
        all_names = {account.name for vendor in self.vendors for account in vendor.accounts}
        if absent := {event.account for event in self.events} - all_names:
            raise InvalidArgument(
                f"the scenario has an event of {min(absent)!r}; there are {', '.join(sorted(all_names))}"
            )

    def _cast_account(self, vendor: PlayedVendor, account: TwinAccount, role: AccountRole) -> TwinAccount:
        new_name = role.new_name or account.name
        events = tuple(event for event in self.events if event.account == new_name)
        for event in events:
            check_event(vendor.provider, vendor.twin, event)
        types = vendor.twin.account_types
        if role.kind is not None and not any(
            re.fullmatch(pattern.replace("N", r"\d{1,8}"), role.kind) for pattern in types
        ):
            known_kinds = ", ".join((*types, *list_event_kinds(vendor.provider, vendor.twin)))
            raise InvalidArgument(f"{account.name} cannot be of the kind {role.kind!r}; it can be {known_kinds}")
        account = account._replace(
            name=new_name,
            account_type=role.kind or account.account_type,
            events=tuple(
                StoryEvent(event.kind, event.month) for event in events if event.kind in vendor.twin.event_kinds
            ),
        )
        organization = {"organization": role.organization} if role.organization else {}
        return account._replace(public_facts={**organization, **vendor.twin.describe_account(account)})

    def _schedule_fault(self, event: PlacedEvent) -> Fault | None:
        account = next(
            account for vendor in self.vendors for account in vendor.accounts if account.name == event.account
        )
        return schedule_fault(event, account.provider)

    def apply_event(self, provider_name: str, restatement: tuple[str, Month] | None) -> None:
        """Let something happen to a vendor's first account."""
        for index, vendor in enumerate(self.vendors):
            if vendor.provider.name == provider_name:
                first_account, *other_accounts = vendor.accounts
                self.vendors[index] = vendor._replace(
                    accounts=(first_account._replace(restatement=restatement), *other_accounts)
                )

    def list_vendors(self, now: datetime) -> list[PlayedVendor]:
        """Return the vendors with their accounts as they are at a time: restated where the scenario has it by then."""
        restated = {
            event.account: (RESTATED_KIND, event.month)
            for event in self.events
            if event.kind == RESTATED_INVOICE and event.told_at <= now
        }
        return [
            vendor._replace(
                accounts=tuple(
                    account._replace(restatement=account.restatement or restated.get(account.name))
                    for account in vendor.accounts
                )
            )
            for vendor in self.vendors
        ]

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
        for vendor in self.list_vendors(now):
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
