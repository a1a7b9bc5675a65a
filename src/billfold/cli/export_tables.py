"""Write the FOCUS datasets into a database or a workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from billfold import config
from billfold.cli.context import (
    build_filter,
    list_configured_accounts,
    load_payment_terms,
    load_virtual_rates,
    open_workspace,
)
from billfold.cli.gaps import end_listing
from billfold.cli.output import print_line
from billfold.cli.params import add_filter_options
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.ledger.postgres_export import export_postgres
from billfold.ledger.sqlite_export import export_sqlite
from billfold.model.errors import ConfigurationError
from billfold.model.extras import require_libraries
from billfold.providers.credential_references import REFERENCE_PATTERN, resolve_reference
from billfold.report.workbook import export_workbook
from billfold.tasks.filter_options import FilterOptions
from billfold.tasks.gaps import find_wrong_gaps

FILE_ARGUMENT = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command("sqlite")
@FILE_ARGUMENT
@add_filter_options
@click.pass_context
def sqlite(ctx: click.Context, file: Path, filter_options: FilterOptions) -> None:
    """Write the four FOCUS datasets into FILE, an SQLite database, in the place of an earlier export.

    SQLite has no decimals: amounts are text with all their digits, and the views TABLE_numbers have them as its numbers.
    """
    _export(ctx, filter_options, str(file), lambda views: export_sqlite(views, file))


@click.command("postgres")
@click.argument("connection", default="", metavar="[REFERENCE]")
@click.option("--schema", default="billfold", show_default=True, help="The schema of the tables.")
@add_filter_options
@click.pass_context
def postgres(ctx: click.Context, connection: str, schema: str, filter_options: FilterOptions) -> None:
    """Load the four FOCUS datasets into tables of a PostgreSQL database.

    REFERENCE is where the connection's address is (env:DATABASE_URL, file:PATH); without one libpq's own variables (PGHOST,
    PGDATABASE, ...) say it. What was loaded before is replaced in one transaction, amounts are numeric and exact. With --from or --to only the
    rows of these months are.
    """
    require_libraries("psycopg")
    conninfo = _resolve_connection(ctx, connection)
    _export(ctx, filter_options, f"schema {schema}", lambda views: export_postgres(views, conninfo, schema))


@click.command("xlsx")
@FILE_ARGUMENT
@add_filter_options
@click.pass_context
def xlsx(ctx: click.Context, file: Path, filter_options: FilterOptions) -> None:
    """Write the four FOCUS datasets into FILE, a workbook with a sheet each.

    A cell holds 15 digits of a number: where an amount has more, a column beside has all of them as text.
    """
    require_libraries("xlsxwriter")
    _export(ctx, filter_options, str(file), lambda views: export_workbook(views, file))


def _export(
    ctx: click.Context, filter_options: FilterOptions, target: str, write: Callable[[FocusViews], dict[str, int]]
) -> None:
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        selection = Selection(filters, rates=load_virtual_rates(ctx), payment_terms=load_payment_terms(ctx))
        views = FocusViews(ledger, selection)
        counts = write(views)
        gaps = find_wrong_gaps(workspace, ledger, filters, list_configured_accounts(ctx))
    print_line(f"{target}: {', '.join(f'{count} {name}' for name, count in counts.items())} rows.")
    end_listing(ctx, gaps, views.left_out)


def _resolve_connection(ctx: click.Context, connection: str) -> str:
    """Return what a reference refers to; an address itself may hold a password, and stands in the list of processes."""
    if connection and not REFERENCE_PATTERN.fullmatch(connection):
        raise ConfigurationError(
            "write a reference (env:NAME or file:PATH) to the connection's address, not the address"
        )
    directory = config.find_config(ctx.find_root().obj["config"]).parent
    return resolve_reference(connection, "the connection", directory) if connection else ""
