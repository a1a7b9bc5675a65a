"""Archives for tests, filled, tampered with and broken."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from billfold.ledger.archive import Archive
from billfold.ledger.entries import ArchivedResponse, Run
from tests.ledger.kit import NOW


def cut(directory: Path, last: int) -> None:
    """Cut everything after an entry off, so that what is left is a sound chain."""
    tamper(
        directory,
        f"DELETE FROM entries WHERE seq > {last}",
        "DELETE FROM bodies WHERE hash NOT IN (SELECT body FROM entries)",
    )


def open_archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive.sqlite")


def keep(archive: Archive, run: Run, body: bytes = b"{}", **more: Any) -> int:
    fields: dict[str, Any] = {
        "operation": "get_it",
        "question": "{}",
        "status": 200,
        "headers": {},
        "received_at": NOW,
    } | more
    return archive.add_responses(run, ArchivedResponse(body=body, **fields))


def filled(tmp_path: Path, bodies: int = 3) -> Archive:
    """Return an archive with one run of so many answers."""
    archive = open_archive(tmp_path)
    run = archive.start_run("p", "a", "sync", NOW)
    for number in range(bodies):
        keep(archive, run, f'{{"n":{number}}}'.encode())
    archive.end_run(run, "complete", NOW)
    return archive


def tamper(tmp_path: Path, *statements: str) -> None:
    """Change the file behind the archive's back."""
    db = sqlite3.connect(tmp_path / "archive.sqlite")
    with db:
        db.execute("DROP TRIGGER IF EXISTS entries_stay")
        db.execute("DROP TRIGGER IF EXISTS entries_remain")
        for statement in statements:
            db.execute(statement)
    db.close()


def broken(tmp_path: Path) -> Archive:
    """Return an archive whose pages after the first are overwritten."""
    filled(tmp_path, 40).close()
    path = tmp_path / "archive.sqlite"
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 200] = b"\xff" * 200
    path.write_bytes(content)
    return open_archive(tmp_path)
