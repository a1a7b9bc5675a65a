"""Documents are written beside what is there, in every version if wanted, with a list that names what is missing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.account_lock import try_file_lock
from tests import stage
from tests.cli.terminal import Terminal
from tests.ledger.archives import tamper

FIRST, LATER = b"%PDF-1.4 68693.11\n%%EOF\n", b"%PDF-1.4 68705.45\n%%EOF\n"


def bring(terminal: Terminal, content: bytes, invoice_id: str = "7") -> None:
    """Import a document of an invoice."""
    (terminal.home / "a.pdf").write_bytes(content)
    result = terminal.run("--ledger", "ledger", "import", "fastly", "a.pdf", "--invoice-id", invoice_id)
    assert result.code == 0, result


def write(terminal: Terminal, *options: str, out: str = "out") -> list[dict[str, Any]]:
    """Write the documents; returns the list of them."""
    result = terminal.run("--ledger", "ledger", "documents", out, "--format", "json", *options)
    assert result.code == 0, result
    rows: list[dict[str, Any]] = json.loads(result.out)
    return rows


def read_files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_changed_document_is_written_beside_the_filed_one(tmp_path: Path) -> None:
    """What was filed stays, byte for byte; the newer document has its date and hash in its name, however often it is asked."""
    terminal = Terminal(tmp_path)
    bring(terminal, FIRST)
    [row] = write(terminal)
    assert (row["status"], row["sha256"]) == ("written", hashlib.sha256(FIRST).hexdigest())
    bring(terminal, LATER)
    for status in ("written", "unchanged"):
        [later_row] = write(terminal)
        assert (later_row["status"], later_row["sha256"]) == (status, hashlib.sha256(LATER).hexdigest())
    assert later_row["fetched_at"][:10] in later_row["file"]
    assert later_row["sha256"][:8] in later_row["file"]
    assert read_files(tmp_path / "out") == {row["file"]: FIRST, later_row["file"]: LATER}


def test_all_versions_are_written_when_asked(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for content in (FIRST, LATER, FIRST):
        bring(terminal, content)
    rows = write(terminal, "--all-versions")
    assert [row["sha256"] for row in rows] == [hashlib.sha256(content).hexdigest() for content in (FIRST, LATER)]
    assert sorted(read_files(tmp_path / "out").values()) == sorted([FIRST, LATER])
    assert [row["status"] for row in write(terminal, "--all-versions")] == ["unchanged"] * 2
    [newest_row] = write(terminal, out="fresh")
    assert newest_row["sha256"] == hashlib.sha256(FIRST).hexdigest()


def test_documents_are_written_as_of_a_time(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    bring(terminal, FIRST)
    [row] = write(terminal)
    bring(terminal, LATER)
    [old_row] = write(terminal, "--as-of", row["fetched_at"], out="then")
    assert old_row["sha256"] == hashlib.sha256(FIRST).hexdigest()


def test_drafts_of_killed_commands_are_removed(tmp_path: Path) -> None:
    """A draft that nobody writes any more is removed; one that is being written stays, and so does what is no draft."""
    terminal, out = Terminal(tmp_path), tmp_path / "out"
    bring(terminal, FIRST)
    out.mkdir()
    left, busy, foreign = (out / f".{name}.billfold" for name in ("a" * 32, "b" * 32, "mine"))
    for path in (left, busy, foreign):
        path.write_bytes(b"half")
    with busy.open("rb") as file:
        assert try_file_lock(file.fileno())
        [row] = write(terminal)
        assert set(read_files(out)) == {busy.name, foreign.name, row["file"]}
    write(terminal)
    assert set(read_files(out)) == {foreign.name, row["file"]}


@pytest.mark.parametrize("obstacle", ["link", "broken-link", "folder", "edited", "longer"])
def test_whatever_has_the_name_of_a_document_stays(obstacle: str, tmp_path: Path) -> None:
    """A link, a folder or an edited file in a document's place stays as it is, and so does what a link leads to."""
    terminal, outside = Terminal(tmp_path), tmp_path / "outside"
    bring(terminal, FIRST)
    [row] = write(terminal)
    path = tmp_path / "out" / row["file"]
    path.unlink()
    outside.write_bytes(b"mine")
    match obstacle:
        case "link":
            path.symlink_to(outside)
        case "broken-link":
            path.symlink_to(tmp_path / "nowhere")
        case "folder":
            path.mkdir()
        case "edited":
            path.write_bytes(FIRST.replace(b"1", b"2"))
        case "longer":
            path.write_bytes(FIRST + b" ")
    status = path.lstat()
    [later_row] = write(terminal)
    assert later_row["file"] != row["file"]
    assert (tmp_path / "out" / later_row["file"]).read_bytes() == FIRST
    assert (path.lstat().st_ino, path.lstat().st_mtime_ns) == (status.st_ino, status.st_mtime_ns)
    assert outside.read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


def test_long_ids_are_cut_and_stay_apart(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for number in (1, 2):
        bring(terminal, b"%%PDF-1.4 %d\n%%%%EOF\n" % number, "ä" * 300 + str(number))
    bring(terminal, FIRST)
    names = [row["file"] for row in write(terminal)]
    assert len(set(names)) == 3
    assert all(len(name.encode()) < 255 and name.endswith(".pdf") for name in names)
    assert [row["status"] for row in write(terminal)] == ["unchanged"] * 3


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Return a ledger of a vendor with documents and of one without."""
    home = tmp_path_factory.mktemp("collected")
    books, host = Workspace(home / "ledger"), stage.twin(months=3)
    for vendor in ("genesys", "vultr"):
        stage.collected(host, books, vendor)
    books.close()
    return Terminal(home)


def test_the_list_says_of_which_invoice_each_document_is(collected: Terminal, tmp_path: Path) -> None:
    """The list has of each document its invoice, date, total, hash and number, and every invoice without one."""
    rows = write(collected, out=str(tmp_path / "out"))
    invoices = {
        (row["provider"], row["invoice_id"]): row
        for row in collected.rows("--ledger", "ledger", "invoices")
        if row["state"] == "issued"
    }
    documented = [row for row in rows if row["file"]]
    assert {(row["provider"], row["invoice_id"]) for row in rows} >= invoices.keys()
    assert {row["provider"] for row in rows if row["status"] == "missing"} >= {"vultr"}
    assert documented
    for row in documented:
        assert row["total"] == invoices[row["provider"], row["invoice_id"]]["total"]
        assert hashlib.sha256((tmp_path / "out" / row["file"]).read_bytes()).hexdigest() == row["sha256"]
        assert row["seq"] > 0
    result = collected.run("--ledger", "ledger", "documents", str(tmp_path / "out"), "--format", "csv")
    assert len(list(csv.DictReader(io.StringIO(result.out)))) == len(rows)
    text = collected.run("--ledger", "ledger", "documents", str(tmp_path / "out")).out
    assert "without a document:" in text
    assert all(invoice_id in text for provider, invoice_id in invoices if provider == "vultr")


def test_documents_are_narrowed_to_the_months_of_invoices(collected: Terminal, tmp_path: Path) -> None:
    months = {row["invoice_id"]: row["period_start"][:7] for row in collected.rows("--ledger", "ledger", "invoices")}
    every, some = (
        write(collected, *options, out=str(tmp_path / "out"))
        for options in ([], ["--from", "2026-10", "--to", "2026-10"])
    )
    assert 0 < len(some) < len(every)
    assert {months[row["invoice_id"]] for row in some} == {"2026-10"}


def test_a_damaged_document_hides_no_other(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    bring(terminal, FIRST)
    bring(terminal, LATER, "8")
    digest = hashlib.sha256(FIRST).hexdigest()
    tamper(tmp_path / "ledger", f"UPDATE bodies SET packed=x'00' WHERE hash='{digest}'")
    result = terminal.run("--ledger", "ledger", "documents", "out")
    assert (result.code, "is damaged" in result.err) == (1, True), result
    assert list(read_files(tmp_path / "out").values()) == [LATER]
