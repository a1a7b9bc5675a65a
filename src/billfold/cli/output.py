"""The one way out of the command line: nothing that a vendor wrote is a command to a terminal, and any encoding will do.

A reader that goes away early, as ``| head`` does, is told nothing more; the command goes on to its exit code without it.
"""

from __future__ import annotations

import codecs
import json
import logging
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import NamedTuple, TextIO

import click

from billfold.cli.logs import is_json_log
from billfold.model.plain_text import escape_commands, format_line, make_printable

log = logging.getLogger("billfold.cli")
INDENT_WIDTH, MIN_WIDTH = 2, 20
_JSON_ESCAPE = "billfold.json_escape"
codecs.register_error(_JSON_ESCAPE, lambda error: (_escape_characters(error), _find_end(error)))


class PrintType(StrEnum):
    """What a text is printed as: a line for people, the same on stderr, data, or a line or the heading of a table."""

    LINE = "line"
    ERROR = "error"
    DATA = "data"
    ROW = "row"
    HEADING = "heading"


class Printout(NamedTuple):
    """A text that a command prints, as it is before it is made fit for anybody's screen; data has its line ends in it."""

    type: PrintType
    text: str


class Receiver(NamedTuple):
    """Who is handed what a command prints, in the place of this process's own streams, and how wide his terminal is (None: a file)."""

    take: Callable[[Printout], None]
    width: int | None


_receiver = ContextVar[Receiver | None]("billfold.receiver", default=None)


@contextmanager
def redirect_output(receiver: Receiver) -> Iterator[None]:
    """Hand what this thread prints to a receiver."""
    token = _receiver.set(receiver)
    try:
        yield
    finally:
        _receiver.reset(token)


def is_redirected() -> bool:
    """Tell whether what this thread prints is handed to somebody else."""
    return _receiver.get() is not None


def read_terminal_width() -> int | None:
    """Return the width of the terminal that reads, or $COLUMNS; None for a file or a pipe."""
    if receiver := _receiver.get():
        return receiver.width
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_line(text: str = "", *, err: bool = False) -> None:
    """Print one line for people on stdout, or stderr: what a vendor wrote in it can neither break nor steer it.

    On stderr it is a line of the log where that is JSON.
    """
    _print(Printout(PrintType.ERROR if err else PrintType.LINE, text))


def announce(text: str) -> None:
    """Print one line on stdout, or log it where the log is JSON: for what runs as a service, whose streams become one."""
    if is_json_log():
        log.info("%s", text)
    else:
        print_line(text)


def print_data(text: str, *, newline: bool = False) -> bool:
    """Print JSON or CSV on stdout, all of it; what a terminal would obey, or has no letter for, is written by its number.

    Returns whether somebody may still read.
    """
    return _print(Printout(PrintType.DATA, text + "\n" if newline else text))


def print_table_line(line: str, *, is_heading: bool = False) -> None:
    """Print a line of a table on stdout, as wide as it is."""
    _print(Printout(PrintType.HEADING if is_heading else PrintType.ROW, line))


def _print(printout: Printout) -> bool:
    if receiver := _receiver.get():
        receiver.take(printout)
        return True
    return show_printout(printout)


def show_printout(printout: Printout) -> bool:
    """Write what was printed to this process's own streams, here or by a server; returns whether somebody may still read.

    What is for stderr is a line of the log where that is JSON.
    """
    if printout.type is PrintType.ERROR and is_json_log():
        if printout.text:
            log.warning("%s", printout.text.removeprefix("billfold: ").removeprefix("warning: "))
        return True
    match printout.type:
        case PrintType.DATA:
            return _print_encoded(escape_commands(printout.text), _JSON_ESCAPE, newline=False)
        case PrintType.HEADING:
            return _print_encoded(click.style(make_printable(printout.text), bold=True), "replace")
        case PrintType.ROW:
            return _print_encoded(make_printable(printout.text), "replace")
    is_error = printout.type is PrintType.ERROR
    text = _wrap_line(format_line(printout.text), _read_stream_width(sys.stderr if is_error else sys.stdout))
    return _print_encoded(text, "replace", err=is_error)


def _read_stream_width(stream: TextIO) -> int | None:
    """Return the width of the terminal that a stream is; None for a file or a pipe: a line stays one there, whatever $COLUMNS says."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def _wrap_line(line: str, width: int | None) -> str:
    """Break a line between its words where it is wider than the terminal, what goes on set in beneath it."""
    if not width or len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + INDENT_WIDTH)
    if len(tokens := line.split()) <= 2 and max(map(len, tokens)) > width - len(indent):  # a hash beside its name
        return line
    pieces = textwrap.wrap(
        line, max(width, MIN_WIDTH), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(pieces)


def print_bytes(content: bytes) -> None:
    """Write bytes to stdout as they came; a terminal is shown them as text that it cannot obey."""
    if sys.stdout.isatty():
        print_data(content.decode(errors="replace"))
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()


def flush_output() -> None:
    """Write out what is printed and waits."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()


def drop_output() -> None:
    """Send what is still printed on stdout nowhere: its reader has what it wanted."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_encoded(text: str, errors: str, *, newline: bool = True, err: bool = False) -> bool:
    stream = sys.stderr if err else sys.stdout
    encoding = stream.encoding or "utf-8"
    try:
        click.echo(text if text.isascii() else text.encode(encoding, errors).decode(encoding), nl=newline, err=err)
    except BrokenPipeError:
        if err:
            raise
        drop_output()
        return False
    return True


def _escape_characters(error: UnicodeError) -> str:
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1]


def _find_end(error: UnicodeError) -> int:
    assert isinstance(error, UnicodeEncodeError)
    return error.end
