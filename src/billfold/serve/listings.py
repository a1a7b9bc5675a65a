"""What the ledger answers, as typed rows: the functions behind the commands, for every screen and resource alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from billfold.ledger import measures, movements, query, restatements
from billfold.model.bill import StatedBill, merge_estimate_parts
from billfold.model.errors import InvalidArgument
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.report import payables, why
from billfold.report.accrual_rows import negate_rows
from billfold.report.changes import BillChange
from billfold.report.close import MonthCheck
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.commitments import find_commitments
from billfold.report.completeness import Completeness, judge_ledger
from billfold.report.exchange import round_amount
from billfold.report.forecast import ForecastRow
from billfold.report.why import MovementPart
from billfold.serve import outlooks, rows
from billfold.serve.questions import Question, read_month, remember_rows
from billfold.tasks import schedule
from billfold.tasks.accruals import list_accruals
from billfold.tasks.changes import find_baseline, find_changes
from billfold.tasks.close import CloseSettings, judge_month
from billfold.tasks.closes import SignedMonth, list_signed_months
from billfold.tasks.reconcile import reconcile_ledger
from billfold.tasks.schedule import ScheduleRow

PARKED = "parked"
"""What a month is called where all that is wrong with it is a bill that is not counted."""


@remember_rows()
def judge_months(question: Question) -> list[Completeness]:
    """Judge every account and month; one whose bills are not counted is called parked."""
    return list(map(_mark_parked, judge_ledger(question.view.db, question.filters)))


def _mark_parked(record: Completeness) -> Completeness:
    labels = {finding.code.handling.label for finding in record.findings if finding.is_wrong}
    return record._replace(state=PARKED) if labels == {PARKED} else record


def list_completeness(question: Question) -> list[rows.CompletenessRow]:
    """Return of every account and month whether it is whole, and why not."""
    return [
        rows.CompletenessRow(
            *(record.provider, record.account, str(record.month), record.state, record.bills),
            [describe_labelled(finding) for finding in record.findings],
        )
        for record in judge_months(question)
    ]


@remember_rows()
def list_bills(question: Question) -> Sequence[StatedBill]:
    """Return invoices, drafts and estimates as the vendors state them."""
    return merge_estimate_parts(query.list_invoices(question.view.db, question.filters))


@remember_rows()
def read_verdict(question: Question) -> rows.CloseRow:
    """Check whether a month is whole."""
    workspace, db = question.view[:2]
    settings = CloseSettings(question.configured, payments=question.payment_evidence)
    verdict = judge_month(workspace, db, question.the_month, question.filters, settings)
    return rows.CloseRow(str(verdict.month), verdict.ready, verdict.checks, verdict.hash, verdict.head, None)


def list_checks(question: Question) -> list[MonthCheck]:
    """Return every check of a month."""
    return list(read_verdict(question).checks)


def list_totals(question: Question) -> list[measures.MonthAmount]:
    """Return what a month comes to by account, state and currency, as the vendors state it; parked bills are not in it."""
    return measures.sum_month_amounts(question.view.db, question.month_filters)


def list_closes(question: Question) -> Sequence[SignedMonth]:
    """Return the months that were signed, and whether they still are the same."""
    return list_signed_months(question.view.workspace, question.view.db, question.filters)


@remember_rows("since")
def list_changes(question: Question) -> Sequence[BillChange]:
    """Return what of closed months is another now than at ``since``."""
    since = question.values.get("since")
    if not since:
        raise InvalidArgument("say since when: ?since=close:2026-05 or a time")
    baseline = find_baseline(question.view.workspace, question.view.db, since, question.filters.seq)
    return find_changes(question.view.db, baseline, question.filters)


@remember_rows("against")
def explain_month(question: Question) -> list[rows.WhyRow]:
    """Split what moved since the month before, or ``against``, into kinds."""
    return [
        rows.WhyRow(*part[:3], str(part.kind), part.amount, part.charge_count, part.charges, part.invoices)
        for part in explain_groups(question, "account")
    ]


def explain_groups(question: Question, by: str) -> list[MovementPart]:
    """Split what moved since the month before, or ``against``, into kinds, told apart by a key of ``movements.GROUP_NAMES``."""
    month = question.the_month
    against = read_month(question.values["against"]) if question.values.get("against") else month.add_months(-1)
    if against == month:
        raise InvalidArgument(f"{month} cannot be compared with itself: choose another month with against")
    moved = movements.list_movements(question.view.db, question.filters, month, against, by)
    return why.explain_months(moved, month, against)


@remember_rows("reverse")
def list_accrued(question: Question) -> list[rows.AccruedRow]:
    """Return what a month owes that is not invoiced yet; with ``reverse`` the reversals."""
    accrued = list_accruals(question.view.db, question.month_filters, question.the_month, question.commitments)
    is_reversal = question.values.get("reverse") == "1"
    return [
        rows.AccruedRow(
            *(str(row.month), row.provider, row.account, row.contract, row.currency, row.method),
            *(row.amount, row.text, row.reversal_on if is_reversal else row.last_day, row.reversal_on),
        )
        for row in (negate_rows(accrued) if is_reversal else accrued)
    ]


@remember_rows("all")
def list_payables(question: Question) -> list[rows.PayableRow]:
    """Return what is unpaid, overdue or paid twice; paid invoices too with ``all``."""
    result = payables.find_payables(question.view.db, question.filters, question.payment_evidence)
    return [
        rows.PayableRow(*row, row.age, payables.find_finding_id(row))
        for row in result.rows
        if row.state != payables.PAID or question.values.get("all")
    ]


@remember_rows()
def list_commitments(question: Question) -> Sequence[CommitmentUse]:
    """Return what is committed, used and left."""
    return find_commitments(question.view.db, question.filters, question.payment_evidence)


def list_expected(question: Question) -> list[rows.ExpectedRow]:
    """Return where open months will end, and the next three; or one ``month``."""
    text = question.values.get("month")
    return [_build_expected(row) for row in outlooks.forecast_months(question, read_month(text) if text else None)]


def _build_expected(row: ForecastRow) -> rows.ExpectedRow:
    so_far, recurring, forecast = (
        round_amount(amount, row.currency) for amount in (row.so_far, row.recurring, row.forecast)
    )
    return rows.ExpectedRow(
        *(row.provider, row.account, str(row.month), row.currency, so_far, recurring, forecast),
        *(row.low, row.high, row.residuals, str(row.method)),
    )


@remember_rows()
def list_findings(question: Question) -> list[rows.FindingRow]:
    """Return what does not add up, may still change, or is only to know."""
    workspace, db = question.view[:2]
    result = reconcile_ledger(workspace, db, question.filters, question.configured, question.payment_evidence)
    return [_build_finding(located) for located in result.findings]


def _build_finding(located: AccountFinding) -> rows.FindingRow:
    finding = located.finding
    return rows.FindingRow(
        *(located.id, located.provider, located.account, located.month),
        finding.code,
        finding.severity,
        finding.subject,
        finding.count,
        finding.text,
        dict(finding.data),
    )


@remember_rows()
def list_restatements(question: Question) -> list[rows.RestatementRow]:
    """Return the issued invoices that changed after they were booked."""
    return [
        rows.RestatementRow(
            *(change.provider, change.account, change.invoice_id, change.period_start, change.currency),
            *(change.seen_at, change.old_total, change.new_total, change.incomparable, difference),
            *(gone_lines, come_lines),
        )
        for change, difference, gone_lines, come_lines in restatements.list_restatements(
            question.view.db, question.filters
        )
    ]


def list_accounts(question: Question) -> list[rows.AccountRow]:
    """Return the accounts of the ledger and of the configuration."""
    months, outcomes = defaultdict[tuple[str, str], list[str]](list), _read_outcomes(question)
    for bill in list_bills(question):
        months[bill.provider, bill.account].append(bill.period_start[:7])
    measured = {
        (row.provider, row.account): row for row in measures.measure_accounts(question.view.db, question.filters.seq)
    }
    configured = question.configured
    keys = sorted({*measured, *configured})
    return [
        _build_account(key, key in configured, measured.get(key), outcomes.get(key, ""), sorted(months[key]))
        for key in keys
        if question.filters.includes_account(*key)
    ]


def _build_account(
    key: tuple[str, str],
    is_configured: bool,
    measure: measures.AccountMeasure | None,
    outcome: str,
    months: Sequence[str],
) -> rows.AccountRow:
    return rows.AccountRow(
        *(*key, is_configured, measure.synced_at if measure else None, outcome),
        *(measure.estimated_at if measure else None, months[0] if months else "", months[-1] if months else ""),
        *(len(months), measure.parked if measure else 0),
    )


def _read_outcomes(question: Question) -> Mapping[tuple[str, str], str]:
    """Return how the last run of each account ended."""
    return {(row.provider, row.account): row.outcome or "not ended" for row in list_runs(question)[::-1]}


def list_runs(question: Question) -> list[rows.RunListingRow]:
    """Return collections and imports, the newest first; months narrow nothing."""
    return [
        rows.RunListingRow(*run)
        for run in reversed(question.view.workspace.archive.list_runs())
        if question.filters.includes_account(run.provider, run.account) and run.id
    ]


def list_schedule(question: Question) -> list[ScheduleRow]:
    """Return the last and the next sync of each configured account; none where it is looked back."""
    if question.as_of is not None:
        return []
    workspace, db, config_path = question.view[:3]
    visible_keys = set(question.configured)
    rows_of_all = schedule.list_schedule(workspace, db, config_path, question.filters, datetime.now(UTC))
    return [row for row in rows_of_all if row[:2] in visible_keys]
