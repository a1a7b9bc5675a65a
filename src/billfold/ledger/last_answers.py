"""What an account's last collection was, its newest answer, and what it was refused: found without reading its history."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from billfold.ledger.archive import Archive
from billfold.ledger.chain import ChainKey
from billfold.ledger.entries import RUN_END, RUN_START, UNREADABLE_SUFFIX
from billfold.model.period import is_instant, parse_instant

_OWN = "provider=:provider AND account=:account"
_LAST = "SELECT seq FROM entries WHERE {condition} ORDER BY seq DESC LIMIT 1"


class LastSync(NamedTuple):
    """An account's last collection; ``ended_at`` and ``outcome`` are None while it is open."""

    run_id: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None


def find_last_sync(archive: Archive, account_key: ChainKey) -> LastSync | None:
    """Return the last collection of an account (provider and name), None before the first; imports do not count."""
    condition = f"{_OWN} AND operation='{RUN_START}' AND question='sync'"
    for start in archive.select_entries(f"seq=({_LAST.format(condition=condition)})", _name_account(account_key)):
        started_at = _read_time(start.fetched_at)
        if started_at is None:
            return None
        for end in archive.select_entries(
            "run=:run AND operation=:operation", {"run": start.run, "operation": RUN_END}
        ):
            return LastSync(start.run, started_at, _read_time(end.fetched_at) or started_at, end.question)
        return LastSync(start.run, started_at, None, None)
    return None


def find_newest_answer(archive: Archive, account_key: ChainKey) -> datetime | None:
    """Return when the newest good answer about an account came; None where there is none."""
    condition = f"{_OWN} AND status=200 AND operation NOT LIKE ':%'"
    for entry in archive.select_entries(f"seq=({_LAST.format(condition=condition)})", _name_account(account_key)):
        return _read_time(entry.fetched_at)
    return None


def list_refused_operations(archive: Archive, run_id: int) -> list[str]:
    """Return the operations that a run's key had no right to (HTTP 401 and 403), each once."""
    refusals = archive.select_entries("run=:run AND status IN (401, 403)", {"run": run_id})
    return list(dict.fromkeys(entry.operation.removesuffix(UNREADABLE_SUFFIX) for entry in refusals))


def _name_account(account_key: ChainKey) -> dict[str, str]:
    return dict(zip(("provider", "account"), account_key, strict=True))


def _read_time(text: str) -> datetime | None:
    return parse_instant(text) if is_instant(text) else None
