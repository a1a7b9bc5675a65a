"""The section ``[schedule]``: how often accounts are collected by themselves, and what is another for one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from billfold.model.errors import ConfigurationError
from billfold.model.plain_values import show_name, show_value

EXAMPLE = 'every = "6h", at = "05:00"'
MIN_INTERVAL, MAX_INTERVAL = timedelta(minutes=15), timedelta(days=31)
MAX_SPREAD = timedelta(days=1)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_SPAN_KEYS = ("every", "near_invoice", "spread")
_KEYS = ("enabled", *_SPAN_KEYS, "at")


class SyncSchedule(NamedTuple):
    """When an account is collected: at a time of the day (UTC, since midnight) and ``every`` span from there.

    While an invoice is awaited, ``near_invoice`` is the span. Accounts begin within ``spread`` after the time, each at a minute
    of its own.
    """

    enabled: bool = True
    every: timedelta = timedelta(hours=6)
    near_invoice: timedelta = timedelta(hours=1)
    spread: timedelta = timedelta(hours=1)
    at: timedelta = timedelta(hours=5)


class ScheduleSettings(NamedTuple):
    """What ``[schedule]`` says: whether `billfold serve` collects by itself, the usual schedule, and those of some accounts."""

    enabled: bool = False
    usual: SyncSchedule = SyncSchedule()
    by_account: Mapping[str, SyncSchedule] = {}

    def find_schedule(self, account: str) -> SyncSchedule:
        """Return the schedule of an account."""
        return self.by_account.get(account, self.usual)


def read_schedule_settings(section: object, location: str) -> ScheduleSettings:
    """Read the section (None: there is none); raises ``ConfigurationError`` with the one thing to change."""
    if section is None:
        return ScheduleSettings()
    place = f"{location}, [schedule]"
    if not isinstance(section, dict):
        raise ConfigurationError(f"{place}: write it as a table, with {EXAMPLE}")
    blocks = section.get("accounts", {})
    if not isinstance(blocks, dict):
        raise ConfigurationError(f"{place}: write what is another for one account as [schedule.accounts.NAME]")
    usual = _read_schedule({key: value for key, value in section.items() if key != "accounts"}, SyncSchedule(), place)
    by_account = {
        str(name): _read_schedule(
            block, usual._replace(enabled=True), f"{location}, [schedule.accounts.{show_name(name)}]"
        )
        for name, block in blocks.items()
    }
    return ScheduleSettings(bool(section.get("enabled", False)), usual._replace(enabled=True), by_account)


def require_scheduled_names(settings: ScheduleSettings, account_names: list[str], location: str) -> None:
    """Raise ``ConfigurationError`` where a schedule is of an account that is not configured."""
    if unknown := sorted(set(settings.by_account) - set(account_names)):
        raise ConfigurationError(
            f"{location}, [schedule.accounts.{show_name(unknown[0])}]: no account has this name; "
            f"there are {', '.join(account_names) or 'none yet'}"
        )


def _read_schedule(block: object, base: SyncSchedule, place: str) -> SyncSchedule:
    if not isinstance(block, dict):
        raise ConfigurationError(f"{place}: write it as a table, with {EXAMPLE}")
    if unknown := sorted(map(str, set(block) - set(_KEYS))):
        raise ConfigurationError(f"{place}: {show_name(unknown[0])} is not known; a schedule has {', '.join(_KEYS)}")
    spans = {key: _read_span(block[key], key, place) for key in _SPAN_KEYS if key in block}
    schedule = base._replace(
        **spans,
        enabled=_read_switch(block.get("enabled", base.enabled), place),
        at=_read_time(block["at"], place) if "at" in block else base.at,
    )
    return schedule._replace(near_invoice=min(schedule.near_invoice, schedule.every))


def _read_switch(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{place}: enabled is true or false, without quotes")
    return value


def _read_span(value: object, key: str, place: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,5})([mhd])", value) if isinstance(value, str) else None
    span = int(match[1]) * _UNITS[match[2]] if match else None
    least, most = (timedelta(), MAX_SPREAD) if key == "spread" else (MIN_INTERVAL, MAX_INTERVAL)
    if span is None or not least <= span <= most:
        limits = f"from {describe_span(least)} to {describe_span(most)}"
        raise ConfigurationError(
            f'{place}: {key} is {show_value(value)}; write a span {limits}, as "30m", "6h" or "1d"'
        )
    return span


def _read_time(value: object, place: str) -> timedelta:
    match = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", value) if isinstance(value, str) else None
    if match is None:
        raise ConfigurationError(f'{place}: at is {show_value(value)}; write a time of the day (UTC), as "05:00"')
    return timedelta(hours=int(match[1]), minutes=int(match[2]))


def describe_span(span: timedelta) -> str:
    """Write a span in the largest unit that it is a whole number of, as ``6 h``."""
    for name, unit in (("d", _UNITS["d"]), ("h", _UNITS["h"])):
        if span and not span % unit:
            return f"{span // unit} {name}"
    return f"{span // _UNITS['m']} min"
