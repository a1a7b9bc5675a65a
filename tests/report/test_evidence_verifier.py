"""Evidence is verified in a bare Python, and whatever is changed in it, left out or put in is told."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing as closed
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.closings import Closing, RegisterLine, add_closing
from billfold.ledger.query import LedgerFilter
from billfold.ledger.register import list_register
from billfold.model.errors import ConfigurationError
from billfold.model.period import Month
from billfold.report.evidence_verifier import verify
from billfold.tasks.evidence import EvidenceRequest, EvidenceSummary, write_evidence
from tests import stage

MONTH = Month(2026, 10)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Yield the ledger of a twin."""
    with closed(Workspace(tmp_path_factory.mktemp("books"))) as workspace:
        stage.collected(stage.twin(months=2), workspace)
        yield workspace


def find_defects(path: str, head: str = "") -> list[str]:
    return verify(path, head).defects


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
    write(books, tmp_path / "a.zip")

    def forge(files: dict[str, bytes]) -> None:
        lines = files[name].split(b"\n")
        files[name] = b"\n".join([*lines[:3], *lines[4:]])
        manifest = json.loads(files["manifest.json"])
        manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
        files["manifest.json"] = json.dumps(manifest).encode()

    assert find_defects(str(rewrite(tmp_path / "a.zip", tmp_path / "b.zip", forge)))


def forge(source: Path, target: Path, change: Callable[[dict[str, bytes], dict[str, Any]], object]) -> list[str]:
    """Change files, recompute the manifest as whoever forges would, and return what is told."""

    def rewrite_all(files: dict[str, bytes]) -> None:
        manifest = json.loads(files.pop("manifest.json"))
        change(files, manifest)
        manifest["files"] = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
        files["manifest.json"] = json.dumps(manifest).encode()

    return find_defects(str(rewrite(source, target, rewrite_all)))


def raise_money(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    """Add 1000 to an invoice: to net and gross, and to one of its charges."""
    for name, columns in (("register.csv", ("net", "gross")), ("charges.csv", ("BilledCost",))):
        rows = list(csv.DictReader(io.StringIO(files[name].decode())))
        id_column = "invoice_id" if name == "register.csv" else "InvoiceId"
        row = next(row for row in rows if row[id_column] == rows_of_vultr(files))
        for column in columns:
            row[column] = str(Decimal(row[column]) + 1000)
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        files[name] = buffer.getvalue().encode()


def rows_of_vultr(files: dict[str, bytes]) -> str:
    rows = csv.DictReader(io.StringIO(files["register.csv"].decode()))
    return next(row["invoice_id"] for row in rows if row["provider"] == "vultr")


def replace_document(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    name = next(name for name in files if name.startswith("documents/"))
    files[name] = b"%PDF forged"
    del manifest["answers"][name]


def test_forged_evidence_is_told_though_its_manifest_fits(books: Workspace, tmp_path: Path) -> None:
    """What is not in the chains itself is held against them: totals, documents, acknowledgements, the month."""
    write(books, tmp_path / "a.zip")
    acknowledged = [{"id": "a", "reason": "fine", "by": "CFO"}]
    forgeries: dict[str, Callable[[dict[str, bytes], dict[str, Any]], object]] = {
        "stands in no answer": raise_money,
        "bound to no entry": replace_document,
        "not what the chains say": lambda files, _: files.update(
            {"acknowledgements.json": json.dumps(acknowledged).encode()}
        ),
        "another month": lambda _, manifest: manifest.update({"month": "2026-09"}),
        "chains are empty": lambda files, _: files.update({"chain.jsonl": b""}),
        "no status": lambda files, _: files.update(
            {"register.csv": files["register.csv"].replace(b",counted,", b",x,")}
        ),
        "no name of a file": lambda files, _: files.update({"../evil": b""}),
    }
    for sentence, change in forgeries.items():
        assert any(sentence in defect for defect in forge(tmp_path / "a.zip", tmp_path / "b.zip", change)), sentence


def test_an_invoice_that_was_signed_cannot_be_left_out(books: Workspace, tmp_path: Path) -> None:
    with books.open_ledger() as db:
        rows = [row for row in list_register(db, LedgerFilter(None, None, MONTH, MONTH)) if row.state == "issued"]
    registers = defaultdict[tuple[str, str], list[RegisterLine]](list)
    for row in rows:
        registers[row.provider, row.account].append(RegisterLine(row.invoice_id or "", row.currency, str(row.gross)))
    closing = Closing(
        *(MONTH, "Ann", "", "", "", "", "", (), ("", ""), 0), {key: tuple(lines) for key, lines in registers.items()}
    )
    add_closing(books.archive, closing, datetime.now(UTC))
    write(books, tmp_path / "a.zip")
    assert find_defects(str(tmp_path / "a.zip")) == []

    def drop_vultr(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
        invoice_id = rows_of_vultr(files).encode()
        for name in ("register.csv", "charges.csv"):
            files[name] = b"\n".join(line for line in files[name].split(b"\n") if invoice_id not in line)

    defects = forge(tmp_path / "a.zip", tmp_path / "b.zip", drop_vultr)
    assert any("Ann signed" in defect for defect in defects)


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
