"""Show what is committed, used and left, how long it lasts, and what is expected of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

import click

from billfold.cli.context import build_filter, load_payment_evidence, open_workspace, require_account
from billfold.cli.gaps import describe_no_bills, end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_listing_options
from billfold.model.money import format_trimmed
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.commitments import find_commitments
from billfold.report.completeness import select_shown
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions

AMOUNTS = ("committed", "bought", "used", "left", "rate", "over", "unused")
COLUMNS = ("name", "contract", "unit", "month", *AMOUNTS, "runway_on", "ends_on")
DROPPABLE = ("bought", "rate", "unit", "ends_on", "unused", "left")
MIN_NAME_WIDTH, MIN_CONTRACT_WIDTH = 22, 8


@click.command("commitments")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, output_format: str, filter_options: FilterOptions) -> None:
    """Show what is committed, bought, used and left, how long it lasts, and what will be too much or too little.

    Of all that contracts and balances tell of, and of `[[commitments]]` in the configuration where no API does: in the latest
    month, or month by month with --from or --to. OVER and UNUSED are forecasts, at the rate of the last three months: what is used
    beyond the commitment, or not at all, when its month or time ends.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        evidence = load_payment_evidence(ctx, filter_options.as_of)
        for stated in evidence.commitments:
            require_account(workspace, stated.account, f"[[commitments]], {stated.commitment_id!r}")
        uses = find_commitments(ledger, filters, evidence)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
        absence = "" if uses else describe_no_bills(ledger, filters, "commitments")
    gaps = select_shown(gaps, {(use.provider, use.account, str(use.month)) for use in uses}, has_invoices=False)
    if output_format != "table":
        print_rows(output_format, uses, CommitmentUse._fields)
    elif not uses and not absence:
        print_line("There are no commitments to show: state yours as [[commitments]] in the configuration.")
    elif uses:
        _print_uses(uses)
    end_listing(ctx, gaps, (), absence)


def _print_uses(uses: Sequence[CommitmentUse]) -> None:
    """Print the commitments of each account in a table of their own: units are never added."""
    for (provider, account), members in groupby(uses, key=lambda use: (use.provider, use.account)):
        account_uses = list(members)
        months = {use.month for use in account_uses}
        print_line(f"{provider} {account}{f', {min(months)}' if len(months) == 1 and min(months) else ''}")
        needs = {"month": len(months) > 1, "contract": _has_namesakes(account_uses)}
        columns = [name for name in COLUMNS if needs.get(name, True)]
        layout = TableLayout(columns, AMOUNTS, DROPPABLE, {"name": MIN_NAME_WIDTH, "contract": MIN_CONTRACT_WIDTH})
        print_table([_build_row(use) for use in account_uses], layout)
        print_line()
    print_line("Over and unused are expected at the rate of the last three months; --format json has their day.")


def _has_namesakes(uses: Sequence[CommitmentUse]) -> bool:
    """Tell whether two commitments of a month are called the same: their contracts tell them apart."""
    return len({(use.name, use.month) for use in uses}) < len(uses)


def _build_row(use: CommitmentUse) -> dict[str, object]:
    amounts = {name: getattr(use, name) for name in ("committed", "bought", "used", "left", "rate")}
    amounts |= {"over": use.expected_overage or use.overage or None, "unused": use.expected_shortfall or None}
    texts: dict[str, object] = {name: _format_amount(amount) for name, amount in amounts.items()}
    return use._asdict() | texts


def _format_amount(amount: Decimal | None) -> str:
    return "" if amount is None else format_trimmed(amount)
