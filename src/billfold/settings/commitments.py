"""``[[commitments]]`` of a configuration: what contracts commit to where no API tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.errors import ConfigurationError
from billfold.model.period import Period
from billfold.model.plain_values import read_plain_amount

KEYS = ("account", "id", "kind", "amount", "currency", "unit", "start", "end", "every", "service")
REQUIRED_KEYS = ("account", "id", "kind", "amount", "start", "end")


def parse_commitments(section: object, location: str) -> tuple[StatedCommitment, ...]:
    """Read ``[[commitments]]``, none where there is no such section; raises ``ConfigurationError`` with the one thing to change.

    ``end`` is the last day, which is in the period. ``location`` is the configuration's path, which errors name.
    """
    if section is None:
        return ()
    if not isinstance(section, list) or not all(isinstance(block, dict) for block in section):
        raise ConfigurationError(f"{location}: commitments are written as [[commitments]] blocks")
    stated = tuple(
        _parse_block(block, f"{location}, [[commitments]] number {number}") for number, block in enumerate(section, 1)
    )
    keys = [(commitment.account, commitment.commitment_id, commitment.period.start) for commitment in stated]
    if repeated := [key for key in keys if keys.count(key) > 1]:
        raise ConfigurationError(
            f"{location}, [[commitments]]: id {repeated[0][1]!r} of {repeated[0][0]} begins twice on one day; give each its own id"
        )
    return stated


def _parse_block(block: Mapping[str, object], location: str) -> StatedCommitment:
    if unknown := sorted(set(block) - set(KEYS)):
        raise ConfigurationError(f"{location}: {unknown[0]!r} is not known; a commitment has {', '.join(KEYS)}")
    if missing := [key for key in REQUIRED_KEYS if key not in block]:
        raise ConfigurationError(f"{location}: write its {missing[0]}")
    kind = _read_kind(block, location)
    start, last_day = _read_day(block, "start", location), _read_day(block, "end", location)
    if last_day < start:
        raise ConfigurationError(f"{location}: end is the last day, and lies before start: change one of them")
    return StatedCommitment(
        _read_text(block, "account", location),
        _read_text(block, "id", location),
        kind,
        _read_unit(block, kind, location),
        _read_amount(block, location),
        Period(start, last_day + timedelta(days=1)),
        _read_interval(block, kind, location),
        _read_text(block, "service", location) if "service" in block else "",
    )


def _read_text(block: Mapping[str, object], key: str, location: str) -> str:
    text = block[key]
    if not isinstance(text, str) or not text.strip() or not text.isprintable():
        raise ConfigurationError(f"{location}: {key} must be text in quotes")
    return text.strip()


def _read_kind(block: Mapping[str, object], location: str) -> CommitmentKind:
    try:
        return CommitmentKind(_read_text(block, "kind", location))
    except ValueError:
        raise ConfigurationError(f"{location}: kind is one of {', '.join(CommitmentKind)}") from None


def _read_unit(block: Mapping[str, object], kind: CommitmentKind, location: str) -> str:
    key = "unit" if kind is CommitmentKind.SEATS else "currency"
    if key not in block or len({"unit", "currency"} & set(block)) > 1:
        example = 'unit = "Seats"' if key == "unit" else 'currency = "USD"'
        raise ConfigurationError(f"{location}: {kind} is counted by its {key}: write {example}, and only that")
    return _read_text(block, key, location)


def _read_amount(block: Mapping[str, object], location: str) -> Decimal:
    amount = read_plain_amount(block["amount"])
    if amount is None or amount < 0:
        raise ConfigurationError(f'{location}: amount must be a number, as amount = "12000.00"')
    return amount


def _read_day(block: Mapping[str, object], key: str, location: str) -> datetime:
    value = block[key]
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise ConfigurationError(f"{location}: {key} must be a day, as {key} = 2026-01-31")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _read_interval(block: Mapping[str, object], kind: CommitmentKind, location: str) -> bool:
    """Tell whether the amount is that of each month: seats always are, credits never."""
    interval = block.get("every", "month" if kind is CommitmentKind.SEATS else "period")
    allowed = {
        CommitmentKind.SEATS: {"month"},
        CommitmentKind.PREPAID_CREDITS: {"period"},
        CommitmentKind.MINIMUM_SPEND: {"month", "period"},
    }[kind]
    if interval not in allowed:
        raise ConfigurationError(f"{location}: every can be {' or '.join(sorted(allowed))} for {kind}")
    return interval == "month"
