"""Say what a month owes that is not invoiced yet, as `billfold accruals` does."""

from __future__ import annotations

from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.estimate_terms import EstimateTerms
from billfold.model.period import Month
from billfold.providers.provider import find_provider, provider_names
from billfold.report.accrual_reading import read_units
from billfold.report.accruals import AccrualRow, find_accruals


def list_accruals(db: OpenLedger, filters: LedgerFilter, month: Month) -> list[AccrualRow]:
    """Return what of a month is not invoiced yet, by account, contract and method, as the ledger was known then."""
    units = read_units(db, filters, month)
    return find_accruals(units, month, _read_terms({unit.provider for unit in units}))


def _read_terms(provider_ids: set[str]) -> dict[str, EstimateTerms]:
    """Return how the estimates of providers grow; one that is not there says nothing."""
    return {name: find_provider(name).estimate_terms for name in provider_ids & set(provider_names())}
