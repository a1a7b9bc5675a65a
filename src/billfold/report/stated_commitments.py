"""The commitments that only the configuration states: a minimum to be spent, credits without a balance, seats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.commitments import ServiceUse, sum_quantities, sum_spend
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.model.period import Month, Period
from billfold.report.balances import BalanceMonth
from billfold.report.commitment_uses import (
    BY_CONFIGURATION,
    NO_OUTLOOK,
    CommitmentClock,
    CommitmentUse,
    add_outlook,
    expect_rest,
    expect_seats,
    format_last_day,
    limit_runway,
    pays_balance,
)
from billfold.report.run_rate import measure_rate


class _Span(NamedTuple):
    """The part of a commitment that is looked at: a month of it, or all of it (``month`` "")."""

    period: Period
    month: str


def find_stated(
    db: OpenLedger,
    filters: LedgerFilter,
    commitments: Sequence[StatedCommitment],
    balances: Sequence[BalanceMonth],
    clock: CommitmentClock,
) -> Iterator[CommitmentUse]:
    """Yield the stated commitments that no balance tells of, with what the charges say was used."""
    owed = [commitment for commitment in commitments if not any(pays_balance(commitment, month) for month in balances)]
    seats = [commitment for commitment in owed if commitment.kind is CommitmentKind.SEATS]
    spend = sum_spend(db, filters, [commitment.account for commitment in owed if commitment not in seats])
    quantities = sum_quantities(db, filters, [commitment.account for commitment in seats])
    providers = {account: provider for provider, account in clock.times}
    for commitment in owed:
        provider = providers.get(commitment.account)
        if provider and filters.includes_account(provider, commitment.account):
            uses = quantities if commitment in seats else spend
            yield from _iter_uses(commitment, provider, _select_uses(commitment, uses), clock)


def _select_uses(commitment: StatedCommitment, uses: Iterable[ServiceUse]) -> list[tuple[Month, Decimal]]:
    """Return by month what was used of what a commitment is for."""
    amounts = dict[Month, list[Decimal]]()
    for use in uses:
        is_service = not commitment.service or commitment.service.casefold() == use.service.casefold()
        if (use.account, use.unit.casefold()) == (commitment.account, commitment.unit.casefold()) and is_service:
            amounts.setdefault(Month.of(use.month), []).append(use.amount)
    return [(month, exact_sum(month_amounts)) for month, month_amounts in sorted(amounts.items())]


def _iter_uses(
    commitment: StatedCommitment, provider: str, used: Sequence[tuple[Month, Decimal]], clock: CommitmentClock
) -> Iterator[CommitmentUse]:
    now = clock.find_time(provider, commitment.account, commitment.period.end)
    for span in _iter_spans(commitment, now):
        amount = exact_sum(
            month_used for month, month_used in used if span.period.start <= month.start < span.period.end
        )
        closed = [(month, month_used) for month, month_used in used if month.end <= min(now, span.period.end)]
        rate = measure_rate(closed)
        left = EXACT_CONTEXT.subtract(commitment.amount, amount)
        if span.period.end <= now:
            outlook = NO_OUTLOOK
        elif commitment.kind is CommitmentKind.SEATS:
            outlook = expect_seats(commitment.amount, amount, rate.monthly, span.period.end)
        else:
            outlook = limit_runway(expect_rest(left, rate, now, span.period.end), span.period.end)
        use = CommitmentUse(
            *(provider, commitment.account, commitment.commitment_id, commitment.unit),
            *(commitment.amount, amount, max(left, ZERO)),
            format_last_day(commitment.period.end),
            *(commitment.service or commitment.commitment_id, commitment.kind, span.month, BY_CONFIGURATION),
            commitment.amount if commitment.kind is CommitmentKind.PREPAID_CREDITS else None,
            *(max(ZERO - left, ZERO), rate.monthly),
        )
        yield add_outlook(use, outlook)


def _iter_spans(commitment: StatedCommitment, now: datetime) -> Iterator[_Span]:
    """Yield the months of a commitment that have begun, or all of it."""
    if not commitment.is_monthly:
        yield _Span(commitment.period, "")
        return
    first, last = Month.of(commitment.period.start), Month.of(min(now, commitment.period.end))
    for month in first.iter_until(last):
        if month.start < commitment.period.end:
            yield _Span(month.period, str(month))
