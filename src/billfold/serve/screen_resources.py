"""The resources of the API that the screens' tables have beside the commands: trees, burn-downs, estimates, an invoice's parts."""

from __future__ import annotations

from billfold.ledger.charge_lines import ChargeLine
from billfold.ledger.invoice_lines import BillVersion, InvoiceLine
from billfold.ledger.measures import MonthAmount
from billfold.report.close import MonthCheck
from billfold.serve import bill_screens, listings, outlooks, screen_rows, trees
from billfold.serve.resource import Parameter, Resource
from billfold.serve.sql_page import list_tables

ID = Parameter("id", "The invoice's id; estimate for an estimate.", is_required=True)
BILL_WORDS = (
    ID,
    Parameter("month", "Only one of this month, as 2026-05."),
    Parameter("currency", "Only one in this currency."),
)
COMMITMENT_WORDS = (Parameter("id", "Only the commitment of this id."), Parameter("unit", "Only in this unit."))
NARROWING = (
    Parameter("state", "Only issued, draft or estimate."),
    Parameter("currency", "Only in this currency."),
    Parameter("service", "Only of this service; (none) for those without one."),
    Parameter("category", "Only of this charge category."),
    Parameter("customer", "Only of this sub-account; (none) for those without one."),
)
SCREEN_RESOURCES = (
    Resource(
        "chargelines",
        "The charges behind a number, the dearest first, each with the place it was read from",
        ChargeLine,
        bill_screens.list_narrowed_charges,
        NARROWING,
    ),
    Resource(
        "lines",
        "The lines of an invoice, as they stand in its answer",
        InvoiceLine,
        bill_screens.list_lines,
        BILL_WORDS,
    ),
    Resource(
        "versions",
        "The versions of an invoice through time",
        BillVersion,
        bill_screens.list_versions,
        BILL_WORDS,
        decimals=("total",),
    ),
    Resource(
        "invoice-documents",
        "The archived documents of an invoice",
        screen_rows.DocumentEntryRow,
        bill_screens.list_documents,
        BILL_WORDS,
    ),
    Resource(
        "totals",
        "What a month comes to by account, state and currency",
        MonthAmount,
        listings.list_totals,
        has_month=True,
    ),
    Resource("checks", "Every check of a month", MonthCheck, listings.list_checks, has_month=True),
    Resource(
        "customers",
        "A month down to customers and services, as a tree",
        screen_rows.TreeRow,
        trees.list_customers,
        has_month=True,
    ),
    Resource("teams", "A month down to teams, as a tree", screen_rows.TreeRow, trees.list_teams, has_month=True),
    Resource(
        "burndown",
        "What is left of each commitment, month by month; what is expected is no money",
        screen_rows.BurnRow,
        outlooks.list_burn_rows,
        COMMITMENT_WORDS,
    ),
    Resource("estimates", "Each estimate, and the invoice that came", screen_rows.EstimateRow, outlooks.list_estimates),
    Resource("tables", "The tables that a query can ask", screen_rows.TableRow, list_tables),
)
"""Resources whose rows no command lists alone: each stands under a table of a screen."""
