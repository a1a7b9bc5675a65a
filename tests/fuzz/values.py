"""What a field of an answer may hold instead: by what it is (money, an id, a time, a currency), and what it never should be."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any

from tests.laws.isolation_kit import Raw

MONEY = re.compile(r"amount|total|cost|balance|price|rate$|charges$|units|quantity", re.IGNORECASE)
IDS = re.compile(r"(^|_)id$|Id$|number$|^id$", re.IGNORECASE)
TIMES = re.compile(r"date|start|end|period|posted|time|month", re.IGNORECASE)
CURRENCIES = re.compile(r"currency", re.IGNORECASE)
MARKS = re.compile(r"next|prev|cursor|meta|page|count|links|pagination|total$|uri$", re.IGNORECASE)
"""Names of fields that say where a list ends."""
DEEP_LEVELS = 3000
HOSTILE_NUMBERS = (
    *("1e999", "-1e999", "1e-999", "NaN", "Infinity", "-Infinity", "-0", "0", "0.0", "1E+2", "1e2", "-1"),
    *("1234567890123456789012345", "0.1234567890123456789012345", "0." + "0" * 30 + "1", "9" * 400, "9" * 5000),
)
HOSTILE_VALUES: tuple[Any, ...] = (
    *(
        None,
        [],
        {},
        "",
        True,
        False,
        [None],
        [[]],
        {"a": {}},
        "null",
        " ",
        "\x00",
        "\x1b[31m",
        "\u202e",
        "\ud800",
        "\x1e\x1f",
    ),
    *("x" * 20000, Raw('"\\ud83d"'), Raw('"\\ud83d\\ude00"'), Raw("[" * DEEP_LEVELS + "]" * DEEP_LEVELS)),
)
CURRENCY_CODES = (
    "usd",
    " USD ",
    "EUR",
    "JPY",
    "KWD",
    "XXX",
    "XTS",
    "US$",
    "",
    None,
    "USD\u200b",
    "usd\n",
    "CREDIT",
    "ZZZ",
)
TIME_TEXTS = (
    *(
        "9999-12-31T23:59:59Z",
        "0001-01-01",
        "2026-02-30",
        "2026-13-01T00:00:00Z",
        "",
        None,
        Raw("1790812800"),
        Raw("0"),
    ),
    *(
        "2026-10-01",
        "2026-10-01T00:00:00",
        "2026-10-01T00:00:00+14:00",
        "01/10/2026",
        "2026-W40",
        "tomorrow",
        Raw("-1"),
    ),
)
MARK_VALUES: tuple[Any, ...] = (
    "",
    None,
    "abc",
    Raw("0"),
    Raw("1"),
    Raw("-1"),
    Raw("999999"),
    [],
    {},
    True,
    "https://example.com/?cursor=x",
    "?",
)


def change_number(dice: Random, value: Any) -> Any:
    """Return another number, mostly one that money can be."""
    try:
        number = Decimal(str(value))
        is_usual = number.is_finite() and abs(number.adjusted()) < 20
    except InvalidOperation:
        is_usual = False
    if not is_usual or dice.random() < 0.15:
        return Raw(dice.choice(HOSTILE_NUMBERS))
    changes = (
        *(number + Decimal("0.01"), number - Decimal("0.01"), number + 1, number - 1, number + Decimal("0.005")),
        *(number * 2, number * 10, number * 100, number / 100, -number, number * Decimal("1.19"), Decimal(0)),
        *(number + Decimal(dice.randint(-99999, 99999)) / 100, number + Decimal("0.000001"), number.normalize()),
        *(number.quantize(Decimal(1)), number + Decimal("0.1"), number * Decimal("1.0000001")),
    )
    text = str(dice.choice(changes))
    return Raw(text) if dice.random() < 0.85 else text


def change_text(dice: Random, text: str) -> Any:
    """Return another spelling of a text: another case, blanks, other characters, less or more of it."""
    position = dice.randint(0, len(text))
    return dice.choice(
        (
            *(text.upper(), text.lower(), text.capitalize(), text.swapcase(), f" {text}", f"{text} ", f"{text}\n"),
            *(text[:position], text[position:], text + text, f"{text}0", f"0{text}", text.replace("-", "_")),
            *(
                text[:position] + dice.choice("\x00\x1f\u202e\u200b\ufeff/?#%~ é") + text[position:],
                text.replace("0", "O"),
            ),
        )
    )


def change_time(dice: Random, value: Any) -> Any:
    """Return another time: moved by an hour to a year, in another zone, or none at all."""
    days, seconds = dice.choice((-365, -31, -30, -1, 0, 1, 30, 31, 365)), dice.choice((0, 0, 0, 1, -1, 3600))
    try:
        moved = datetime.fromisoformat(str(value)) + timedelta(days=days, seconds=seconds)
    except (ValueError, OverflowError):
        return dice.choice(TIME_TEXTS)
    text = (
        moved.isoformat()[: len(str(value))]
        if dice.random() < 0.6
        else moved.isoformat() + dice.choice(("+09:00", "Z", ""))
    )
    return text if dice.random() < 0.8 else dice.choice(TIME_TEXTS)


def change_value(dice: Random, name: str, value: Any) -> Any:
    """Return another value for a field, by its name and what it holds."""
    if dice.random() < 0.15:
        return dice.choice(HOSTILE_VALUES)
    if CURRENCIES.search(name) and dice.random() < 0.9:
        return dice.choice(CURRENCY_CODES)
    if isinstance(value, Raw):
        return str(value) if dice.random() < 0.1 else change_number(dice, value)
    if isinstance(value, str):
        return _change_text_field(dice, name, value)
    return dice.choice((*HOSTILE_VALUES, *MARK_VALUES))


def _change_text_field(dice: Random, name: str, text: str) -> Any:
    if TIMES.search(name):
        return change_time(dice, text)
    if MARKS.search(name) and dice.random() < 0.5:
        return dice.choice(MARK_VALUES)
    is_number = text.lstrip("-").replace(".", "", 1).isdecimal()
    if is_number and dice.random() < 0.7:
        return Raw(text) if dice.random() < 0.2 else str(change_number(dice, text))
    return change_text(dice, text)
