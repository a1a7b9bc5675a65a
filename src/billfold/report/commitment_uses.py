"""What is said of a commitment: the row of every report on them, and what is expected of it at a rate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.money import EXACT_CONTEXT, ZERO
from billfold.report.balances import BalanceMonth
from billfold.report.run_rate import RunRate

BY_CONTRACT, BY_CONFIGURATION, BY_BALANCE = "contract", "configuration", "balance"
"""What says that something is committed."""
MONTHLY_GRANT = "monthly-grant"
"""The kind of what is granted each month and lapses at its end, as a wallet's tokens."""
LAST_INSTANT = timedelta(microseconds=1)


class CommitmentUse(NamedTuple):
    """A commitment in a month, or over its whole time (``month`` ""): committed - used + overage = left.

    ``used`` and ``left`` are None where nothing tells what was used; ``bought`` where nothing tells what was bought. The expected
    amounts are forecasts at the rate of the last three whole months: what will be used beyond it, or not at all, by ``expected_on``;
    ``runway_on`` is the day on which nothing is left. All days are "" where there is none. ``contract`` is the vendor's id of it.
    """

    provider: str
    account: str
    commitment_id: str
    unit: str
    committed: Decimal
    used: Decimal | None
    left: Decimal | None
    ends_on: str
    name: str
    kind: str
    month: str
    source: str
    bought: Decimal | None = None
    overage: Decimal = ZERO
    rate: Decimal | None = None
    runway_on: str = ""
    expected_overage: Decimal | None = None
    expected_shortfall: Decimal | None = None
    expected_on: str = ""
    contract: str = ""


class Outlook(NamedTuple):
    """What is expected of a commitment at a rate."""

    runway_on: str = ""
    expected_overage: Decimal | None = None
    expected_shortfall: Decimal | None = None
    expected_on: str = ""


NO_OUTLOOK = Outlook()


class CommitmentClock(NamedTuple):
    """The times of accounts' last collections: rates run on from there."""

    times: Mapping[tuple[str, str], datetime]

    def find_time(self, provider: str, account: str, default: datetime) -> datetime:
        """Return when an account was last collected."""
        return self.times.get((provider, account), default)


def pays_balance(commitment: StatedCommitment, month: BalanceMonth) -> bool:
    """Tell whether a commitment that the configuration states bought what a balance is."""
    is_credit = commitment.kind is CommitmentKind.PREPAID_CREDITS
    return is_credit and (commitment.account, commitment.unit) == (month.account, month.unit)


def expect_seats(committed: Decimal, used: Decimal, monthly_rate: Decimal | None, end: datetime) -> Outlook:
    """Expect of a running month as many seats in use as the last ones had on average, and no fewer than there are already."""
    difference = EXACT_CONTEXT.subtract(max(used, monthly_rate or used), committed)
    return Outlook("", max(difference, ZERO), max(ZERO - difference, ZERO), format_last_day(end))


def add_outlook(use: CommitmentUse, outlook: Outlook) -> CommitmentUse:
    """Return a commitment with what is expected of it."""
    return use._replace(
        runway_on=outlook.runway_on,
        expected_overage=outlook.expected_overage,
        expected_shortfall=outlook.expected_shortfall,
        expected_on=outlook.expected_on,
    )


def limit_runway(outlook: Outlook, end: datetime) -> Outlook:
    """Return what is expected of something that lapses then: no longer does any of it last."""
    return outlook if outlook.runway_on <= format_last_day(end) else outlook._replace(runway_on="")


def expect_rest(left: Decimal, rate: RunRate, now: datetime, end: datetime | None) -> Outlook:
    """Say how long what is left lasts, and what of it is unused, or used beyond it, at a commitment's end (None: it has none)."""
    runway = rate.find_end(left, now)
    if end is None or not rate.months:
        return Outlook(format_day(runway) if runway else "")
    difference = EXACT_CONTEXT.subtract(rate.expect_use(now, end), left)
    runs_out = runway if runway and runway < end else None
    expected_on = format_day(runs_out) if difference > 0 and runs_out else format_last_day(end)
    return Outlook(
        format_day(runway) if runway else "", max(difference, ZERO), max(ZERO - difference, ZERO), expected_on
    )


def format_day(time: datetime) -> str:
    """Write a time's day."""
    return time.date().isoformat()


def format_last_day(end: datetime) -> str:
    """Write the last day of a time that ends then."""
    return format_day(end - LAST_INSTANT)
