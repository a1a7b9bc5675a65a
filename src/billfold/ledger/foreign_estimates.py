"""Estimates in another currency than the invoices that they are of: the same money twice, if both were counted.

Fastly states the month to date in US dollars, whatever its invoices are in. Nothing tells the rate, so that such an estimate says what
was used, and nothing of what will be invoiced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from billfold.ledger.accrual_basis import read_estimate_origins
from billfold.ledger.catalog import BillRow, list_bills
from billfold.ledger.expectation import assign_series, group_series
from billfold.ledger.query import BILLS_JOIN, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.period import Month

_ACCOUNTS_SQL = f"""
SELECT DISTINCT provider, name FROM (
    SELECT b.provider, a.name, b.currency, bool_or(b.state = 'issued') AS is_invoiced FROM {BILLS_JOIN}
    WHERE {{condition}} AND b.parked IS NULL GROUP BY ALL)
GROUP BY provider, name HAVING bool_or(is_invoiced) AND NOT bool_and(is_invoiced) ORDER BY ALL
"""
"""The accounts that have bills in a currency that none of their invoices is in, and invoices."""


class ForeignEstimate(NamedTuple):
    """An open month of an account in a currency that its invoices are not in; ``invoice_currencies`` are theirs."""

    provider: str
    account: str
    currency: str
    month: Month
    invoice_currencies: tuple[str, ...]

    @property
    def place(self) -> tuple[str, str, str, Month]:
        """Account, currency and month."""
        return self[:4]


def list_foreign_estimates(ledger: OpenLedger, filters: LedgerFilter) -> list[ForeignEstimate]:
    """Return the open months of accounts whose estimates and drafts are all in another currency than the invoices of their series."""
    wide_filters = filters._replace(first_month=None, last_month=None)
    condition, values = build_current_condition(wide_filters)
    accounts = ledger.execute(_ACCOUNTS_SQL.format(condition=condition), values).fetchall()
    return [
        estimate
        for provider, account in accounts
        for estimate in _find_foreign(ledger, wide_filters._replace(provider=provider, account=account))
        if filters.includes_month(estimate.month)
    ]


def _find_foreign(ledger: OpenLedger, filters: LedgerFilter) -> Iterable[ForeignEstimate]:
    bills = [bill for bill in list_bills(ledger, filters) if not bill.parked]
    open_bills = [bill for bill in bills if bill.state != State.ISSUED]
    origins = read_estimate_origins(ledger, [bill.id for bill in open_bills])
    all_series = group_series(bills)
    currencies_by_place = defaultdict[tuple[str, Month], list[set[str]]](list)
    for bill in open_bills:
        series = assign_series(all_series, origins[bill.id].scope)
        currencies_by_place[bill.currency, bill.month].append(_list_currencies(series.months.values()))
    for (currency, month), invoiced in sorted(currencies_by_place.items()):
        if all(currencies and currency not in currencies for currencies in invoiced):
            names = tuple(sorted(set().union(*invoiced)))
            yield ForeignEstimate(filters.provider or "", filters.account or "", currency, month, names)


def _list_currencies(bills_by_month: Iterable[Iterable[BillRow]]) -> set[str]:
    return {bill.currency for month_bills in bills_by_month for bill in month_bills}
