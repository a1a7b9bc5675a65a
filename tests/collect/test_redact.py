"""Redaction leaves no personal data, in any of the archives, and the chain whole."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from billfold.collect.redact import redact_workspace
from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.merge import merge_archives
from billfold.ledger.verify import find_damage
from tests import stage
from tests.ledger.kit import NOW


def test_redaction_leaves_no_personal_data_and_the_chain_whole(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "genesys")
    live = stage.read_digest(books)
    assert MAIL.search(everything(books.archive))
    assert redact_workspace(books) > 0
    assert not MAIL.search(everything(books.archive))
    assert redact_workspace(books) == 0
    assert not list(find_damage(books.archive))
    books.drop_ledger()
    assert stage.read_digest(books) == live


def test_redaction_reaches_what_a_merge_left_beside(books: Workspace, tmp_path: Path) -> None:
    """Redaction reaches the archives that a merge left beside."""
    host, other = stage.twin(months=2), Workspace(tmp_path / "other")
    stage.collected(host, books, "genesys")
    stage.collected(host, other, "vultr")
    draft = books.directory / "archive.merging.sqlite"
    merge_archives(books.archive, other.archive, draft, NOW)
    books.replace_archive(draft)
    merge_archives(books.archive, other.archive, draft, NOW)  # and one that was killed before it was put in place
    other.close()
    personal = [packed[:64] for _, _, packed, _ in books.archive.iter_bodies() if MAIL.search(zlib.decompress(packed))]
    files = list(books.directory.glob("archive.*sqlite"))
    assert len(files) == 3
    assert all(any(start in file.read_bytes() for start in personal) for file in files)
    assert redact_workspace(books) == len(personal)
    books.close()
    for file in files:
        with Archive(file) as archive:
            assert not MAIL.search(everything(archive))
            assert not list(find_damage(archive))
    assert not any(start in file.read_bytes() for start in personal for file in books.directory.glob("archive.*"))


MAIL = re.compile(rb"[\w.]+@[\w.-]+\.(example|invalid|com)")


def everything(archive: Archive) -> bytes:
    return b"\n".join(zlib.decompress(packed) for _, _, packed, _ in archive.iter_bodies())
