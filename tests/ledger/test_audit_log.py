"""The audit log: a chain, in which a row that was changed or removed is found."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from billfold.ledger.audit_log import AuditEvent, add_event, find_audit_damage, list_events, read_audit_head
from billfold.ledger.layout import SERVER_FILE
from tests.stage import AT

EVENT = AuditEvent("key abc", "10.0.0.1", "read document", "GET /documents/{seq}", "vultr/main", "200")


def fill(directory: Path) -> None:
    """Write three events."""
    for result in ("200", "403", "200"):
        add_event(directory, EVENT._replace(result=result), AT)


def tamper(directory: Path, statement: str) -> None:
    """Change the file behind the log's back."""
    with closing(sqlite3.connect(directory / SERVER_FILE, isolation_level=None)) as db:
        db.execute(statement)


def test_events_are_listed_and_chained(tmp_path: Path) -> None:
    assert (find_audit_damage(tmp_path), read_audit_head(tmp_path)[0]) == ([], 0)
    assert not (tmp_path / SERVER_FILE).exists()
    fill(tmp_path)
    assert [(row.seq, row.result) for row in list_events(tmp_path)] == [(3, "200"), (2, "403"), (1, "200")]
    assert len(list_events(tmp_path, limit=2)) == 2
    assert read_audit_head(tmp_path) == (3, list_events(tmp_path)[0].hash)
    assert find_audit_damage(tmp_path) == []


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("UPDATE audit_rows SET result='200' WHERE seq=2", "row 2 of 2026-11-15"),
        ("UPDATE audit_rows SET identity='key xyz' WHERE seq=3", "row 3 of"),
        ("UPDATE audit_rows SET at='2020-01-01T00:00:00.000000Z' WHERE seq=1", "row 1 of"),
        ("DELETE FROM audit_rows WHERE seq=2", "rows 2 to 2 are missing"),
        ("DELETE FROM audit_rows WHERE seq=1", "rows 1 to 1 are missing"),
        ("DELETE FROM audit_rows WHERE seq=3", "ends with row 2, and row 3 was written last"),
        ("DELETE FROM audit_rows", "ends with row 0, and row 3"),
        ("UPDATE audit_rows SET seq=9 WHERE seq=3", "rows 3 to 8 are missing"),
    ],
)
def test_a_changed_or_removed_row_is_found(tmp_path: Path, statement: str, text: str) -> None:
    fill(tmp_path)
    tamper(tmp_path, statement)
    findings = find_audit_damage(tmp_path)
    assert text in findings[0].text
    assert findings[0].is_wrong


def test_a_hostile_word_is_one_line(tmp_path: Path) -> None:
    add_event(tmp_path, EVENT._replace(route="/x\n2026 forged\x1b[2J" + "y" * 5000), AT)
    (row,) = list_events(tmp_path)
    assert row.route.isprintable()
    assert len(row.route) == 300
