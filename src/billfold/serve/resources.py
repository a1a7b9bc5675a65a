"""The resources of the API, declared once: the name, what a row is, what can be asked, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from billfold.model.bill import StatedBill
from billfold.model.focus import CostAndUsage
from billfold.report.changes import BillChange
from billfold.report.commitment_uses import CommitmentUse
from billfold.serve import listings, reports, rows
from billfold.serve.questions import Question
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
    decimals: tuple[str, ...] = ()


BY = Parameter(
    "by", "What it is grouped by, comma between: provider, account, service, sku, region, month, tag:KEY ..."
)
STATE = Parameter("state", "Only issued, draft or estimate.")
SINCE = Parameter("since", "close:2026-05 (when that month was signed), or a time (UTC).", is_required=True)
AGAINST = Parameter("against", "The month to compare with; the one before it, if not said.")
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
