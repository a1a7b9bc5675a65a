"""Check files of other tools, or our own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billfold.cli.options import FORMAT, places, write

if TYPE_CHECKING:
    from billfold.focus.check import Finding

COLUMNS = ("rule", "dataset", "column", "words", "rows", "example")


@click.group("check")
@places
def command() -> None:
    """Check FOCUS files, our own or anybody's."""


@command.command("focus")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--focus-version", "version", help="The FOCUS version (default: what metadata.json says, else 1.4).")
@FORMAT
@places
@click.pass_context
def focus(ctx: click.Context, directory: Path, version: str | None, shape: str) -> None:
    """Check the FOCUS files in DIRECTORY: columns, cells, rows, and how the four datasets hang together.

    Reads CSV or Parquet, partitioned or not, ours or not. Exit code 1 where anything is found.
    """
    from billfold.focus.check import findings

    found = findings(directory, version)
    rows = [one._asdict() for one in found]
    if shape != "table":
        write(shape, rows, COLUMNS)
    else:
        _tell(found)
    ctx.exit(1 if found else 0)


def _tell(found: list[Finding]) -> None:
    for one in found:
        where = f"{one.dataset}.{one.column}" if one.column else one.dataset
        count = f" ({one.rows} rows, as {one.example!r})" if one.rows else ""
        click.echo(f"{where}: {one.words}{count} [{one.rule}]")
    click.echo(f"{len(found)} findings." if found else "Everything is as FOCUS has it.")
