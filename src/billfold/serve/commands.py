"""Reading commands, run here for a terminal elsewhere: `billfold --server` prints what comes, piece by piece."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Full, Queue
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from billfold.model.errors import InvalidArgument
from billfold.serve.questions import read_count
from billfold.serve.views import ViewPool
from billfold.serve.writing import NDJSON_TYPE

COMMANDS_ROOT = "/api/v1/commands"
READING_COMMANDS = frozenset(
    {"accruals", "allocate", "budget", "changes", "charges", "close", "closes", "commitments", "documents", "evidence"}
    | {"explain", "export", "forecast", "hash", "invoices", "payables", "reconcile", "report", "restatements", "sql"}
    | {"schedule", "statement", "verify", "why"}
)
"""Commands that read the ledger, and print or write what they read."""
MAX_RUNS = 4
"""Commands at a time: each has a ledger of its own open."""
MAX_WAITING_TEXTS = 200
"""Texts that wait for who reads them; the command waits then, too."""
MAX_ARGUMENTS, MAX_ARGUMENT_CHARS = 100, 50_000
PATIENCE = 0.5
"""Seconds after which a command that waits looks whether anybody still reads."""


log = logging.getLogger("billfold.serve")


class CommandRequest(NamedTuple):
    """A command, what stands behind its name, which ledger it reads, and how wide the screen is (in cells) that it is for."""

    name: str
    arguments: list[str]
    directory: Path
    config_path: str | None
    columns: int = 80
    is_terminal: bool = False


Event = Mapping[str, str | int]
"""A text that is printed with its type, a piece of a file that is written (base64), or the exit code."""
RunCommand = Callable[[CommandRequest, Callable[[Event], None]], int]
"""Runs a command, hands over what it prints and writes, and returns the exit code."""


class ReaderGone(BaseException):
    """Nobody reads any more: ends a command wherever it is, and is no error of it."""


class Commands:
    """Answers with what a command prints."""

    def __init__(self, pool: ViewPool, run_command: RunCommand) -> None:
        self._pool, self._run_command = pool, run_command
        self._runs = threading.BoundedSemaphore(MAX_RUNS)

    @property
    def routes(self) -> list[Route]:
        """Where it answers: each command has a route of its own, since not everybody may run each."""
        names = [*sorted(READING_COMMANDS), "{name}"]
        return [Route(f"{COMMANDS_ROOT}/{name}", self.answer_command) for name in names]

    def answer_command(self, request: Request) -> Response:
        """Run a command; raises ``HTTPException`` for one that there is not, and where too many run."""
        command = self._read_request(request)
        self._pool.require_ledger()
        if not self._runs.acquire(blocking=False):
            raise HTTPException(503, f"{MAX_RUNS} commands are running already: ask again in a moment")
        answer = _CommandRun(self._run_command, command, self._runs.release)
        return StreamingResponse(answer.iter_lines(), media_type=NDJSON_TYPE, headers={"cache-control": "no-store"})

    def _read_request(self, request: Request) -> CommandRequest:
        name, pairs = request.url.path.rpartition("/")[2], request.query_params.multi_items()
        if name not in READING_COMMANDS:
            raise HTTPException(
                404,
                f"a server does not run {name[:40]} for others: run it where the ledger's directory is, without --server. "
                f"It runs {', '.join(sorted(READING_COMMANDS))}",
            )
        arguments = [text for key, text in pairs if key == "argument"]
        settings = {key: text for key, text in pairs if key != "argument"}
        _check_words(arguments, settings)
        config_path = self._pool.config_path
        return CommandRequest(
            *(name, arguments, self._pool.directory, str(config_path) if config_path.exists() else None),
            columns=read_count(settings, "columns", 80, 10_000),
            is_terminal=settings.get("terminal") == "1",
        )


def _check_words(arguments: list[str], settings: Mapping[str, str]) -> None:
    if settings.get("terminal", "0") not in {"0", "1", ""}:
        raise InvalidArgument("terminal is 1, or left out")
    if unknown := sorted({*settings} - {"columns", "terminal"}):
        raise InvalidArgument(
            f"a command is asked with argument, columns and terminal, and not with {unknown[0][:40]!r}"
        )
    too_long = any(len(argument) > MAX_ARGUMENT_CHARS or "\0" in argument for argument in arguments)
    if len(arguments) > MAX_ARGUMENTS or too_long:
        raise InvalidArgument(f"a command takes {MAX_ARGUMENTS} arguments of {MAX_ARGUMENT_CHARS} characters")


class _CommandRun:
    """A command in a thread of its own: it runs ahead of who reads by so many texts, and ends where he goes away."""

    def __init__(self, run_command: RunCommand, request: CommandRequest, release: Callable[[], None]) -> None:
        self._run_command, self._request, self._release = run_command, request, release
        self._events = Queue[Event | None](MAX_WAITING_TEXTS)
        self._is_gone = threading.Event()

    def iter_lines(self) -> Iterator[bytes]:
        """Yield what is printed, an object a line, and last the exit code."""
        try:
            thread = threading.Thread(target=self._run, name=f"command {self._request.name}", daemon=True)
            thread.start()
            while (event := self._events.get()) is not None:
                yield json.dumps(event).encode() + b"\n"
        finally:
            self._is_gone.set()

    def _run(self) -> None:
        try:
            exit_code = self._run_command(self._request, self._put)
            self._put({"exit_code": exit_code})
        except ReaderGone:
            return
        except BaseException:  # an answer without an exit code is known to be not whole
            log.exception("a command broke")
        finally:
            self._release()
            with suppress(ReaderGone):
                self._put(None)

    def _put(self, event: Event | None) -> None:
        while True:
            if self._is_gone.is_set():
                raise ReaderGone
            with suppress(Full):
                self._events.put(event, timeout=PATIENCE)
                return
