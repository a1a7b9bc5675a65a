"""Invoices that may be one and the same: the same period and total, nearly the same lines, or one id in two spellings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import combinations

from billfold.ledger.catalog import BillRow
from billfold.ledger.query import AMOUNT_SQL
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding, Finding, make_finding
from billfold.model.finding_codes import FindingCode

MIN_SHARED_LINES = Decimal("0.9")
"""Which part of the lines of the longer of two invoices may make them one."""
_SHARED_LINES_SQL = f"""
WITH pair AS (SELECT unnest($firsts) AS first_bill, unnest($seconds) AS second_bill),
     line AS (SELECT c.bill, c.ChargeDescription AS description, {AMOUNT_SQL} AS cost, count(*) AS copies
              FROM charges c JOIN bills b ON b.id = c.bill
              WHERE c.bill IN (SELECT first_bill FROM pair UNION SELECT second_bill FROM pair) GROUP BY ALL)
SELECT first_bill, second_bill, sum(least(a.copies, b.copies))::BIGINT
FROM pair JOIN line a ON a.bill = first_bill
     JOIN line b ON b.bill = second_bill AND b.description IS NOT DISTINCT FROM a.description AND b.cost = a.cost
GROUP BY ALL"""


def find_duplicates(db: OpenLedger, bills: Iterable[BillRow]) -> Iterator[AccountFinding]:
    """Yield the issued invoices that may be another one of their account once more: both are counted until one is withdrawn.

    Invoices of nothing are left out, and so are those of two contracts or purchase orders.
    """
    close_pairs = list[tuple[BillRow, BillRow]]()
    for first_bill, second_bill in _list_pairs(bills):
        if finding := _compare(first_bill, second_bill):
            yield _locate(second_bill, finding)
        elif _are_alike(first_bill, second_bill):
            close_pairs.append((first_bill, second_bill))
    yield from _compare_lines(db, close_pairs)


def _list_pairs(bills: Iterable[BillRow]) -> Iterator[tuple[BillRow, BillRow]]:
    """Yield any two invoices of one account in one currency that have their period or, spelling apart, their id in common."""
    groups = defaultdict[tuple[object, ...], list[BillRow]](list)
    for bill in bills:
        if bill.state == "issued" and not bill.parked and not bill.corrects and bill.invoice_id and _is_owed(bill):
            place = bill.provider, bill.account, bill.currency
            groups[(*place, bill.period_start, bill.period_end)].append(bill)
            groups[(*place, _normalize_id(bill.invoice_id))].append(bill)
    pairs = {
        (first_bill.id, second_bill.id): (first_bill, second_bill)
        for group in groups.values()
        for first_bill, second_bill in combinations(sorted(group, key=lambda bill: bill.id), 2)
    }
    yield from pairs.values()


def _is_owed(bill: BillRow) -> bool:
    return bill.total is not None and Decimal(bill.total) != 0


def _normalize_id(invoice_id: str) -> str:
    """Return an id without what spellings differ in: case, blanks, signs, leading zeros."""
    return "".join(filter(str.isalnum, invoice_id.casefold())).lstrip("0")


def _compare(first_bill: BillRow, second_bill: BillRow) -> Finding | None:
    """Say what two invoices have in common, as far as it shows without their lines."""
    if _normalize_id(str(first_bill.invoice_id)) == _normalize_id(str(second_bill.invoice_id)):
        text = f"has the id of invoice {first_bill.invoice_id!r} in another spelling, {second_bill.invoice_id!r}: one may be a duplicate"
    elif _are_alike(first_bill, second_bill) and Decimal(str(first_bill.total)) == Decimal(str(second_bill.total)):
        text = (
            f"has the same period and total ({second_bill.total}) as invoice {first_bill.invoice_id}: "
            "one may be a duplicate"
        )
    else:
        return None
    names = {"other": first_bill.invoice_id, "total": second_bill.total}
    return make_finding(FindingCode.DUPLICATE_SUSPECTED, text, str(second_bill.invoice_id), **names)


def _are_alike(first_bill: BillRow, second_bill: BillRow) -> bool:
    """Tell whether two invoices have one period, and nothing that says that they are of two contracts."""
    has_one_order = None in {first_bill.purchase_order, second_bill.purchase_order} or (
        first_bill.purchase_order == second_bill.purchase_order
    )
    has_one_contract = not first_bill.scopes or not second_bill.scopes or bool(first_bill.scopes & second_bill.scopes)
    return first_bill.period_start == second_bill.period_start and has_one_order and has_one_contract


def _compare_lines(db: OpenLedger, pairs: list[tuple[BillRow, BillRow]]) -> Iterator[AccountFinding]:
    """Yield the pairs of which the longer shares most of its lines with the other."""
    if not pairs:
        return
    values = {"firsts": [first_bill.id for first_bill, _ in pairs], "seconds": [bill.id for _, bill in pairs]}
    counts = {(row[0], row[1]): int(row[2]) for row in db.execute(_SHARED_LINES_SQL, values).fetchall()}
    for first_bill, second_bill in pairs:
        shared_count = counts.get((first_bill.id, second_bill.id), 0)
        line_count = max(first_bill.charges, second_bill.charges)
        if shared_count and shared_count >= line_count * MIN_SHARED_LINES:
            text = (
                f"has {shared_count} of {line_count} lines in common with invoice {first_bill.invoice_id}, of the same "
                "period: one may be a duplicate"
            )
            names = {"other": first_bill.invoice_id, "shared": shared_count, "lines": line_count}
            finding = make_finding(FindingCode.DUPLICATE_SUSPECTED, text, str(second_bill.invoice_id), **names)
            yield _locate(second_bill, finding)


def _locate(bill: BillRow, finding: Finding) -> AccountFinding:
    return AccountFinding(bill.provider, bill.account, str(bill.month), finding)
