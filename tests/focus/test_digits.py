"""No digit changes between the wire and any file, in the short form (the long one is ``tests.focus.digits``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from tests.focus import digits

LINES = 3000


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("digits")
    books = Workspace(directory)
    digits.archived(books, LINES)
    with books.open_ledger() as db:
        assert db.execute("SELECT count(*) FROM bills WHERE parked IS NOT NULL").fetchall() == [(0,)]
    books.close()
    return directory


@pytest.mark.parametrize("way", digits.WAYS)
def test_no_digit_changes(way: str, ledger: Path) -> None:
    assert digits.changed(digits.WAYS[way](ledger), LINES) == 0
