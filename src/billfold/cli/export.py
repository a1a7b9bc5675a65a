"""Write the ledger as files for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from billfold.cli.context import (
    build_filter,
    list_configured_accounts,
    load_payment_terms,
    load_virtual_rates,
    open_workspace,
)
from billfold.cli.export_journal import journal
from billfold.cli.export_tables import postgres, sqlite, xlsx
from billfold.cli.gaps import end_listing
from billfold.cli.output import print_line
from billfold.cli.params import StrictGroup, add_filter_options, add_location_options
from billfold.cli.team_rules import load_team_rules
from billfold.focus.export import ExportSpec
from billfold.focus.layouts import LAYOUTS
from billfold.focus.since import find_export_time
from billfold.focus.versions import load_version
from billfold.ledger.focus_views import Selection
from billfold.model.errors import InvalidArgument
from billfold.model.focus import COST
from billfold.model.period import format_instant
from billfold.report.allocation_rules import AllocationRules
from billfold.report.allocation_shares import list_charge_shares
from billfold.tasks.export import FocusExport, export_ledger
from billfold.tasks.filter_options import FilterOptions


@click.group("export", cls=StrictGroup)
@add_location_options
def command() -> None:
    """Write the ledger as files for other tools."""


for subcommand in (journal, postgres, sqlite, xlsx):
    command.add_command(subcommand)


@command.command("focus")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "output_format", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@click.option("--focus-version", "version", default="1.4", show_default=True, help="The FOCUS version of the files.")
@click.option("--by-period", is_flag=True, help="Divide charges and invoice lines by billing period, a folder each.")
@click.option("--include-parked", is_flag=True, help="Write bills too that do not add up; x_Parked says why.")
@click.option(
    "--allocated", is_flag=True, help="Split charges by the rules of [allocation], in FOCUS's Allocated columns."
)
@click.option("--replace", is_flag=True, help="Also where the earlier export there is of more than this one.")
@click.option(
    "--since", metavar="EXPORT", help="Only bills that changed since an earlier export (its directory), or a time."
)
@click.option("--layout", type=click.Choice(sorted(LAYOUTS)), help="Charges only, as a product takes them.")
@add_filter_options
@click.pass_context
def focus(
    ctx: click.Context,
    directory: Path,
    output_format: str,
    version: str,
    by_period: bool,
    include_parked: bool,
    allocated: bool,
    replace: bool,
    since: str | None,
    layout: str | None,
    filter_options: FilterOptions,
) -> None:
    """Write the four FOCUS datasets and their metadata into DIRECTORY, in the place of an earlier export there.

    Only files that the earlier export's metadata.json lists are removed. Where it is of more than this one (of other months,
    providers or accounts), nothing is written, unless --replace says so; with --by-period, months that this one is not of stay.

    Issued bills, drafts (invoice still open) and estimates (no invoice) are told apart by x_State. Parked bills are left out,
    and the exit code is 1 then.
    """
    rates, rules = load_virtual_rates(ctx), _load_rules(ctx, version) if allocated else None
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        shares = list_charge_shares(ledger, filters, rules) if rules else None
        since_time = find_export_time(since) if since else None
        since_seq = workspace.archive.find_seq_at(since_time) if since_time else None
        selection = Selection(filters, include_parked, rates, load_payment_terms(ctx), shares, since_seq)
        since_text = format_instant(since_time) if since_time else ""
        export_spec = ExportSpec(directory, output_format, version, by_period, replace, since_text)
        result = export_ledger(workspace, ledger, export_spec, selection, list_configured_accounts(ctx), layout)
    _print_summary(result, directory)
    end_listing(ctx, result.gaps, result.left_out)


def _load_rules(ctx: click.Context, version: str) -> AllocationRules:
    if "AllocatedMethodId" not in load_version(version).datasets[COST].columns:
        raise InvalidArgument(f"FOCUS {version} has no columns for what is allocated; 1.4 has")
    return load_team_rules(ctx)


def _print_summary(result: FocusExport, directory: Path) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in result.rows.items())
    print_line(f"{directory}: {counts} rows.")
