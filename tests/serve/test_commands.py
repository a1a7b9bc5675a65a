"""Commands for terminals elsewhere: handed over as they print, ended when nobody reads, never too many at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from billfold.serve.app import make_application
from billfold.serve.commands import MAX_RUNS, MAX_WAITING_TEXTS, CommandRequest, Event, ReaderGone, _CommandRun
from billfold.serve.gate import Gate
from billfold.serve.views import ViewPool
from tests.cli.terminal import Terminal
from tests.serve.reader import Reader

URL = "/api/v1/commands/"


@contextmanager
def open_commands(ledger: Terminal, run: Callable[[CommandRequest, Callable[[Event], None]], int]) -> Iterator[Reader]:
    with closing(ViewPool(ledger.home / "ledger", ledger.home / "billfold.toml")) as pool:
        gate = Gate(pool.directory)
        yield Reader(pool, make_application(pool, run_command=run, gate=gate), gate)


def test_what_is_asked_reaches_the_command(ledger: Terminal) -> None:
    """Arguments keep their order, and what is printed comes as objects with the exit code last."""
    requests = list[CommandRequest]()

    def run(request: CommandRequest, take: Callable[[Event], None]) -> int:
        requests.append(request)
        take({"type": "line", "text": "caf\u00e9\n"})
        return 7

    with open_commands(ledger, run) as reader:
        page = reader.get(f"{URL}report?argument=--by&argument=vendor&columns=100&terminal=1")
    assert requests == [CommandRequest("report", ["--by", "vendor"], ledger.home / "ledger", None, 100, True)]
    assert [json.loads(line) for line in page.body.splitlines()] == [
        {"type": "line", "text": "caf\u00e9\n"},
        {"exit_code": 7},
    ]
    assert page.headers["content-type"] == "application/x-ndjson"
    assert page.headers["cache-control"] == "no-store"


def test_what_cannot_be_asked_is_a_problem(ledger: Terminal) -> None:
    """Writing commands, unknown words and too much of anything are refused; without a runner there is nothing."""
    with open_commands(ledger, lambda request, take: 0) as reader:
        statuses = {
            f"{URL}sync": 404,
            f"{URL}report?by=vendor": 400,
            f"{URL}report?columns=0": 400,
            f"{URL}report?argument=a%00b": 400,
            f"{URL}report?{'argument=a&' * 101}": 400,
        }
        for url, status in statuses.items():
            page = reader.get(url)
            assert (page.status, page.headers["content-type"]) == (status, "application/problem+json"), url
        assert (
            Reader(reader.pool, make_application(reader.pool), Gate(reader.pool.directory)).get(f"{URL}report").status
            == 404
        )


def test_so_many_commands_run_at_a_time(ledger: Terminal) -> None:
    """One more is refused until another has ended."""
    may_end, statuses = threading.Event(), list[int]()
    started = threading.Barrier(MAX_RUNS + 1)

    def run(_: CommandRequest, __: Callable[[Event], None]) -> int:
        started.wait(60)
        may_end.wait(60)
        return 0

    with open_commands(ledger, run) as reader:
        threads = [
            threading.Thread(target=lambda: statuses.append(reader.get(f"{URL}hash").status)) for _ in range(MAX_RUNS)
        ]
        for thread in threads:
            thread.start()
        started.wait(60)
        assert reader.get(f"{URL}hash").status == 503
        may_end.set()
        for thread in threads:
            thread.join()
    assert statuses == [200] * MAX_RUNS


def test_a_command_ends_where_nobody_reads(ledger: Terminal) -> None:
    """It runs ahead of its reader by so many texts, and is ended where it is when he goes away."""
    ended, numbers = threading.Event(), list[int]()

    def run(_: CommandRequest, take: Callable[[Event], None]) -> int:
        try:
            for number in range(10**9):
                take({"type": "line", "text": "more"})
                numbers.append(number)
        except ReaderGone:
            numbers.append(-1)
            raise
        return 0

    request = CommandRequest("report", [], ledger.home, None)
    lines = _CommandRun(run, request, ended.set).iter_lines()
    assert json.loads(next(lines)) == {"type": "line", "text": "more"}
    lines.close()  # type: ignore[attr-defined]
    assert ended.wait(60)
    assert numbers[-1] == -1
    assert len(numbers) <= MAX_WAITING_TEXTS + 3


def test_a_command_that_breaks_ends_its_answer(ledger: Terminal) -> None:
    """An answer without an exit code ends, and does not wait for ever: its reader knows that it is not whole."""

    def run(_: CommandRequest, take: Callable[[Event], None]) -> int:
        raise MemoryError

    request = CommandRequest("report", [], ledger.home, None)
    assert list(_CommandRun(run, request, lambda: None).iter_lines()) == []
