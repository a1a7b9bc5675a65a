"""Check files of other tools, or our own."""

from __future__ import annotations

from pathlib import Path

import click

from billfold.cli.listing import print_rows
from billfold.cli.output import print_line
from billfold.cli.params import FORMAT_OPTION, StrictGroup, add_location_options
from billfold.focus.check import CheckFinding, check_directory

COLUMNS = ("rule", "dataset", "column", "words", "rows", "example")


@click.group("check", cls=StrictGroup)
@add_location_options
def command() -> None:
    """Check FOCUS files, our own or anybody's."""


@command.command("focus")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--focus-version", "version", help="The FOCUS version (default: what metadata.json says, else 1.4).")
@FORMAT_OPTION
@add_location_options
@click.pass_context
def focus(ctx: click.Context, directory: Path, version: str | None, output_format: str) -> None:
    """Check the FOCUS files in DIRECTORY: columns, cells, rows, and how the four datasets hang together.

    Reads CSV or Parquet, partitioned or not, ours or not. Exit code 1 where anything is found.
    """
    check_findings = check_directory(directory, version)
    rows = [dict(zip(COLUMNS, finding, strict=True)) for finding in check_findings]
    if output_format != "table":
        print_rows(output_format, rows, COLUMNS)
    else:
        _print_findings(check_findings)
    ctx.exit(1 if check_findings else 0)


def _print_findings(findings: list[CheckFinding]) -> None:
    for finding in findings:
        location = f"{finding.dataset}.{finding.column}" if finding.column else finding.dataset
        row_note = f" ({finding.rows} rows, as {finding.example!r})" if finding.rows else ""
        print_line(f"{location}: {finding.message}{row_note} [{finding.rule}]")
    print_line(f"{len(findings)} findings." if findings else "Everything is as FOCUS has it.")
