"""Say what a month owes that is not invoiced yet, as `billfold accruals` does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from billfold.ledger.accrual_basis import find_seq_before, read_asked_times, sum_billed_kinds
from billfold.ledger.query import MAX_SEQ, LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.commitment import StatedCommitment
from billfold.model.estimate_terms import EstimateTerms
from billfold.model.period import Month
from billfold.providers.provider import find_provider, provider_names
from billfold.report.accrual_bridge import BridgeRow, build_bridge
from billfold.report.accrual_reading import read_units
from billfold.report.accrual_rows import AccrualRow
from billfold.report.accruals import find_accruals


def list_accruals(
    db: OpenLedger, filters: LedgerFilter, month: Month, commitments: Iterable[StatedCommitment] = ()
) -> list[AccrualRow]:
    """Return what of a month is not invoiced yet, by account, contract and method, as the ledger was known then.

    ``commitments`` are those that the configuration states.
    """
    units = read_units(db, filters, month)
    return find_accruals(units, month, _read_terms({unit.provider for unit in units}), commitments)


def describe_absence(db: OpenLedger, filters: LedgerFilter, month: Month) -> str:
    """Say that nothing is known of what a month owes, where nothing was collected since it began; "" where something was."""
    asked_times = read_asked_times(db, filters.seq)
    if any(asked_at >= month.start and filters.includes_account(*key) for key, asked_at in asked_times.items()):
        return ""
    return f"What {month} owes is not known: nothing was collected since it began."


def choose_accrual_filters(
    db: OpenLedger, filters: LedgerFilter, month: Month, as_of: datetime | None
) -> tuple[LedgerFilter, LedgerFilter]:
    """Return for a bridge the filters of the accrual, at the month's end or ``as_of`` a time, and of the invoices that came."""
    accrual_filters = filters if as_of else filters._replace(seq=find_seq_before(db, month.end))
    return accrual_filters, filters._replace(seq=MAX_SEQ)


def compare_accruals(
    db: OpenLedger,
    accrual_filters: LedgerFilter,
    invoice_filters: LedgerFilter,
    month: Month,
    commitments: Iterable[StatedCommitment] = (),
) -> list[BridgeRow]:
    """Return what lies between the accruals of a month, as the ledger was known for the one filter, and its invoices, as for the other."""
    month_filters = invoice_filters._replace(first_month=month, last_month=month)
    return build_bridge(list_accruals(db, accrual_filters, month, commitments), sum_billed_kinds(db, month_filters))


def _read_terms(provider_ids: set[str]) -> dict[str, EstimateTerms]:
    """Return how the estimates of providers grow; one that is not there says nothing."""
    return {name: find_provider(name).estimate_terms for name in provider_ids & set(provider_names())}
