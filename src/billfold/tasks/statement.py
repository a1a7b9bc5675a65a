"""Make a month's statement, and write it in the format that its file's name asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, movements
from billfold.ledger.digest import compute_digest
from billfold.ledger.grouping import group_charges
from billfold.ledger.query import LedgerFilter
from billfold.ledger.register import list_register
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.model.payment import NO_EVIDENCE, PaymentEvidence
from billfold.model.period import Month
from billfold.report import statement_outlook as outlook
from billfold.report import statement_sections as sections
from billfold.report.commitments import find_commitments
from billfold.report.completeness import COMPLETE, Completeness, judge_ledger
from billfold.report.payables import Payable
from billfold.report.render import counted
from billfold.report.statement import Section, Statement
from billfold.report.statement_html import write_html
from billfold.report.statement_markdown import write_markdown
from billfold.report.statement_pdf import write_pdf
from billfold.report.statement_xlsx import write_xlsx
from billfold.report.why import explain_months
from billfold.tasks.reconcile import reconcile_ledger

MAX_NAMED = 6
"""Accounts that the verdict names."""
SUFFIXES = (".pdf", ".html", ".xlsx", ".md")


def render_statement(statement: Statement, path: Path, head: str) -> bytes:
    """Return a statement in the format of a file's ending; raises ``InvalidArgument`` for any other."""
    match path.suffix.lower():
        case ".pdf":
            return write_pdf(statement, head)
        case ".html":
            return write_html(statement).encode()
        case ".xlsx":
            return write_xlsx(statement)
        case ".md":
            return write_markdown(statement).encode()
        case _:
            raise InvalidArgument(f"{path}: a statement ends in {', '.join(SUFFIXES)}")


def build_statement(
    workspace: Workspace,
    db: OpenLedger,
    month: Month,
    filters: LedgerFilter,
    configured: Collection[tuple[str, str]] = (),
    evidence: PaymentEvidence = NO_EVIDENCE,
    company: str = "",
) -> Statement:
    """Make the statement of a month; the same ledger makes the same one."""
    filters = filters._replace(first_month=month, last_month=month)
    trend_filters = filters._replace(first_month=month.add_months(1 - sections.TREND_MONTHS))
    reconciliation = reconcile_ledger(workspace, db, filters, configured, evidence)
    register = list_register(db, filters, evidence.agreed_terms)
    trend = group_charges(db, trend_filters, ("provider", "account", "month", "currency"), (State.ISSUED,))
    services = group_charges(db, filters, ("provider", "service", "currency"), (State.ISSUED,))
    records = judge_ledger(db, filters)
    verdict, is_whole = describe_verdict(records, reconciliation.findings)
    all_sections = [
        *sections.build_vendors(trend, month),
        *_explain_movement(db, month, filters),
        sections.build_register(register),
        outlook.build_payables(_select_until(month, reconciliation.payables.all_rows), register),
        *sections.build_services(services),
        outlook.build_commitments(find_commitments(db, filters, evidence)),
        sections.build_accuracy(reconciliation.drifts),
        sections.build_findings(reconciliation.findings, reconciliation.bill_count),
    ]
    facts = (
        ("Month", f"{month} (billing periods that begin in it, UTC)"),
        ("Bills", str(len(catalog.list_bills(db, filters)))),
        ("Hash of the month", compute_digest(db, filters)),
        ("Head of the archive", workspace.archive.read_head()),
    )
    return Statement(company, month, verdict, is_whole, facts, tuple(all_sections))


def _explain_movement(db: OpenLedger, month: Month, filters: LedgerFilter) -> list[Section]:
    before = month.add_months(-1)
    moved = movements.list_movements(db, filters._replace(first_month=None, last_month=None), month, before, "account")
    return outlook.build_movement(explain_months(moved, month, before), month)


def _select_until(month: Month, payables: Iterable[Payable]) -> list[Payable]:
    """Return the invoices of a month and of those before."""
    return [row for row in payables if row.month <= str(month)]


def describe_verdict(records: Collection[Completeness], findings: Iterable[AccountFinding]) -> tuple[str, bool]:
    """Say whether the month is whole, and what is wrong or open; returns the sentence, and whether it is whole."""
    wrong_findings = [located for located in findings if located.finding.is_wrong]
    open_records = [record for record in records if record.state != COMPLETE]
    if not records:
        return "Nothing is booked of this month.", False
    if open_records:
        names = ", ".join(f"{record.account} ({record.state})" for record in open_records[:MAX_NAMED])
        more = f" and {len(open_records) - MAX_NAMED} more" if len(open_records) > MAX_NAMED else ""
        text = f"The month is not whole: {len(open_records)} of {counted(len(records), 'account')}: {names}{more}."
        return text, False
    if wrong_findings:
        first = wrong_findings[0]
        more = f" ({len(wrong_findings) - 1} more in the last section)" if wrong_findings[1:] else ""
        return f"The month is not whole: {first.account}: {describe_labelled(first.finding)}{more}.", False
    return f"The month is whole: {counted(len(records), 'account')} complete, everything adds up.", True
