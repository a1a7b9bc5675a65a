"""The server's file: one transaction or nothing, its owner's alone, and told where it cannot be used."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from billfold.ledger.layout import SERVER_FILE
from billfold.ledger.server_file import open_server_file
from billfold.model.errors import LedgerError

SCHEMA = ("CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY) STRICT",)


def read_names(directory: Path) -> list[str]:
    """Return the things that are kept."""
    with open_server_file(directory, SCHEMA) as db:
        return [name for (name,) in db.execute("SELECT name FROM things ORDER BY name")]


def test_all_of_a_transaction_is_kept_or_nothing(tmp_path: Path) -> None:
    with open_server_file(tmp_path, SCHEMA) as db:
        db.execute("INSERT INTO things VALUES ('a')")
    with pytest.raises(LedgerError), open_server_file(tmp_path, SCHEMA) as db:
        db.executemany("INSERT INTO things VALUES (?)", ["b", "a"])
    assert read_names(tmp_path) == ["a"]
    assert (tmp_path / SERVER_FILE).stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / SERVER_FILE).write_text("my notes, and they are longer than a header of a database would be: " * 3)
    with pytest.raises(LedgerError, match="move it away"):
        read_names(tmp_path)


def test_a_file_of_a_newer_billfold_is_told(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / SERVER_FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerError, match="newer billfold"):
        read_names(tmp_path)
