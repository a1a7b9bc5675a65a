"""Play the vendors, collect twelve months from them, show the bill."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from billfold.cli.listing import print_table
from billfold.cli.output import print_line
from billfold.cli.params import DEMO_DIRECTORY, add_location_options
from billfold.ledger.query import ChargeSum
from billfold.model.extras import require_libraries
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report import summary
from billfold.report.table import TableLayout

MONTH_COUNT = 3
SCREEN_WIDTH = 80
JsonRow = Mapping[str, Any]


@click.command("demo")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEMO_DIRECTORY,
    show_default=True,
    help="Where the demo keeps its ledger.",
)
@add_location_options
@click.pass_context
def command(ctx: click.Context, directory: Path) -> None:
    """Play the vendors, collect twelve months from them, show the bill. No account is needed."""
    require_libraries("uvicorn", "typst")  # of the twin, which is a process of its own
    directory.mkdir(parents=True, exist_ok=True)
    config_path = directory / "billfold.toml"
    ctx.find_root().obj.update(config=str(config_path), ledger=str(directory))
    with _run_twin(config_path) as root_url:
        print_line(f"Four billing systems are playing at {root_url}, as of 2026-11-15.")
        print_line()
        _run_command("Collecting every account:", directory, config_path, "sync")
        comparison = _compare_bills(directory, config_path, root_url)
    print_bill(summary.tables(_read_sums(directory, config_path)))
    print_line()
    print_line(comparison)
    program = sys.argv[0] if not shutil.which("billfold") and Path(sys.argv[0]).name == "billfold" else "billfold"
    print_line(f"Look further: {program} --ledger {directory} report | why 2026-10")
    options = "--demo" if directory == DEMO_DIRECTORY else f"--config {config_path} --ledger {directory}"
    print_line(f"In a browser: {program} serve {options}")
    print_line("              and open http://127.0.0.1:8500/")


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
    print_line(heading)
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


def _read_rows(directory: Path, config_path: Path, listing: str) -> list[JsonRow]:
    """Return a listing of the ledger: the JSON of a process of its own, as any program would read it."""
    location_options = ["--config", str(config_path), "--ledger", str(directory)]
    command_line = [sys.executable, "-m", "billfold", *location_options, listing, "--format", "json"]
    rows: list[JsonRow] = json.loads(subprocess.run(command_line, check=True, capture_output=True).stdout)
    return rows


def _read_sums(directory: Path, config_path: Path) -> list[ChargeSum]:
    return [
        ChargeSum(**{**row, "month": Month.parse(row["month"]).start, "cost": Decimal(row["cost"])})
        for row in _read_rows(directory, config_path, "report")
    ]


def print_bill(tables: Sequence[summary.Table]) -> None:
    """Print what was invoiced in the last three months by vendor, and what may still change in one table of its own."""
    issued_tables = [table for table in tables if table.state == "issued"]
    for table in sorted(issued_tables, key=lambda table: len(table.rows), reverse=True):
        months = table.months[-MONTH_COUNT:]
        print_line()
        print_line(f"Issued invoices of the last {len(months)} months, {table.currency}, rounded to cents:")
        _print_issued(table, months)
    open_tables = [table for table in tables if table.state != "issued"]
    print_line()
    print_line("Not invoiced yet, may still change:")
    names = ("state", "vendor", "month", "currency", "cost")
    rows = [
        dict(zip(names, (table.state, vendor, str(month), table.currency, summary.rounded(cost)), strict=True))
        for table in open_tables
        for month in table.months
        for vendor, service, (cost,) in summary.sum_by_vendor(table, [month], 0)
        if not service
    ]
    print_table(rows, TableLayout(names, ("cost",)), SCREEN_WIDTH)


def _print_issued(table: summary.Table, months: Sequence[Month]) -> None:
    vendor_count = len({vendor for vendor, _, _ in table.rows})
    lines = summary.sum_by_vendor(table, months, 1 if vendor_count > 1 else 0)
    lines = [line for line in lines if vendor_count > 1 or not line[1]]
    if vendor_count > 1:
        lines.append(("total", "", [table.total(month) for month in months]))
    numbers = (*map(str, months), "sum")
    rows = [
        {"vendor": vendor, "service": service if service or vendor == "total" else "subtotal"}
        | dict(zip(numbers, map(summary.rounded, (*costs, exact_sum(costs))), strict=True))
        for vendor, service, costs in lines
    ]
    print_table(rows, TableLayout(("vendor", "service", *numbers), numbers), SCREEN_WIDTH)


def _compare_bills(directory: Path, config_path: Path, root_url: str) -> str:
    """Say whether the ledger holds what is true: every bill, its total to the last digit, its number of lines."""
    ledger_bills = _read_rows(directory, config_path, "invoices")
    with urllib.request.urlopen(f"{root_url}/_twin/truth") as response:
        true_bills: list[JsonRow] = json.load(response)["invoices"]
    differences = [bill for bill in true_bills if bill not in ledger_bills] + [
        bill for bill in ledger_bills if bill not in true_bills
    ]
    if differences:
        return f"{len(differences)} bills differ from the truth, first: {differences[0]}"
    line_count = sum(bill["lines"] for bill in ledger_bills)
    return f"All {len(ledger_bills)} bills with {line_count} lines equal what the vendors state, to the last digit."
