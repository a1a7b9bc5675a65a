"""What changed since an export, laid over a copy of it, is what a whole export is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from billfold.collect.workspace import Workspace
from billfold.focus.export import ExportSpec, export_focus
from billfold.focus.since import find_export_time
from billfold.ledger.focus_views import Selection
from billfold.model.errors import InvalidArgument
from billfold.model.period import parse_instant
from tests import stage

KEY = ("InvoiceIssuerName", "x_AccountName", "InvoiceId", "BillingPeriodStart", "x_State")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Workspace]:
    with closing(Workspace(tmp_path / "ledger")) as workspace:
        yield workspace


def export(books: Workspace, directory: Path, at: datetime, since: datetime | None = None) -> dict[str, Any]:
    with books.open_ledger() as db:
        since_seq = books.archive.find_seq_at(since) if since else None
        spec = ExportSpec(directory, since=str(since or ""))
        export_focus(db, spec, Selection(since_seq=since_seq), at)
    document: dict[str, Any] = json.loads((directory / "metadata.json").read_text())
    return document


def read_rows(directory: Path) -> list[dict[str, Any]]:
    table = pq.read_table(directory / "cost_and_usage.parquet")
    rows: list[dict[str, Any]] = table.to_pylist()
    return [row | {"BillingPeriodStart": f"{row['BillingPeriodStart']:%Y-%m-%dT%H:%M:%SZ}"} for row in rows]


def build_row(row: dict[str, Any]) -> str:
    return str(sorted((name, value) for name, value in row.items() if value is not None and "Archive" not in name))


def test_changes_laid_over_a_copy_are_the_whole(books: Workspace, tmp_path: Path) -> None:
    host = stage.twin(months=3)
    stage.collected(host, books)
    at = host.clock.now()
    export(books, tmp_path / "whole", at)
    since = find_export_time(str(tmp_path / "whole"))
    assert since == at
    host.set_fault(stage.fault("fastly", "restated-changed"))
    for days in (1, 20):  # an issued invoice is restated, then drafts are issued
        host.clock.advance(timedelta(days=days))
        stage.collected(host, books)
    document = export(books, tmp_path / "changes", host.clock.now(), since)
    removed = {tuple(row[name] for name in KEY) for row in document["x_Removed"]}
    states = {row["x_State"] for row in document["x_Removed"]}
    assert states == {"issued", "draft", "estimate"}
    copy = [row for row in read_rows(tmp_path / "whole") if tuple(row[name] for name in KEY) not in removed]
    changes = read_rows(tmp_path / "changes")
    export(books, tmp_path / "now", host.clock.now())
    now = read_rows(tmp_path / "now")
    assert sorted(map(build_row, [*copy, *changes])) == sorted(map(build_row, now))
    assert 0 < len(changes) < len(now)


def test_without_a_change_there_is_nothing(books: Workspace, tmp_path: Path) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "cockroach")
    document = export(books, tmp_path / "out", host.clock.now(), host.clock.now())
    assert (document["x_Removed"], read_rows(tmp_path / "out")) == ([], [])
    assert document["x_Selection"]["Since"]


def test_changes_take_no_whole_exports_place(books: Workspace, tmp_path: Path) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "cockroach")
    export(books, tmp_path / "out", host.clock.now())
    with pytest.raises(InvalidArgument, match="name another directory"):
        export(books, tmp_path / "out", host.clock.now(), host.clock.now())


def test_a_time_is_named_in_three_ways(tmp_path: Path) -> None:
    assert find_export_time("2026-05-01") == parse_instant("2026-05-01")
    with pytest.raises(InvalidArgument, match="there is no export"):
        find_export_time(str(tmp_path / "nothing"))
    (tmp_path / "metadata.json").write_text('{"DataGenerator": {"DataGenerator": "billfold 0"}, "x_Files": []}')
    with pytest.raises(InvalidArgument, match="does not say when"):
        find_export_time(str(tmp_path))
