"""Show what is paid, by vendor and service or whatever else, month by month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import click

from billfold.cli.context import build_filter, find_config_path, open_workspace
from billfold.cli.converted import print_converted
from billfold.cli.gaps import describe_no_bills, end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_listing_options
from billfold.cli.team_rules import load_team_rules
from billfold.ledger import catalog
from billfold.ledger.month_costs import read_last_asked
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.report import costs, exchange
from billfold.report.allocation_rules import AllocationRules
from billfold.report.costs import STATES, CostChange, CostLine, CostRow, CostTable
from billfold.report.daily import DAY_KEY, check_day_keys
from billfold.report.summary import rounded
from billfold.report.table import TableLayout
from billfold.report.team_costs import TEAM_KEY
from billfold.settings.reporting import Reporting
from billfold.tasks import report
from billfold.tasks.filter_options import FilterOptions
from billfold.tasks.report import JSON_KEYS, CostFormat, CostQuestion, load_reporting

DEFAULT_KEYS = ("provider", "service")
DEFAULT_MONTHS = 3
MIN_TEXT_WIDTH = 16
"""A key's values shorten down to this before a month is left out."""
STATE_HEADINGS = {
    "issued": "Issued invoices",
    "draft": "Drafts - may still change",
    "estimate": "Estimates - not invoiced yet, as far as the vendors tell",
}


class ReportOptions(NamedTuple):
    """How a report is arranged, as it was asked."""

    key_names: tuple[str, ...]
    states: tuple[str, ...]
    month_count: int | None
    top: int | None
    is_comparing: bool | None
    target: str | None = None
    rules: AllocationRules | None = None
    has_days: bool = False


@click.command("report")
@click.option(
    "--by", "key_names", multiple=True, metavar="KEYS", help=f"Group by {', '.join(costs.KEYS_BY_NAME)}, tag:KEY."
)
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only this state; may be repeated.")
@click.option(
    "--months",
    "month_count",
    type=click.IntRange(1, 120),
    metavar="N",
    help="The last N invoiced months, and what came since.",
)
@click.option(
    "--top", type=click.IntRange(1), metavar="N", help="Of each group the N largest lines, the others in one (tables)."
)
@click.option("--compare/--no-compare", "is_comparing", default=None, help="The change against the month before.")
@click.option(
    "--in",
    "target",
    is_flag=False,
    flag_value="",
    metavar="[CURRENCY]",
    help="Sums in another currency beside, by [[reporting.rates]].",
)
@add_listing_options
@click.pass_context
def command(
    ctx: click.Context,
    key_names: tuple[str, ...],
    states: tuple[str, ...],
    month_count: int | None,
    top: int | None,
    is_comparing: bool | None,
    target: str | None,
    output_format: str,
    filter_options: FilterOptions,
) -> None:
    """Show what is paid: by vendor and service, the last three invoiced months and what came since.

    `--by` groups by other keys (`--by account,region`); the first has subtotals. Issued invoices, drafts and estimates stand in
    tables of their own, and so does every currency. `--from` and `--to` win over `--months`. Amounts in tables are rounded to
    cents; json and csv have all digits, and all months unless some are asked for.
    """
    reporting = load_reporting(find_config_path(ctx))
    target = _choose_currency(target, reporting)
    check_day_keys(stated_keys := costs.read_keys(key_names))
    rules = load_team_rules(ctx) if TEAM_KEY in stated_keys else None
    options = ReportOptions(key_names, states, month_count, top, is_comparing, target, rules, DAY_KEY in stated_keys)
    keys = stated_keys or (DEFAULT_KEYS if output_format == "table" else JSON_KEYS)
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters, question = build_filter(workspace, filter_options), CostQuestion(keys, states, rules)
        filters = report.narrow_months(ledger, filters, _count_months(options, output_format))
        changes = report.list_changes(ledger, filters, question)
        account_rows = report.list_cost_rows(ledger, filters, question._replace(keys=JSON_KEYS[:2]))
        asked_at, uncounted_bills = read_last_asked(ledger, filters), catalog.list_parked_bills(ledger, filters)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
        absence = "" if changes else describe_no_bills(ledger, filters, "charges")
    sums = exchange.convert_rows(account_rows, target, reporting.rates) if target else []
    if output_format == "table" and not absence:
        print_report(changes, keys, options, account_rows, asked_at)
        print_converted(sums, target)
    elif output_format != "table":
        _print_cells(output_format, changes, keys, CostFormat(bool(is_comparing), target, reporting.rates))
    _print_missing_rates(missing_rates := exchange.list_missing_rates(sums, target or ""))
    end_listing(ctx, gaps, uncounted_bills, absence)
    ctx.exit(1 if missing_rates else 0)


def _print_cells(
    output_format: str, changes: Iterable[CostChange], keys: Sequence[str], cost_format: CostFormat
) -> None:
    print_rows(output_format, report.build_cells(changes, keys, cost_format), report.list_columns(keys, cost_format))


def _print_missing_rates(missing_rates: Sequence[str]) -> None:
    for sentence in missing_rates:
        print_line(f"not converted: {sentence}; state it in [[reporting.rates]]", err=True)


def _choose_currency(target: str | None, reporting: Reporting) -> str | None:
    """Return the currency that sums are wanted in, "" stands for the configured one; raises ``InvalidArgument``."""
    if target == "" and not reporting.currency:
        raise InvalidArgument("say which currency, as --in EUR, or configure currency in [reporting]")
    return target if target is None else target.upper() or reporting.currency


def _count_months(options: ReportOptions, output_format: str) -> int | None:
    """Return how many of the last months are shown where none are named; None for all."""
    default_count = 1 if options.has_days else DEFAULT_MONTHS
    return options.month_count or (default_count if options.has_days or output_format == "table" else None)


def print_report(
    changes: Sequence[CostChange],
    keys: Sequence[str],
    options: ReportOptions,
    account_rows: Sequence[CostRow],
    asked_at: datetime | None = None,
) -> None:
    """Print the report's tables, and what is to be known of them."""
    tables = costs.build_tables(changes, options.top, by_month=not {"month", DAY_KEY}.isdisjoint(keys))
    if not tables:
        print_line("There are no charges to show: none are booked that fit, or were known then.")
    for table in tables:
        print_line()
        print_line(f"{STATE_HEADINGS[table.state]}, {table.currency}")
        _print_table(table, keys, is_comparing=DAY_KEY not in keys and _shows_change(table, options.is_comparing))
        if table.state == State.ESTIMATE and asked_at:
            month = max(change.row.month for change in changes if change.row.state == State.ESTIMATE)
            print_line(f"As of {asked_at:%Y-%m-%d}. Seats bought in advance and taxes come with the invoice: `billfold")
            print_line(f"accruals {month}` has them.")
    _print_notes(changes, options, account_rows)


def _print_notes(changes: Sequence[CostChange], options: ReportOptions, account_rows: Sequence[CostRow]) -> None:
    issued_months = [change.row.month for change in changes if change.row.state == State.ISSUED]
    notes = []
    if not options.key_names and (vendors := costs.find_shared_vendors(account_rows)):
        notes.append(f"Several accounts are summed for {', '.join(vendors)}: --by account,service tells them apart.")
    is_changing = bool(issued_months) and not options.has_days
    if unbilled := costs.find_unbilled(account_rows, max(issued_months)) if is_changing else []:
        notes.append(
            f"No invoice of {max(issued_months)} yet: {', '.join(unbilled)}. Its change counts that as nothing."
        )
    for note in notes:
        print_line()
        print_line(note)


def _shows_change(table: CostTable, is_comparing: bool | None) -> bool:
    return is_comparing if is_comparing is not None else len(table.months) != 1


def _print_table(table: CostTable, keys: Sequence[str], *, is_comparing: bool) -> None:
    months = tuple(map(str, table.months)) or ("cost",)
    last_column = "change" if is_comparing else "total"
    names = list(map(report.name_column, keys))
    numbers = months if len(months) == 1 and not is_comparing else (*months, last_column)
    rows = [_build_cells(line, names, months, is_comparing=is_comparing) for line in table.lines]
    layout = TableLayout((*names, *numbers), numbers, months[:-1], dict.fromkeys(names, MIN_TEXT_WIDTH))
    if print_table(rows, layout) and last_column == "total":
        print_line("The total is of all months, those left out too.")


def _build_cells(line: CostLine, names: Sequence[str], months: Sequence[str], *, is_comparing: bool) -> dict[str, str]:
    texts = [value or ("" if line.is_sum else costs.NO_VALUE) for value in line.values]
    amounts = ["" if cost is None else rounded(cost) for cost in line.costs]
    sums = {"change": _format_change(line.change)} if is_comparing else {"total": rounded(line.total)}
    return dict(zip((*names, *months), (*texts, *amounts), strict=True)) | sums


def _format_change(change: Decimal | None) -> str:
    if change is None:
        return ""
    return f"{'+' if change > 0 else ''}{rounded(change)}" if change else "="
