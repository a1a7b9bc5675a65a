"""Accounts are computed anew side by side, and the ledger says the same."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from billfold.collect import rebuilding
from billfold.collect.rebuilding import group_runs, share_out
from billfold.collect.workspace import Workspace
from billfold.ledger.entries import Run
from billfold.ledger.verify import find_damage
from billfold.model.errors import LedgerError
from tests import stage
from tests.ledger.kit import collected, invoice, invoices


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have any number of runs booked by two processes."""
    monkeypatch.setattr(rebuilding, "MIN_RUNS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.mark.usefixtures("two_processes")
def test_two_processes_compute_the_same_ledger(books: Workspace) -> None:
    """The ledger says the same, its bills have numbers of their own, and nothing is left of the drafts."""
    stage.collected(stage.twin(months=2), books)
    live, counts = stage.read_digest(books), list[tuple[int, int]]()
    books.rebuild(lambda *progress: counts.append(progress))
    run_count = len(books.list_ended_runs())
    assert (stage.read_digest(books), counts[-1]) == (live, (run_count, run_count))
    assert list(find_damage(books.archive, books.ledger_path)) == []
    assert list(books.directory.glob("*rebuilding*")) == []
    with books.open_ledger() as ledger:
        bill_ids = [row[0] for row in ledger.execute("SELECT id FROM bills").fetchall()]
        assert max(bill_ids) > rebuilding.BILLS_PER_PROCESS
        assert ledger.last_bill_id >= max(bill_ids)
    stage.collected(stage.twin(months=2), books)
    assert stage.read_digest(books) == live


@pytest.mark.usefixtures("two_processes")
def test_a_process_that_fails_leaves_the_ledger(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one of the processes fails, the ledger stays as it was, and the error says why."""
    stage.collected(stage.twin(months=2), books)
    live = stage.read_digest(books)
    start_process = rebuilding._start_process

    def start_wrongly(directory: object, draft_name: str, first_bill: int, share: Sequence[Run]) -> object:
        return start_process(books.directory / ("none/file" if first_bill else ""), draft_name, first_bill, share)

    (books.directory / "none").touch()
    monkeypatch.setattr(rebuilding, "_start_process", start_wrongly)
    with pytest.raises(LedgerError, match=r"a part of the ledger could not be computed: .* is a file"):
        books.rebuild()
    assert stage.read_digest(books) == live
    assert list(books.directory.glob("catalog.rebuilding.*.*.sqlite")) == []


def make_run(number: int, account: str, provider: str = "cockroach") -> Run:
    return Run(number, provider, account, "sync", "", "", "complete")


def test_runs_that_may_share_a_customer_stay_together() -> None:
    """Runs of one name or one identity are one group, and so are all of a vendor where one does not say whose it is."""
    runs = [make_run(number, name) for number, name in enumerate("abcab")]
    identities: dict[int, str | None] = {0: "x", 1: "y", 2: "x", 3: "z", 4: "y"}

    def list_groups() -> list[list[int]]:
        return [[run.id for run in group] for group in group_runs(runs, lambda run: identities[run.id])]

    assert list_groups() == [[0, 2, 3], [1, 4]]
    identities[4] = None
    assert list_groups() == [[0, 1, 2, 3, 4]]


def test_shares_are_of_about_the_same_size() -> None:
    groups = [[make_run(number, "a") for number in range(size)] for size in (1, 5, 2, 3)]
    assert sorted(map(len, share_out(groups, 2))) == [5, 6]
    assert share_out(groups[:1], 4) == groups[:1]


def test_few_runs_need_no_second_process(books: Workspace) -> None:
    collected(books, invoices(invoice()))
    runs = books.list_ended_runs()
    assert rebuilding.plan_shares(runs, books.find_identity) == [runs]


@pytest.mark.usefixtures("two_processes")
def test_drafts_of_a_killed_rebuild_are_left_alone(books: Workspace) -> None:
    """What the processes of a killed rebuild still write is in no file of the next one, and is removed."""
    stage.collected(stage.twin(months=2), books)
    live = stage.read_digest(books)
    leftovers = [books.directory / f"catalog.rebuilding.killed.0.sqlite{suffix}" for suffix in ("", "-journal")]
    for path in leftovers:
        path.write_bytes(b"half of a draft")
    books.rebuild()
    assert (stage.read_digest(books), [path.exists() for path in leftovers]) == (live, [False, False])
