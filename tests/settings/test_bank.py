"""``[bank]``: a statement of any bank is read by its columns, and what is wrong is named with what to write."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.model.payment import BankEntry
from billfold.model.period import parse_instant
from billfold.settings.bank import read_bank_entries

GERMAN = "Buchung;Betrag;Waehrung;Zweck;Name\r\n02.10.2026;-1.234,50;EUR;RE 4711;Fastly\r\n\r\n03.10.2026;99,00;EUR;zurueck;x\r\n"
SECTION = {
    "file": "bank.csv",
    "date": "Buchung",
    "amount": "Betrag",
    "currency": "Waehrung",
    "text": "Zweck",
    "counterparty": "Name",
    "date_format": "%d.%m.%Y",
    "delimiter": ";",
    "decimal": ",",
}


def read(folder: Path, text: str, section: object) -> list[BankEntry]:
    """Read a statement that lies beside the configuration."""
    (folder / "bank.csv").write_text(text, encoding="utf-8")
    return read_bank_entries(section, folder / "billfold.toml")


def test_a_statement_is_read_by_its_columns(tmp_path: Path) -> None:
    """What went out is above 0, exact, with the line of the file."""
    paid, back = read(tmp_path, GERMAN, SECTION)
    date = parse_instant("2026-10-02")
    assert paid == BankEntry(date, Decimal("1234.50"), "EUR", "RE 4711", "Fastly", 2)
    assert back.amount == Decimal("-99.00")
    assert read_bank_entries(None, tmp_path) == []


def test_defaults_are_plain(tmp_path: Path) -> None:
    """Columns date, amount and text; a currency may be that of all entries; some banks write payments as positive."""
    section = {"file": "bank.csv", "currency": "USD", "payments": "positive"}
    (entry,) = read(tmp_path, "date,amount,text\n2026-10-02,5.00,hello\n", section)
    assert (entry.amount, entry.currency, entry.counterparty) == (Decimal("5.00"), "USD", "")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"file": 3}, "file must be text in quotes"),
        ({"colour": "red"}, "'colour' is not known"),
        ({"payments": "out"}, "payments is the sign"),
        ({"decimal": "'"}, "delimiter is one character"),
        ({"date": "Datum"}, "has no column 'Datum'; it has Buchung"),
        ({"currency": "Euro"}, "name it, or write the currency's code"),
        ({"decimal": ".", "amount": "Zweck"}, "line 2: 'RE 4711' is no amount"),
        ({"date_format": "%Y-%m-%d"}, "set date_format"),
        ({"file": "none.csv"}, "cannot be read"),
        ({"encoding": "no-such"}, "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, object], sentence: str) -> None:
    """Each mistake is one sentence."""
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, GERMAN, SECTION | change)
    assert sentence in str(raised.value)


def test_another_form_is_refused(tmp_path: Path) -> None:
    """A list is no table, and a table names its file."""
    for section in ([SECTION], {"date": "x"}):
        with pytest.raises(ConfigurationError):
            read(tmp_path, GERMAN, section)


@pytest.mark.parametrize(
    ("decimal", "text", "amount"),
    [
        (".", "12.50", "12.50"),
        (".", "1,234.56", "1234.56"),
        (".", "-1,234,567", "-1234567"),
        (",", "1.234,56", "1234.56"),
        (",", "12.345", "12345"),
        (",", "1 234,5", "1234.5"),
        (".", "1'234.50", "1234.50"),
        (".", "12,50", ""),
        (".", "1.234,56", ""),
        (".", "1,2,3", ""),
        (".", "1e3", ""),
        (".", "1_000", ""),
        (".", "-1E999999", ""),
        (",", "12.50", ""),
        (",", "1,234.56", ""),
        (",", "1234.5", ""),
    ],
)
def test_an_amount_is_never_read_by_another_sign(tmp_path: Path, decimal: str, text: str, amount: str) -> None:
    """A sign for thousands counts before three digits only: what is written otherwise is refused, with its line."""
    section = {"file": "bank.csv", "currency": "USD", "payments": "positive", "decimal": decimal, "delimiter": ";"}
    content = f"date;amount;text\n2026-10-02;{text};hello\n"
    if amount:
        (entry,) = read(tmp_path, content, section)
        assert entry.amount == Decimal(amount)
    else:
        with pytest.raises(ConfigurationError, match=r"line 2: .* is no amount; set decimal"):
            read(tmp_path, content, section)
