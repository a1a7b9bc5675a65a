"""Collect some accounts as one round of the schedule, and keep how it ended with each: also where it is stopped midway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from billfold.collect.outcome import CollectOutcome
from billfold.collect.sync import NoteOutcome, Progress
from billfold.config import AccountConfig
from billfold.ledger.chain import ChainKey
from billfold.ledger.server_schedule import COMPLETE, FAILED, INCOMPLETE, INTERRUPTED, SyncEnding, end_round
from billfold.model.errors import ApiError, BillfoldError
from billfold.model.finding import describe_finding
from billfold.model.plain_text import make_printable
from billfold.tasks.sync import sync_selected

BUDGET_SHARE = 10
"""Of a vendor's requests the schedule uses at most one in so many."""
MAX_TEXT_CHARS = 500


class SyncRound(NamedTuple):
    """Accounts that are collected together, under a number; ``configured`` are all that there are."""

    id: int
    directory: Path
    accounts: Sequence[AccountConfig]
    configured: Sequence[AccountConfig]
    began_at: datetime


def run_round(
    sync_round: SyncRound, clock: Callable[[], datetime], progress: Progress, note_outcome: NoteOutcome
) -> list[CollectOutcome]:
    """Collect the accounts of a round; returns how it went with each.

    Raises ``KeyboardInterrupt`` where it was stopped: what was collected is kept, and the next sync goes on from there. Raises
    ``BillfoldError`` where nothing can be collected at all.
    """
    endings = dict[ChainKey, SyncEnding]()

    def note_end(outcome: CollectOutcome) -> None:
        endings[outcome.provider, outcome.account] = build_ending(sync_round, outcome, clock())
        note_outcome(outcome)

    try:
        outcomes = sync_selected(sync_round.directory, sync_round.accounts, sync_round.configured, progress, note_end)
    except KeyboardInterrupt:
        _end_others(sync_round, endings, INTERRUPTED, "", clock())
        raise
    except Exception as error:
        text = str(error) if isinstance(error, BillfoldError) else f"{type(error).__name__}: {error}"
        _end_others(sync_round, endings, FAILED, text, clock())
        raise
    now = clock()
    endings |= {(outcome.provider, outcome.account): build_ending(sync_round, outcome, now) for outcome in outcomes}
    end_round(sync_round.directory, sync_round.id, list(endings.values()), now)
    return outcomes


def _end_others(
    sync_round: SyncRound, endings: dict[ChainKey, SyncEnding], state: str, text: str, now: datetime
) -> None:
    """Keep how it ended with the accounts that were done, and with the others alike."""
    others = [
        SyncEnding(account.provider.name, account.name, state, _shorten_text([text]), 0)
        for account in sync_round.accounts
        if (account.provider.name, account.name) not in endings
    ]
    end_round(sync_round.directory, sync_round.id, [*endings.values(), *others], now)


def build_ending(sync_round: SyncRound, outcome: CollectOutcome, now: datetime) -> SyncEnding:
    """Return what is kept of an outcome."""
    missing = [describe_finding(finding) for finding in outcome.missing if finding.is_wrong]
    state = FAILED if outcome.error else INCOMPLETE if missing else COMPLETE
    text = _shorten_text([str(outcome.error)] if outcome.error else missing)
    not_before = find_budget_time(sync_round, outcome, now)
    return SyncEnding(outcome.provider, outcome.account, state, text, outcome.answers, not_before)


def find_budget_time(sync_round: SyncRound, outcome: CollectOutcome, now: datetime) -> datetime | None:
    """Return before when the vendor's budget allows no other sync: by its rate limit, or by its own word."""
    error = outcome.error
    if isinstance(error, ApiError) and error.retry_after:
        return now + timedelta(seconds=error.retry_after)
    for account in sync_round.accounts:
        if account.name == outcome.account and not account.unlimited:
            seconds = BUDGET_SHARE * outcome.answers / account.provider.requests_per_second
            return sync_round.began_at + timedelta(seconds=seconds)
    return None


def _shorten_text(texts: Iterable[str]) -> str:
    return make_printable("; ".join(texts))[:MAX_TEXT_CHARS]
