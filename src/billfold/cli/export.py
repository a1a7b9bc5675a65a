"""Write the ledger as files for other tools."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billfold.cli.options import Narrowing, books, lacking, narrowed, places, tell_gaps, virtual_rates, wanted

if TYPE_CHECKING:
    from billfold.focus.export import Written


@click.group("export")
@places
def command() -> None:
    """Write the ledger as files for other tools."""


@command.command("focus")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@click.option("--focus-version", "version", default="1.4", show_default=True, help="The FOCUS version of the files.")
@click.option("--by-period", is_flag=True, help="Divide charges and invoice lines by billing period, a folder each.")
@click.option("--include-parked", is_flag=True, help="Write bills too that do not add up; x_Parked says why.")
@narrowed
@click.pass_context
def focus(
    ctx: click.Context,
    directory: Path,
    form: str,
    version: str,
    by_period: bool,
    include_parked: bool,
    narrowing: Narrowing,
) -> None:
    """Write the four FOCUS datasets and their metadata into DIRECTORY, in the place of an earlier export there.

    Issued bills, drafts (invoice still open) and estimates (no invoice) are told apart by x_State. Parked bills are left out.
    """
    from billfold.focus.export import Order, export
    from billfold.focus.views import Part

    rates = virtual_rates(ctx)
    with books(ctx) as kept, kept.ledger() as db:
        part = Part(wanted(kept, narrowing), include_parked, rates)
        written = export(db, Order(directory, form, version, by_period), part, datetime.now(UTC))
        missing = lacking(ctx, kept, db, part.wanted)
    _tell(written, directory)
    tell_gaps(missing)


def _tell(written: Written, directory: Path) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in written.rows.items())
    click.echo(f"{directory}: {counts} rows.")
    for bill in written.left_out:
        name = bill["invoice_id"] or "estimate"
        click.echo(f"parked, left out: {bill['provider']} {bill['account']} {name}: {bill['parked']}")
