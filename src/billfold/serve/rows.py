"""Rows of the API that no other room has as they are listed: each names its fields as the command's JSON does.

A name that Python keeps for itself ends with an underscore here, which JSON and CSV leave out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.restatements import MovedLine
from billfold.model.finding_codes import FindingCode, Severity
from billfold.report.close import MonthCheck


class CompletenessRow(NamedTuple):
    """What is known of one account and month: complete, provisional, late, disputed or parked, and why."""

    provider: str
    account: str
    month: str
    state: str
    bills: int
    findings: list[str]


class ReportRow(NamedTuple):
    """What was charged to a group in a month; the keys that it is grouped by stand before these fields."""

    month: str
    state: str
    currency: str
    cost: Decimal
    charges: int


class CloseRow(NamedTuple):
    """A month with all its checks, its hash, and the head of the archive."""

    month: str
    ready: bool
    checks: list[MonthCheck]
    hash: str
    head: str
    signed_by: str | None


class WhyRow(NamedTuple):
    """A part of an account's movement against the month before."""

    provider: str
    account: str
    currency: str
    kind: str
    amount: Decimal
    charge_count: int
    charges: list[str]
    invoices: list[str]


class AccruedRow(NamedTuple):
    """An amount of a month that is not invoiced yet."""

    month: str
    provider: str
    account: str
    contract: str
    currency: str
    method: str
    amount: Decimal
    text: str
    booked_on: date
    reversal_on: date


class PayableRow(NamedTuple):
    """An invoice, or a payment without one, and what of it is open."""

    provider: str
    account: str
    invoice_id: str | None
    currency: str
    total: Decimal
    paid: Decimal
    open: Decimal
    due_on: str
    state: str
    month: str
    issued_on: str
    days_overdue: int
    method: str
    due_by: str
    age: str
    finding: str


class ExpectedRow(NamedTuple):
    """Where a month of an account will end; a forecast, and no money."""

    provider: str
    account: str
    month: str
    currency: str
    so_far: Decimal
    recurring: Decimal
    forecast: Decimal
    low: Decimal | None
    high: Decimal | None
    residuals: int
    method: str


class SharedCostRow(NamedTuple):
    """What of an account and currency is whose cost."""

    team: str
    cost_center: str
    customer: str
    provider: str
    account: str
    currency: str
    direct: Decimal
    shared: Decimal
    amount: Decimal
    rules: str


class FindingRow(NamedTuple):
    """One thing that is wrong, missing, odd or changed, and where."""

    id: str
    provider: str
    account: str
    month: str
    code: FindingCode
    severity: Severity
    subject: str
    count_: int
    text: str
    data: Mapping[str, str]


class RestatementRow(NamedTuple):
    """An issued invoice that changed after it was booked, and the lines that moved."""

    provider: str
    account: str
    invoice_id: str
    period_start: datetime
    currency: str
    seen_at: datetime
    was: str
    is_: str | None
    instead: str | None
    difference: str | None
    gone: list[MovedLine]
    come: list[MovedLine]


class AcknowledgedRow(NamedTuple):
    """A finding that was accepted: why, and by whom."""

    id: str
    provider: str
    account: str
    month: str
    reason: str
    by: str


class StartedSync(NamedTuple):
    """A sync that was started: what it is called, and which accounts it collects (none named: all)."""

    run: str
    accounts: list[str]


class AccountRow(NamedTuple):
    """An account, whether it is configured, and what its collections brought."""

    provider: str
    account: str
    configured: bool
    synced_at: datetime | None
    outcome: str
    estimated_at: datetime | None
    first_month: str
    last_month: str
    bills: int
    parked: int


class RunListingRow(NamedTuple):
    """A collection or an import of an account; ``ended_at`` is None while it is open."""

    run: int
    provider: str
    account: str
    type: str
    started_at: str
    ended_at: str | None
    outcome: str | None


class BudgetCheckRow(NamedTuple):
    """Where a budget stands in a month: what is billed, what is still to come, and the share of it that is used."""

    budget: str
    month: str
    currency: str
    amount: Decimal
    issued: Decimal
    open: Decimal
    committed: Decimal
    expected: Decimal
    state: str
    used: Decimal


class AnomalyRow(NamedTuple):
    """A service of an account that is odd in a month; ``share`` is the impact over the usual, None for what is new."""

    provider: str
    account: str
    service: str
    month: str
    currency: str
    cost: Decimal
    usual: Decimal
    impact: Decimal
    share: Decimal | None


class AccuracyRow(NamedTuple):
    """How well a vendor's months could be told on a day of them, as shares; None where too little is known."""

    provider: str
    day: int
    residuals: int
    stood_at: Decimal | None
    error: Decimal | None
    low: Decimal | None
    high: Decimal | None


class HashRow(NamedTuple):
    """The line that stands for what the ledger believes, and the head of the archive."""

    hash: str
    head: str


class VerifyRow(NamedTuple):
    """Whether all entries of the archive are as they were written, what is not, and with which entry it had the head in question."""

    whole: bool
    entries: int
    damage: list[str]
    head: str
    head_entry: int | None


class EntryRow(NamedTuple):
    """An archived answer: what was asked, and the hashes of its body and of its place in the account's chain."""

    seq: int
    run: int
    provider: str
    account: str
    operation: str
    question: str
    status: int
    fetched_at: str
    body: str
    hash: str


class SqlAnswerRow(NamedTuple):
    """A row of a query's answer: its columns are those of the query."""


class FocusRow(NamedTuple):
    """A row of a FOCUS dataset: its columns are those of the specification, and ours that begin with x_."""
