"""``[bank]`` of a configuration: where a bank's statement lies as CSV, and which of its columns says what."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from billfold.model.errors import ConfigurationError
from billfold.model.money import CURRENCY_PATTERN
from billfold.model.payment import BankEntry
from billfold.model.plain_values import read_plain_amount, resolve_path, show_value

ISO_FORMAT = "%Y-%m-%d"
SIGNS = {"negative": -1, "positive": 1}


class BankColumns(NamedTuple):
    """How a bank's statement is written: the file, its columns by their headings, and how dates and numbers look.

    ``currency`` is a column, or the code of all entries. ``payments`` says which sign money has that went out.
    """

    file: str
    date: str = "date"
    amount: str = "amount"
    currency: str = "currency"
    text: str = "text"
    counterparty: str = ""
    date_format: str = ISO_FORMAT
    delimiter: str = ","
    decimal: str = "."
    payments: str = "negative"
    encoding: str = "utf-8-sig"


def read_bank_entries(section: object, config_path: Path) -> list[BankEntry]:
    """Read the entries of the bank's statement that ``[bank]`` names, none where there is no such section.

    A relative path begins at the configuration's directory. Raises ``ConfigurationError`` with the one thing to change.
    """
    path = find_statement_file(section, config_path)
    if path is None:
        return []
    location = f"{config_path}, [bank]"
    columns = parse_columns(section, location)
    try:
        with path.open(encoding=columns.encoding, newline="") as file:
            return list(_read_rows(csv.DictReader(file, delimiter=columns.delimiter), columns, path))
    except (OSError, UnicodeError, LookupError, ValueError, csv.Error) as error:
        raise ConfigurationError(f"{location}: {path} cannot be read: {error}") from error


def find_statement_file(section: object, config_path: Path) -> Path | None:
    """Return the file that ``[bank]`` of a configuration names, None without one; raises ``ConfigurationError``."""
    if section is None:
        return None
    location = f"{config_path}, [bank]"
    return resolve_path(parse_columns(section, location).file, config_path, location)


def parse_columns(section: object, location: str) -> BankColumns:
    """Read how the statement is written; raises ``ConfigurationError``."""
    if not isinstance(section, dict):
        raise ConfigurationError(
            f'{location}: write the columns as a table, as file = "bank.csv", date = "Booking date"'
        )
    if unknown := sorted(set(section) - set(BankColumns._fields)):
        raise ConfigurationError(f"{location}: {unknown[0]!r} is not known; it has {', '.join(BankColumns._fields)}")
    for key, value in section.items():
        if not isinstance(value, str) or (not value and key != "counterparty"):
            raise ConfigurationError(f"{location}: {key} must be text in quotes")
    if "file" not in section:
        raise ConfigurationError(f'{location}: name the statement, as file = "bank.csv"')
    columns = BankColumns(**section)
    if columns.payments not in SIGNS:
        raise ConfigurationError(f"{location}: payments is the sign of money that went out: negative or positive")
    if len(columns.delimiter) != 1 or columns.decimal not in {".", ","}:
        raise ConfigurationError(f'{location}: delimiter is one character, decimal is "." or ","')
    return columns


def _read_rows(rows: csv.DictReader[str], columns: BankColumns, path: Path) -> Iterator[BankEntry]:
    headings = rows.fieldnames or ()
    needed = (columns.date, columns.amount, columns.text, columns.counterparty)
    if missing := [name for name in needed if name and name not in headings]:
        raise ConfigurationError(f"{path} has no column {missing[0]!r}; it has {', '.join(headings) or 'none'}")
    has_currency = columns.currency in headings
    if not has_currency and not CURRENCY_PATTERN.fullmatch(columns.currency):
        raise ConfigurationError(f"{path} has no column {columns.currency!r}: name it, or write the currency's code")
    for row in _skip_empty(rows):
        line = rows.line_num
        currency = (row[columns.currency] or "").strip().upper() if has_currency else columns.currency
        amount = _read_amount(row[columns.amount] or "", columns, f"{path}, line {line}")
        counterparty = (row[columns.counterparty] or "") if columns.counterparty else ""
        paid_at = _read_day(row[columns.date] or "", columns, f"{path}, line {line}")
        yield BankEntry(paid_at, amount, currency, row[columns.text] or "", counterparty, line)


def _skip_empty(rows: Iterable[Mapping[str, str | None]]) -> Iterator[Mapping[str, str | None]]:
    """Yield the rows that hold anything: exports end with blank lines."""
    return (row for row in rows if any(isinstance(cell, str) and cell.strip() for cell in row.values()))


def _read_amount(text: str, columns: BankColumns, location: str) -> Decimal:
    """Return an amount, above 0 where money went out; a sign for thousands counts only where three digits follow it."""
    plain_text = text.strip().replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace("'", "")
    units, _, fraction = plain_text.partition(columns.decimal)
    thousands = "." if columns.decimal == "," else ","
    if re.fullmatch(rf"[+-]?[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+", units):
        units = units.replace(thousands, "")
    amount = read_plain_amount(f"{units}.{fraction}" if columns.decimal in plain_text else units)
    if amount is None or not re.fullmatch("[+-]?[0-9]+", units):
        raise ConfigurationError(
            f"{location}: {show_value(text)} is no amount; set decimal in [bank] to the sign that it is written with"
        )
    return amount * SIGNS[columns.payments]


def _read_day(text: str, columns: BankColumns, location: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), columns.date_format).replace(tzinfo=UTC)
    except ValueError as error:
        raise ConfigurationError(f'{location}: {error}; set date_format in [bank], as "%d.%m.%Y"') from error
