"""The one way out of the command line: lines for people, made safe for a terminal, and data as it was formatted."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from billfold.model.plain_text import format_line


def print_line(text: str = "", *, err: bool = False) -> None:
    """Print one line for people on stdout, or stderr: what a vendor wrote in it can neither break nor steer it."""
    click.echo(_make_encodable(format_line(text), sys.stderr if err else sys.stdout), err=err)


def print_data(text: str, *, newline: bool = False) -> None:
    """Print JSON or CSV on stdout, all of it; who formatted it has escaped what a terminal would obey."""
    click.echo(text, nl=newline)


def print_table_line(line: str, *, is_heading: bool = False) -> None:
    """Print a line of a table on stdout: its cells are clean already, and as wide as there is room."""
    click.echo(_make_encodable(click.style(line, bold=True) if is_heading else line, sys.stdout))


def _make_encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
