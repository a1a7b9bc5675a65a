"""The section ``[reporting]``: the currency of reports, and the rates that somebody states for days or months."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from billfold.model.errors import ConfigurationError
from billfold.model.money import CURRENCY_PATTERN
from billfold.model.period import Month
from billfold.model.plain_values import read_plain_amount
from billfold.report.exchange import ExchangeRate

RATE_KEYS = ("name", "from", "to", "date", "month", "rate")
EXAMPLE = '{ name = "ECB", date = "2026-10-30", from = "USD", to = "EUR", rate = "0.9217" }'
MAX_RATE_DIGITS = 18


class Reporting(NamedTuple):
    """What ``[reporting]`` says: the usual currency ("": none) and every rate."""

    currency: str = ""
    rates: tuple[ExchangeRate, ...] = ()


def read_reporting(section: object, location: str) -> Reporting:
    """Read the section (None: there is none); raises ``ConfigurationError`` with the one thing to change."""
    if section is None:
        return Reporting()
    place = f"{location}, [reporting]"
    if not isinstance(section, dict) or set(section) - {"currency", "rates"}:
        raise ConfigurationError(f'{place}: it has currency = "EUR" and [[reporting.rates]], and nothing else')
    currency = section.get("currency", "")
    if currency != "":
        currency = _read_currency(currency, f"{place}, currency")
    blocks = section.get("rates", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ConfigurationError(f"{place}: rates are written as [[reporting.rates]] blocks, each with {EXAMPLE}")
    rates = [_read_rate(block, currency, f"{place}, rate {number}") for number, block in enumerate(blocks, 1)]
    _reject_second_rates(rates, place)
    return Reporting(currency, tuple(rates))


def _read_rate(block: Mapping[str, object], currency: str, place: str) -> ExchangeRate:
    texts = {key: str(value) if isinstance(value, date) else value for key, value in block.items()}
    if unknown := set(texts) - set(RATE_KEYS):
        raise ConfigurationError(f"{place}: {min(unknown)!r} is not known; a rate is {EXAMPLE}")
    month, day = _read_day(texts, place)
    source = _read_currency(texts.get("from"), f"{place}, from")
    target = _read_currency(texts.get("to", currency), f"{place}, to")
    name = texts.get("name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ConfigurationError(f'{place}: give its table a name, as name = "ECB"; reports name it')
    if source == target:
        raise ConfigurationError(f"{place}: {source} in {target} needs no rate; remove it")
    return ExchangeRate(name.strip(), source, target, month, day, _read_factor(texts.get("rate"), place))


def _read_day(texts: Mapping[str, object], place: str) -> tuple[Month, date | None]:
    day, month = texts.get("date"), texts.get("month")
    try:
        if isinstance(day, str) and month is None:
            read_day = date.fromisoformat(day)
            return Month.of(read_day), read_day
        if isinstance(month, str) and day is None:
            return Month.parse(month), None
    except ValueError as error:
        raise ConfigurationError(f"{place}: {error}") from None
    raise ConfigurationError(f'{place}: state either date = "2026-10-30" or month = "2026-10"')


def _read_currency(code: object, place: str) -> str:
    if not isinstance(code, str) or not CURRENCY_PATTERN.fullmatch(code):
        raise ConfigurationError(f'{place}: write the code of a currency, as "EUR"')
    return code


def _read_factor(text: object, place: str) -> Decimal:
    rate = read_plain_amount(text) if isinstance(text, str) else None
    if rate is None or rate <= 0 or len(rate.as_tuple().digits) > MAX_RATE_DIGITS:
        raise ConfigurationError(f'{place}: write the rate as text, above 0, as rate = "0.9217"')
    return rate


def _reject_second_rates(rates: list[ExchangeRate], place: str) -> None:
    """Raise ``ConfigurationError`` for two rates of one day or month, or of two tables for one month: which holds is not known."""
    tables = dict[tuple[object, ...], str]()
    dates = set[tuple[object, ...]]()
    for rate in rates:
        if rate[1:5] in dates:
            raise ConfigurationError(
                f"{place}: there are two rates from {rate.source} to {rate.target} of {rate.dated}"
            )
        dates.add(rate[1:5])
        if tables.setdefault(rate[1:4], rate.table) != rate.table:
            raise ConfigurationError(
                f"{place}: two tables have a rate from {rate.source} to {rate.target} for {rate.month}; keep one of them"
            )
