"""A bill as a row of the catalog: what the vendor states, what its charges come to, and why it is parked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from billfold.ledger.batch import to_naive_utc
from billfold.ledger.charge_writer import WrittenBill
from billfold.ledger.columns import BILL_COLUMN_TYPES
from billfold.ledger.identities import AccountIdentity
from billfold.model.bill import Bill, State
from billfold.model.finding import Finding, describe_finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import CURRENCY_PATTERN, format_decimal, format_trimmed
from billfold.model.payment_terms import find_due_date

BillValues = dict[str, Any]
"""The columns of a bill, by name."""
MAX_INTEGER = 2**63 - 1
_TIME_COLUMNS = [name for name, sql_type in BILL_COLUMN_TYPES.items() if sql_type == "TIMESTAMP"]


def read_bill_values(row: Sequence[Any]) -> BillValues:
    """Return a row of the catalog's file as the columns of a bill."""
    values = dict(zip(BILL_COLUMN_TYPES, row, strict=True))
    return values | {name: datetime.fromisoformat(values[name]) for name in _TIME_COLUMNS if values[name]}


def encode_replaced_estimates(bill: Bill) -> str | None:
    """Return the estimates that a bill ends, as the catalog keeps them."""
    return None if bill.replaces_estimates is None else json.dumps(bill.replaces_estimates)


def check_total(bill: Bill, written_bill: WrittenBill) -> Iterator[Finding]:
    """Say where the charges of a bill do not sum to what the vendor states, and what it cannot be without."""
    if bill.state is not State.ESTIMATE and not bill.invoice_id:
        yield make_finding(FindingCode.ID_MISSING, "the invoice has no id")
    if not CURRENCY_PATTERN.fullmatch(bill.currency):
        text = f"its currency {bill.currency[:40]!r} is no code in capitals"
        yield make_finding(FindingCode.CURRENCY_UNKNOWN, text)
    if bill.total is not None and not bill.total.is_finite():
        yield make_finding(FindingCode.TOTAL_MISSING, f"its total is no number: {bill.total}")
    elif bill.total is not None and written_bill.charge_sum != bill.total and written_bill.is_complete:
        amounts = {"sum": format_decimal(written_bill.charge_sum), "stated": format_decimal(bill.total)}
        text = f"its charges sum to {amounts['sum']} {bill.currency}, the vendor states {amounts['stated']}"
        yield make_finding(FindingCode.TOTAL_MISMATCH, text, **amounts, currency=bill.currency)


def build_bill_values(
    bill_id: int, bill: Bill, written_bill: WrittenBill, findings: Sequence[Finding], account_identity: AccountIdentity
) -> BillValues:
    """Return a bill as a row of the catalog."""
    charge_sum, wrong_findings = written_bill.charge_sum, [finding for finding in findings if finding.is_wrong]
    return {
        "id": bill_id,
        "provider": account_identity.provider,
        "account": account_identity.account,
        "bill_key": bill.key,
        "state": str(bill.state),
        "invoice_id": bill.invoice_id,
        "period_start": to_naive_utc(bill.period.start),
        "period_end": to_naive_utc(bill.period.end),
        "currency": bill.currency,
        "total": _choose_total(bill, charge_sum, is_trusted=not wrong_findings),
        "lines": written_bill.line_count if bill.line_count is None else bill.line_count,
        "charges": written_bill.charge_count,
        "summed": format_decimal(charge_sum),
        "parked": "; ".join(map(describe_finding, wrong_findings)) or None,
        "mark": bill.fingerprint,
        "issuer": bill.issuer,
        "issued_on": to_naive_utc(bill.issued_on),
        "due_on": to_naive_utc(bill.due_on or find_due_date(bill.issued_on, bill.terms)),
        "terms": bill.terms,
        "purchase_order": bill.purchase_order,
        "corrects": bill.corrects,
        "settles": encode_replaced_estimates(bill),
        "grade": bill.source.rank,
        "content": written_bill.content,
        "inputs": None,
        "disputes": None,
        "run": account_identity.run,
        "from_seq": account_identity.seq,
        "until_seq": None,
    }


def describe_dispute(findings: Sequence[Finding]) -> list[Finding]:
    """Say of a version that does not add up that it disputes one that does, and why it is not counted."""
    return [
        make_finding(
            FindingCode.INVOICE_DISPUTED,
            f"is told otherwise now, which is not counted: {finding.text}",
            finding.subject,
            **{**finding.data, "cause": str(finding.code.value)},
        )
        for finding in findings
        if finding.is_wrong
    ]


def _choose_total(bill: Bill, charge_sum: Decimal, *, is_trusted: bool) -> str | None:
    """Return what the vendor states; of a bill without a word on it, what its charges sum to, if they can be trusted."""
    if bill.total is not None and bill.total.is_finite():
        return format_decimal(bill.total)
    return format_trimmed(charge_sum) if is_trusted else None


def require_storable(values: BillValues) -> None:
    """Raise ``ValueError`` or ``OverflowError`` for a bill with a text or a number that the catalog cannot keep."""
    for name, value in values.items():
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise OverflowError(f"{name} is out of all bounds")
