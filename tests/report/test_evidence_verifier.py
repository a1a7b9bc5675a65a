"""Evidence is verified in a bare Python, and whatever is changed in it, left out or put in is told."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import ConfigurationError
from billfold.model.period import Month
from billfold.report.evidence_verifier import find_defects
from billfold.tasks.evidence import EvidenceRequest, EvidenceSummary, write_evidence
from tests import stage

MONTH = Month(2026, 10)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Yield the ledger of a twin."""
    with closing(Workspace(tmp_path_factory.mktemp("books"))) as workspace:
        stage.collected(stage.twin(months=2), workspace)
        yield workspace


def write(books: Workspace, path: Path, month: Month = MONTH) -> EvidenceSummary:
    with books.open_ledger() as db:
        return write_evidence(books, db, EvidenceRequest(month, LedgerFilter()), path)


def rewrite(source: Path, target: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Write the same zip with its files changed."""
    with zipfile.ZipFile(source) as old:
        files = {name: old.read(name) for name in old.namelist()}
    change(files)
    with zipfile.ZipFile(target, "w") as new:
        for name, body in files.items():
            new.writestr(name, body)
    return target


def test_sound_evidence_is_verified_by_its_own_verifier_alone(books: Workspace, tmp_path: Path) -> None:
    """No library, no package of ours, no environment."""
    summary = write(books, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as evidence:
        evidence.extract("verify.py", tmp_path)
    command = [sys.executable, "-I", "-S", "verify.py", "a.zip", summary.head]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert summary.hash in result.stdout
    assert summary.head in result.stdout


def test_the_same_ledger_gives_the_same_bytes(books: Workspace, tmp_path: Path) -> None:
    assert write(books, tmp_path / "a.zip").sha256 == write(books, tmp_path / "b.zip").sha256


def test_any_flipped_byte_of_any_file_is_told(books: Workspace, tmp_path: Path) -> None:
    write(books, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as evidence:
        names = evidence.namelist()
    for number, name in enumerate(names):

        def flip(files: dict[str, bytes], name: str = name, number: int = number) -> None:
            body = bytearray(files[name])
            if name == "manifest.json":
                body[body.index(b'"head": "sha256:') + 20] ^= 1
            elif body:
                body[Random(number).randrange(len(body))] ^= 1
            files[name] = bytes(body)

        assert find_defects(str(rewrite(tmp_path / "a.zip", tmp_path / "b.zip", flip))), name


def test_a_flipped_byte_of_the_file_itself_is_told(books: Workspace, tmp_path: Path) -> None:
    """Bytes that are in no file, as times and attributes of the container, prove nothing and are none of them."""
    write(books, tmp_path / "a.zip")
    content = (tmp_path / "a.zip").read_bytes()
    for position in Random(1).sample(range(100, len(content) // 2), 30):
        flipped = bytearray(content)
        flipped[position] ^= 1
        (tmp_path / "b.zip").write_bytes(flipped)
        defects = find_defects(str(tmp_path / "b.zip"))
        with zipfile.ZipFile(tmp_path / "a.zip") as old:
            sound = {name: old.read(name) for name in old.namelist()}
        if not defects:
            with zipfile.ZipFile(tmp_path / "b.zip") as new:
                assert {name: new.read(name) for name in new.namelist()} == sound, position


@pytest.mark.parametrize("name", ["register.csv", "charges.csv", "chain.jsonl"])
def test_a_forged_report_is_told_though_its_manifest_fits(books: Workspace, tmp_path: Path, name: str) -> None:
    """Whoever recomputes the manifest is caught by the chains and by the sums."""
    import hashlib

    write(books, tmp_path / "a.zip")

    def forge(files: dict[str, bytes]) -> None:
        lines = files[name].split(b"\n")
        files[name] = b"\n".join([*lines[:3], *lines[4:]])
        manifest = json.loads(files["manifest.json"])
        manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
        files["manifest.json"] = json.dumps(manifest).encode()

    assert find_defects(str(rewrite(tmp_path / "a.zip", tmp_path / "b.zip", forge)))


def test_a_file_put_in_or_left_out_is_told(books: Workspace, tmp_path: Path) -> None:
    write(books, tmp_path / "a.zip")
    added = rewrite(tmp_path / "a.zip", tmp_path / "b.zip", lambda files: files.update({"more.txt": b"x"}))
    assert find_defects(str(added)) == ["more.txt is not in the manifest"]
    removed = rewrite(tmp_path / "a.zip", tmp_path / "c.zip", lambda files: files.pop("register.csv"))
    assert "register.csv is missing" in find_defects(str(removed))


def test_a_head_that_it_never_had_is_told(books: Workspace, tmp_path: Path) -> None:
    write(books, tmp_path / "a.zip")
    assert "was never the head" in find_defects(str(tmp_path / "a.zip"), f"sha256:{'0' * 64}")[0]


def test_another_file_is_not_overwritten(books: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"mine")
    with pytest.raises(ConfigurationError, match="name another file"):
        write(books, tmp_path / "a.zip")
    write(books, tmp_path / "b.zip")
    with pytest.raises(ConfigurationError, match="name another file"):
        write(books, tmp_path / "b.zip", Month(2026, 9))
    assert (tmp_path / "a.zip").read_bytes() == b"mine"
