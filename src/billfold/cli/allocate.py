"""Say whose cost a month is, by a file of rules: teams, cost centers, customers, and what is nobody's yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import click

from billfold.cli.context import build_filter, find_config_path, open_workspace
from billfold.cli.gaps import end_listing, find_wrong_gaps, print_idle_rules
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_month_options
from billfold.ledger import catalog
from billfold.ledger.grouping import group_charges
from billfold.ledger.query import list_known_accounts
from billfold.ledger.usages import list_usages
from billfold.model.period import Month
from billfold.report.allocate import Allocation, allocate_charges, list_group_keys
from billfold.report.allocation_rows import (
    STATEMENT_KEYS,
    AllocationRow,
    Coverage,
    CustomerOverview,
    OwnerRow,
    StatementLine,
    build_statement,
    measure_coverage,
    measure_total_coverage,
    sum_allocations,
    sum_by_owner,
    sum_overviews,
)
from billfold.report.allocation_rules import UNALLOCATED, AllocationRules, fits_pattern
from billfold.report.rule_accounts import list_idle_rules
from billfold.report.subtotals import add_subtotals
from billfold.report.summary import STATES, rounded
from billfold.report.table import TableLayout
from billfold.settings.allocation import load_rules
from billfold.tasks.configured import load_allocation_rules
from billfold.tasks.filter_options import FilterOptions

AMOUNTS = ("direct", "shared", "amount")
OWNER_FIELDS = {"team": "team", "customer": "customer", "cost-center": "cost_center"}


@click.command("allocate")
@add_month_options
@click.option("--rules", "rules_path", metavar="FILE", help="The file of rules (default: the configuration's).")
@click.option("--state", type=click.Choice(STATES), default="issued", show_default=True, help="Which bills.")
@click.option("--by", type=click.Choice([*OWNER_FIELDS, "account"]), default="team", show_default=True)
@click.option(
    "--statement", "owner", metavar="NAME", help="What one team, cost center or customer bears, line by line."
)
@click.option("--min-coverage", type=click.IntRange(0, 100), metavar="PERCENT", help="End with 1 below this.")
@click.pass_context
def command(
    ctx: click.Context,
    month: Month,
    output_format: str,
    filter_options: FilterOptions,
    rules_path: str | None,
    state: str,
    by: str,
    owner: str | None,
    min_coverage: int | None,
) -> None:
    """Say whose cost a month is: by team, cost center or customer, exactly.

    A file of rules says whose each charge is: the first rule that fits. What is shared is split by weights to the last digit, so
    that everything sums to the month's bills; what no rule fits is unallocated.
    """
    rules = _load_rules(ctx, rules_path)
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)._replace(first_month=month, last_month=month)
        keys = list_group_keys(rules, STATEMENT_KEYS if owner is not None else ())
        groups = group_charges(ledger, filters, keys, (state,))
        usages = list_usages(ledger, filters)
        allocations = allocate_charges(groups, keys, rules, usages)
        uncounted_bills = catalog.list_parked_bills(ledger, filters)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
        print_idle_rules(list_idle_rules(rules.conditions, list_known_accounts(ledger), fits_pattern))
    rows = sum_allocations(allocations)
    if owner is not None:
        _show_statement(output_format, allocations, owner, f"{month}, {state}")
    elif by == "account":
        _show_coverage(output_format, measure_coverage(rows))
    else:
        overviews = sum_overviews(usages) if by == "customer" else []
        _show_rows(output_format, rows, by, overviews, f"{month}, {state}")
    if rows and output_format == "table" and owner is None:
        _print_coverage(rows, by, month, rules)
    end_listing(
        ctx, gaps, uncounted_bills, "" if rows else f"There is nothing to allocate: no charges of {month}, {state}."
    )
    _check_coverage(ctx, rows, min_coverage)


def _load_rules(ctx: click.Context, rules_path: str | None) -> AllocationRules:
    """Read the rules that are named, or the configuration's; without any, none fits anything."""
    if rules_path:
        return load_rules(Path(rules_path))
    return load_allocation_rules(find_config_path(ctx)) or AllocationRules()


def _show_rows(
    output_format: str, rows: Sequence[AllocationRow], by: str, overviews: Iterable[CustomerOverview], title: str
) -> None:
    field = OWNER_FIELDS[by]
    if output_format == "table":
        _print_owners(sum_by_owner(rows, field), field, title)
        for overview in overviews:
            amount = f"{rounded(overview.amount)} {overview.currency}"
            print_line(f"By its own overview {overview.customer} uses {amount}: at its prices, before tax and voice.")
    elif by == "team":
        cells = [row._asdict() | {"rules": "; ".join(row.rules)} for row in rows]
        print_rows(output_format, cells, AllocationRow._fields)
    else:
        stated_amounts = {overview[:4]: overview.amount for overview in overviews}
        owner_rows = [
            {field: row.owner, "overview": stated_amounts.get(row[:4])} | row._asdict()
            for row in sum_by_owner(rows, field)
        ]
        columns = (field, *OwnerRow._fields[1:], *(["overview"] if by == "customer" else []))
        print_rows(output_format, [{name: row[name] for name in columns} for row in owner_rows], columns)


def _print_owners(rows: Sequence[OwnerRow], field: str, title: str) -> None:
    if not rows:
        return
    print_line(f"Whose cost it is: {title}")
    cells = [row._asdict() | {field: row.owner or f"no {field.replace('_', ' ')}"} for row in rows]
    names = (field, "provider", "account", "currency", *AMOUNTS)
    _print_amounts([{name: row[name] for name in names} for row in cells], field, names)


def _print_amounts(rows: Iterable[dict[str, object]], field: str, names: Sequence[str]) -> None:
    totals = add_subtotals(rows, field, [name for name in AMOUNTS if name in names])
    cells = [row | {name: _round_cell(row[name]) for name in AMOUNTS if name in names} for row in totals]
    layout = TableLayout(names, AMOUNTS, ("shared", "direct"), {field: 14})
    print_table(cells, layout)


def _round_cell(cell: object) -> str:
    return rounded(Decimal(str(cell)))


def _show_coverage(output_format: str, records: Sequence[Coverage]) -> None:
    if output_format != "table":
        print_rows(output_format, records, Coverage._fields)
        return
    amounts = ("amount", "allocated", "unallocated")
    names = ("provider", "account", "currency", *amounts, "percent")
    totals = add_subtotals(records, "provider", amounts)
    cells = [
        row | {name: _round_cell(row[name]) for name in amounts} | {"percent": _format_percent(row["percent"])}
        for row in totals
    ]
    print_table(cells, TableLayout(names, (*amounts, "percent"), ("allocated",)))


def _format_percent(percent: object) -> str:
    return "" if percent in {None, ""} else f"{percent} %"


def _print_coverage(rows: Sequence[AllocationRow], by: str, month: Month, rules: AllocationRules) -> None:
    field = OWNER_FIELDS.get(by, "team")
    for record in measure_total_coverage(rows, field):
        if record.percent is not None:
            print_line(f"{record.percent} % of {record.currency} has a {field.replace('_', ' ')}.")
    if not rules.rules:
        print_line('There are no rules: write some, and name their file with --rules or [allocation] rules = "FILE".')
    elif any(row.team == UNALLOCATED for row in rows):
        print_line(
            f"What no rule fits: `billfold allocate {month} --statement {UNALLOCATED}`, by account: `--by account`."
        )


def _show_statement(output_format: str, allocations: Iterable[Allocation], owner: str, title: str) -> None:
    lines = build_statement(allocations, owner)
    if output_format != "table":
        print_rows(output_format, lines, StatementLine._fields)
    elif not lines:
        print_line(f"Nothing is the cost of {owner!r}: {title}.")
    else:
        print_line(f"Statement of {owner}: {title}")
        cells = [line._asdict() for line in lines]
        totals = [row | {"amount": _round_cell(row["amount"])} for row in add_subtotals(cells, "account", ["amount"])]
        names = ("account", "service", "resource", "description", "rule", "currency", "amount")
        layout = TableLayout(names, ("amount",), ("rule", "service", "resource"), {"description": 22, "account": 12})
        print_table(totals, layout)


def _check_coverage(ctx: click.Context, rows: Iterable[AllocationRow], min_coverage: int | None) -> None:
    if min_coverage is None:
        return
    for record in measure_total_coverage(rows):
        if record.percent is not None and record.percent < min_coverage:
            print_line(
                f"only {record.percent} % of {record.currency} is allocated: less than {min_coverage} %", err=True
            )
            ctx.exit(1)
