"""Each program's file keeps its documented limits, and its lines sum to what is booked."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.model.errors import InvalidArgument
from billfold.report.journal.entries import JournalEntry, reverse_entry
from billfold.report.journal.files import JournalFile, clean_account, shorten_number
from billfold.report.journal.writers import WRITERS
from tests.report.journal.kit import ALL, entry, write_text

MEMO = entry("-5", "2", number="cm", reference="i1", kind="Credit memo")
LONG = entry("1.5", number="82d2ae0e-7a60-4b35-9f0e-0a5d2c3a1f00", vendor='=A; "B" | (C), D')
ENTRIES = [entry("1.004", "2.003"), MEMO, LONG, reverse_entry(LONG, date(2026, 7, 1))]
AMOUNT_COLUMNS = {"xero": "*UnitAmount", "netsuite": "Expense Amount", "quickbooks": "Line Amount"}


def write(program: str, entries: list[JournalEntry]) -> list[JournalFile]:
    return WRITERS[program]("bills.csv", entries, ALL)


def rows(file: JournalFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))


@pytest.mark.parametrize("program", AMOUNT_COLUMNS)
def test_bills_and_credits_are_files_of_their_own(program: str) -> None:
    bills, memos = write(program, ENTRIES)
    assert (bills.name, memos.name) == ("bills.csv", "bills-credits.csv")
    sums = [sum(Decimal(row[AMOUNT_COLUMNS[program]]) for row in rows(file)) for file in (bills, memos)]
    assert sums == [Decimal("4.51"), Decimal("-4.5") if program == "xero" else Decimal("4.5")]
    assert write(program, []) == [bills._replace(content=bills.content.partition(b"\r\n")[0] + b"\r\n")]


def test_xero_has_at_most_500_invoices_a_file() -> None:
    files = write("xero", [entry("1", number=str(number)) for number in range(501)])
    assert [(file.name, len(rows(file))) for file in files] == [("bills.csv", 500), ("bills-2.csv", 1)]
    assert all(row["*DueDate"] == "30/06/2026" and row["*TaxType"] for file in files for row in rows(file))


def test_netsuite_has_an_external_id_on_every_line() -> None:
    bills, memos = write("netsuite", ENTRIES)
    assert [row["External ID"] for row in rows(bills)][:2] == ["BF-i1", "BF-i1"]
    assert {row["Created From"] for row in rows(memos)} == {"i1", LONG.number}
    with pytest.raises(InvalidArgument, match="5001 lines"):
        write("netsuite", [entry(*["1"] * 5001)])


def test_quickbooks_numbers_are_short_and_stable() -> None:
    bills, memos = write("quickbooks", ENTRIES)
    numbers = [row["Doc Number"] for file in (bills, memos) for row in rows(file)]
    assert max(map(len, numbers)) == 21
    assert len(set(numbers)) == 4  # a reversal's number is not its bill's
    assert shorten_number(LONG.number, 21) == numbers[2] == "82d2ae0e-" + numbers[2][9:]
    assert all(LONG.number in row["Private Note"] for row in rows(bills)[2:])


def test_a_cell_is_no_formula() -> None:
    assert rows(write("xero", [LONG])[0])[0]["*ContactName"].startswith("'=A")


def test_an_account_is_spelled_as_plain_text_accounting_has_it() -> None:
    assert (clean_account("6400 büro; x"), clean_account("--"), clean_account("abc")) == (
        "6400-b-ro-x",
        "Unnamed",
        "Abc",
    )


def test_beancount_opens_its_accounts_and_links_a_memo() -> None:
    (file,) = WRITERS["beancount"]("x", ENTRIES, ALL)
    text = file.content.decode()
    assert "2026-06-01 open Expenses:6400" in text
    assert '"Credit memo cm, 2026-05" ^cm ^i1' in text
    (closed,) = WRITERS["beancount"]("x", ENTRIES, ALL._replace(has_open_directives=False))
    assert " open " not in closed.content.decode()


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed: Debian has a package of it")
def test_hledger_accepts_the_file(tmp_path: Path) -> None:
    (file,) = WRITERS["hledger"]("x", ENTRIES, ALL)
    path = write_text(tmp_path / "x.journal", file.content)
    done = subprocess.run(["hledger", "-f", str(path), "check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_hledger_postings_balance() -> None:
    """The sum of all postings of each transaction is zero, read by the two blanks before an amount."""
    (file,) = WRITERS["hledger"]("x", ENTRIES, ALL)
    for transaction in file.content.decode().split("\n\n")[1:]:
        postings = [line for line in transaction.splitlines() if line.startswith("    ") and line.strip()[0] != ";"]
        amounts = [Decimal(line.strip().split("  ", 1)[1].split(" ", 1)[0]) for line in postings]
        assert len(amounts) > 1
        assert sum(amounts) == 0
