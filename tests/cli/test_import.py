"""A saved answer is imported, or refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from billfold.collect import file_reading
from tests.cli.terminal import Terminal, clear
from tests.ledger.kit import invoice, invoices


def test_a_saved_answer_is_imported_and_says_whether_it_adds_up(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "good.json").write_bytes(invoices(invoice("g")))
    (tmp_path / "off.json").write_bytes(invoices(invoice("o", total="7")))
    (tmp_path / "bad.json").write_bytes(b"{}x")
    clear(terminal.run("import", "cockroach", "good.json", "--ledger", "l"), 0, "issued g 1.5 USD: adds up")
    clear(terminal.run("import", "cockroach", "off.json", "--ledger", "l"), 1, "the vendor states 7")
    bad = terminal.run("import", "cockroach", "bad.json", "--ledger", "l")
    clear(bad, 1, "bad.json: NOT READ")
    assert bad.out.endswith("\nno charges were booked from this\n"), "what was not read is not kept"
    assert [row["invoice_id"] for row in terminal.rows("invoices", "--ledger", "l", code=1)] == ["g", "o"]


def test_a_file_nested_too_deep_is_not_read(tmp_path: Path) -> None:
    """A file that is nested deeper than any answer is not read."""
    (tmp_path / "deep.json").write_bytes(b'{"a":' * 5000 + b"1" + b"}" * 5000)
    clear(Terminal(tmp_path).run("import", "cockroach", "deep.json", "--ledger", "l"), 1, "deep.json: NOT READ")


def test_what_is_no_answer_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be no saved answer is refused before it is read whole."""
    monkeypatch.setattr(file_reading, "MAX_FILE_SIZE", 100)
    (tmp_path / "empty.csv").write_bytes(b" \n")
    (tmp_path / "large.json").write_bytes(b" " * 101)
    for file, sentence in (
        ("/dev/zero", "it is a device, not a file"),
        ("empty.csv", "it is empty"),
        ("large.json", "it is larger than"),
    ):
        clear(Terminal(tmp_path).run("import", "fastly", file, "--ledger", "l"), 1, f"{file}: NOT READ: {sentence}")


def test_an_import_under_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(invoices(invoice("g")))
    clear(Terminal(tmp_path).run("import", "cockroach", "good.json", "--account", b"\xff"), 2, "")


def test_an_answer_goes_into_the_account_that_it_says(tmp_path: Path) -> None:
    """It is said into which account it was booked, and is no success where another one was named."""
    terminal = Terminal(tmp_path)
    for name in ("first", "more"):
        content: dict[str, object] = {
            "invoice_id": name,
            "customer_id": "c1",
            "currency_code": "USD",
            "transaction_line_items": [],
        }
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    line = ("import", "fastly", "--ledger", "l")
    assert "booked into account" not in terminal.run(*line, "first.json", "--account", "one").out
    result = terminal.run(*line, "more.json", "--account", "two")
    clear(result, 1, "booked into account one, not two")
    assert "booked into account" in terminal.run(*line, "more.json").out


def test_of_what_was_not_read_no_account_is_left(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(b"{}x")
    terminal = Terminal(tmp_path)
    clear(terminal.run("import", "cockroach", "bad.json", "none.json", "--account", "p", "--ledger", "l"), 2, "")
    clear(terminal.run("import", "cockroach", "bad.json", "--account", "p", "--ledger", "l"), 1, "NOT READ")
    clear(terminal.run("invoices", "--account", "p", "--ledger", "l"), 2, "there is no account 'p'")
