"""Evidence as of a time is what was archived then, and verifies as that: chain, head, acceptances and redactions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing as closed
from pathlib import Path
from zipfile import ZipFile

import pytest

from billfold.collect.redact import redact_workspace
from billfold.collect.workspace import Workspace
from billfold.report.evidence_verifier import verify
from tests import stage
from tests.report.evidence_kit import accept_changes, find_defects, list_issued, raise_total, rewrite, sign, write


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the ledger of a vendor whose answers have personal data."""
    directory = tmp_path_factory.mktemp("collected") / "books"
    with closed(Workspace(directory)) as workspace:
        stage.collected(stage.twin(months=2), workspace, "fastly")
    return directory


@pytest.fixture
def books(collected: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(collected, tmp_path / "books")
    with closed(Workspace(tmp_path / "books")) as workspace:
        yield workspace


def test_the_same_ledger_gives_the_same_bytes_as_of_then(books: Workspace, tmp_path: Path) -> None:
    """Whatever is signed and accepted later is not in it, and the head is the one of then."""
    then, head = books.archive.read_last_seq(), books.archive.read_head()
    before = write(books, tmp_path / "a.zip")
    first, *others = list_issued(books)
    sign(books, [raise_total(first, 1), *others])
    assert accept_changes(books)
    after = write(books, tmp_path / "b.zip", seq=then)
    assert (after.sha256, after.head) == (before.sha256, head)
    assert find_defects(tmp_path / "b.zip", head) == []


def test_a_later_head_is_not_proven_by_what_was_before(books: Workspace, tmp_path: Path) -> None:
    """Whoever gives evidence as older than it is, to leave out a signature, is told by the head that was kept."""
    then = books.archive.read_last_seq()
    sign(books, list_issued(books))
    head = write(books, tmp_path / "a.zip").head
    older = write(books, tmp_path / "b.zip", seq=then).head

    def predate(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"]) | {"as_of": then, "head": older}
        files["manifest.json"] = json.dumps(manifest).encode()

    forged = rewrite(tmp_path / "a.zip", tmp_path / "c.zip", predate)
    assert find_defects(forged, head) == [f"{head} was never the head of this archive up to entry {then}"]
    assert f"head {older}, as of entry {then}" in verify(str(forged)).proofs


def test_a_month_as_of_before_a_redaction_verifies(books: Workspace, tmp_path: Path) -> None:
    """Its answers are redacted though nobody had redacted them then: the chain goes on until it says so."""
    then, head = books.archive.read_last_seq(), books.archive.read_head()
    assert redact_workspace(books)
    summary = write(books, tmp_path / "a.zip", seq=then)
    assert find_defects(tmp_path / "a.zip", head) == []
    assert summary.head == head
    assert len(ZipFile(tmp_path / "a.zip").read("chain.jsonl").splitlines()) > then


def test_evidence_of_a_signed_month_is_as_it_was_then(books: Workspace, tmp_path: Path) -> None:
    sign(books, list_issued(books))
    then = books.archive.read_last_seq()
    sign(books, list_issued(books), by="Bea")
    write(books, tmp_path / "a.zip", seq=then)
    _, defects, proofs = verify(str(tmp_path / "a.zip"))
    assert defects == []
    assert "signed by Ann on 2026-11-20" in proofs
