"""Write a month's statement as a PDF, a page, a workbook or Markdown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from billfold.cli.context import (
    build_filter,
    find_config_path,
    list_configured_accounts,
    load_payment_evidence,
    open_workspace,
)
from billfold.cli.gaps import end_listing, find_wrong_gaps
from billfold.cli.output import print_line
from billfold.cli.params import ACCOUNT_OPTION, AS_OF_OPTION, MONTH_ARGUMENT, PROVIDER_OPTION, add_location_options
from billfold.ledger import catalog
from billfold.model.period import Month
from billfold.tasks.configured import load_company_name
from billfold.tasks.filter_options import FilterOptions
from billfold.tasks.statement import SUFFIXES, build_statement, render_statement
from billfold.tasks.whole_files import write_whole_files


@click.command("statement")
@MONTH_ARGUMENT
@click.option(
    "-o",
    "--output",
    "path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"Where to write it; its ending says as what: {', '.join(SUFFIXES)}.",
)
@PROVIDER_OPTION
@ACCOUNT_OPTION
@AS_OF_OPTION
@add_location_options
@click.pass_context
def command(
    ctx: click.Context, month: Month, path: Path, provider: str | None, account: str | None, as_of: datetime | None
) -> None:
    """Write a month's statement: costs, movement, register, payables, commitments, and whether everything adds up.

    Exit code 1 where the month is not whole. The same ledger gives the same bytes; only an earlier statement is replaced. `[company] name` of the configuration stands on top.
    """
    company = load_company_name(find_config_path(ctx))
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, FilterOptions(provider, account, month, month, as_of))
        configured = list_configured_accounts(ctx)
        evidence = load_payment_evidence(ctx, as_of)
        statement = build_statement(workspace, db, month, filters, configured, evidence, company)
        content = render_statement(statement, path, workspace.archive.read_head())
        gaps, uncounted_bills = find_wrong_gaps(ctx, workspace, db, filters), catalog.list_parked_bills(db, filters)
    write_whole_files({path: content})
    print_line(f"{path}: {statement.verdict}")
    end_listing(ctx, gaps, uncounted_bills)
    ctx.exit(0 if statement.is_whole else 1)
