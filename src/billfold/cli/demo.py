"""Play four vendors, collect twelve months from them, show the bill."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from billfold.cli.options import add_location_options


@click.command("demo")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where the demo keeps its ledger.",
)
@add_location_options
@click.pass_context
def command(ctx: click.Context, directory: Path) -> None:
    """Play four vendors, collect twelve months from them, show the bill. No account is needed."""
    directory.mkdir(parents=True, exist_ok=True)
    config_path = directory / "billfold.toml"
    ctx.find_root().obj.update(config=str(config_path), ledger=str(directory))
    with _run_twin(config_path) as root_url:
        click.echo(f"Four billing systems are playing at {root_url}, as of 2026-11-15.\n")
        _run_command("Collecting every account:", directory, config_path, "sync")
        comparison = _compare_bills(directory, config_path, root_url)
    _run_command("\nWhat is owed, rounded to cents:", directory, config_path, "report")
    click.echo(f"\n{comparison}")
    program = sys.argv[0] if not shutil.which("billfold") and Path(sys.argv[0]).name == "billfold" else "billfold"
    click.echo(f"\nLook further:  {program} --ledger {directory} invoices | charges | report --format csv")


@contextmanager
def _run_twin(config_path: Path) -> Iterator[str]:
    arguments = [sys.executable, "-m", "billfold", "twin", "--port", "0", "--write-config", str(config_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready_line = process.stdout.readline()
            if "ready at" not in ready_line:
                raise click.ClickException("the twin did not start; see the message above")
            yield ready_line.split()[5]
        finally:
            process.terminate()


def _run_command(heading: str, directory: Path, config_path: Path, *arguments: str) -> None:
    click.echo(heading)
    command_line = [
        sys.executable,
        "-m",
        "billfold",
        "--config",
        str(config_path),
        "--ledger",
        str(directory),
        *arguments,
    ]
    if subprocess.run(command_line, check=False).returncode not in {0, 1}:
        raise click.ClickException(f"billfold {arguments[0]} failed; see the message above")


def _compare_bills(directory: Path, config_path: Path, root_url: str) -> str:
    """Say whether the ledger holds what is true: every bill, its total to the last digit, its number of lines."""
    import json

    command_line = [
        sys.executable,
        "-m",
        "billfold",
        "--config",
        str(config_path),
        "--ledger",
        str(directory),
        "invoices",
        "--format",
        "json",
    ]
    ledger_bills: list[dict[str, Any]] = json.loads(
        subprocess.run(command_line, check=True, capture_output=True).stdout
    )
    with urllib.request.urlopen(f"{root_url}/_twin/truth") as response:
        true_bills: list[dict[str, Any]] = json.load(response)["invoices"]
    differences = [bill for bill in true_bills if bill not in ledger_bills] + [
        bill for bill in ledger_bills if bill not in true_bills
    ]
    if differences:
        return f"{len(differences)} bills differ from the truth, first: {differences[0]}"
    line_count = sum(bill["lines"] for bill in ledger_bills)
    return f"All {len(ledger_bills)} bills with {line_count} lines equal what the vendors state, to the last digit."
