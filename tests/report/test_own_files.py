"""A file is known as billfold's by how it begins, whatever it is called; anybody else's is not replaced."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.report.journal.mapping import DatevHeader, JournalMapping
from billfold.report.journal.writers import WRITERS
from billfold.report.own_files import is_own_file, require_own
from billfold.report.statement import Section, Statement, StatementRow
from billfold.tasks.statement import SUFFIXES, render_statement
from tests.report.journal.kit import entry

MAPPING = JournalMapping(datev=DatevHeader(currency="USD"))
STATEMENT = Statement(
    "Müller & Co", Month(2026, 10), "Whole.", True, (), (Section("S", ("a",), (StatementRow(("b",)),)),)
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_statement_is_known(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"s{suffix}"
    path.write_bytes(render_statement(STATEMENT, path, "head"))
    assert is_own_file(path)


@pytest.mark.parametrize("program", sorted(WRITERS))
def test_a_journal_is_known(program: str, tmp_path: Path) -> None:
    (file,) = WRITERS[program]("j.csv", [entry()], MAPPING)
    (tmp_path / "j").write_bytes(file.content)
    assert is_own_file(tmp_path / "j")


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\r\n1,2\r\n",
        b"%PDF-1.7 <</Title(Bills)>>",
        b"# Notes\n",
        b"<!DOCTYPE html>\n<title>Mine</title>",
        b'"EXTF";700;21;"Buchungsstapel";13;;;"RE";"";"";1001;1;20260101;4;20260801;20260831;"other 2026-08"\r\n',
        b"PK\x03\x04 cut",
        b"SQLite format 3\x00" + bytes(100),
        b"[default]\ngl_account = '1'\n",
    ],
)
def test_anybody_elses_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(InvalidArgument, match=r"f is there, and not written by billfold: remove it, or name another"):
        require_own(tmp_path / "f")


def test_a_zip_of_anybody_elses_is_not_ours(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f", "w") as archive:
        archive.writestr("manifest.json", "{}")
    assert not is_own_file(tmp_path / "f")


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    """A device or a pipe would be gone; an empty file, as of mktemp, is nobody's."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(InvalidArgument, match="is no file that can be replaced"):
            require_own(path)
    (tmp_path / "empty").touch()
    require_own(tmp_path / "empty")
    require_own(tmp_path / "none")
