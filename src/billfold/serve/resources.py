"""The resources of the API, declared once: the name, what a row is, what can be asked, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from billfold.ledger.charge_lines import ChargeLine
from billfold.ledger.invoice_lines import BillVersion, InvoiceLine
from billfold.ledger.measures import MonthAmount
from billfold.model.bill import StatedBill
from billfold.model.focus import CostAndUsage
from billfold.report.changes import BillChange
from billfold.report.close import MonthCheck
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.track_record import Accuracy
from billfold.serve import bill_screens, listings, outlooks, reports, rows, trees
from billfold.serve.questions import Question
from billfold.serve.sql_page import list_tables
from billfold.tasks.closes import SignedMonth
from billfold.tasks.schedule import ScheduleRow


class Parameter(NamedTuple):
    """A word of a query, and what it means."""

    name: str
    meaning: str
    is_required: bool = False


class Resource(NamedTuple):
    """A question that the API answers; the ``decimals`` of its rows are money that the ledger has as text."""

    name: str
    summary: str
    row_type: type
    read: Callable[[Question], object]
    parameters: tuple[Parameter, ...] = ()
    has_month: bool = False
    is_single: bool = False
    is_streamed: bool = False
    has_keys: bool = False
    """Whether its rows have more fields than their type: what they are grouped by."""
    is_live: bool = False
    """Whether its answer is another as time passes: it is made each time."""
    is_detail: bool = False
    """Whether it is what a screen shows beside another: no tool of its own for a language model."""
    decimals: tuple[str, ...] = ()


BY = Parameter(
    "by", "What it is grouped by, comma between: provider, account, service, sku, region, month, tag:KEY ..."
)
STATE = Parameter("state", "Only issued, draft or estimate.")
SINCE = Parameter("since", "close:2026-05 (when that month was signed), or a time (UTC).", is_required=True)
AGAINST = Parameter("against", "The month to compare with; the one before it, if not said.")
ID = Parameter("id", "The invoice's id; estimate for an estimate.", is_required=True)
BILL_WORDS = (
    ID,
    Parameter("month", "Only one of this month, as 2026-05."),
    Parameter("currency", "Only one in this currency."),
)
COMMITMENT_WORDS = (Parameter("id", "Only the commitment of this id."), Parameter("unit", "Only in this unit."))
NARROWING = (
    STATE,
    Parameter("currency", "Only in this currency."),
    Parameter("service", "Only of this service; (none) for those without one."),
    Parameter("category", "Only of this charge category."),
    Parameter("customer", "Only of this sub-account; (none) for those without one."),
)
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
        (BY, STATE),
        has_keys=True,
    ),
    Resource(
        "charges",
        "Charges as FOCUS 1.4 CostAndUsage rows, streamed",
        CostAndUsage,
        reports.iter_charges,
        is_streamed=True,
    ),
    Resource(
        "chargelines",
        "The charges behind a number, the dearest first, each with the place it was read from",
        ChargeLine,
        bill_screens.list_narrowed_charges,
        NARROWING,
        is_detail=True,
    ),
    Resource(
        "lines",
        "The lines of an invoice, as they stand in its answer",
        InvoiceLine,
        bill_screens.list_lines,
        BILL_WORDS,
        is_detail=True,
    ),
    Resource(
        "versions",
        "The versions of an invoice through time",
        BillVersion,
        bill_screens.list_versions,
        BILL_WORDS,
        decimals=("total",),
        is_detail=True,
    ),
    Resource(
        "documents",
        "The archived documents of an invoice",
        rows.DocumentEntryRow,
        bill_screens.list_documents,
        BILL_WORDS,
        is_detail=True,
    ),
    Resource(
        "totals",
        "What a month comes to by account, state and currency",
        MonthAmount,
        listings.list_totals,
        has_month=True,
        is_detail=True,
    ),
    Resource("checks", "Every check of a month", MonthCheck, listings.list_checks, has_month=True, is_detail=True),
    Resource(
        "customers",
        "A month down to customers and services, as a tree",
        rows.TreeRow,
        trees.list_customers,
        has_month=True,
    ),
    Resource("teams", "A month down to teams, as a tree", rows.TreeRow, trees.list_teams, has_month=True),
    Resource(
        "burndown",
        "What is left of each commitment, month by month; what is expected is no money",
        rows.BurnRow,
        outlooks.list_burn_rows,
        COMMITMENT_WORDS,
    ),
    Resource("accuracy", "How well estimates told each vendor's months, by day", Accuracy, outlooks.list_track_record),
    Resource("estimates", "Each estimate, and the invoice that came", rows.EstimateRow, outlooks.list_estimates),
    Resource(
        "completeness",
        "Whether each account's month is whole, and why not",
        rows.CompletenessRow,
        listings.list_completeness,
    ),
    Resource("close", "Whether a month is whole", rows.CloseRow, listings.read_verdict, has_month=True, is_single=True),
    Resource("closes", "The months that were signed", SignedMonth, listings.list_closes),
    Resource("changes", "What of closed months is another now", BillChange, listings.list_changes, (SINCE,)),
    Resource("why", "Why a month costs more or less", rows.WhyRow, listings.explain_month, (AGAINST,), has_month=True),
    Resource(
        "accruals", "What a month owes that is not invoiced yet", rows.AccruedRow, listings.list_accrued, has_month=True
    ),
    Resource(
        "payables",
        "What is unpaid, overdue or paid twice",
        rows.PayableRow,
        listings.list_payables,
        (Parameter("all", "1: paid invoices too."),),
    ),
    Resource("commitments", "What is committed, used and left", CommitmentUse, listings.list_commitments),
    Resource(
        "forecast",
        "Where open months will end: no money",
        rows.ExpectedRow,
        listings.list_expected,
        (Parameter("month", "Only this month."),),
    ),
    Resource("allocate", "Whose cost a month is", rows.SharedCostRow, listings.list_shared_costs, has_month=True),
    Resource("findings", "What does not add up, or may still change", rows.FindingRow, listings.list_findings),
    Resource(
        "restatements",
        "Issued invoices that changed, with the lines that moved",
        rows.RestatementRow,
        listings.list_restatements,
        decimals=("was", "is", "difference"),
    ),
    Resource("accounts", "The accounts, and what their collections brought", rows.AccountRow, listings.list_accounts),
    Resource("tables", "The tables that a query can ask", rows.TableRow, list_tables, is_detail=True),
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
