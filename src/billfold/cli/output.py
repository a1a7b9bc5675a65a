"""The one way out of the command line: nothing that a vendor wrote is a command to a terminal, and any encoding will do.

A reader that goes away early, as ``| head`` does, is told nothing more; the command goes on to its exit code without it.
"""

from __future__ import annotations

import codecs
import json
import logging
import os
import sys

import click

from billfold.cli.logs import is_json_log
from billfold.model.plain_text import escape_commands, format_line, make_printable

log = logging.getLogger("billfold.cli")
_JSON_ESCAPE = "billfold.json_escape"
codecs.register_error(_JSON_ESCAPE, lambda error: (_escape_characters(error), _find_end(error)))


def print_line(text: str = "", *, err: bool = False) -> None:
    """Print one line for people on stdout, or stderr: what a vendor wrote in it can neither break nor steer it.

    On stderr it is a line of the log where that is JSON.
    """
    if err and is_json_log():
        if text:
            log.warning("%s", text.removeprefix("billfold: ").removeprefix("warning: "))
        return
    _print_encoded(format_line(text), "replace", err=err)


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
    return _print_encoded(escape_commands(text), _JSON_ESCAPE, newline=newline)


def print_table_line(line: str, *, is_heading: bool = False) -> None:
    """Print a line of a table on stdout, as wide as it is."""
    clean_line = make_printable(line)
    _print_encoded(click.style(clean_line, bold=True) if is_heading else clean_line, "replace")


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
