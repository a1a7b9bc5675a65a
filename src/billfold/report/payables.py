"""What is to be paid: every invoice with what says that it was paid, when it is due, and in which state it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger import catalog
from billfold.ledger.acknowledgements import quieten
from billfold.ledger.catalog import BillRow
from billfold.ledger.payments import BalanceRow, PaymentRow, list_balances, list_payments
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, NATIONAL_CURRENCIES, ZERO, exact_sum, format_amount
from billfold.model.payment import NO_EVIDENCE, PaymentEvidence, PaymentKind
from billfold.model.period import Month
from billfold.report.due_dates import AS_USUAL, DueDate, find_due, find_usual_delay
from billfold.report.payment_matching import (
    BY_BALANCE,
    BY_STATUS,
    PaymentMatch,
    PaymentShare,
    UnbilledPayment,
    match_bank,
    match_history,
    read_total,
)

PAID, OPEN, DUE, OVERDUE, PARTLY_PAID, UNKNOWN = "paid", "open", "due", "overdue", "partly-paid", "unknown"
PAID_TWICE, PAID_NOT_BILLED = "paid-twice", "paid-not-billed"
"""The states of what is to be paid."""
DUE_SOON = timedelta(days=7)
"""How long before its day an invoice counts as due."""
AGE_LIMITS = (30, 60, 90)


class Payable(NamedTuple):
    """An invoice, or a payment without one (``invoice_id`` None, ``total`` 0), and what of it is open: total - paid = open.

    ``method`` says how it is known what was paid ("": nothing says it: ``unknown``, and all of it stands as open), ``due_by`` what
    says when it is due. ``days_overdue`` counts to the account's last collection.
    """

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

    @property
    def age(self) -> str:
        """How long it is overdue, in the usual steps; "" where it is not."""
        if self.state != OVERDUE:
            return ""
        limit = next((limit for limit in AGE_LIMITS if self.days_overdue <= limit), None)
        return f"{limit - 29}-{limit}" if limit else f"over {AGE_LIMITS[-1]}"


class Payables(NamedTuple):
    """What is to be paid, by provider, account and date, and what is wrong with it; ``all_rows`` are of all months."""

    rows: list[Payable]
    findings: list[AccountFinding]
    all_rows: list[Payable]

    @property
    def has_wrong(self) -> bool:
        """Whether anything is wrong that is not accepted."""
        return any(located.finding.is_wrong for located in self.findings)


def find_payables(db: OpenLedger, filters: LedgerFilter, evidence: PaymentEvidence = NO_EVIDENCE) -> Payables:
    """Match all payments that a ledger and a configuration tell of with the issued invoices that are wanted."""
    all_months = filters._replace(first_month=None, last_month=None)
    bills = [
        bill
        for bill in catalog.list_bills(db, all_months)
        if bill.state == State.ISSUED and not bill.parked and not bill.is_disputing
    ]
    ledger_times = {
        (run.provider, run.account): run.asked_at for run in catalog.list_last_runs(db, filters.seq, "true")
    }
    payments, balances = list_payments(db, all_months), list_balances(db, all_months)
    rows = match_payables(bills, payments, balances, evidence, ledger_times)
    included_rows = [row for row in rows if not row.month or filters.includes_month(Month.parse(row.month))]
    findings = quieten(map(describe_payable, filter(_is_wrong, included_rows)), filters.acknowledged_ids)
    return Payables(included_rows, findings, rows)


def match_payables(
    bills: Sequence[BillRow],
    payments: Iterable[PaymentRow],
    balances: Iterable[BalanceRow],
    evidence: PaymentEvidence,
    ledger_times: Mapping[tuple[str, str], datetime],
) -> list[Payable]:
    """Say of each bill what was paid of it, then name the payments that are left; ``ledger_times`` are those of last collections."""
    bank_match = match_bank(bills, evidence.bank_entries)
    statuses, history = dict[tuple[str, str, str | None], PaymentKind](), defaultdict[object, list[PaymentRow]](list)
    for payment in payments:
        if payment.kind.is_history:
            history[payment.provider, payment.account].append(payment)
        else:
            statuses[payment.provider, payment.account, payment.invoice_id] = payment.kind
    balance_shares = _share_balances(bills, balances)
    rows, unbilled = list[Payable](), list(bank_match.unbilled)
    for account_key, account_bills in catalog.group_by_account(bills).items():
        match = _match_account(account_bills, history.get(account_key, []))
        unbilled += match.unbilled
        delay = find_usual_delay(account_bills, match.shares)
        for bill in account_bills:
            sources = [
                match.shares.get(bill.id, []),
                bank_match.shares.get(bill.id, []),
                balance_shares.get(bill.id, []),
            ]
            status = statuses.get((*account_key, bill.invoice_id))
            sources += [_share_status(bill, status)] if status else []
            is_told = bool(status) or account_key in history or any(sources)
            due = find_due(bill, evidence.agreed_terms.get(account_key), delay)
            rows.append(_build_payable(bill, sources, due, ledger_times.get(account_key), is_told=is_told))
    rows += map(_build_unbilled, unbilled)
    return sorted(rows, key=lambda row: row[:2])  # stable: what no invoice asks for comes after its account's invoices


def _match_account(bills: Sequence[BillRow], history: Sequence[PaymentRow]) -> PaymentMatch:
    """Match the history of an account, each currency by itself."""
    rows_by_currency = defaultdict[str, list[PaymentRow]](list)
    for row in history:
        rows_by_currency[row.currency].append(row)
    shares, unbilled = dict[int, list[PaymentShare]](), list[UnbilledPayment]()
    for currency, rows in rows_by_currency.items():
        match = match_history([bill for bill in bills if bill.currency == currency], rows)
        shares |= match.shares
        unbilled += match.unbilled
    return PaymentMatch(shares, unbilled)


def _share_status(bill: BillRow, status: PaymentKind) -> list[PaymentShare]:
    total = read_total(bill)
    return [PaymentShare("status", total, None, BY_STATUS)] if status is PaymentKind.SETTLED and total else []


def _share_balances(bills: Iterable[BillRow], balances: Iterable[BalanceRow]) -> dict[int, list[PaymentShare]]:
    """Pay invoices in credits out of the balance in them, as far as it went."""
    rows = {(row.provider, row.account, row.unit, row.period_start): row for row in balances if not row.is_open}
    ends = {(row.provider, row.account, row.unit, row.period_end): row for row in rows.values()}
    shares = dict[int, list[PaymentShare]]()
    for bill in bills:
        key = bill.provider, bill.account, bill.currency, bill.period_start
        if bill.currency not in NATIONAL_CURRENCIES and (row := rows.get(key)):
            total = read_total(bill)
            opening = ends[key].closing if key in ends else None
            covered = total if row.closing or opening is None else min(total, opening)
            shares[bill.id] = [PaymentShare(row.balance_id, covered, bill.period_end, BY_BALANCE)] if covered else []
    return shares


def _build_payable(
    bill: BillRow, sources: Sequence[Sequence[PaymentShare]], due: DueDate, now: datetime | None, *, is_told: bool
) -> Payable:
    total, best = read_total(bill), max(sources, key=_sum_size)
    paid = exact_sum(share.amount for share in best)
    days = (now.date() - due.due_on.date()).days if now and due.due_on else 0
    state = _choose_state(total, paid, len(best), due, days, now) if is_told or not total else UNKNOWN
    return Payable(
        *(bill.provider, bill.account, bill.invoice_id, bill.currency),
        *(total, paid, EXACT_CONTEXT.subtract(total, paid)),
        _format_day(due.due_on),
        state,
        str(bill.month),
        _format_day(bill.issued_on),
        max(days, 0) if state == OVERDUE else 0,
        _describe_methods(best) or (BY_STATUS if is_told and total else ""),
        due.source,
    )


def _sum_size(shares: Iterable[PaymentShare]) -> Decimal:
    return abs(exact_sum(share.amount for share in shares))


def _choose_state(
    total: Decimal, paid: Decimal, payment_count: int, due: DueDate, days: int, now: datetime | None
) -> str:
    if paid == total:
        return PAID
    if total <= 0:
        return OPEN
    if paid > total:
        return PAID_TWICE if payment_count > 1 else PAID_NOT_BILLED
    if due.due_on and now and days > 0:
        return OVERDUE
    if paid > 0:
        return PARTLY_PAID
    return DUE if due.due_on and now and due.due_on - now <= DUE_SOON else OPEN


def _describe_methods(shares: Iterable[PaymentShare]) -> str:
    return ", ".join(dict.fromkeys(share.method for share in shares))


def _format_day(time: datetime | None) -> str:
    return time.date().isoformat() if time else ""


def _build_unbilled(payment: UnbilledPayment) -> Payable:
    """Return the row of a payment without an invoice; what is open of it is below 0."""
    day = _format_day(payment.paid_at)
    return Payable(
        *(payment.provider, payment.account, None, payment.currency),
        *(ZERO, payment.left, ZERO - payment.left),
        "",
        PAID_NOT_BILLED,
        str(Month.of(payment.paid_at)),
        day,
        0,
        f"payment {payment.name} of {day}",
        "",
    )


def _is_wrong(row: Payable) -> bool:
    return row.state in {OVERDUE, PAID_TWICE, PAID_NOT_BILLED}


def find_finding_id(row: Payable) -> str:
    """Return the id by which what is wrong with a row is accepted; "" where nothing is."""
    return describe_payable(row).id if _is_wrong(row) else ""


def describe_payable(row: Payable) -> AccountFinding:
    """Return what is wrong with an invoice's payment, or a payment's invoice."""
    paid, left = f"{format_amount(row.paid)} {row.currency}", f"{format_amount(row.open)} {row.currency}"
    data = {"paid": row.paid, "open": row.open, "currency": row.currency}
    if row.state == OVERDUE:
        part = f"{left} of {format_amount(row.total)} are" if row.paid else f"{left} are"
        is_usual = row.due_by == AS_USUAL  # its day moves with each payment: it is no part of what is found
        text = (
            f"{part} not paid{', and earlier ones were paid sooner' if is_usual else f', and were due on {row.due_on}'}"
        )
        finding = make_finding(FindingCode.PAYMENT_OVERDUE, text, row.invoice_id or "", **data, due_on=row.due_on)
    elif row.state == PAID_TWICE:
        text = f"is paid more than once: {paid} were paid of {format_amount(row.total)}"
        finding = make_finding(FindingCode.PAYMENT_DOUBLED, text, row.invoice_id or "", **data)
    elif row.invoice_id:
        text = f"{paid} were paid, and {format_amount(row.total)} billed"
        finding = make_finding(FindingCode.PAYMENT_UNBILLED, text, row.invoice_id, **data)
    else:
        text = f"{paid} were paid, and no invoice asks for them"
        finding = make_finding(FindingCode.PAYMENT_UNBILLED, text, row.method, **data)
    return AccountFinding(row.provider, row.account, row.month, finding)


def sum_by_age(rows: Iterable[Payable]) -> Iterator[tuple[str, str, Decimal]]:
    """Yield what is overdue by currency and age, the newest first."""
    sums = defaultdict[tuple[str, int, str], list[Decimal]](list)
    for row in rows:
        if row.age:
            step = sum(row.days_overdue > limit for limit in AGE_LIMITS)
            sums[row.currency, step, row.age].append(row.open)
    for (currency, _, age), amounts in sorted(sums.items()):
        yield currency, age, exact_sum(amounts)
