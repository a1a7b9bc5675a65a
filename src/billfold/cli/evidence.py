"""Put a month's evidence into one file that anybody can verify."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import click

from billfold.cli.context import (
    build_filter,
    list_configured_accounts,
    load_payment_evidence,
    load_section,
    open_workspace,
)
from billfold.cli.gaps import end_listing, find_wrong_gaps
from billfold.cli.output import print_line
from billfold.cli.params import ACCOUNT_OPTION, AS_OF_OPTION, MONTH_ARGUMENT, PROVIDER_OPTION, add_location_options
from billfold.ledger import catalog
from billfold.model.period import Month
from billfold.report.render import counted
from billfold.settings.evidence import read_timestamp_url
from billfold.tasks.evidence import EvidenceRequest, write_evidence
from billfold.tasks.filter_options import FilterOptions
from billfold.transport.timestamp import fetch_timestamp


@click.command("evidence")
@MONTH_ARGUMENT
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.zip")
@PROVIDER_OPTION
@ACCOUNT_OPTION
@AS_OF_OPTION
@add_location_options
@click.pass_context
def command(
    ctx: click.Context, month: Month, path: Path, provider: str | None, account: str | None, as_of: datetime | None
) -> None:
    """Put a month's evidence into one file: register, charges, documents, raw answers, findings and hash chains.

    `billfold verify FILE.zip` checks it, and so does the verify.py in it, on any machine that has Python. The same ledger gives
    the same bytes. Where `[evidence] timestamp_url` names an RFC 3161 authority, its time-stamp of the manifest is put in.
    """
    url = read_timestamp_url(*load_section(ctx, "evidence"))
    stamp = partial(fetch_timestamp, url) if url else None
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, FilterOptions(provider, account, month, month, as_of))
        evidence = load_payment_evidence(ctx, as_of)
        request = EvidenceRequest(month, filters, list_configured_accounts(ctx), evidence, stamp)
        summary = write_evidence(workspace, db, request, path)
        gaps, uncounted_bills = find_wrong_gaps(ctx, workspace, db, filters), catalog.list_parked_bills(db, filters)
    contents = (
        counted(summary.bills, "bill"),
        counted(summary.documents, "document"),
        counted(summary.answers, "answer"),
    )
    print_line(f"{path}: {', '.join(contents)} of {month}")
    print_line(f"sha256:{summary.sha256}")
    print_line(f"head {summary.head}")
    for name in summary.damaged:
        print_line(f"left out, damaged in the archive: {name}; `billfold verify` says what to do", err=True)
    end_listing(ctx, gaps, uncounted_bills)
    if not summary.bills:
        print_line(f"there is no bill of {month}: this is evidence of nothing", err=True)
    ctx.exit(1 if summary.damaged or not summary.bills else 0)
