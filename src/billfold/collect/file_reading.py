"""Files and pipes that somebody names, read whole: what is too large, empty or without a writer is refused in a sentence."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from billfold.model.errors import InvalidArgument

MAX_FILE_SIZE = 512 * 1024 * 1024
"""Bytes of a file: no more is taken from a vendor either."""
PIPE_TIMEOUT_S = 10.0
"""Seconds to wait for a process that writes into a named pipe; one that does may take its time."""
CHUNK_BYTES = 65_536


def read_file(path: Path) -> bytes:
    """Read a file or a pipe whole; raises ``InvalidArgument`` for what cannot be read, or can be no saved answer."""
    if path.is_char_device() or path.is_block_device():
        raise InvalidArgument("it is a device, not a file")
    try:
        content = _read_content(path)
    except OSError as error:
        raise InvalidArgument(f"it cannot be read: {error.strerror}; check the path and its rights") from error
    if len(content) > MAX_FILE_SIZE:
        raise InvalidArgument(f"it is larger than {MAX_FILE_SIZE >> 20} MiB")
    if not content.strip():
        raise InvalidArgument("it is empty")
    return content


def _read_content(path: Path) -> bytes:
    """Return what a file holds, at most a byte more than it may."""
    if not path.is_fifo():
        with path.open("rb") as file:
            return file.read(MAX_FILE_SIZE + 1)
    content = bytearray()
    for chunk in _iter_pipe(path):
        content += chunk
        if len(content) > MAX_FILE_SIZE:
            break
    return bytes(content)


def _iter_pipe(path: Path) -> Iterator[bytes]:
    """Yield what comes through a pipe; raises ``InvalidArgument`` where nobody writes into it."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        poll = select.poll()
        poll.register(number, select.POLLIN)
        while True:
            has_event = bool(poll.poll(PIPE_TIMEOUT_S * 1000))
            with suppress(BlockingIOError):  # somebody writes into it, and has nothing to say yet
                if chunk := os.read(number, CHUNK_BYTES):
                    yield chunk
                elif has_event:
                    return
                else:
                    raise InvalidArgument(
                        f"it is a pipe that nobody wrote into for {PIPE_TIMEOUT_S:g} seconds: start its writer first"
                    )
    finally:
        os.close(number)
