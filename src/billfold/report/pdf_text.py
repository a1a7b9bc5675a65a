"""The text of a PDF, as far as it can be read within limits, by a process that is kept for the next document."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from contextlib import suppress
from threading import Lock, Thread

from billfold.model.extras import require_libraries
from billfold.report import pdf_worker
from billfold.report.pdf_worker import LENGTH_BYTES, ReadingOrder

MAX_DOCUMENT_BYTES, MAX_PDF_PAGES, MAX_TEXT_CHARACTERS = 32 * 1024 * 1024, 200, 10_000_000
"""Bytes and pages of a document that is read, and characters of its text."""
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
"""Bytes of memory that the reading of a document may take, the process itself included."""
READ_TIMEOUT_S = 10
"""Seconds of the processor that the reading of a document may take."""
WAIT_FACTOR = 6
"""How many times as long a document is waited for: other processes take their share of the processor."""
_PASSED_VARIABLES = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "SYSTEMROOT",
    "TMPDIR",
    "TEMP",
)
"""What of our environment the process gets: no credential is among it."""


class _TextProcess:
    """The process, started when the first document comes, and again after one that it did not survive."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def read_text(self, document: bytes, order: ReadingOrder) -> str:
        """Return a document's text; "" where the process ended over it, or did not end in time."""
        with self._lock:
            replies = list[bytes]()
            asker = Thread(target=self._ask, args=(document, order, replies), daemon=True)
            asker.start()
            asker.join(order.cpu_seconds * WAIT_FACTOR)
            if not replies:
                self.end()
                asker.join()
            return replies[0].decode(errors="replace") if replies else ""

    def _ask(self, document: bytes, order: ReadingOrder, replies: list[bytes]) -> None:
        with suppress(OSError, ValueError):  # it ended, or was ended
            process = self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(order._asdict()).encode() + b"\n" + document)
            process.stdin.flush()
            length = process.stdout.read(LENGTH_BYTES)
            text = process.stdout.read(int.from_bytes(length))
            if len(length) == LENGTH_BYTES and len(text) == int.from_bytes(length):
                replies.append(text)

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            environment = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", pdf_worker.__name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
            )
        return self._process

    def end(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe:
                        pipe.close()


_TEXT_PROCESS = _TextProcess()
atexit.register(_TEXT_PROCESS.end)


def extract_text(document: bytes) -> str:
    """Return the text of a PDF; "" where it cannot be read whole, or not within the limits. Raises ``MissingExtra``."""
    if len(document) > MAX_DOCUMENT_BYTES or b"%%EOF" not in document[-1024:]:  # a part of it may lack the total
        return ""
    require_libraries("pypdf")
    order = ReadingOrder(len(document), MAX_PDF_PAGES, READ_TIMEOUT_S, MAX_MEMORY_BYTES, MAX_TEXT_CHARACTERS)
    return _TEXT_PROCESS.read_text(document, order)
