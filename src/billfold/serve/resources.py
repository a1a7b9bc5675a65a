"""The resources of the API, declared once: the name, what a row is, what can be asked, and the function that answers."""

from __future__ import annotations

import re
from functools import partial

from billfold.focus.dataset_stream import STREAM_TYPES
from billfold.ledger.movements import GROUP_NAMES
from billfold.ledger.origins import ChargeOrigin
from billfold.model.bill import StatedBill
from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD, CostAndUsage
from billfold.report.accrual_bridge import BridgeRow
from billfold.report.allocation_rows import Coverage, OwnerRow, StatementLine
from billfold.report.balances import BalanceMonth
from billfold.report.changes import BillChange
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.journal.entries import JournalEntry
from billfold.report.statement import Statement
from billfold.serve import listings, month_end, proofs, reports, rows
from billfold.serve.resource import Parameter, Resource, make_flag
from billfold.serve.screen_resources import SCREEN_RESOURCES
from billfold.tasks.closes import SignedMonth
from billfold.tasks.documents import DocumentRow
from billfold.tasks.schedule import ScheduleRow


def make_dataset(name: str) -> Resource:
    """Return the resource of a FOCUS dataset, with the stem of its export's file as its name."""
    return Resource(
        re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower(),
        f"{name} of FOCUS 1.4, as `billfold export focus` writes it; also .csv, .parquet and .arrow",
        rows.FocusRow,
        partial(reports.iter_focus_rows, dataset=name),
        is_streamed=True,
        has_keys=True,
        file_types=STREAM_TYPES,
        stream=lambda question, suffix: reports.iter_focus_file(question, name, suffix),
    )


BY = Parameter(
    "by", "What it is grouped by, comma between: provider, account, service, sku, region, month, tag:KEY ..."
)
STATE = Parameter("state", "Only issued, draft or estimate; comma between for more.")
REPORT_OPTIONS = (
    BY,
    STATE,
    Parameter("months", "The last so many invoiced months, and what came since."),
    make_flag("compare", "with the cost of the month before and the change."),
    Parameter("in", "Sums in another currency beside, as EUR, by the rates of [[reporting.rates]]."),
)
SINCE = Parameter("since", "close:2026-05 (when that month was signed), or a time (UTC).", is_required=True)
AGAINST = Parameter("against", "The month to compare with; the one before it, if not said.")
ONE_MONTH = Parameter("month", "Only this month.")
ONE_STATE = Parameter("state", "Which bills: issued, if not said.", choices=("issued", "draft", "estimate"))
RESOURCES = (
    Resource(
        "invoices",
        "Invoices, drafts and estimates as the vendors state them",
        StatedBill,
        listings.list_bills,
        decimals=("total",),
    ),
    Resource(
        "report",
        "What is paid, by any keys, month, state and currency",
        rows.ReportRow,
        reports.list_report,
        REPORT_OPTIONS,
        has_keys=True,
    ),
    Resource(
        "charges",
        "Charges as FOCUS 1.4 CostAndUsage rows, streamed",
        CostAndUsage,
        reports.iter_charges,
        is_streamed=True,
    ),
    *(make_dataset(name) for name in (COST, INVOICE, PERIOD, COMMITMENT)),
    Resource(
        "completeness",
        "Whether each account's month is whole, and why not",
        rows.CompletenessRow,
        listings.list_completeness,
    ),
    Resource("close", "Whether a month is whole", rows.CloseRow, listings.read_verdict, has_month=True, is_single=True),
    Resource("closes", "The months that were signed", SignedMonth, listings.list_closes),
    Resource("changes", "What of closed months is another now", BillChange, listings.list_changes, (SINCE,)),
    Resource(
        "why",
        "Why a month costs more or less",
        rows.WhyRow,
        month_end.list_movements,
        (AGAINST, Parameter("by", "Told apart by these.", choices=tuple(GROUP_NAMES))),
        has_month=True,
        has_keys=True,
    ),
    Resource(
        "accruals",
        "What a month owes that is not invoiced yet",
        rows.AccruedRow,
        listings.list_accrued,
        (make_flag("reverse", "the reversals, on the first day of the next month."),),
        has_month=True,
    ),
    Resource(
        "bridge", "From a month's accrual to the invoices that came", BridgeRow, month_end.list_bridge, has_month=True
    ),
    Resource(
        "payables",
        "What is unpaid, overdue or paid twice",
        rows.PayableRow,
        listings.list_payables,
        (make_flag("all", "paid invoices too."),),
    ),
    Resource("balances", "Credits and wallets by month", BalanceMonth, month_end.list_balances),
    Resource("commitments", "What is committed, used and left", CommitmentUse, listings.list_commitments),
    Resource(
        "forecast",
        "Where open months will end: no money",
        rows.ExpectedRow,
        listings.list_expected,
        (ONE_MONTH,),
    ),
    Resource(
        "track-record",
        "How well each vendor's months could be told, by day of the month",
        rows.AccuracyRow,
        month_end.list_track_record,
    ),
    Resource(
        "budgets",
        "A month against the budgets of the configuration",
        rows.BudgetCheckRow,
        month_end.list_budgets,
        (ONE_MONTH,),
    ),
    Resource(
        "anomalies",
        "Services that are odd in an invoiced month",
        rows.AnomalyRow,
        month_end.list_anomalies,
        (
            ONE_MONTH,
            Parameter("min_amount", "Odd is so much off; 100, if not said."),
            Parameter("min_percent", "And so many percent off the usual; 30, if not said."),
            make_flag("all_categories", "taxes, credits and adjustments, too."),
        ),
    ),
    Resource(
        "allocate",
        "Whose cost a month is",
        rows.SharedCostRow,
        month_end.list_shared_costs,
        (ONE_STATE,),
        has_month=True,
    ),
    Resource(
        "owners",
        "Whose cost a month is, by team, customer or cost center",
        OwnerRow,
        month_end.list_owners,
        (ONE_STATE, Parameter("by", "team, if not said.", choices=tuple(month_end.OWNER_FIELDS))),
        has_month=True,
    ),
    Resource(
        "coverage",
        "How much of each account's month is somebody's",
        Coverage,
        month_end.list_coverage,
        (ONE_STATE,),
        has_month=True,
    ),
    Resource(
        "shares",
        "What one team, cost center or customer bears of a month, line by line",
        StatementLine,
        month_end.list_shares,
        (Parameter("owner", "Whose.", is_required=True), ONE_STATE),
        has_month=True,
    ),
    Resource(
        "journal",
        "Issued invoices as journal entries, by the mapping of the configuration",
        JournalEntry,
        month_end.list_journal,
        (Parameter("accruals", "The accruals of this month and their reversals instead."),),
    ),
    Resource(
        "statement",
        "A month's statement: sections of rows; as a file with the ending .pdf, .html, .md or .xlsx",
        Statement,
        proofs.read_statement,
        has_month=True,
        is_single=True,
        file_types=proofs.STATEMENT_TYPES,
        write=proofs.write_statement,
    ),
    Resource("findings", "What does not add up, or may still change", rows.FindingRow, listings.list_findings),
    Resource(
        "restatements",
        "Issued invoices that changed, with the lines that moved",
        rows.RestatementRow,
        listings.list_restatements,
        decimals=("was", "is", "difference"),
    ),
    Resource("accounts", "The accounts, and what their collections brought", rows.AccountRow, listings.list_accounts),
    *SCREEN_RESOURCES,
    Resource(
        "documents",
        "Archived documents, and the invoices without one",
        DocumentRow,
        proofs.list_documents,
        (make_flag("all_versions", "also what came before a document changed."),),
    ),
    Resource(
        "entries",
        "Archived answers, the oldest first",
        rows.EntryRow,
        proofs.iter_entries,
        (Parameter("after", "Only those after this number."),),
    ),
    Resource(
        "explain",
        "From an invoice or a charge to the places that its charges were read from",
        ChargeOrigin,
        proofs.list_origins,
        (Parameter("reference", "An invoice's id, an InvoiceDetailId, or the word estimate.", is_required=True),),
        decimals=("total",),
    ),
    Resource(
        "hash", "One line that stands for what the ledger believes", rows.HashRow, proofs.read_hash, is_single=True
    ),
    Resource(
        "verify",
        "Whether the archive is as it was written",
        rows.VerifyRow,
        proofs.verify_archive,
        (Parameter("head", "A head that it once had, as sha256: and 64 digits."),),
        is_single=True,
    ),
    Resource(
        "sql",
        "The first 10,000 rows of one SELECT",
        rows.SqlAnswerRow,
        proofs.list_sql_rows,
        (Parameter("query", "One SELECT.", is_required=True),),
        has_keys=True,
    ),
    Resource(
        "schedule",
        "When each account is collected next, and why then",
        ScheduleRow,
        listings.list_schedule,
        is_live=True,
    ),
    Resource("runs", "Collections and imports, the newest first", rows.RunListingRow, listings.list_runs),
)
"""Every resource; ``openapi.json`` and the routes are made of this table."""
RESOURCES_BY_NAME = {resource.name: resource for resource in RESOURCES}
