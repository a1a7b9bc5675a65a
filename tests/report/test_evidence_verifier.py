"""Evidence is verified in a bare Python, and whatever is changed in it, left out or put in is told."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing as closed
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.report.evidence_verifier import main
from tests import stage
from tests.report.evidence_kit import edit_rows, find_defects, find_invoice_id, forge, rewrite, write


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Yield the ledger of a twin."""
    with closed(Workspace(tmp_path_factory.mktemp("books"))) as workspace:
        stage.collected(stage.twin(months=2), workspace)
        yield workspace


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

        assert find_defects(rewrite(tmp_path / "a.zip", tmp_path / "b.zip", flip)), name


def test_a_flipped_byte_of_the_file_itself_is_told(books: Workspace, tmp_path: Path) -> None:
    """Bytes that are in no file, as times and attributes of the container, prove nothing and are none of them."""
    write(books, tmp_path / "a.zip")
    content = (tmp_path / "a.zip").read_bytes()
    for position in Random(1).sample(range(100, len(content) // 2), 30):
        flipped = bytearray(content)
        flipped[position] ^= 1
        (tmp_path / "b.zip").write_bytes(flipped)
        defects = find_defects(tmp_path / "b.zip")
        with zipfile.ZipFile(tmp_path / "a.zip") as old:
            sound = {name: old.read(name) for name in old.namelist()}
        if not defects:
            with zipfile.ZipFile(tmp_path / "b.zip") as new:
                assert {name: new.read(name) for name in new.namelist()} == sound, position


@pytest.mark.parametrize("name", ["register.csv", "charges.csv", "chain.jsonl"])
def test_a_forged_report_is_told_though_its_manifest_fits(books: Workspace, tmp_path: Path, name: str) -> None:
    """Whoever recomputes the manifest is caught by the chains and by the sums."""
    write(books, tmp_path / "a.zip")

    def drop_line(files: dict[str, bytes]) -> None:
        lines = files[name].split(b"\n")
        files[name] = b"\n".join([*lines[:3], *lines[4:]])
        manifest = json.loads(files["manifest.json"])
        manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
        files["manifest.json"] = json.dumps(manifest).encode()

    assert find_defects(rewrite(tmp_path / "a.zip", tmp_path / "b.zip", drop_line))


def raise_money(files: dict[str, bytes], _: dict[str, Any]) -> None:
    """Add 1000 to an invoice: to net and gross, and to one of its charges."""
    invoice_id, raised = find_invoice_id(files, "vultr"), set[str]()

    def raise_columns(row: dict[str, str]) -> dict[str, str]:
        columns = ("net", "gross") if "net" in row else ("BilledCost",)
        if invoice_id not in {row.get("invoice_id"), row.get("InvoiceId")} or columns[0] in raised:
            return row
        raised.add(columns[0])
        return row | {column: str(Decimal(row[column]) + 1000) for column in columns}

    edit_rows(files, "register.csv", raise_columns)
    edit_rows(files, "charges.csv", raise_columns)


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
        assert any(
            sentence in defect for defect in find_defects(forge(tmp_path / "a.zip", tmp_path / "b.zip", change))
        ), sentence


def test_a_file_put_in_or_left_out_is_told(books: Workspace, tmp_path: Path) -> None:
    write(books, tmp_path / "a.zip")
    added = rewrite(tmp_path / "a.zip", tmp_path / "b.zip", lambda files: files.update({"more.txt": b"x"}))
    assert find_defects(added) == ["more.txt is not in the manifest"]
    removed = rewrite(tmp_path / "a.zip", tmp_path / "c.zip", lambda files: files.pop("register.csv"))
    assert "register.csv is missing" in find_defects(removed)


def test_a_head_that_it_never_had_is_told(books: Workspace, tmp_path: Path) -> None:
    write(books, tmp_path / "a.zip")
    assert "was never the head" in find_defects(tmp_path / "a.zip", f"sha256:{'0' * 64}")[0]


def test_any_changed_value_of_the_manifest_is_told(books: Workspace, tmp_path: Path) -> None:
    """But those that only a signature proves, where nobody signed: they are printed as what the file states."""
    write(books, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as evidence:
        manifest = json.loads(evidence.read("manifest.json"))

    def set_value(name: str, value: object) -> list[str]:
        text = json.dumps(manifest | {name: value}).encode()
        return find_defects(
            rewrite(tmp_path / "a.zip", tmp_path / "b.zip", lambda files: files.update({"manifest.json": text}))
        )

    file_name, answer_name = "charges.csv", min(manifest["answers"])
    assert set_value("format", 1)
    assert set_value("month", "2026-11")
    assert set_value("scope", ["fbstly", ""])
    assert set_value("as_of", manifest["as_of"] + 1)
    assert set_value("as_of", 1)
    assert set_value("head", manifest["head"].replace("a", "b"))
    assert set_value("files", manifest["files"] | {file_name: "0" * 64})
    assert set_value("answers", manifest["answers"] | {answer_name: 1})
    assert set_value("hash", "sha256:0") == []
    assert set_value("code", "0") == []


def test_a_time_stamp_of_another_manifest_is_told(books: Workspace, tmp_path: Path) -> None:
    write(books, tmp_path / "a.zip")
    stamps = dict[str, list[str]]()
    for name in ("manifest.json", "README.txt"):

        def stamp(files: dict[str, bytes], name: str = name) -> None:
            files["timestamp.tsr"] = b"0\x30" + hashlib.sha256(files[name]).digest()

        stamps[name] = find_defects(rewrite(tmp_path / "a.zip", tmp_path / "b.zip", stamp))
    assert stamps == {"manifest.json": [], "README.txt": ["timestamp.tsr is not of this manifest"]}


def test_orders_to_a_terminal_are_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A manifest is hostile text: its month rings no bell and begins no line."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"month": "\x1b[2J\nall is well", "scope": ["", ""], "as_of": 1}))
        archive.writestr("chain.jsonl", "")
    assert main([str(tmp_path / "a.zip")]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "?[2J?all is well, all accounts"
