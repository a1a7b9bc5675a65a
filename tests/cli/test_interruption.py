"""Ctrl-C ends a collection at once and in a sentence; what was archived is whole, and the next sync goes on from there."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from billfold.cli import main
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.digest import compute_digest
from billfold.ledger.verify import find_damage
from billfold.providers import provider
from billfold.transport import pause as pauses
from billfold.transport.http import HttpSettings
from billfold.transport.sync import HttpTransport
from billfold.wire.message import Response
from tests.cli.terminal import Terminal, environment
from tests.ledger.kit import NOW, Vendor, collected, invoice, invoices
from tests.transport.hostile import hostile, says
from tests.wire.kit import line

SAID = "interrupted; what was collected is kept"
ORGANIZATION = b'{"id":"org","name":"Org"}'


@pytest.fixture(autouse=True)
def _heeded() -> Iterator[None]:
    """Heed interruptions here and in children: a shell that starts the tests in the background has them ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_wait_ends_in_every_thread_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait ends in every thread when the process is told to end."""
    stop_requested = threading.Event()
    monkeypatch.setattr(pauses, "STOP_REQUESTED", stop_requested)
    pauses.interruptible_sleep(0.0)
    stop_requested.set()
    with pytest.raises(KeyboardInterrupt):
        pauses.interruptible_sleep(10.0**6)


def test_the_next_sync_goes_on_after_an_interrupted_wait(tmp_path: Path) -> None:
    """An interruption in a wait leaves the archive whole, and the next sync goes on."""

    def interrupted(seconds: float) -> None:
        assert seconds == 290.0
        raise KeyboardInterrupt

    books, account = Workspace(tmp_path / "one"), AccountConfig("mine", provider.find_provider("cockroach"), {})
    slow = says(b"{}", "429 Slow", retry_after="290")
    with hostile(says(ORGANIZATION), slow) as server:

        def opened(_: AccountConfig) -> Any:
            return HttpTransport(HttpSettings(server.root), line(), sleep=interrupted)

        with pytest.raises(KeyboardInterrupt):
            sync_accounts(books, [account], connect=opened, clock=lambda: NOW)
    [entry] = books.archive.iter_answers()
    assert (books.archive.read_body(entry.body), list(find_damage(books.archive, books.ledger_path))) == (
        ORGANIZATION,
        [],
    )
    assert [run.ended_at for run in books.archive.list_runs()] == [None]
    never = Workspace(tmp_path / "other")
    for workspace in (books, never):
        assert collected(workspace, invoices(invoice())).error is None
        assert [run.outcome for run in workspace.archive.list_runs()] == ["complete"]
    with books.open_ledger() as here, never.open_ledger() as there:
        assert compute_digest(here) == compute_digest(there)
    books.close()
    never.close()


def test_an_interrupted_command_ends_with_130_and_a_sentence(terminal: Terminal) -> None:
    with mock.patch("billfold.cli.sync.sync_accounts", side_effect=KeyboardInterrupt):
        result = terminal.run("sync", "--ledger", "ledger")
    assert (result.code, result.out) == (130, "")
    assert SAID in result.err
    assert "Traceback" not in result.err


def test_the_handler_is_taken_back_when_a_command_has_ended(terminal: Terminal) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert terminal.run("--version").code == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interruption_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second interruption ends the process in the midst of an answer."""
    monkeypatch.setattr(main, "STOP_REQUESTED", threading.Event())
    system = mock.Mock(**{"_exit.side_effect": SystemExit})
    monkeypatch.setattr("billfold.cli.interrupt.os", system)
    with main._handle_interrupts():
        handler: Any = signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            handler(signal.SIGINT, None)
        with pytest.raises(SystemExit):
            handler(signal.SIGINT, None)
    system.write.assert_called_once_with(2, f"billfold: {SAID}\n".encode())
    system._exit.assert_called_once_with(130)


def interrupted(terminal: Terminal, address: str, arrived: threading.Event) -> tuple[int, str]:
    """Sync, interrupt it when the server heard a question, and return the exit code and the words."""
    terminal.account(f"file:{terminal.home / 'key'}", address)
    line = [sys.executable, "-m", "billfold", "sync", "--ledger", "ledger"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, cwd=terminal.home, env=environment(terminal.home)) as process:
        arrived.wait(60)
        try:
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=30)[1].decode()
        except BaseException:
            process.kill()
            raise
    return process.returncode, output


def test_an_interrupted_wait_ends_the_collection(terminal: Terminal) -> None:
    """An interruption while a vendor makes us wait ends the collection."""
    arrived = threading.Event()

    def answer_slowly(caller: socket.socket) -> None:
        says(b"{}", "429 Slow", retry_after="290")(caller)
        arrived.set()

    with hostile(answer_slowly) as server:
        code, output = interrupted(terminal, server.root, arrived)
    assert (code, SAID in output, "Traceback" in output) == (130, True, False)
    with Workspace(terminal.home / "ledger").archive as archive:
        assert list(find_damage(archive)) == []


def test_an_interruption_in_a_thread_ends_the_collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption that another thread catches ends the collection."""
    monkeypatch.setattr(main, "STOP_REQUESTED", stop_requested := threading.Event())
    monkeypatch.setattr(pauses, "STOP_REQUESTED", stop_requested)
    books, waits, answered = Workspace(tmp_path), [], threading.Event()

    class Caught(Vendor):
        def send(self, op: Any, /) -> Response:
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # the main thread's wait is not broken off by it
            waits.append(stop_requested.wait(20))
            answered.set()
            return super().send(op)

    account = AccountConfig("mine", provider.find_provider("cockroach"), {})
    with main._handle_interrupts(), pytest.raises(KeyboardInterrupt):
        sync_accounts(books, [account], connect=lambda _: Caught(invoices(invoice())), clock=lambda: NOW)
    assert answered.wait(20)  # the worker may still be on its way when the main thread is interrupted
    assert waits == [True]
    books.close()


def test_an_ending_process_asks_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection asks nothing more when the process is told to end."""
    stop_requested, books = threading.Event(), Workspace(tmp_path)
    monkeypatch.setattr(pauses, "STOP_REQUESTED", stop_requested)

    class Ending(Vendor):
        def send(self, op: Any, /) -> Response:
            stop_requested.set()
            return super().send(op)

    account = AccountConfig("mine", provider.find_provider("cockroach"), {})
    with pytest.raises(KeyboardInterrupt):
        sync_accounts(books, [account], connect=lambda _: Ending(invoices(invoice())), clock=lambda: NOW)
    assert len(list(books.archive.iter_answers())) == 1
    stop_requested.clear()
    assert collected(books, invoices(invoice())).error is None
    books.close()


@pytest.mark.parametrize("delay_ms", [*range(40, 400, 40)])
def test_an_interruption_while_loading_is_a_sentence(delay_ms: int, tmp_path: Path) -> None:
    """From the first module of ours on, Ctrl-C ends the process with 130 and no traceback; before it, as Python ends."""
    code = (
        "import signal, sys, threading, os\n"
        f"threading.Timer({delay_ms} / 1000, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "from billfold.cli.entry import process\n"
        "sys.argv = ['billfold', 'doctor']\n"
        "process()\n"
    )
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, check=False, capture_output=True, cwd=tmp_path, env=environment(tmp_path), timeout=60)
    assert (done.returncode in {130, 2}, b"Traceback" in done.stderr) == (True, False), done.stderr


def test_interruptions_count_before_all_else_is_loaded() -> None:
    """What heeds interruptions imports no more than Python has loaded by itself, or nearly so."""
    code = (
        "import sys; before = set(sys.modules); import billfold.cli.interrupt; "
        "print(len(set(sys.modules) - before), [name for name in sys.modules if name.startswith('billfold')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "billfold.cli.main" not in done.stdout
    assert int(done.stdout.split()[0]) < 40
