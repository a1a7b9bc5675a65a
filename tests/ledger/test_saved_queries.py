"""Saved queries: kept, replaced, deleted and limited; looking at them makes no file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from billfold.ledger import saved_queries
from billfold.ledger.layout import SERVER_FILE
from billfold.ledger.saved_queries import SavedQuery, delete_query, list_saved_queries, save_query
from billfold.model.errors import InvalidArgument

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert list_saved_queries(tmp_path) == []
    assert not (tmp_path / SERVER_FILE).exists()


def test_a_query_is_kept_and_replaced(tmp_path: Path) -> None:
    save_query(tmp_path, "b", "SELECT 1", NOW)
    save_query(tmp_path, "a", "SELECT 2", NOW)
    save_query(tmp_path, "b", "SELECT 3", NOW)
    time = "2026-11-15T12:00:00Z"
    assert list_saved_queries(tmp_path) == [SavedQuery("a", "SELECT 2", time), SavedQuery("b", "SELECT 3", time)]
    delete_query(tmp_path, "a")
    assert [query.name for query in list_saved_queries(tmp_path)] == ["b"]
    with pytest.raises(InvalidArgument, match="no saved query is called 'a'"):
        delete_query(tmp_path, "a")


def test_there_is_a_limit(tmp_path: Path) -> None:
    with mock.patch.object(saved_queries, "MAX_QUERIES", 1):
        save_query(tmp_path, "a", "SELECT 1", NOW)
        save_query(tmp_path, "a", "SELECT 2", NOW)
        with pytest.raises(InvalidArgument, match="delete one first"):
            save_query(tmp_path, "b", "SELECT 1", NOW)
