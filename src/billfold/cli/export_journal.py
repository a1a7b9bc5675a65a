"""Write issued invoices as a journal that an accounting program takes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from billfold.cli.context import build_filter, find_config_path, load_payment_terms, load_virtual_rates, open_workspace
from billfold.cli.gaps import end_listing, find_wrong_gaps, print_idle_rules
from billfold.cli.listing import print_table
from billfold.cli.output import print_line
from billfold.cli.params import WIDE_OPTION, MonthType, add_filter_options
from billfold.ledger import catalog
from billfold.ledger.query import LedgerFilter, list_known_accounts
from billfold.ledger.store import OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.money import format_amount
from billfold.model.period import Month
from billfold.report.journal.accrued import REVERSAL_KIND, build_accrual_journal
from billfold.report.journal.entries import sum_entries
from billfold.report.journal.invoices import Journal
from billfold.report.journal.mapping import JournalMapping, fits_text
from billfold.report.journal.writers import ACCRUAL_PROGRAMS, WRITERS
from billfold.report.render import counted
from billfold.report.rule_accounts import list_idle_rules
from billfold.report.subtotals import add_subtotals
from billfold.report.table import TableLayout
from billfold.tasks.accruals import describe_absence, list_accruals
from billfold.tasks.configured import load_commitments
from billfold.tasks.filter_options import FilterOptions
from billfold.tasks.journal import load_journal_mapping, make_journal, write_journal_files

AMOUNTS = ("amount", "exact", "residue")
COLUMNS = ("provider", "account", "entries", "lines", "currency", *AMOUNTS)

LAYOUT = TableLayout(
    COLUMNS, ("entries", "lines", *AMOUNTS), ("lines", "exact"), min_widths={"provider": 15, "account": 17}
)


@click.command("journal")
@click.option("--for", "program", type=click.Choice(sorted(WRITERS)), required=True, help="The accounting program.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE")
@click.option("--mapping", "mapping_path", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--month", type=MonthType(), metavar="MONTH", help="Only the invoices of this month.")
@click.option("--accruals", "accrued_month", type=MonthType(), metavar="MONTH", help="Accruals and reversals instead.")
@WIDE_OPTION
@add_filter_options
@click.pass_context
def journal(
    ctx: click.Context,
    program: str,
    output: Path,
    mapping_path: Path | None,
    month: Month | None,
    accrued_month: Month | None,
    filter_options: FilterOptions,
) -> None:
    """Write issued invoices as journal entries into FILE: an entry an invoice, its lines rounded to its rounded total.

    With --accruals MONTH, what that month owes and is not invoiced (as `billfold accruals` has it), and its reversal.

    Accounts, tax codes and cost centers come from a mapping (--mapping, or `mapping` in [journal] of the configuration).
    Charges that no rule fits go to the suspense account, and the exit code is 1 then. Written again, an entry has the same key.
    Only an earlier journal is replaced. Where there is nothing to book, no file is written, and the exit code is 1.
    """
    mapping = load_journal_mapping(find_config_path(ctx), mapping_path)
    filter_options = _narrow_to_month(filter_options, month)
    if accrued_month:
        _require_accrual_form(program, filter_options)
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        result = _make_journal(ctx, ledger, filters, mapping, accrued_month)
        absence = "" if result.entries else _describe_absence(ledger, filters, accrued_month)
        uncounted_bills = catalog.list_parked_bills(ledger, filters)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
        idle_rules = list_idle_rules(mapping.conditions, list_known_accounts(ledger), fits_text)
    print_idle_rules(idle_rules)
    if result.entries:
        _print_summary(result, write_journal_files(output, WRITERS[program](output.name, result.entries, mapping)))
    is_wrong = _print_left_out(result, mapping)
    end_listing(ctx, gaps, uncounted_bills, absence)
    if is_wrong:
        ctx.exit(1)


def _make_journal(
    ctx: click.Context, ledger: OpenLedger, filters: LedgerFilter, mapping: JournalMapping, accrued_month: Month | None
) -> Journal:
    if accrued_month is None:
        return make_journal(ledger, filters, mapping, load_virtual_rates(ctx), load_payment_terms(ctx))
    rows = list_accruals(ledger, filters, accrued_month, load_commitments(find_config_path(ctx)))
    return build_accrual_journal(rows, mapping)


def _describe_absence(ledger: OpenLedger, filters: LedgerFilter, accrued_month: Month | None) -> str:
    """Say that there is no entry, so that no file is written: what was there stays."""
    text = describe_absence(ledger, filters, accrued_month) if accrued_month else ""
    nothing = f"{accrued_month} owes nothing that is not invoiced" if accrued_month else "no issued invoice fits"
    return text or f"There is nothing to book: {nothing}, or was known then. No file is written."


def _require_accrual_form(program: str, filter_options: FilterOptions) -> None:
    if program not in ACCRUAL_PROGRAMS:
        raise InvalidArgument(
            f"the form for {program} takes bills, and an accrual is none: {', '.join(ACCRUAL_PROGRAMS)} take it, or `billfold "
            "accruals --format csv`"
        )
    if filter_options.first_month or filter_options.last_month:
        raise InvalidArgument("--accruals names its month: leave --month, --from and --to out")


def _narrow_to_month(filter_options: FilterOptions, month: Month | None) -> FilterOptions:
    if month is None:
        return filter_options
    if filter_options.first_month or filter_options.last_month:
        raise InvalidArgument("--month stands for --from and --to: leave them out")
    return filter_options._replace(first_month=month, last_month=month)


def _print_summary(result: Journal, paths: list[Path]) -> None:
    entries = [entry for entry in result.entries if entry.kind != REVERSAL_KIND]  # a pair comes to nothing
    rows = [_format_row(cells) for cells in add_subtotals(sum_entries(entries), "provider", AMOUNTS)]
    print_table(rows, LAYOUT)
    for path in paths:
        print_line(f"written: {path}")


def _format_row(cells: dict[str, object]) -> dict[str, object]:
    return cells | {name: format_amount(str(cells[name])) for name in AMOUNTS}


def _print_left_out(result: Journal, mapping: JournalMapping) -> bool:
    """Say on stderr what is in no entry or in suspense; returns whether there is any."""
    counts = Counter((bill.provider, bill.account, bill.reason) for bill in result.left_out)
    for (provider, account, reason), count in sorted(counts.items()):
        print_line(f"not booked: {provider} {account}: {counted(count, 'invoice')}: {reason}", err=True)
    suspended = [sums for sums in sum_entries(result.entries) if sums.suspended_lines]
    for sums in suspended:
        amount = f"{format_amount(sums.suspended)} {sums.currency}"
        print_line(f"no rule fits: {sums.provider} {sums.account}: {amount} went to {mapping.suspense}", err=True)
    if suspended and not mapping.rules:
        print_line("there is no rule in the mapping: write some, and name the file with --mapping", err=True)
    return bool(suspended) or any(bill.is_wrong for bill in result.left_out)
