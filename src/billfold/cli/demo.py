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

from billfold.cli.options import places


@click.command("demo")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where the demo keeps its ledger.",
)
@places
@click.pass_context
def command(ctx: click.Context, directory: Path) -> None:
    """Play four vendors, collect twelve months from them, show the bill. No account is needed."""
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "billfold.toml"
    ctx.find_root().obj.update(config=str(config), ledger=str(directory))
    with _twin(config) as root:
        click.echo(f"Four billing systems are playing at {root}, as of 2026-11-15.\n")
        _run("Collecting every account:", directory, config, "sync")
        same = _compare(directory, config, root)
    _run("\nWhat is owed, rounded to cents:", directory, config, "report")
    click.echo(f"\n{same}")
    billfold = sys.argv[0] if not shutil.which("billfold") and Path(sys.argv[0]).name == "billfold" else "billfold"
    click.echo(f"\nLook further:  {billfold} --ledger {directory} invoices | charges | report --format csv")


@contextmanager
def _twin(config: Path) -> Iterator[str]:
    arguments = [sys.executable, "-m", "billfold", "twin", "--port", "0", "--write-config", str(config)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            if "ready at" not in said:
                raise click.ClickException("the twin did not start; see the message above")
            yield said.split()[5]
        finally:
            process.terminate()


def _run(title: str, directory: Path, config: Path, *arguments: str) -> None:
    click.echo(title)
    line = [sys.executable, "-m", "billfold", "--config", str(config), "--ledger", str(directory), *arguments]
    if subprocess.run(line, check=False).returncode not in {0, 1}:
        raise click.ClickException(f"billfold {arguments[0]} failed; see the message above")


def _compare(directory: Path, config: Path, root: str) -> str:
    """Say whether the ledger holds what is true: every bill, its total to the last digit, its number of lines."""
    import json

    line = [
        sys.executable,
        "-m",
        "billfold",
        "--config",
        str(config),
        "--ledger",
        str(directory),
        "invoices",
        "--format",
        "json",
    ]
    ours: list[dict[str, Any]] = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)
    with urllib.request.urlopen(f"{root}/_twin/truth") as answer:
        true: list[dict[str, Any]] = json.load(answer)["invoices"]
    wrong = [bill for bill in true if bill not in ours] + [bill for bill in ours if bill not in true]
    if wrong:
        return f"{len(wrong)} bills differ from the truth, first: {wrong[0]}"
    lines = sum(bill["lines"] for bill in ours)
    return f"All {len(ours)} bills with {lines} lines equal what the vendors state, to the last digit."
