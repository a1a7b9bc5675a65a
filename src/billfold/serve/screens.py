"""What each screen shows, as values for its template: read by the functions that the API and the commands use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger import catalog
from billfold.ledger.catalog import BillRow
from billfold.ledger.invoice_lines import list_bill_versions, list_invoice_lines
from billfold.ledger.measures import MonthAmount, sum_month_amounts
from billfold.ledger.month_costs import read_last_asked
from billfold.ledger.server_schedule import is_schedule_led
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.finding import Finding, describe_labelled
from billfold.model.finding_codes import Severity
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report.completeness import COMPLETE, PROVISIONAL, Completeness
from billfold.report.payables import UNKNOWN
from billfold.report.render import counted
from billfold.serve import listings
from billfold.serve.questions import Question, read_month
from billfold.serve.rows import PayableRow
from billfold.tasks.documents import list_documents_of

GRID_MONTHS = 12
MAX_LINES = 500
"""Rows that a screen shows of one table: the links under it have all."""
Values = dict[str, object]


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
    }


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


class StateTotal(NamedTuple):
    """What the bills of a month come to in a state and currency; parked bills are not in it."""

    state: str
    currency: str
    total: Decimal
    accounts: int


def show_month(question: Question) -> Values:
    """Show what a month comes to by state and currency, what moved, and what is owed and not invoiced."""
    amounts = sum_month_amounts(question.view.db, question.month_filters)
    parked = catalog.list_parked_bills(question.view.db, question.month_filters)
    movement = listings.explain_month(question)
    return {
        "amounts": amounts,
        "totals": _sum_states(amounts),
        "parked": parked,
        "movement": movement,
        "movement_totals": _sum_currencies((row.currency, row.amount) for row in movement),
        "accrued": listings.list_accrued(question),
        "before": question.the_month.add_months(-1),
        "after": question.the_month.add_months(1),
    }


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
    return {"verdict": listings.read_verdict(question)}


def show_invoices(question: Question) -> Values:
    """Show invoices, drafts and estimates, the newest month first."""
    bills = sorted(listings.list_bills(question), key=lambda bill: bill.period_start, reverse=True)
    return {"bills": bills[:MAX_LINES], "left_out": max(0, len(bills) - MAX_LINES)}


def show_invoice(question: Question) -> Values:
    """Show one bill: its lines, its versions through time, its documents, and what is found of it."""
    bill = _find_bill(question)
    filters = question.filters._replace(first_month=bill.month, last_month=bill.month)
    is_issued = bill.invoice_id is not None and bill.state == State.ISSUED
    documents = list_documents_of(question.view.workspace, question.view.db, filters) if is_issued else []
    return {
        "bill": bill,
        "lines": list_invoice_lines(question.view.db, bill.id, MAX_LINES),
        "versions": list_bill_versions(question.view.db, bill.id, question.filters.seq),
        "documents": [entry for entry in documents if str(bill.invoice_id) in map(str, entry.question_fields.values())],
        "findings": [describe_labelled(finding) for finding in bill.findings],
        "max_lines": MAX_LINES,
    }


def _find_bill(question: Question) -> BillRow:
    """Find the bill that the words name; raises ``InvalidArgument`` where there is none."""
    name, currency = question.values.get("id", ""), question.values.get("currency", "")
    month = read_month(question.values["month"]) if question.values.get("month") else None
    bills = [
        bill
        for bill in catalog.list_bills(question.view.db, question.filters)
        if bill.name == name and month in {None, bill.month} and currency in {"", bill.currency}
    ]
    if not bills:
        raise InvalidArgument(f"no invoice is called {name[:60]!r} there, or was known then")
    return min(bills, key=lambda bill: (bill.is_disputing, bool(bill.parked)))


def show_changes(question: Question) -> Values:
    """Show what of closed months is another now, since a signature or a time, and every restatement."""
    closes = listings.list_closes(question)
    since = question.values.get("since") or (f"close:{closes[-1].month}" if closes else "")
    since_question = question._replace(values={**question.values, "since": since})
    changes = listings.list_changes(since_question) if since else []
    restatements = listings.list_restatements(question)
    return {
        "closes": closes,
        "since": since,
        "changes": changes[:MAX_LINES],
        "left_out": max(0, len(changes) - MAX_LINES),
        "restatements": restatements[:MAX_LINES],
    }


def show_payables(question: Question) -> Values:
    """Show what is to be paid, the most urgent first, and last what nothing is known of."""
    payables = sorted(listings.list_payables(question), key=_rank_payable)
    totals = _sum_currencies((row.currency, row.open) for row in payables if row.state != UNKNOWN)
    left_out = max(0, len(payables) - MAX_LINES)
    return {"payables": payables[:MAX_LINES], "left_out": left_out, "totals": totals}


def _rank_payable(row: PayableRow) -> tuple[bool, int, str]:
    return row.state == UNKNOWN, -row.days_overdue, row.due_on


def show_commitments(question: Question) -> Values:
    """Show what is committed, used and left."""
    return {"commitments": listings.list_commitments(question)}


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
