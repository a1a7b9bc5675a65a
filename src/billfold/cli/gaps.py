"""Tell on stderr what the ledger lacks of what is wanted: no error is not complete."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import click

from billfold.cli.context import NOTHING_KNOWN, list_configured_accounts
from billfold.cli.output import print_line
from billfold.collect.workspace import Workspace
from billfold.ledger.catalog import BillRow
from billfold.ledger.foreign_estimates import ForeignEstimate
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.tasks import gaps


def find_wrong_gaps(
    ctx: click.Context, workspace: Workspace, db: OpenLedger, filters: LedgerFilter
) -> list[AccountFinding]:
    """Return what somebody who is shown this part of the ledger must be told: no error is not complete."""
    return gaps.find_wrong_gaps(workspace, db, filters, list_configured_accounts(ctx))


def end_listing(
    ctx: click.Context,
    wrong_gaps: Collection[AccountFinding],
    uncounted_bills: Collection[BillRow] = (),
    absence: str = "",
) -> None:
    """Say on stderr what the ledger lacks and which bills are not counted, and end with exit code 1 where there are any.

    ``absence`` says that there is nothing of what was asked about, as a sentence: an empty list proves nothing then, and is no
    success either. To be called where it can after the ledger is closed: who reads may take his time.
    """
    if absence:
        print_line(absence, err=True)
    for bill in uncounted_bills:
        print_line(bill.exclusion, err=True)
    print_gaps(wrong_gaps)
    is_unproven = bool(absence) or NOTHING_KNOWN in ctx.meta
    is_wrong = not all(bill.is_acknowledged for bill in uncounted_bills) or any(
        gap.finding.is_wrong for gap in wrong_gaps
    )
    if is_unproven or is_wrong:
        ctx.exit(1)


def note_foreign_estimates(estimates: Iterable[ForeignEstimate]) -> None:
    """Say on stderr which estimates are left out, because their invoices are in another currency."""
    for estimate in estimates:
        print_line(
            f"{estimate.provider} {estimate.account}: its estimate of {estimate.month} is in {estimate.currency}, "
            f"its invoices are in {' and '.join(estimate.invoice_currencies)}: the estimate is left out",
            err=True,
        )


def print_gaps(wrong_gaps: Iterable[AccountFinding]) -> None:
    """Say on stderr what the ledger lacks."""
    for gap in wrong_gaps:
        subject = gap.place or "the archive"
        print_line(f"not complete: {subject}: {describe_labelled(gap.finding)}", err=True)


def print_idle_rules(idle_rules: Iterable[str]) -> None:
    """Say on stderr which rules fit nothing, because they name an account that there is not."""
    for sentence in idle_rules:
        print_line(sentence, err=True)
