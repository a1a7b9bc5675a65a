"""What is to be accrued of a month: each account, contract and currency with its open estimates and its invoices so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from billfold.ledger.accrual_basis import CommitmentTerm, EstimateLine
from billfold.ledger.catalog import BillRow
from billfold.model.period import Period
from billfold.report.estimate_carrying import Step, StepKey
from billfold.report.line_history import InvoiceMonth
from billfold.report.usage_pricing import OpenUsage


class OpenEstimate(NamedTuple):
    """An estimate or a draft of the month that no invoice has ended."""

    bill: BillRow
    period: Period
    asked_at: datetime
    lines: Sequence[EstimateLine]


class CommittedPosition(NamedTuple):
    """What a contract sells of something in the month; ``price`` is None where neither the contract nor an invoice tells it."""

    term: CommitmentTerm
    price: Fraction | None


class AccrualUnit(NamedTuple):
    """What of an account is invoiced together, in one currency, and not yet for the month.

    ``contract`` is empty where the account has one series of invoices. ``is_invoiced`` tells that there is an invoice of the month
    and an estimate beside it. ``history`` is in the order of time. ``other_currency`` is that of an estimate that cannot be used.
    ``usage`` is what was measured where no estimate is.
    """

    provider: str
    account: str
    contract: str
    currency: str
    estimates: Sequence[OpenEstimate]
    history: Sequence[InvoiceMonth]
    positions: Sequence[CommittedPosition]
    price_steps: Mapping[StepKey, Sequence[Step]] = {}
    is_invoiced: bool = False
    other_currency: str = ""
    usage: OpenUsage | None = None
