"""The world that the twin plays: which accounts there are, and what is true of them at a time."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from billfold.model.bill import Bill
from billfold.model.errors import Misasked
from billfold.model.money import plain
from billfold.model.period import Month, stamp
from billfold.providers import provider
from billfold.providers.provider import Provider
from billfold.providers.twin_api import Account, Twin

MONTHS = 12
YEARS = 20
"""How long a story goes on: it is told anew from its beginning, and takes longer the more months there are."""
AGES = range(2000, 2101)
"""Years in which a world may be made."""
DEFAULT = "default"


class Stage(NamedTuple):
    """One vendor on stage: its front door, the module that plays it, its accounts."""

    provider: Provider
    twin: Twin
    accounts: tuple[Account, ...]


class World:
    """A deterministic function of scenario, seed and time; it begins so many closed months before the time it is made."""

    def __init__(self, *, seed: int, at: datetime, scenario: str = DEFAULT, months: int = MONTHS) -> None:
        if at.year not in AGES:
            raise Misasked(f"no world begins at {stamp(at)}: choose a time from the year {AGES[0]} to {AGES[-1]}")
        kinds = scenes(scenario)
        self.seed, self.first_month = seed, Month.of(at).plus(-months)
        doors = [door for door in map(provider.find, provider.names()) if door.has_twin]
        self.stages = [Stage(d, d.twin(), d.twin().accounts(seed, self.first_month)) for d in doors]
        self._cast(kinds)

    def _cast(self, kinds: dict[str, str]) -> None:
        """Give accounts another kind; raises ``Misasked`` for an account or a kind that is not there."""
        names = [account.name for stage in self.stages for account in stage.accounts]
        if unknown := set(kinds) - set(names):
            raise Misasked(f"the scenario names an account {min(unknown)!r}; there are {', '.join(names)}")
        for number, stage in enumerate(self.stages):
            for name in [account.name for account in stage.accounts if account.name in kinds]:
                if not any(re.fullmatch(one.replace("N", r"\d{1,8}"), kinds[name]) for one in stage.twin.KINDS):
                    there = ", ".join(stage.twin.KINDS)
                    raise Misasked(f"{name} cannot be of the kind {kinds[name]!r}; it can be {there}")
            cast = tuple(one._replace(kind=kinds.get(one.name, one.kind)) for one in stage.accounts)
            self.stages[number] = stage._replace(accounts=cast)

    def tell(self, provider: str, story: tuple[str, Month] | None) -> None:
        """Let something happen to a vendor's first account."""
        for number, stage in enumerate(self.stages):
            if stage.provider.name == provider:
                first, *others = stage.accounts
                self.stages[number] = stage._replace(accounts=(first._replace(story=story), *others))

    def playable(self, at: datetime, later: timedelta = timedelta()) -> datetime:
        """Return so much later than a time; raises ``Misasked`` where the story has not begun yet, or has long ended."""
        first, last = self.first_month.start, self.first_month.plus(12 * YEARS).start
        if not first <= at <= last or later > last - at:
            raise Misasked(f"the clock can be set from {stamp(first)} to {stamp(last)}: that is the world's story")
        return at + later

    def bills(self, now: datetime) -> Iterator[tuple[Account, Bill]]:
        """Yield every true bill with its account."""
        for stage in self.stages:
            for account in stage.accounts:
                for bill in stage.twin.truth(account, now):
                    yield account, bill

    def accounts(self, root: str, now: datetime) -> list[dict[str, Any]]:
        """Describe the accounts: what a client needs to reach them."""
        last = Month.of(now).plus(-1)
        return [
            {
                "name": account.name,
                "provider": account.provider,
                "base_url": root + stage.twin.MOUNT,
                "credentials": dict(account.credentials),
                **account.facts,
                "first_month": str(account.first_month),
                "last_closed_month": str(last),
            }
            for stage in self.stages
            for account in stage.accounts
        ]


def scenes(scenario: str) -> dict[str, str]:
    """Read a scenario: ``default``, ``ACCOUNT:KIND``, or a TOML file whose ``[accounts]`` give accounts their kinds.

    What kinds there are stands in each provider's README. Raises ``Misasked``.
    """
    if scenario == DEFAULT:
        return {}
    account, colon, kind = scenario.partition(":")
    if colon and not Path(scenario).exists():
        return {account: kind}
    try:
        said = tomllib.loads(Path(scenario).read_text(encoding="utf-8"))["accounts"]
        return {str(name): str(kind) for name, kind in said.items()}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, AttributeError) as error:
        words = "is neither `default`, ACCOUNT:KIND nor a TOML file with [accounts]"
        raise Misasked(f"the scenario {scenario!r} {words}") from error


def stated(account: Account, bill: Bill) -> dict[str, Any]:
    """Describe a bill as the vendor states it; the same object as in ``billfold invoices --format json``."""
    return {
        "provider": account.provider,
        "account": account.name,
        "invoice_id": bill.invoice_id,
        "state": str(bill.state),
        "period_start": stamp(bill.period.start),
        "period_end": stamp(bill.period.end),
        "currency": bill.currency,
        "total": None if bill.total is None else plain(bill.total),
        "lines": bill.listed,
    }
