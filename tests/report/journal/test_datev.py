"""A DATEV file is what the published field expressions take, one a month, and no digit is lost."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from billfold.model.errors import InvalidArgument
from billfold.report.journal.datev import FIELD_NAMES, write_datev
from billfold.report.journal.entries import JournalEntry
from billfold.report.journal.mapping import DatevHeader
from tests.report.journal.kit import ALL, entry

EXPRESSIONS = {
    "Umsatz (ohne Soll/Haben-Kz)": r"\d{1,10}[,]\d{2}",
    "Soll/Haben-Kennzeichen": r'"[SH]"',
    "WKZ Umsatz": r'"[A-Z]{3}"',
    "Kurs": r"([1-9]\d{0,3}[,]\d{2,6})?",
    "Basis-Umsatz": r"(\d{1,10}[,]\d{2})?",
    "WKZ Basis-Umsatz": r'"([A-Z]{3})?"',
    "Konto": r"\d{1,9}",
    "Gegenkonto (ohne BU-Schlüssel)": r"\d{1,9}",
    "BU-Schlüssel": r'"(\d{4}|\d{0,2})"',
    "Belegdatum": r"\d{4}",
    "Belegfeld 1": r'"[a-zA-Z0-9$%&*+\-/]{0,36}"',
    "Belegfeld 2": r'"[a-zA-Z0-9$%&*+\-/]{0,12}"',
    "Buchungstext": r'"(?:[^"]|""){0,60}"',
    "KOST1 - Kostenstelle": r'"(?:[^"]|""){0,36}"',
}
BOOKS = ALL._replace(datev=DatevHeader(29098, 55003, 4, 4, "USD"))


def read_lines(content: bytes) -> list[dict[str, str]]:
    """Read the lines of a file, each cell as it stands there."""
    header, names, *rows = content.decode("cp1252").removesuffix("\r\n").split("\r\n")
    assert (header.split(";")[:5], len(header.split(";"))) == (['"EXTF"', "700", "21", '"Buchungsstapel"', "13"], 31)
    assert names.split(";") == list(FIELD_NAMES)
    cells = [re.findall(r'(?:^|;)("(?:[^"]|"")*"|[^;]*)', row) for row in rows]
    return [dict(zip(FIELD_NAMES, row, strict=True)) for row in cells]


def write(*entries: JournalEntry) -> list[dict[str, str]]:
    """Write entries and read the lines of all files."""
    return [line for file in write_datev("stack.csv", entries, BOOKS) for line in read_lines(file.content)]


def test_every_field_is_as_its_expression_says() -> None:
    vendor = 'Ein "Haus" für Ölquellen; GmbH 😀' + "x" * 80
    lines = write(entry("1234567.891", "-0.011", "3"), entry("9", number="Ä 1", vendor=vendor, due_on=None))
    for line in lines:
        assert {name: line[name] for name, text in EXPRESSIONS.items() if not re.fullmatch(text, line[name])} == {}
    assert [line["Umsatz (ohne Soll/Haben-Kz)"] for line in lines] == ["1234567,89", "0,01", "3,00", "9,00"]
    assert [line["Soll/Haben-Kennzeichen"] for line in lines] == ['"S"', '"H"', '"S"', '"S"']


def test_a_file_is_of_one_month() -> None:
    files = write_datev("EXTF_a b.csv", [entry("1"), entry("2", day="2026-03-31", number="i2")], BOOKS)
    assert [file.name for file in files] == ["EXTF_a_b_2026-03.csv", "EXTF_a_b_2026-06.csv"]
    headers = [file.content.decode("cp1252").split(";") for file in files]
    assert [header[10:16] for header in headers] == [
        ["29098", "55003", "20250401", "4", "20260301", "20260331"],
        ["29098", "55003", "20260401", "4", "20260601", "20260630"],
    ]
    assert files == write_datev("EXTF_a b.csv", [entry("1"), entry("2", day="2026-03-31", number="i2")], BOOKS)


def test_another_currency_has_its_rate_and_base() -> None:
    books = BOOKS._replace(datev=DatevHeader(rates={"USD": "1.0834"}))
    (file,) = write_datev("x", [entry("100")], books)
    (line,) = read_lines(file.content)
    assert [line[name] for name in ("Kurs", "Basis-Umsatz", "WKZ Basis-Umsatz")] == ["1,083400", "92,30", '"EUR"']
    (file,) = write_datev("x", [entry("0.01", "0.01", "0.01", "-0.005", "99.97")], books)
    bases = [
        Decimal(line["Basis-Umsatz"].replace(",", ".")) * (1 if line["Soll/Haben-Kennzeichen"] == '"S"' else -1)
        for line in read_lines(file.content)
    ]
    assert sum(bases) == (Decimal(100) / Decimal("1.0834")).quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("changes", "books", "sentence"),
    [
        ({"currency": "USD"}, ALL, "give a rate"),
        ({}, ALL._replace(datev=DatevHeader(rates={"USD": "x"})), "is no number"),
        ({}, ALL._replace(datev=DatevHeader(rates={"USD": "0.9"})), "rates from 1 to 9999"),
        ({"contra_account": "Accounts payable"}, BOOKS, "takes digits as account"),
    ],
)
def test_what_datev_has_no_field_for_is_refused(changes: dict[str, str], books: object, sentence: str) -> None:
    with pytest.raises(InvalidArgument, match=sentence):
        write_datev("x", [entry("1", **changes)], books)  # type: ignore[arg-type]


def test_an_amount_without_room_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no room"):
        write(entry("12345678901.00"))
    dinars = BOOKS._replace(datev=DatevHeader(currency="KWD"))
    with pytest.raises(InvalidArgument, match="no room"):
        write_datev("x", [entry("1.005", currency="KWD")], dinars)
