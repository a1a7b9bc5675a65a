"""Reading what is to be accrued of a month: which invoices are still to come, and all that the ledger has of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from billfold.ledger import accrual_basis, catalog
from billfold.ledger.accrual_basis import (
    BilledLine,
    CommitmentTerm,
    CommittedPurchase,
    EstimateLine,
    EstimateOrigin,
    PriceStep,
)
from billfold.ledger.catalog import BillRow
from billfold.ledger.expectation import (
    Expectation,
    Series,
    assign_series,
    describe_due,
    find_expectation,
    group_series,
    read_estimates,
)
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding
from billfold.model.period import Month, Period
from billfold.report.accrual_units import AccrualUnit, CommittedPosition, OpenEstimate
from billfold.report.completeness import describe_empty
from billfold.report.estimate_carrying import gather_steps
from billfold.report.line_history import InvoiceMonth, build_invoice_month
from billfold.report.usage_pricing import OpenUsage
from billfold.report.usage_reading import read_usage

HISTORY_MONTHS = 13
"""How many months back invoices tell what comes in which rhythm."""
RECENT_MONTHS = 6
"""How many months back invoices tell price lists, and what a commitment costs."""
MAX_MONTH = timedelta(days=45)
"""What is bought for longer is not bought by the month: its cost is no monthly price."""
MAX_MISSING_MONTHS = 3
"""How many invoices in a row may be missing before a contract is taken for ended."""


class _UnitBills(NamedTuple):
    """The bills of a unit; ``name`` is empty where it is all of its account."""

    series: Series
    name: str
    currency: str
    open_bills: list[BillRow]
    issued_bills: list[BillRow]
    is_invoiced: bool
    other_currency: str


def read_units(db: OpenLedger, filters: LedgerFilter, month: Month) -> list[AccrualUnit]:
    """Return what of a month is not invoiced, as far as the ledger knows; nothing of a month that has not begun."""
    account_filters = filters._replace(first_month=None, last_month=None)
    asked_times = accrual_basis.read_asked_times(db, filters.seq)
    if not asked_times or max(asked_times.values()) < month.start:
        return []
    bills = catalog.list_bills(db, account_filters)
    expectation = find_expectation(bills, catalog.list_last_runs(db, filters.seq), *read_estimates(db, account_filters))
    origins = accrual_basis.read_estimate_origins(db, [bill.id for bill in bills if _is_open(bill, month)])
    scopes = {bill_id: origin.scope for bill_id, origin in origins.items()}
    chosen = [
        unit_bills
        for account_bills in catalog.group_by_account(bills).values()
        for unit_bills in _choose_unit_bills(account_bills, scopes, month)
        if unit_bills.open_bills or not _is_settled(unit_bills, month, expectation, filters.acknowledged_ids)
    ]
    reader = _UnitReader(db, chosen, month, filters.seq)
    usages = read_usage(db, _find_unestimated(chosen, month), month, filters.seq)
    return [reader.build_unit(unit_bills, origins, asked_times, usages) for unit_bills in chosen]


def _find_unestimated(chosen: Sequence[_UnitBills], month: Month) -> dict[tuple[str, str], dict[int, Month]]:
    """Return the accounts that have one series of invoices and no estimate of it, each with the months of its last invoices."""
    bills_by_account = defaultdict[tuple[str, str], list[_UnitBills]](list)
    for unit_bills in chosen:
        some_bill = (unit_bills.open_bills or unit_bills.issued_bills)[0]
        bills_by_account[some_bill.provider, some_bill.account].append(unit_bills)
    return {
        account_key: {
            bill.id: bill.month
            for bill in units[0].issued_bills
            if month.add_months(-RECENT_MONTHS) <= bill.month < month
        }
        for account_key, units in bills_by_account.items()
        if len(units) == 1 and not units[0].name and not units[0].open_bills and not units[0].is_invoiced
    }


def _is_open(bill: BillRow, month: Month) -> bool:
    return bill.state != "issued" and bill.month == month and not bill.parked and bill.total is not None


def _choose_unit_bills(bills: Sequence[BillRow], scopes: Mapping[int, str], month: Month) -> list[_UnitBills]:
    """Return each contract and currency of an account, with its open estimates of the month and its invoices."""
    trusted_bills = [bill for bill in bills if not bill.parked]
    all_series = group_series(trusted_bills)
    open_bills = defaultdict[str, list[BillRow]](list)
    for bill in trusted_bills:
        if _is_open(bill, month):
            open_bills[assign_series(all_series, scopes[bill.id]).name].append(bill)
    unit_bills_list = list[_UnitBills]()
    for series in all_series:
        issued = {bill.id: bill for month_bills in series.months.values() for bill in month_bills}
        invoice_currencies = {bill.currency for bill in issued.values()}
        open_currencies = {bill.currency for bill in open_bills[series.name]}
        foreign = sorted(open_currencies - invoice_currencies) if issued else []
        unit_bills_list += [
            _UnitBills(
                series,
                _name_contract(series) if len(all_series) > 1 else "",
                currency,
                [bill for bill in open_bills[series.name] if bill.currency == currency],
                [bill for bill in issued.values() if bill.currency == currency],
                month in series.months,
                foreign[0] if foreign else "",
            )
            for currency in sorted(invoice_currencies or open_currencies)
        ]
    return unit_bills_list


def _name_contract(series: Series) -> str:
    """Return the purchase order that a contract was last billed under, else its id."""
    orders = (bill.purchase_order for month in sorted(series.months, reverse=True) for bill in series.months[month])
    return next(filter(None, orders), series.name)


def _is_settled(
    unit_bills: _UnitBills, month: Month, expectation: Expectation, acknowledged_ids: Collection[str]
) -> bool:
    """Tell whether nothing is to be invoiced any more of what has no estimate."""
    earlier_months = [covered_month for covered_month in unit_bills.series.months if covered_month < month]
    if unit_bills.is_invoiced or not earlier_months:
        return True
    last_month, keys = max(earlier_months), ("", *unit_bills.series.keys)
    account_key = unit_bills.issued_bills[0].provider, unit_bills.issued_bills[0].account
    is_quiet = any((*account_key, month, key) in expectation.quiet_months for key in keys)
    is_accepted = any(
        describe_due(due_invoice).id in acknowledged_ids
        for due_invoice in expectation.due_invoices
        if (due_invoice.provider, due_invoice.account, due_invoice.month) == (*account_key, month)
        and due_invoice.series_keys == unit_bills.series.keys
    )
    is_accepted = is_accepted or any(
        AccountFinding(*account_key, str(month), describe_empty(name, last_month)).is_accepted_by(acknowledged_ids)
        for name in {"", unit_bills.series.name}
    )
    is_monthly = last_month.add_months(-1) in unit_bills.series.months
    return is_quiet or is_accepted or not is_monthly or last_month < month.add_months(-MAX_MISSING_MONTHS)


class _UnitReader:
    """Reads what the chosen bills have: one question of each sort for all of them."""

    def __init__(self, db: OpenLedger, chosen: Sequence[_UnitBills], month: Month, seq: int) -> None:
        self._month = month
        issued_bills = {bill.id: bill for unit in chosen for bill in unit.issued_bills}
        past_ids = [
            bill.id for bill in issued_bills.values() if month.add_months(-HISTORY_MONTHS) <= bill.month < month
        ]
        recent_ids = [
            bill.id for bill in issued_bills.values() if month.add_months(-RECENT_MONTHS) <= bill.month <= month
        ]
        self._estimate_lines = defaultdict[int, list[EstimateLine]](list)
        for line in accrual_basis.list_estimate_lines(db, [bill.id for unit in chosen for bill in unit.open_bills]):
            self._estimate_lines[line.bill].append(line)
        self._invoice_lines = defaultdict[int, list[BilledLine]](list)
        for invoice_line in accrual_basis.list_invoice_lines(db, past_ids):
            self._invoice_lines[invoice_line.bill].append(invoice_line)
        self._past_ids = frozenset(past_ids)
        self._price_steps = defaultdict[int, list[PriceStep]](list)
        for step in accrual_basis.list_price_steps(db, recent_ids):
            self._price_steps[step.bill].append(step)
        self._positions = _read_positions(db, [*past_ids, *recent_ids], month, seq)

    def build_unit(
        self,
        bills: _UnitBills,
        origins: Mapping[int, EstimateOrigin],
        asked_times: Mapping[tuple[str, str], datetime],
        usages: Mapping[tuple[str, str], OpenUsage],
    ) -> AccrualUnit:
        """Put together all that there is of a unit."""
        some_bill = (bills.open_bills or bills.issued_bills)[0]
        account_key = some_bill.provider, some_bill.account
        estimates = [
            OpenEstimate(
                bill,
                Period(bill.period_start, bill.period_end),
                max(origins[bill.id].asked_at, asked_times.get(account_key, origins[bill.id].asked_at)),
                self._estimate_lines[bill.id],
            )
            for bill in bills.open_bills
        ]
        positions = [
            position
            for position in self._positions.get(account_key, ())
            if position.term.currency == bills.currency
            and (position.term.contract in bills.series.keys or not bills.name)
        ]
        steps = [step for bill in bills.issued_bills for step in self._price_steps.get(bill.id, ())]
        return AccrualUnit(
            *account_key,
            bills.name,
            bills.currency,
            estimates,
            self._build_history(bills.issued_bills),
            positions,
            gather_steps(steps),
            bills.is_invoiced,
            bills.other_currency,
            usages.get(account_key),
        )

    def _build_history(self, bills: Sequence[BillRow]) -> list[InvoiceMonth]:
        lines_by_month = defaultdict[Month, list[BilledLine]](list)
        for bill in bills:
            if bill.id in self._past_ids:
                lines_by_month[bill.month] += self._invoice_lines.get(bill.id, ())
        return [build_invoice_month(month, lines_by_month[month]) for month in sorted(lines_by_month)]


def _read_positions(
    db: OpenLedger, bill_ids: Sequence[int], month: Month, seq: int
) -> dict[tuple[str, str], list[CommittedPosition]]:
    """Return what contracts sell in the month and no invoice has billed, by account, with its price."""
    last_purchases, billed_ids = dict[str, CommittedPurchase](), set[str]()
    for purchase in sorted(accrual_basis.list_committed_purchases(db, bill_ids), key=lambda purchase: purchase.start):
        if purchase.start < month.end and month.start < purchase.end:
            billed_ids.add(purchase.commitment_id)
        elif purchase.quantity and purchase.end - purchase.start < MAX_MONTH:
            last_purchases[purchase.commitment_id] = purchase
    positions = defaultdict[tuple[str, str], list[CommittedPosition]](list)
    for term in accrual_basis.list_commitment_terms(db, seq):
        if term.start < month.end and month.start < term.end and term.commitment_id not in billed_ids:
            price = _find_price(term, last_purchases.get(term.commitment_id))
            positions[term.provider, term.account].append(CommittedPosition(term, price))
    return dict(positions)


def _find_price(term: CommitmentTerm, last_purchase: CommittedPurchase | None) -> Fraction | None:
    """Return what a unit will be invoiced at: the contract's price, less what the last invoice took off its rate then."""
    stated_price = None if term.unit_price is None else Fraction(term.unit_price)
    if last_purchase is None or not last_purchase.quantity:
        return stated_price
    last_price = Fraction(last_purchase.cost) / Fraction(last_purchase.quantity)
    if stated_price is None or not last_purchase.unit_price:
        return last_price if stated_price is None else stated_price
    return stated_price * last_price / Fraction(last_purchase.unit_price)
