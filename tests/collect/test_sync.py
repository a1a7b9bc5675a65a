"""A collection believes the vendor's clock, but not one that is outside the calendar, and leaves nothing behind that crashes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.outcome import CollectOutcome
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger import booking
from billfold.ledger.account_lock import account_lock
from billfold.ledger.layout import LOCKS_FOLDER
from billfold.ledger.verify import find_damage
from billfold.providers import provider
from billfold.twin.world import describe_bill
from billfold.wire.message import Response
from tests import stage
from tests.ledger.kit import NOW, Vendor, collected, invoice, invoices


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 99999999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -0500", "today", ""]
)
def test_a_date_that_is_none_is_not_believed_and_fails_nobody(date: str, tmp_path: Path) -> None:
    class Dated(Vendor):
        def send(self, op: Any, /) -> Response:
            response = super().send(op)
            return response._replace(headers={**response.headers, "date": date})

    books, account = Workspace(tmp_path), AccountConfig("mine", provider.find_provider("cockroach"), {})
    (outcome,) = sync_accounts(books, [account], connect=lambda _: Dated(invoices(invoice())), clock=lambda: NOW)
    books.close()
    assert (outcome.error, outcome.answers) == (None, 2)


def test_no_thread_can_crash_a_process_that_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread is left that would crash a process which ends early."""
    loading = threading.Event()
    monkeypatch.setattr(booking, "preload_duckdb", lambda: loading.wait(60))
    before = set(threading.enumerate())
    books = Workspace(tmp_path)
    account = AccountConfig("mine", provider.find_provider("cockroach"), {})
    sync_accounts(books, [account], connect=lambda _: Vendor(invoices(invoice())), clock=lambda: NOW)
    left = set(threading.enumerate()) - before
    loading.set()
    books.close()
    assert [thread.daemon for thread in left] == [False]


def test_a_sync_with_nothing_new_asks_little(books: Workspace) -> None:
    """A recheck with nothing new asks no more than the first time, and a sync asks little."""
    host = stage.twin(months=6)
    stage.collected(host, books)
    first = len(host.requests)
    host.requests.clear()
    stage.collected(host, books)
    again = len(host.requests)
    assert again < first
    longer, more = stage.twin(months=12), Workspace(books.directory / "longer")
    stage.collected(longer, more)
    longer.requests.clear()
    stage.collected(longer, more)
    assert len(longer.requests) - again <= 4, "a sync with nothing new must not grow with the history"
    more.close()


def test_two_processes_sync_and_read_at_the_same_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests import stage; from billfold.collect.workspace import Workspace\n"
        "b = Workspace(Path(sys.argv[1])); stage.collected(stage.twin(months=2), b, sys.argv[2]); b.close()"
    )
    root = str(Path(__file__).parent.parent.parent)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *sys.path])}
    names = ["cockroach", "vultr", "cockroach"]
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name], env=env) for name in names]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    books = Workspace(tmp_path)
    host = stage.twin(months=2)

    true = [describe_bill(a, b) for a, b in host.world.iter_bills(host.clock.now()) if a.provider in names]
    assert sorted(map(str, stage.list_invoices(books))) == sorted(map(str, true))
    assert not list(find_damage(books.archive))
    books.close()


def test_collecting_twice_is_collecting_once(books: Workspace) -> None:
    """Collecting twice is collecting once, and a restatement is kept."""
    for day, total in enumerate(["1.5", "1.5", "2.5"]):
        collected(books, invoices(invoice(total=total, lines=[total])), days=day)
    with books.open_ledger() as db:
        totals = db.execute("SELECT total, until_seq IS NULL FROM bills ORDER BY id").fetchall()
    books.close()
    assert totals == [("1.5", False), ("2.5", True)]


def test_no_more_accounts_are_collected_at_once_than_asked(tmp_path: Path) -> None:
    """Two workers hold at most two connections, though each waits until another is there."""
    workspace, lock, meeting = Workspace(tmp_path), threading.Lock(), threading.Barrier(2)
    open_counts, open_now = list[int](), 0

    class Counted(Vendor):
        def close(self) -> None:
            nonlocal open_now
            with lock:
                open_now -= 1
            super().close()

    def connect(_: AccountConfig) -> Vendor:
        nonlocal open_now
        with lock:
            open_now += 1
            open_counts.append(open_now)
        meeting.wait(timeout=60)
        return Counted(invoices(invoice()))

    accounts = [AccountConfig(f"a{number}", provider.find_provider("cockroach"), {}) for number in range(6)]
    sync_accounts(workspace, accounts, connect=connect, clock=lambda: NOW, workers=2)
    workspace.close()
    assert (len(open_counts), max(open_counts)) == (6, 2)


def test_an_account_busy_elsewhere_stops_no_other(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that another process collects for too long fails alone; the others are collected and booked."""
    host = stage.twin(months=2)
    names = {account.provider: account.name for vendor in host.world.vendors for account in vendor.accounts[:1]}
    monkeypatch.setattr("billfold.collect.sync.LOCK_TIMEOUT_S", 0)
    with account_lock(books.directory / LOCKS_FOLDER, "fastly", names["fastly"]):
        outcomes = {outcome.account: outcome for outcome in stage.collected(host, books)}
    assert [name for name, outcome in outcomes.items() if outcome.error] == [names["fastly"]]
    assert "is being collected by another process" in str(outcomes[names["fastly"]].error)
    assert {outcome.head for outcome in outcomes.values()} == {books.archive.read_head()}
    assert all(outcome.error is None for outcome in stage.collected(host, books))


def test_a_single_busy_account_is_waited_for(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has nothing else to collect waits for an account longer than who has others."""
    host = stage.twin(months=2)
    [account] = stage.stage(host, "vultr").accounts
    monkeypatch.setattr("billfold.collect.sync.LOCK_TIMEOUT_S", -1)
    with ExitStack() as locks:
        locks.enter_context(account_lock(books.directory / LOCKS_FOLDER, "vultr", account.name))
        monkeypatch.setattr("billfold.ledger.account_lock.time.sleep", lambda _: locks.close())
        assert [outcome.error for outcome in stage.collected(host, books, "vultr")] == [None]


def test_a_known_account_is_done_before_the_others(books: Workspace) -> None:
    """A known customer's run has ended when its outcome is told: one that hangs keeps nobody else's from being booked."""
    host, endings = stage.twin(months=2), list[bool]()

    def note_outcome(outcome: CollectOutcome) -> None:
        last_run = [run for run in books.archive.list_runs() if run.account == outcome.account][-1]
        endings.append(last_run.ended_at is not None)

    stage.collected(host, books, note_outcome=note_outcome)
    assert not any(endings)
    endings.clear()
    stage.collected(host, books, note_outcome=note_outcome)
    assert endings.count(True) >= 4
