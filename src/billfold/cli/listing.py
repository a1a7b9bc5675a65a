"""Print rows as they are wanted: as JSON, as CSV, or as a table that fits the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from billfold.cli.output import print_data, print_line, print_table_line, read_terminal_width
from billfold.cli.params import WIDE_KEY
from billfold.report import render
from billfold.report.render import Row
from billfold.report.table import TableLayout, format_drop_note, format_table


def print_rows(
    output_format: str,
    rows: Iterable[Row],
    columns: Sequence[str],
    default: Callable[[Any], str] | None = None,
) -> None:
    """Print a listing as JSON or CSV, row by row."""
    for chunk in render.json_lines(rows, default) if output_format == "json" else render.csv_lines(rows, columns):
        if not print_data(chunk):
            return
    if output_format == "json":
        print_data("", newline=True)


def print_table(rows: Sequence[Row], layout: TableLayout, width: int | None = None) -> list[str]:
    """Print rows as a table as wide as the terminal, or ``width``; returns the columns that it had no room for."""
    width = width or read_width()
    (heading, *lines), dropped = format_table(rows, layout, width)
    print_table_line(heading, is_heading=True)
    for line in lines:
        print_table_line(line)
    if dropped:
        for line in format_drop_note(dropped, width or 0).splitlines():
            print_line(line)
    return dropped


def read_width() -> int | None:
    """Return the terminal's width, or $COLUMNS; None with --wide, and for a file or a pipe: they get everything."""
    return None if click.get_current_context().meta.get(WIDE_KEY) else read_terminal_width()
