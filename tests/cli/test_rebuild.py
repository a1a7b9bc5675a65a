"""A rebuild says what is damaged, what it could not book and what it forgets; what is sound is booked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.model.finding_codes import FindingCode
from tests import stage
from tests.cli.terminal import Terminal
from tests.ledger.archives import cut, tamper
from tests.ledger.machine import run, saved

DAMAGES = {
    "question": "UPDATE entries SET question=replace(question, 'status', 'suatus') WHERE operation='list_invoices'",
    "question-no-text": "UPDATE entries SET question=CAST(x'7bff' AS TEXT) WHERE operation='list_invoices'",
    "question-a-number": "UPDATE entries SET question=7 WHERE operation='list_invoices'",
    "status": "UPDATE entries SET status=500 WHERE operation='list_invoices'",
    "status-a-text": "UPDATE entries SET status='two' WHERE operation='list_invoices'",
    "time": "UPDATE entries SET at=replace(at, '2026-1', '2026-9') WHERE operation='list_invoices'",
    "time-of-start": "UPDATE entries SET at=replace(at, '2026-1', '2026-9') WHERE operation=':start'",
    "time-of-end": "UPDATE entries SET at=replace(at, '2026-1', '2026-9') WHERE operation=':end'",
    "time-none": "UPDATE entries SET at=x'ff00' WHERE operation=':end'",
    "headers": "UPDATE entries SET headers='{' WHERE operation='list_invoices'",
    "headers-a-list": "UPDATE entries SET headers='[]' WHERE operation='list_invoices'",
    "operation": "UPDATE entries SET operation='list_inwoices' WHERE operation='list_invoices'",
    "operation-of-start": "UPDATE entries SET operation=':stars' WHERE operation=':start'",
    "operation-of-end": "UPDATE entries SET operation=':enc' WHERE operation=':end'",
    "account": "UPDATE entries SET account='mime' WHERE operation='list_invoices'",
    "provider": "UPDATE entries SET provider='cockroacj' WHERE operation='list_invoices'",
    "run": "UPDATE entries SET run=9 WHERE operation='list_invoices'",
    "hash": "UPDATE entries SET hash='0' WHERE operation='list_invoices'",
    "body-of-other": "UPDATE entries SET body=(SELECT max(hash) FROM bodies WHERE hash<>body) WHERE operation='list_invoices'",
    "body": "UPDATE bodies SET packed=x'00' WHERE size > 200",
    "body-a-text": "UPDATE bodies SET packed='' WHERE size > 200",
    "outcome": "UPDATE entries SET question='refused: of old' WHERE operation=':end'",
}
"""What may be damaged of an archive, one thing at a time."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger of two vendors; it is copied before it is damaged."""
    home = tmp_path_factory.mktemp("whole")
    books = Workspace(home / "ledger")
    host = stage.twin(months=2)
    for vendor in ("cockroach", "vultr"):
        stage.collected(host, books, vendor)
    books.archive.checkpoint_wal()
    books.close()
    return home


@pytest.fixture
def terminal(whole: Path, tmp_path: Path) -> Terminal:
    """Return a terminal beside a copy of the ledger."""
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    return Terminal(tmp_path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_is_told_by_all_that_check(damage: str, terminal: Terminal) -> None:
    """Whatever is damaged: reconcile before, rebuild, and reconcile after it say so; no command fails over it."""
    tamper(terminal.home / "ledger", DAMAGES[damage])
    for command in (["verify"], ["reconcile"], ["rebuild"], ["reconcile"]):
        result = terminal.run("--ledger", "ledger", *command)
        assert result.code == 1, (command, result)
        assert "entry " in result.all or "body " in result.all, (command, result)
    for command in (["invoices"], ["report"], ["hash"], ["documents", "out"], ["restatements"]):
        result = terminal.run("--ledger", "ledger", *command)
        assert result.code in {0, 1}, (command, result)
        assert (
            "damaged" in result.err
            or "was changed" in result.err
            or command[0] in {"hash", "documents", "restatements"}
        )


@pytest.mark.parametrize("damage", ["time-of-end", "hash", "time-of-start"])
def test_what_is_sound_beside_damage_is_booked(damage: str, terminal: Terminal) -> None:
    before = terminal.run("--ledger", "ledger", "hash").out
    tamper(terminal.home / "ledger", DAMAGES[damage])
    assert before in terminal.run("--ledger", "ledger", "rebuild").out


def test_damage_is_told_by_each_sync_until_it_is_mended(terminal: Terminal) -> None:
    """What a rebuild met damaged is told by every later sync of its account, until a sound archive is rebuilt."""
    sound = (terminal.home / "ledger" / "archive.sqlite").read_bytes()
    tamper(terminal.home / "ledger", DAMAGES["hash"])
    terminal.run("--ledger", "ledger", "rebuild")
    books = Workspace(terminal.home / "ledger")
    for months in (2, 2):
        [outcome, *_] = stage.collected(stage.twin(months=months), books, "cockroach")
        assert FindingCode.ARCHIVE_DAMAGED in {finding.code for finding in outcome.findings}
    books.close()
    (terminal.home / "ledger" / "archive.sqlite").write_bytes(sound)
    result = terminal.run("--ledger", "ledger", "rebuild")
    assert (result.code, "was changed" in result.err) == (1, False), result  # it forgets what was collected since
    assert "was changed" not in terminal.run("--ledger", "ledger", "reconcile").out


def test_a_rebuild_says_that_damage_could_not_be_booked(tmp_path: Path) -> None:
    """A rebuild that cannot book what is damaged says so, and does not end well."""
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    assert run(tmp_path, "rebuild")[0] == 0
    tamper(tmp_path / "ledger", "UPDATE bodies SET packed=x'00' WHERE size > 0")
    code, output = run(tmp_path, "rebuild")
    assert (code, "not booked" in output, "put a backup in its place" in output) == (1, True, True), output


def test_a_rebuild_says_what_it_forgets(terminal: Terminal) -> None:
    """A rebuild over an archive whose end is missing says so once; the ledger is that of the archive then."""
    cut(terminal.home / "ledger", 9)
    result = terminal.run("--ledger", "ledger", "rebuild")
    assert (result.code, "the archive's end is missing: it has 9 entries" in result.err) == (1, True), result
    assert "the archive's end is missing" not in terminal.run("--ledger", "ledger", "rebuild").err


@pytest.mark.parametrize("loss", ["missing", "empty", "cut"])
@pytest.mark.parametrize("command", ["rebuild", "invoices", "sync", "import", "merge"])
def test_a_lost_archive_is_told_as_what_it_is(loss: str, command: str, terminal: Terminal) -> None:
    """An archive that is lost beside its ledger is told, and nothing is forgotten, made or brought meanwhile."""
    archive = terminal.home / "ledger" / "archive.sqlite"
    shutil.copytree(terminal.home / "ledger", terminal.home / "other")
    match loss:
        case "missing":
            archive.unlink()
        case "empty":
            archive.write_bytes(b"")
        case "cut":
            cut(terminal.home / "ledger", 0)
    saved(terminal.home, "a", 1)
    terminal.account(base_url="http://127.0.0.1:9")
    arguments = {"import": ["cockroach", "a.json"], "merge": ["other"]}.get(command, [])
    catalog = (terminal.home / "ledger" / "catalog.sqlite").read_bytes()
    result = terminal.run("--ledger", "ledger", command, *arguments, COCKROACH_API_KEY="key")
    assert (result.code, "archive.sqlite is missing or empty" in result.err) == (2, True), result
    assert (terminal.home / "ledger" / "catalog.sqlite").read_bytes() == catalog
    assert archive.exists() == (loss != "missing")
