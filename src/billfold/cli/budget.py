"""Hold a month against the budgets of the configuration, or look for services that are odd in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import click

from billfold.cli.context import build_filter, find_config_path, open_workspace
from billfold.cli.gaps import describe_no_bills, end_listing, find_wrong_gaps, note_foreign_estimates
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import AmountType, add_optional_month_options
from billfold.collect.workspace import Workspace
from billfold.ledger import catalog
from billfold.ledger.acknowledgements import is_accepted, quieten
from billfold.ledger.foreign_estimates import list_foreign_estimates
from billfold.ledger.grouping import find_last_month
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.errors import BillfoldError, ConfigurationError
from billfold.model.finding import AccountFinding, describe_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month
from billfold.report.allocation_rules import AllocationRules
from billfold.report.anomalies import (
    USUAL_MONTHS,
    Anomaly,
    AnomalySearch,
    Thresholds,
    describe_history,
    list_anomaly_findings,
)
from billfold.report.budget import Budget, BudgetRow, list_budget_findings
from billfold.report.summary import rounded
from billfold.report.table import TableLayout
from billfold.tasks.budgets import NOTHING_SEARCHED, check_budgets, find_this_month, search_anomalies
from billfold.tasks.configured_budgets import load_ruled_budgets
from billfold.tasks.filter_options import FilterOptions

AMOUNTS = ("amount", "billed", "committed")
BUDGET_FORM = TableLayout(
    ("budget", "currency", *AMOUNTS, "expected", "used", "state"), (*AMOUNTS, "expected", "used"), ("currency",)
)
ANOMALY_FORM = TableLayout(
    ("provider", "account", "service", "currency", "cost", "usual", "impact", "percent"),
    ("cost", "usual", "impact", "percent"),
    ("provider", "currency"),
)


@click.command("budget")
@click.option(
    "--anomalies", "is_for_anomalies", is_flag=True, help="Look for odd services of an invoiced month instead."
)
@click.option("--min-amount", type=AmountType(), default="100", show_default=True, help="Odd is so much off, and ...")
@click.option(
    "--min-percent",
    type=AmountType(),
    default="30",
    metavar="PERCENT",
    show_default=True,
    help="... so many percent off the usual.",
)
@click.option("--all-categories", is_flag=True, help="Look for odd taxes, credits and adjustments, too.")
@add_optional_month_options
@click.pass_context
def command(
    ctx: click.Context,
    month: Month | None,
    is_for_anomalies: bool,
    min_amount: Decimal,
    min_percent: Decimal,
    all_categories: bool,
    output_format: str,
    filter_options: FilterOptions,
) -> None:
    """Hold a month against the [[budgets]] of the configuration; exit code 1 where one is over, or expected to be.

    By default the current month, by the vendors' time. Held against them is what is invoiced, in drafts and estimates, bought for
    the month, and expected by `billfold forecast`. With --anomalies: services of the last invoiced month that cost far more or less
    than in the months before, by amount and by percent; exit code 1 where there are any, or none could be judged.
    """
    budgets, rules = load_budgets(ctx)
    if not (budgets or is_for_anomalies):
        raise ConfigurationError("there are no [[budgets]] in the configuration: add one, or look for --anomalies")
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        _check_scopes(workspace, budgets)
        filters = build_filter(workspace, filter_options)
        month = month or _choose_month(ledger, filters, is_for_anomalies=is_for_anomalies)
        thresholds = Thresholds(min_amount, min_percent / 100)
        search = _search(ledger, filters, month if is_for_anomalies else None, thresholds, is_whole=all_categories)
        rows = check_budgets(ledger, filters, budgets, month, rules) if month and not is_for_anomalies else []
        month_filters = filters._replace(first_month=month, last_month=month)
        foreign_estimates = [] if is_for_anomalies else list_foreign_estimates(ledger, month_filters)
        uncounted_bills = catalog.list_parked_bills(ledger, month_filters)
        gaps = find_wrong_gaps(ctx, workspace, ledger, month_filters)
        absence = describe_no_bills(ledger, month_filters._replace(first_month=None), "costs")
    if is_for_anomalies:
        _show_anomalies(output_format, search, month, thresholds)
    else:
        _show_budgets(output_format, rows, month)
    is_all_accepted = _print_findings(_list_findings(search, rows, filters), output_format)
    note_foreign_estimates(foreign_estimates)
    end_listing(ctx, gaps, uncounted_bills, absence)
    ctx.exit(0 if is_all_accepted and (search.judged or not is_for_anomalies) else 1)


def _list_findings(search: AnomalySearch, rows: Sequence[BudgetRow], filters: LedgerFilter) -> list[AccountFinding]:
    findings = [*list_anomaly_findings(search.anomalies), *list_budget_findings(rows)]
    return quieten(findings, filters.acknowledged_ids)


def _search(
    ledger: OpenLedger, filters: LedgerFilter, month: Month | None, thresholds: Thresholds, *, is_whole: bool
) -> AnomalySearch:
    return search_anomalies(ledger, filters, month, thresholds, is_whole=is_whole) if month else NOTHING_SEARCHED


def load_budgets(ctx: click.Context) -> tuple[Sequence[Budget], AllocationRules | None]:
    """Return the configuration's budgets, and the rules of allocation where one is a team's."""
    return load_ruled_budgets(find_config_path(ctx))


def _check_scopes(workspace: Workspace, budgets: Iterable[Budget]) -> None:
    """Raise ``ConfigurationError`` where a budget is of a vendor or an account that there is not."""
    for budget in budgets:
        scope = dict(budget.scope)
        try:
            build_filter(workspace, FilterOptions(scope.get("provider"), scope.get("account")))
        except BillfoldError as error:
            raise ConfigurationError(f"the budget {budget.name!r}: {error}") from error


def _choose_month(ledger: OpenLedger, filters: LedgerFilter, *, is_for_anomalies: bool) -> Month | None:
    if is_for_anomalies:
        return find_last_month(ledger, filters, State.ISSUED)
    return find_this_month(ledger, filters)


def _show_budgets(output_format: str, rows: Sequence[BudgetRow], month: Month | None) -> None:
    if output_format != "table":
        cells = [
            row._asdict() | {"month": str(row.month), "used": row.used_share.quantize(Decimal("0.0001"))}
            for row in rows
        ]
        print_rows(output_format, cells, (*BudgetRow._fields, "used"))
        return
    print_line(f"Budgets of {month}. What is expected is a forecast, and no money.")
    print_table([_build_budget_cells(row) for row in rows], BUDGET_FORM)


def _build_budget_cells(row: BudgetRow) -> dict[str, str]:
    amounts = {name: rounded(getattr(row, name)) for name in AMOUNTS}
    return amounts | {
        "budget": row.budget,
        "currency": row.currency,
        "expected": f"{row.expected.quantize(Decimal(1), ROUND_HALF_EVEN):,}",
        "used": f"{row.used_share * 100:.0f} %",
        "state": str(row.state),
    }


def _show_anomalies(output_format: str, search: AnomalySearch, month: Month | None, thresholds: Thresholds) -> None:
    if month:
        for history in search.unjudged:
            print_line(describe_history(history, month), err=True)
    anomalies = search.anomalies
    if output_format != "table":
        cells = [
            row._asdict()
            | {"month": str(row.month), "share": None if row.share is None else row.share.quantize(Decimal("0.0001"))}
            for row in anomalies
        ]
        print_rows(output_format, cells, Anomaly._fields)
        return
    limits = (
        f"{thresholds.amount} and {thresholds.share * 100:.0f} % off the median of up to {USUAL_MONTHS} months before"
    )
    if not anomalies:
        print_line(_describe_nothing(search, month, limits))
        return
    print_line(f"Odd in {month}: at least {limits}.")
    print_table([_build_anomaly_cells(anomaly) for anomaly in anomalies], ANOMALY_FORM)


def _describe_nothing(search: AnomalySearch, month: Month | None, limits: str) -> str:
    if search.judged:
        return f"Nothing in {month} is {limits}."
    if search.unjudged:
        return f"Nothing in {month} could be judged: too few months are invoiced before."
    return f"Nothing could be judged: no issued invoice{f' of {month}' if month else ''} fits, or was known then."


def _build_anomaly_cells(anomaly: Anomaly) -> dict[str, str]:
    return {name: str(getattr(anomaly, name)) for name in ("provider", "account", "service", "currency")} | {
        "cost": rounded(anomaly.cost),
        "usual": rounded(anomaly.usual),
        "impact": f"{'+' if anomaly.impact > 0 else ''}{rounded(anomaly.impact)}",
        "percent": "new" if anomaly.share is None else f"{anomaly.share * 100:+.0f} %",
    }


def _print_findings(findings: Sequence[AccountFinding], output_format: str) -> bool:
    """Say on stderr what was found, each with the id to accept it by; returns whether all of it is accepted."""
    for located in findings:
        is_in_table = output_format == "table" and located.finding.code is FindingCode.COST_ANOMALY
        place = " ".join(filter(None, (located.finding.code, located.account)))
        label = "accepted: " if is_accepted(located.finding) else ""
        text = f"{place}: {label}{describe_finding(located.finding)} [{located.id}]"
        print_line(f"{place} [{located.id}]" if is_in_table and not label else text, err=True)
    return all(is_accepted(located.finding) for located in findings)
