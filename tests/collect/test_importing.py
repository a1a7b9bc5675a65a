"""Files that are imported stand beside what is collected."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from billfold.collect import importing
from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.ledger.verify import find_problems
from billfold.providers import provider
from tests.ledger.kit import collected, invoice, invoices
from tests.ledger.machine import saved


def test_two_imports_at_once_leave_a_sound_archive(tmp_path: Path) -> None:
    """Two processes that import at once leave a sound archive."""
    names = [saved(tmp_path, name, 3) for name in "ab"]
    line = [sys.executable, "-m", "billfold", "--ledger", str(tmp_path / "ledger"), "import", "cockroach"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(tmp_path)}
    both = [
        subprocess.Popen([*line, name, "--account", name], cwd=tmp_path, env=env, stdout=subprocess.DEVNULL)
        for name in names
    ]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    books = Workspace(tmp_path / "ledger")
    with books.open_ledger() as db:
        assert db.execute("SELECT count(*) FROM bills WHERE until_seq IS NULL").fetchall() == [(6,)]
    assert list(find_problems(books.archive, books.ledger_path)) == []
    books.close()


def test_an_import_does_not_hide_what_was_not_booked(books: Workspace, tmp_path: Path) -> None:
    """An import does not hide what a collection could not book."""

    def told() -> list[str]:
        with books.open_ledger() as db:
            return [row["words"] for row in query.list_unbooked(db)]

    good = tmp_path / "good.json"
    good.write_bytes(invoices(invoice("good")))
    collected(books, invoices(invoice("twice"), invoice("twice", total="2.5", lines=["2.5"])))
    before = told()
    assert len(before) == 1
    importing.import_files(books, provider.find_provider("cockroach"), "mine", [good], None, {})
    assert told() == before
    collected(books, invoices(invoice("twice", total="2.5", lines=["2.5"])), days=1)
    assert told() == []
