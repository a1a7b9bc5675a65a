"""An account's last collection, its newest answer and its refusals, whatever other accounts and imports are between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from billfold.ledger.archive import Archive
from billfold.ledger.entries import ArchivedResponse, Run
from billfold.ledger.last_answers import LastSync, find_last_sync, find_newest_answer, list_refused_operations
from billfold.model.period import parse_instant

NOW = parse_instant("2026-11-15T00:00:00Z")
KEY = "vultr", "main"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Return an empty archive."""
    with Archive(tmp_path / "archive.sqlite") as opened:
        yield opened


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def add_answer(archive: Archive, run: Run, minutes: int, status: int = 200, operation: str = "list_invoices") -> None:
    archive.add_responses(run, ArchivedResponse(operation, "{}", status, {}, b"{}", at(minutes)))


def test_the_last_collection_is_found_among_others(archive: Archive) -> None:
    assert find_last_sync(archive, KEY) is None
    assert find_newest_answer(archive, KEY) is None
    first = archive.start_run(*KEY, "sync", at(0))
    add_answer(archive, first, 1)
    archive.end_run(first, "complete", at(2))
    for provider, account, run_type in (("vultr", "other", "sync"), ("fastly", "main", "sync"), (*KEY, "import")):
        run = archive.start_run(provider, account, run_type, at(3))
        archive.end_run(run, "imported", at(4))
    assert find_last_sync(archive, KEY) == LastSync(first.id, at(0), at(2), "complete")
    second = archive.start_run(*KEY, "sync", at(5))
    add_answer(archive, second, 6, 403)
    assert find_last_sync(archive, KEY) == LastSync(second.id, at(5), None, None)
    assert find_newest_answer(archive, KEY) == at(1)


def test_an_open_collection_is_gone_on_with(archive: Archive) -> None:
    """Of its own account and sort alone, and only while it is open."""
    run = archive.start_run(*KEY, "sync", at(0))
    assert archive.start_run(*KEY, "sync", at(1)) == run
    assert archive.start_run(*KEY, "import", at(1)).id != run.id
    assert archive.start_run("vultr", "other", "sync", at(1)).id != run.id
    archive.end_run(run, "complete", at(2))
    assert archive.start_run(*KEY, "sync", at(3)).id != run.id


def test_what_a_key_has_no_right_to_is_named_once(archive: Archive) -> None:
    run = archive.start_run(*KEY, "sync", at(0))
    for minutes, status, operation in ((1, 200, "a"), (2, 403, "b"), (3, 404, "c"), (4, 403, "b"), (5, 401, "d")):
        add_answer(archive, run, minutes, status, operation)
    assert list_refused_operations(archive, run.id) == ["b", "d"]
