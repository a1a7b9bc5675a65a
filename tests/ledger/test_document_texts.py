"""A document is read once; what its text is kept in may be missing, damaged, foreign or locked."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from billfold.ledger.document_texts import DocumentTexts
from billfold.model.errors import LedgerError


@pytest.fixture
def read_documents() -> list[str]:
    """Return a list to which the text of each document is added that is read."""
    return list[str]()


def read(path: Path, read_documents: list[str], digest: str = "a", text: str = "Total 1.25", version: str = "1") -> str:
    def extract_text() -> str:
        read_documents.append(text)
        return text

    with DocumentTexts(path, version) as texts:
        return texts.read_text(digest, extract_text)


def test_a_document_is_read_once(tmp_path: Path, read_documents: list[str]) -> None:
    for _ in range(3):
        assert read(tmp_path / "texts", read_documents) == "Total 1.25"
    assert read(tmp_path / "texts", read_documents, "b", "Total 2") == "Total 2"
    assert read_documents == ["Total 1.25", "Total 2"]


def test_another_reader_reads_all_documents_again(tmp_path: Path, read_documents: list[str]) -> None:
    for version in ("1", "2", "2"):
        read(tmp_path / "texts", read_documents, version=version)
    assert len(read_documents) == 2


def test_a_document_without_a_text_is_read_again(tmp_path: Path, read_documents: list[str]) -> None:
    for _ in range(2):
        assert read(tmp_path / "texts", read_documents, text="") == ""
    assert len(read_documents) == 2


@pytest.mark.parametrize("change", ["UPDATE texts SET text='Total 9'", "UPDATE texts SET digest='b'"])
def test_a_text_that_was_changed_is_read_again(change: str, tmp_path: Path, read_documents: list[str]) -> None:
    """A text that was damaged, or is another document's, is read again."""
    read(tmp_path / "texts", read_documents)
    with sqlite3.connect(tmp_path / "texts") as db:
        db.execute(change)
    db.close()
    assert [read(tmp_path / "texts", read_documents, digest) for digest in "ab"] == ["Total 1.25"] * 2
    assert len(read_documents) == 3


@pytest.mark.parametrize("trouble", ["garbage", "directory", "other", "locked"])
def test_a_file_that_cannot_be_used_is_done_without(
    trouble: str, tmp_path: Path, read_documents: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "texts"
    monkeypatch.setattr("billfold.ledger.document_texts.LOCK_TIMEOUT_S", 0)
    match trouble:
        case "garbage":
            path.write_bytes(b"garbage" * 999)
        case "directory":
            path.mkdir()
        case "other":
            with sqlite3.connect(path) as db:
                db.execute("CREATE TABLE texts (other)")
        case "locked":
            read(path, read_documents, "other")
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
    assert read(path, read_documents) == "Total 1.25"


def test_an_error_of_the_document_is_told(tmp_path: Path) -> None:
    def refuse() -> str:
        raise LedgerError("damaged")

    with DocumentTexts(tmp_path / "texts", "1") as texts, pytest.raises(LedgerError, match="damaged"):
        texts.read_text("a", refuse)
