"""Several processes at one ledger, one of them running at a time: whose turn it is at each step, a seed decides."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from billfold.collect.workspace import Workspace
from billfold.ledger import account_lock as turns
from billfold.ledger import part_merge, query, store
from billfold.twin.host import TwinHost
from tests import stage
from tests.rig.killing import fork
from tests.rig.stories import LedgerView, read_view

READINGS, REBUILDS = 12, 3
"""How often the reader looks, and how often the ledger is computed anew meanwhile."""
LAST_FATAL_STEP = 150
"""Steps within which one of them is killed, if one is."""
GO, AT, DONE, FAILED = b"g", b"a", b"d", b"f"


class Process(NamedTuple):
    """A process that takes part: what it hears its turn on, and what it says where it stands on."""

    pid: int
    go: int
    at: int


def part(work: Callable[[Callable[[], None]], None]) -> Process:
    """Start a process that waits for its turn wherever it calls what it is given."""
    hear, go = os.pipe()
    at, say = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(hear)
        os.close(say)
        return Process(pid, go, at)

    def wait() -> None:
        os.write(say, AT)
        if os.read(hear, 1) != GO:
            os._exit(71)

    try:
        wait()
        _patient(wait)
        work(wait)
    except BaseException:  # noqa: BLE001 - the child says what happened and ends
        traceback.print_exc()
        os.write(say, FAILED)
        os._exit(70)
    os.write(say, DONE)
    os._exit(0)


def _patient(wait: Callable[[], None]) -> None:
    """Let this process wait for locks by giving its turn away, and give it away where a ledger is opened or open."""
    for module in (turns, store):
        setattr(module, "time", _Time(wait))  # noqa: B010 - what a module imports is not its to give, for a type checker
    opening = store._load_ledger

    def opened(path: Path) -> Any:
        wait()
        db = opening(path)
        wait()
        return db

    setattr(store, "_load_ledger", opened)  # noqa: B010 - what a module hides is not its to give, for a type checker


class _Time:
    """A clock that stands still, so that nobody loses patience, and whose sleep gives the turn away."""

    def __init__(self, wait: Callable[[], None]) -> None:
        self._wait = wait

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, _: float) -> None:
        self._wait()


def play(parts: list[Process], seed: int, victim: int | None) -> list[str]:
    """Give turns until all are done, or killed as the victim is at some step; returns which ended badly."""
    dice, steps = random.Random(f"together/{seed}"), 0
    fatal_step = dice.randrange(LAST_FATAL_STEP)
    alive = {number: process for number, process in enumerate(parts) if os.read(process.at, 1) == AT}
    bad = [f"part {number} did not begin" for number in set(range(len(parts))) - set(alive)]
    while alive:
        number = dice.choice(sorted(alive))
        steps += 1
        if number == victim and steps >= fatal_step:
            process = alive.pop(number)
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
            continue
        os.write(alive[number].go, GO)
        state = os.read(alive[number].at, 1)
        if state != AT:
            process = alive.pop(number)
            os.waitpid(process.pid, 0)
            bad += [] if state == DONE else [f"part {number} failed at step {steps}"]
    for process in parts:
        os.close(process.go)
        os.close(process.at)
    return bad


def together(seed: int, months: int, expected: tuple[LedgerView, list[str]]) -> str:
    """Sync the same accounts twice and others beside them while somebody reads and somebody rebuilds, and kill one of them.

    The reader must see of each account nothing or all of what is true: never a part of a bill, never one twice. Who was
    killed goes on afterwards. Returns what is wrong, "" where nothing is.
    """
    view, true = expected
    with tempfile.TemporaryDirectory() as home:
        ledger = Path(home)
        Workspace(ledger).close()

        def syncing(only: str | None) -> Callable[[Callable[[], None]], None]:
            def work(wait: Callable[[], None]) -> None:
                host, books = stage.twin(seed=seed, months=months), Workspace(ledger)
                _waiting(host, wait)
                with mock.patch.object(part_merge, "MAX_SMALL_PARTS", 1):
                    stage.collected(host, books, only, workers=1)
                books.close()

            return work

        def rebuilding(wait: Callable[[], None]) -> None:
            books = Workspace(ledger)
            for _ in range(REBUILDS):
                wait()
                books.rebuild()
            books.close()

        def reading(wait: Callable[[], None]) -> None:
            books = Workspace(ledger)
            for _ in range(READINGS):
                wait()
                with books.open_ledger() as db:
                    _whole([bill._asdict() for bill in query.list_invoices(db, query.LedgerFilter())], true)
            books.close()

        writers = [syncing(None), syncing("genesys"), syncing("vultr"), rebuilding]
        victim = random.Random(f"victim/{seed}").choice([None, *range(len(writers))])
        bad = play([part(work) for work in (*writers, reading)], seed, victim)

        def finish() -> LedgerView:
            syncing(None)(lambda: None)
            books = Workspace(ledger)
            try:
                return read_view(books)
            finally:
                books.close()

        code, after = fork(finish)
        if bad or code:
            return "; ".join([*bad, *(["what goes on afterwards failed"] if code else [])])
        return "" if after == view else f"the ledger differs: {sorted(set(after.bills) ^ set(view.bills))[:2] or after}"


def _waiting(host: TwinHost, wait: Callable[[], None]) -> None:
    answer = host.answer_request

    def waited(request: Any) -> Any:
        wait()
        return answer(request)

    host.answer_request = waited  # type: ignore[method-assign]


def _whole(bills: list[dict[str, Any]], true: list[str]) -> None:
    for account in {bill["account"] for bill in bills}:
        own_bills = sorted(str(bill) for bill in bills if bill["account"] == account)
        all_of_it = [bill for bill in true if f"'account': {account!r}" in bill]
        assert own_bills == all_of_it, f"of {account} a reader saw {set(own_bills) ^ set(all_of_it)}"
