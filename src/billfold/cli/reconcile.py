"""Say what does not add up: lines, invoices, histories, months."""

from __future__ import annotations

import json

import click

from billfold.cli.context import build_filter, list_configured_accounts, load_payment_evidence, open_workspace
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_listing_options
from billfold.ledger.acknowledgements import is_accepted
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.model.finding_codes import Severity
from billfold.model.money import format_amount
from billfold.model.period import Month
from billfold.report import reconcile, render
from billfold.report.reconcile import count_wrong
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions
from billfold.tasks.reconcile import Reconciliation, reconcile_ledger

COLUMNS = ("id", "provider", "account", "month", "code", "severity", "subject", "count", "text", "data")
HEADINGS = {
    "Does not add up": Severity.WRONG,
    "May still change": Severity.OPEN,
    "Only to know": Severity.NOTICE,
}
DRIFT_AMOUNTS = ("estimated", "invoiced", "difference")
DRIFT_FORM = TableLayout(
    ("provider", "account", "month", "currency", *DRIFT_AMOUNTS), DRIFT_AMOUNTS, droppable=("provider", "estimated")
)
ROUNDING_FORM = TableLayout(
    ("provider", "account", "month", "invoice_id", "currency", "cost"), ("cost",), droppable=("provider",)
)


@click.command("reconcile")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, output_format: str, filter_options: FilterOptions) -> None:
    """Say what does not add up: lines = invoice = what the vendor says elsewhere = FOCUS sums, and no month is missing.

    The archive is checked first, as `billfold verify` does. Among what the vendor says elsewhere are the invoices' PDFs that
    came, where their text can be read. Exit code 1 where anything is wrong, or nothing is there to be checked; months that may
    still change are named, but are not wrong. `billfold acknowledge` accepts what is known, by the ids in brackets.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options)
        result = reconcile_ledger(
            workspace,
            db,
            filters,
            list_configured_accounts(ctx),
            load_payment_evidence(ctx, filter_options.as_of),
        )
    if output_format != "table":
        print_rows(output_format, [_build_row(located, output_format) for located in result.findings], COLUMNS)
    else:
        _print_findings(reconcile.drop_repeated(result.findings), result)
    ctx.exit(0 if result.adds_up else 1)


def _build_row(located: AccountFinding, output_format: str) -> dict[str, object]:
    row = render.build_finding_row(located)
    return row | {"data": json.dumps(row["data"], ensure_ascii=False)} if output_format == "csv" else row


def _print_findings(findings: list[AccountFinding], result: Reconciliation) -> None:
    for heading, severity in HEADINGS.items():
        section = [located for located in findings if located.finding.severity is severity]
        if section:
            print_line(f"{heading}:")
        for located in section:
            label = "accepted: " if is_accepted(located.finding) else ""
            print_line(f"  {located.place or 'all'}: {label}{describe_labelled(located.finding)} [{located.id}]")
    if result.drifts:
        print_line(
            "Usage by the last estimate or draft of a month (of its day) against usage invoiced (all else: `billfold accruals MONTH --bridge`):"
        )
        drift_rows = [
            drift._asdict() | {name: format_amount(getattr(drift, name)) for name in DRIFT_AMOUNTS}
            for drift in result.drifts
        ]
        print_table(drift_rows, DRIFT_FORM)
    if result.rounded_bills:
        print_line("Adds up by a rounding charge of ours (the vendor's total is not the sum of its lines):")
        rounding_rows = [
            bill._asdict() | {"month": str(Month.of(bill.period_start)), "cost": format_amount(bill.cost)}
            for bill in result.rounded_bills
        ]
        print_table(rounding_rows, ROUNDING_FORM)
    wrong_count = count_wrong(findings)
    verdict = (
        f"{render.counted(wrong_count, 'thing')} wrong"
        if wrong_count
        else "everything adds up"
        if result.bill_count
        else "nothing to add up"
    )
    print_line(f"{render.counted(result.bill_count, 'bill')} checked: {verdict}.")
