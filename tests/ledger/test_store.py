"""The ledger's file of another format is called stale, and left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.ledger import store
from billfold.ledger.catalog_file import StaleLedgerError
from tests.ledger.kit import open_ledger


def test_a_file_of_another_format_is_left_alone(tmp_path: Path) -> None:
    """A file of another format is called stale and left alone."""
    with open_ledger(tmp_path) as books:
        books.db.catalog.execute("UPDATE meta SET value='0'")
    path = tmp_path / "catalog.sqlite"
    before = path.read_bytes()
    with pytest.raises(StaleLedgerError, match="another format"), store.open_ledger(path):
        pass
    assert path.read_bytes() == before
