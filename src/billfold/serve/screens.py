"""What each screen shows, as values for its template: read by the functions that the API and the commands use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from billfold.ledger import catalog
from billfold.ledger.measures import MonthAmount, sum_month_amounts
from billfold.ledger.month_costs import read_last_asked
from billfold.ledger.server_schedule import is_schedule_led
from billfold.model.bill import State
from billfold.model.finding import Finding, describe_labelled
from billfold.model.finding_codes import Severity
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.report.completeness import COMPLETE, PROVISIONAL, Completeness
from billfold.report.payables import UNKNOWN
from billfold.report.render import counted
from billfold.report.why import KIND_ORDER, Kind
from billfold.serve import listings
from billfold.serve.bill_screens import MAX_LINES
from billfold.serve.charts import Chart
from billfold.serve.figures import draw_movement
from billfold.serve.questions import Question
from billfold.serve.rows import AccruedRow, PayableRow, WhyRow

GRID_MONTHS = 12
CHECK_ORDER = {state: index for index, state in enumerate(("wrong", "open", "acknowledged", "notice", "ok"))}
Values = dict[str, object]
AmountRow = TypeVar("AmountRow", MonthAmount, WhyRow, AccruedRow)


class GridRow(NamedTuple):
    """An account, and of each month of the grid what is known of it; None where there is nothing."""

    provider: str
    account: str
    cells: list[Completeness | None]


class OpenMonth(NamedTuple):
    """An account's month that is not whole, and why."""

    provider: str
    account: str
    month: Month
    state: str
    text: str


class StateTotal(NamedTuple):
    """What the bills of a month come to in a state and currency; parked bills are not in it."""

    state: str
    currency: str
    total: Decimal
    accounts: int


def show_close(question: Question) -> Values:
    """Show accounts and months in a grid, and what is missing before the last month can be closed."""
    records = listings.judge_months(question)
    last_month = _find_last_month(question, records)
    months = _list_months(records, question)
    by_key = {record[:3]: record for record in records}
    accounts = sorted({record[:2] for record in records})
    grid = [GridRow(*key, [by_key.get((*key, month)) for month in months]) for key in accounts]
    wrong_months = sorted(
        (_describe_open(record) for record in records if _is_left_wrong(record, last_month)), key=lambda row: row.month
    )
    return {
        "grid": grid,
        "months": months,
        "last_month": last_month,
        "open_months": [_describe_open(record) for record in records if _keeps_open(record, last_month)],
        "wrong_months": wrong_months,
        "count": sum(record.month == last_month for record in records),
        "totals": _sum_last_month(question, last_month),
    }


def _sum_last_month(question: Question, month: Month | None) -> list[StateTotal]:
    if month is None:
        return []
    filters = question.filters._replace(first_month=month, last_month=month)
    return _sum_states(sum_month_amounts(question.view.db, filters))


def _keeps_open(record: Completeness, last_month: Month | None) -> bool:
    return record.month == last_month and record.state != COMPLETE


def _is_left_wrong(record: Completeness, last_month: Month | None) -> bool:
    """Tell whether a month before the last has something wrong that nobody accepted."""
    return last_month is not None and record.month < last_month and record.state not in {COMPLETE, PROVISIONAL}


def _describe_open(record: Completeness) -> OpenMonth:
    return OpenMonth(*record[:4], _describe_first(record.findings))


def _find_last_month(question: Question, records: Sequence[Completeness]) -> Month | None:
    """Return the last month that had ended when the vendors were last collected from."""
    asked_at = read_last_asked(question.view.db, question.filters)
    months = [record.month for record in records]
    if asked_at is None or not months:
        return None
    return min(Month.of(asked_at).add_months(-1), max(months))


def _list_months(records: Sequence[Completeness], question: Question) -> list[Month]:
    """Return the months of the grid, the newest first: it is the one that is asked about."""
    months = sorted({record.month for record in records})
    has_months = question.filters.first_month or question.filters.last_month
    return months[::-1] if has_months else months[: -GRID_MONTHS - 1 : -1]


def _describe_first(findings: Sequence[Finding]) -> str:
    more = f", and {counted(len(findings) - 1, 'more thing')}" if len(findings) > 1 else ""
    return f"{describe_labelled(findings[0])}{more}" if findings else ""


def show_month(question: Question) -> Values:
    """Show what a month comes to by state and currency, what moved, and what is owed and not invoiced."""
    amounts = sum_month_amounts(question.view.db, question.month_filters)
    parked = catalog.list_parked_bills(question.view.db, question.month_filters)
    movement, accrued = listings.explain_month(question), listings.list_accrued(question)
    return {
        "amounts": _select_largest(amounts),
        "amounts_left_out": max(0, len(amounts) - MAX_LINES),
        "totals": _sum_states(amounts),
        "parked": parked,
        "movement": _select_largest(movement),
        "movement_left_out": max(0, len(movement) - MAX_LINES),
        "movement_totals": _sum_currencies((row.currency, row.amount) for row in movement),
        "movement_charts": _draw_movements(question, amounts, movement),
        "accrued": _select_largest(accrued),
        "accrued_left_out": max(0, len(accrued) - MAX_LINES),
        "before": question.the_month.add_months(-1),
        "after": question.the_month.add_months(1),
    }


def _select_largest(rows: Sequence[AmountRow]) -> Sequence[AmountRow]:
    """Return the rows in their order; of more than a screen shows those with the largest amounts."""
    if len(rows) <= MAX_LINES:
        return rows
    return sorted(rows, key=lambda row: -abs(row.amount))[:MAX_LINES]


def _draw_movements(
    question: Question, amounts: Iterable[MonthAmount], movement: Iterable[WhyRow]
) -> list[tuple[str, Chart]]:
    """Draw of each currency how the month before became this one, by kinds."""
    month, before = question.the_month, question.the_month.add_months(-1)
    filters = question.filters._replace(first_month=before, last_month=before)
    issued = [
        _sum_currencies((row.currency, row.amount) for row in rows if row.state == State.ISSUED)
        for rows in (sum_month_amounts(question.view.db, filters), amounts)
    ]
    moved = defaultdict[str, dict[str, Decimal]](dict)
    for row in sorted(movement, key=lambda row: KIND_ORDER.index(Kind(row.kind))):
        moved[row.currency][row.kind] = exact_sum((moved[row.currency].get(row.kind, ZERO), row.amount))
    return [
        (
            currency,
            draw_movement(
                currency,
                (str(before), issued[0].get(currency, ZERO)),
                amounts_by_kind,
                (str(month), issued[1].get(currency, ZERO)),
            ),
        )
        for currency, amounts_by_kind in sorted(moved.items())
    ]


def _sum_states(amounts: Iterable[MonthAmount]) -> list[StateTotal]:
    members = defaultdict[tuple[str, str], list[MonthAmount]](list)
    for row in amounts:
        members[row.state, row.currency].append(row)
    order = [State.ISSUED, State.DRAFT, State.ESTIMATE]
    keys = sorted(members, key=lambda key: (order.index(State(key[0])), key[1]))
    return [
        StateTotal(*key, exact_sum(row.amount for row in members[key]), len({row.account for row in members[key]}))
        for key in keys
    ]


def _sum_currencies(pairs: Iterable[tuple[str, Decimal]]) -> Mapping[str, Decimal]:
    members = defaultdict[str, list[Decimal]](list)
    for currency, amount in pairs:
        members[currency].append(amount)
    return {currency: exact_sum(amounts) for currency, amounts in sorted(members.items())}


def show_checks(question: Question) -> Values:
    """Show every check of a month, what keeps it open first."""
    verdict = listings.read_verdict(question)
    checks = sorted(verdict.checks, key=lambda check: CHECK_ORDER.get(check.state, len(CHECK_ORDER)))
    return {
        "verdict": verdict,
        "checks": checks[:MAX_LINES],
        "left_out": max(0, len(checks) - MAX_LINES),
        "open_count": sum(check.state in {"wrong", "open"} for check in checks),
    }


def show_changes(question: Question) -> Values:
    """Show what of closed months is another now, since a signature or a time."""
    closes = listings.list_closes(question)
    since = question.values.get("since") or (f"close:{closes[-1].month}" if closes else "")
    since_question = question._replace(values={**question.values, "since": since})
    changes = listings.list_changes(since_question) if since else []
    return {
        "closes": closes,
        "since": since,
        "changes": changes[:MAX_LINES],
        "left_out": max(0, len(changes) - MAX_LINES),
    }


def show_payables(question: Question) -> Values:
    """Show what is to be paid, the most urgent first, and last what nothing is known of."""
    payables = sorted(listings.list_payables(question), key=_rank_payable)
    unknown = _sum_currencies((row.currency, row.open) for row in payables if row.state == UNKNOWN)
    return {
        "payables": payables[:MAX_LINES],
        "left_out": max(0, len(payables) - MAX_LINES),
        "totals": _sum_currencies((row.currency, row.open) for row in payables),
        "unknown": unknown,
    }


def _rank_payable(row: PayableRow) -> tuple[bool, int, str]:
    return row.state == UNKNOWN, -row.days_overdue, row.due_on


def show_findings(question: Question) -> Values:
    """Show what does not add up, by how bad it is."""
    findings = listings.list_findings(question)
    headings = {
        "Does not add up": Severity.WRONG,
        "May still change": Severity.OPEN,
        "Only to know, or accepted": Severity.NOTICE,
    }
    return {
        "sections": {
            heading: [row for row in findings if row.severity == severity] for heading, severity in headings.items()
        },
        "wrong_count": sum(row.severity == Severity.WRONG for row in findings),
    }


def show_accounts(question: Question) -> Values:
    """Show the accounts, the last runs, and, unless it is looked back, when each is collected next."""
    runs = listings.list_runs(question)
    return {
        "accounts": listings.list_accounts(question),
        "runs": runs[:50],
        "run_count": len(runs),
        "schedule": listings.list_schedule(question),
        "is_led": is_schedule_led(question.view.workspace.directory),
        "now": datetime.now(UTC),
        "max_lines": MAX_LINES,
    }
