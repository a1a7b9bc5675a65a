"""Pipes are read to their end however slow they are, and one without a writer is refused."""

from __future__ import annotations

import os
import select
import threading
from pathlib import Path

import pytest

from billfold.collect import file_reading
from billfold.collect.file_reading import read_file
from billfold.model.errors import InvalidArgument


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a named pipe; nobody is waited for."""
    monkeypatch.setattr(file_reading, "PIPE_TIMEOUT_S", 0.01)
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_without_a_writer_is_refused(pipe: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"nobody wrote into .* start its writer first"):
        read_file(pipe)


def test_a_pipe_is_read_to_its_end(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer may be silent for longer than one that is missing is waited for."""
    reader_waits, polls = threading.Event(), []
    real_poll = select.poll

    class CountedPoll:
        def __init__(self) -> None:
            self._poll = real_poll()

        def register(self, *arguments: int) -> None:
            self._poll.register(*arguments)

        def poll(self, timeout: float) -> object:
            events = self._poll.poll(timeout)
            polls.append(bool(events))
            if polls.count(False) == 2:
                reader_waits.set()
            return events

    def write() -> None:
        with writer:
            writer.write(b"begin ")
            writer.flush()
            reader_waits.wait(10)
            writer.write(b"end" * 50_000)

    monkeypatch.setattr(select, "poll", CountedPoll)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = pipe.open("wb")
    thread = threading.Thread(target=write)
    thread.start()
    assert read_file(pipe) == b"begin " + b"end" * 50_000
    thread.join(10)
    os.close(reader)
    assert polls.count(False) >= 2


def test_what_a_process_printed_is_read_after_its_end() -> None:
    """What the shell makes of `<(command)` is read, also where the command has ended."""
    reader, writer = os.pipe()
    os.write(writer, b"{}")
    os.close(writer)
    try:
        assert read_file(Path(f"/dev/fd/{reader}")) == b"{}"
        with pytest.raises(InvalidArgument, match="it is empty"):
            read_file(Path(f"/dev/fd/{reader}"))
    finally:
        os.close(reader)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="it cannot be read: Is a directory; check the path"):
        read_file(tmp_path)
