"""A stack of postings for DATEV: EXTF files of format 13, one a calendar month, in Windows-1252 with decimal commas."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from pathlib import Path

from billfold.model.errors import InvalidArgument
from billfold.model.money import format_decimal, round_to_sum
from billfold.model.period import Month
from billfold.report.journal.entries import JournalEntry, JournalLine
from billfold.report.journal.files import JournalFile, shorten_number, shorten_text
from billfold.report.journal.mapping import JournalMapping

FIELD_NAMES = (
    *(
        "Umsatz (ohne Soll/Haben-Kz)",
        "Soll/Haben-Kennzeichen",
        "WKZ Umsatz",
        "Kurs",
        "Basis-Umsatz",
        "WKZ Basis-Umsatz",
    ),
    *("Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto"),
    *("Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre"),
    *("Beleglink", *(f"Beleginfo - {part} {number}" for number in range(1, 9) for part in ("Art", "Inhalt"))),
    *("KOST1 - Kostenstelle", "KOST2 - Kostenstelle"),
)
"""The fields of a line up to the cost centers; the format's further ones may be left out."""
ENCODING = "cp1252"
MAX_NAME_LENGTH, MAX_TEXT_LENGTH, MAX_CENTER_LENGTH = 30, 60, 36
MAX_NUMBER_LENGTH = 36
MAX_ACCOUNT_DIGITS, MAX_TAX_KEY_DIGITS = 9, 4
FILE_BEGINNING, STACK_NAME = b'"EXTF";700;21;', "billfold"
"""What every file begins with, and what begins the name of its stack."""
RATE_PATTERN = re.compile(r"[1-9]\d{0,3},\d{2,6}", re.ASCII)
_RATE_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def write_datev(name: str, entries: Sequence[JournalEntry], mapping: JournalMapping) -> list[JournalFile]:
    """Write entries as one file a month of their dates; raises ``InvalidArgument`` for what DATEV has no field for."""
    by_month = defaultdict[Month, list[JournalEntry]](list)
    for entry in entries:
        by_month[Month.of(entry.posted_on)].append(entry)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", Path(name).stem.removeprefix("EXTF_"))
    return [
        JournalFile(f"EXTF_{stem}_{month}.csv", _write_month(month, by_month[month], mapping))
        for month in sorted(by_month)
    ]


def _write_month(month: Month, entries: Sequence[JournalEntry], mapping: JournalMapping) -> bytes:
    lines = [_write_header(month, mapping), FIELD_NAMES]
    lines += [
        _write_line(entry, line, base)
        for entry in entries
        for line, base in zip(entry.lines, _list_bases(entry, mapping), strict=True)
    ]
    return "".join(";".join(cells) + "\r\n" for cells in lines).encode(ENCODING, "replace")


def _write_header(month: Month, mapping: JournalMapping) -> tuple[str, ...]:
    datev, last_day = mapping.datev, _last_day(month)
    fiscal_year = month.year if month.number >= datev.first_month else month.year - 1
    created = f"{last_day:%Y%m%d}000000000"  # the month's end, not now: the same entries give the same file
    return (
        *('"EXTF"', "700", "21", '"Buchungsstapel"', "13", created, "", '"RE"', '""', '""'),
        *(str(datev.consultant), str(datev.client), f"{fiscal_year:04}{datev.first_month:02}01"),
        *(str(datev.account_length), f"{month.start:%Y%m%d}", f"{last_day:%Y%m%d}"),
        *(_quote(f"{STACK_NAME} {month}", MAX_NAME_LENGTH), '""', "1", "0", "0", f'"{datev.currency}"'),
        *("", '""', "", "", '""', "", "", "", '""'),
    )


def _last_day(month: Month) -> date:
    return date.fromordinal(month.end.toordinal() - 1)


def _write_line(entry: JournalEntry, line: JournalLine, base: tuple[str, str, str]) -> tuple[str, ...]:
    number = shorten_number(re.sub(r"[^a-zA-Z0-9$%&*+\-/]", "-", entry.number), MAX_NUMBER_LENGTH)
    text = f"{entry.vendor} {entry.reference and f'zu {entry.reference} '}{line.description}"
    cells = {
        "Umsatz (ohne Soll/Haben-Kz)": _write_number(line.amount, entry),
        "Soll/Haben-Kennzeichen": '"S"' if line.amount >= 0 else '"H"',
        "WKZ Umsatz": f'"{entry.currency}"',
        **dict(zip(("Kurs", "Basis-Umsatz", "WKZ Basis-Umsatz"), base, strict=True)),
        "Konto": _check_digits(line.gl_account, MAX_ACCOUNT_DIGITS, "account"),
        "Gegenkonto (ohne BU-Schlüssel)": _check_digits(entry.contra_account, MAX_ACCOUNT_DIGITS, "account"),
        "BU-Schlüssel": _quote(line.tax_code and _check_digits(line.tax_code, MAX_TAX_KEY_DIGITS, "tax code"), 4),
        "Belegdatum": f"{entry.posted_on:%d%m}",
        "Belegfeld 1": f'"{number}"',
        "Belegfeld 2": f'"{entry.due_on:%d%m%y}"' if entry.due_on else '""',
        "Buchungstext": _quote(text, MAX_TEXT_LENGTH),
        "Beleginfo - Art 1": '"billfold"',
        "Beleginfo - Inhalt 1": _quote(entry.key, MAX_TEXT_LENGTH),
        "KOST1 - Kostenstelle": _quote(line.cost_center, MAX_CENTER_LENGTH),
    }
    return tuple(cells.get(field, "") for field in FIELD_NAMES)


def _list_bases(entry: JournalEntry, mapping: JournalMapping) -> list[tuple[str, str, str]]:
    """Write of each line the rate, the amount in the books' currency, and that currency; rounded together, by the largest remainder.

    ``rates`` say how many units of a currency one of the books' is.
    """
    if entry.currency == mapping.datev.currency:
        return [("", "", '""')] * len(entry.lines)
    rate, rate_cell = _read_rate(entry, mapping)
    exact_bases = [_RATE_CONTEXT.divide(line.amount, rate) for line in entry.lines]
    return [
        (rate_cell, format_decimal(base.copy_abs()).replace(".", ","), f'"{mapping.datev.currency}"')
        for base in round_to_sum(exact_bases, 2)
    ]


def _read_rate(entry: JournalEntry, mapping: JournalMapping) -> tuple[Decimal, str]:
    rate_text = mapping.datev.rates.get(entry.currency)
    if rate_text is None:
        raise InvalidArgument(
            f"{entry.provider} {entry.number} is in {entry.currency} and the DATEV books are in {mapping.datev.currency}: give a rate "
            f'in the mapping, as [datev.rates] {entry.currency} = "1.0834", or other months and accounts'
        )
    try:
        rate = Decimal(rate_text).quantize(Decimal("0.000001"), context=_RATE_CONTEXT)
    except InvalidOperation:
        raise InvalidArgument(f"the DATEV rate {rate_text!r} of {entry.currency} is no number") from None
    rate_cell = format_decimal(rate).replace(".", ",")
    if not RATE_PATTERN.fullmatch(rate_cell):
        raise InvalidArgument(
            f"DATEV takes rates from 1 to 9999, as {entry.currency} for one {mapping.datev.currency}; {rate_text} is none"
        )
    return rate, rate_cell


def _write_number(amount: Decimal, entry: JournalEntry) -> str:
    text = format_decimal(amount.copy_abs().quantize(Decimal("0.01"), context=_RATE_CONTEXT))
    if len(text) > 13 or Decimal(text) != amount.copy_abs():
        raise InvalidArgument(
            f"{entry.provider} {entry.number} has an amount that DATEV has no room for: {format_decimal(amount)} {entry.currency}"
        )
    return text.replace(".", ",")


def _check_digits(text: str, max_digits: int, label: str) -> str:
    if not re.fullmatch(rf"\d{{1,{max_digits}}}", text, re.ASCII):
        raise InvalidArgument(
            f"DATEV takes digits as {label}, at most {max_digits}, and the mapping has {text!r}: change it in the rules or the "
            "vendor's accounts"
        )
    return text


def _quote(text: str, length: int) -> str:
    escaped = shorten_text(text, length).replace('"', '""')
    return f'"{escaped}"'
