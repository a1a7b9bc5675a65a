"""Values of configurations and the files that they name: what nobody means is refused once, for every section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from billfold.model.errors import ConfigurationError

MAX_TEXT_CHARS, MAX_SHOWN_CHARS = 2000, 80
LAST_YEAR = 9000
"""The last year of a date: days after it are still days."""
_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,18})?")


def read_plain_amount(value: object) -> Decimal | None:
    """Return a number that is written with plain digits (at most 15, and 18 decimals); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    text = format(value, "f") if isinstance(value, Decimal) and abs(value.adjusted()) < 40 else str(value).strip()
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def check_document(document: object, path: Path) -> None:
    """Refuse texts with control characters or without end, and dates without days after them; raises ``ConfigurationError``."""
    for location, value in _iter_values(document, ""):
        if isinstance(value, str) and not value.isprintable():
            raise ConfigurationError(
                f"{path}: {location} holds a character that cannot be printed: {show_value(value)}"
            )
        if isinstance(value, str) and len(value) > MAX_TEXT_CHARS:
            raise ConfigurationError(f"{path}: {location} is longer than {MAX_TEXT_CHARS} characters")
        if isinstance(value, date) and value.year > LAST_YEAR:
            raise ConfigurationError(
                f"{path}: {location} is {value}: write a day before {LAST_YEAR + 1}, or leave it out"
            )


def _iter_values(value: object, location: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, member in value.items():
            name = f"{location}.{show_name(key)}" if location else show_name(key)
            yield name, key
            yield from _iter_values(member, name)
    elif isinstance(value, list):
        for number, member in enumerate(value, 1):
            yield from _iter_values(member, f"{location}, number {number}")
    else:
        yield location, value


def show_name(name: object) -> str:
    """Return a key as it can stand in a message."""
    text = str(name)
    return text if text.isprintable() and len(text) <= MAX_SHOWN_CHARS else show_value(text)


def show_value(value: object) -> str:
    """Return a value as it can stand in a message: printable, and no longer than a line."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}…"


def resolve_path(text: str, config_path: Path, location: str) -> Path:
    """Return the path of a file that a configuration names: relative ones begin at its directory. Raises ``ConfigurationError``."""
    try:
        return config_path.parent / Path(text).expanduser()
    except (RuntimeError, ValueError):
        raise ConfigurationError(
            f"{location}: there is no home for {show_value(text)}: write the path in full"
        ) from None
