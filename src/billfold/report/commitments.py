"""What contracts commit to: committed, bought, used and left, how long it lasts, and what will be too much or too little.

Used and bought are never mixed: what was bought for a month does not tell what was used of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from billfold.ledger import catalog
from billfold.ledger.commitments import CommitmentTerms, list_terms
from billfold.ledger.payments import BalanceRow, list_balances
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.balance import BalanceKind
from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.model.payment import NO_EVIDENCE, PaymentEvidence
from billfold.model.period import Month
from billfold.report.balances import AS_FIRST, BY_VENDOR, BalanceMonth, roll_balances
from billfold.report.commitment_uses import (
    BY_BALANCE,
    BY_CONFIGURATION,
    BY_CONTRACT,
    MONTHLY_GRANT,
    NO_OUTLOOK,
    CommitmentClock,
    CommitmentUse,
    Outlook,
    add_outlook,
    expect_rest,
    expect_seats,
    format_last_day,
    limit_runway,
    pays_balance,
)
from billfold.report.run_rate import RunRate, measure_rate
from billfold.report.stated_commitments import find_stated


def find_commitments(
    db: OpenLedger, filters: LedgerFilter, evidence: PaymentEvidence = NO_EVIDENCE
) -> list[CommitmentUse]:
    """Return the commitments that contracts, balances and the configuration tell of: in the latest month, or in all that are wanted.

    Those of the configuration are narrowed to accounts that are in the ledger.
    """
    all_months = filters._replace(first_month=None, last_month=None)
    runs = catalog.list_last_runs(db, filters.seq, "true")
    clock = CommitmentClock({(run.provider, run.account): run.asked_at for run in runs})
    balances = list_balances(db, all_months)
    months = roll_balances(balances, evidence.commitments)
    is_latest = not (filters.first_month or filters.last_month)
    uses = [
        *_use_allowances(list_terms(db, all_months), balances, clock, filters),
        *_use_credits(months, evidence.commitments, clock, is_latest=is_latest),
        *find_stated(db, all_months, evidence.commitments, months, clock),
    ]
    uses.sort(key=lambda use: (use.provider, use.account, use.name, use.commitment_id, use.month))
    return list(_select_months(uses, filters))


def _select_months(uses: Iterable[CommitmentUse], filters: LedgerFilter) -> Iterator[CommitmentUse]:
    """Yield the months that are wanted; where none is named, the latest of each commitment."""
    if filters.first_month or filters.last_month:
        yield from (use for use in uses if not use.month or filters.includes_month(Month.parse(use.month)))
        return
    latest = dict[tuple[str, ...], CommitmentUse]()
    for use in uses:
        latest[*use[:4], use.kind] = use
    yield from latest.values()


def _use_allowances(
    terms: Sequence[CommitmentTerms], balances: Iterable[BalanceRow], clock: CommitmentClock, filters: LedgerFilter
) -> Iterator[CommitmentUse]:
    """Yield what a contract commits to each month that is wanted, with what its vendor says was bought and used of it."""
    is_latest = not (filters.first_month or filters.last_month)
    rows_by_commitment = defaultdict[tuple[str, str, str], list[BalanceRow]](list)
    for row in balances:
        if row.commitment_id:
            rows_by_commitment[row.provider, row.account, row.commitment_id].append(row)
    for term in terms:
        rows = rows_by_commitment.get(term[:3], [])
        if not rows:
            yield _build_use(term, None, None, NO_OUTLOOK)
        latest = {row.kind == BalanceKind.ALLOWANCE: row for row in sorted(rows, key=lambda row: row.period_start)}
        closed = list[tuple[Month, Decimal]]()
        for row in rows:
            month = Month.of(row.period_start)
            if row in latest.values() if is_latest else filters.includes_month(month):
                rate = measure_rate(closed)
                outlook = _expect_month(term, row, rate, clock) if row.is_open else NO_OUTLOOK
                yield _build_use(term, row, rate.monthly, outlook)
            closed += [] if row.is_open else [(month, row.used or ZERO)]


def _build_use(term: CommitmentTerms, row: BalanceRow | None, rate: Decimal | None, outlook: Outlook) -> CommitmentUse:
    used = row.used if row else None
    is_allowance = row is None or row.kind == BalanceKind.ALLOWANCE
    bought = (row.bought if is_allowance else row.opening) if row else None
    overage = max(EXACT_CONTEXT.subtract(used, term.quantity), ZERO) if used is not None else ZERO
    use = CommitmentUse(
        *(term.provider, term.account, term.commitment_id, term.unit, term.quantity, used),
        None if used is None else exact_sum((term.quantity, ZERO - used, overage)),
        format_last_day(term.period_end),
        row.name if row else term.name or term.commitment_id,
        CommitmentKind.SEATS if is_allowance else MONTHLY_GRANT,
        str(Month.of(row.period_start)) if row else "",
        BY_CONTRACT,
        bought,
        overage,
        rate,
        contract=term.contract,
    )
    return add_outlook(use, outlook)


def _expect_month(term: CommitmentTerms, row: BalanceRow, rate: RunRate, clock: CommitmentClock) -> Outlook:
    """Expect of a running month as many seats as the last ones had; what is granted is used up day by day."""
    used = row.used or ZERO
    if row.kind == BalanceKind.ALLOWANCE:
        return expect_seats(term.quantity, used, rate.monthly, row.period_end)
    now = clock.find_time(term.provider, term.account, row.period_start)
    return limit_runway(
        expect_rest(EXACT_CONTEXT.subtract(term.quantity, used), rate, now, row.period_end), row.period_end
    )


def _use_credits(
    months: Iterable[BalanceMonth],
    commitments: Sequence[StatedCommitment],
    clock: CommitmentClock,
    *,
    is_latest: bool,
) -> Iterator[CommitmentUse]:
    """Yield what is left of balances that do not lapse each month, with what is expected: month by month, or in the latest."""
    months_by_balance = defaultdict[tuple[str, ...], list[BalanceMonth]](list)
    for month in months:
        months_by_balance[month.provider, month.account, month.balance_id, month.unit].append(month)
    for balance_months in months_by_balance.values():
        last = balance_months[-1]
        if any(month.renewed for month in balance_months) or not (last.opening or last.closing):
            continue
        stated = [commitment for commitment in commitments if pays_balance(commitment, last)]
        first = len(balance_months) - 1 if is_latest else 0
        for index, month in enumerate(balance_months[first:], first):
            yield _build_credit_use(balance_months[: index + 1], month, stated, clock)


def _build_credit_use(
    history: Sequence[BalanceMonth], month: BalanceMonth, stated: Sequence[StatedCommitment], clock: CommitmentClock
) -> CommitmentUse:
    """Say of a balance what was there, with all that was bought since, and what is left: of vendors that state both, in the month."""
    window = history[-1:] if month.source == BY_VENDOR and not stated and month.bought else history
    used, bought = exact_sum(past.used for past in window), exact_sum(past.bought for past in window)
    committed = EXACT_CONTEXT.add(window[0].opening, bought)
    rate = measure_rate([(Month.parse(past.month), past.used) for past in history if not past.is_open])
    month_end = Month.parse(month.month).end
    now = min(clock.find_time(month.provider, month.account, month_end), month_end)
    end = max((commitment.period.end for commitment in stated), default=None)
    outlook = expect_rest(month.closing, rate, now, end)
    use = CommitmentUse(
        *(month.provider, month.account, month.balance_id, month.unit),
        *(committed, used, month.closing),
        format_last_day(end) if end else "",
        *(month.name, CommitmentKind.PREPAID_CREDITS, month.month),
        BY_CONFIGURATION if stated else BY_BALANCE,
        committed if window[0].source == AS_FIRST else bought,
        rate=rate.monthly,
    )
    return add_outlook(use, outlook)
