"""The sections of a statement that look beyond the month's bills: why it moved, what is unpaid, what is left of commitments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from billfold.ledger.register import RegisterRow
from billfold.model.money import format_trimmed
from billfold.model.period import Month
from billfold.report.chart import draw_bars
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.payables import PAID, UNKNOWN, Payable
from billfold.report.statement import Amount, Section, StatementRow, add_totals, foot_amounts
from billfold.report.why import MovementPart


def build_movement(parts: Iterable[MovementPart], month: Month) -> list[Section]:
    """Return why the month comes to more or less than the one before, by account and kind, each currency on its own."""
    by_currency = defaultdict[str, list[MovementPart]](list)
    for part in parts:
        by_currency[part.currency].append(part)
    return [_build_movement(currency, members, month) for currency, members in sorted(by_currency.items())]


def _build_movement(currency: str, parts: Iterable[MovementPart], month: Month) -> Section:
    sums = defaultdict[str, Decimal](Decimal)
    rows = list[StatementRow]()
    for part in parts:
        sums[part.kind] += part.amount
        rows.append(StatementRow((part.provider, part.account, str(part.kind), Amount(part.amount, currency))))
    title = f"Why {month} moved, {currency}"
    columns = ("Vendor", "Account", "Kind", "Movement")
    note = f"Against {month.add_months(-1)}. billfold why {month} names the charges behind each part."
    charts = (draw_bars(sorted(sums.items(), key=lambda item: -abs(item[1])), title),)
    return Section(title, columns, tuple(add_totals(foot_amounts(rows, (3,)), (3,))), note=note, charts=charts)


def build_payables(rows: Iterable[Payable], register: Iterable[RegisterRow]) -> Section:
    """Return what of the month's invoices, and of all others, is not paid, or not as it should be."""
    invoice_ids = {(row.provider, row.account, row.invoice_id) for row in register}
    payables = list(rows)
    paid_count = sum(
        row.state == PAID and (row.provider, row.account, row.invoice_id) in invoice_ids for row in payables
    )
    table = [
        StatementRow(
            (
                *(row.provider, row.account, row.invoice_id or "", row.month),
                *(Amount(amount, row.currency) for amount in (row.total, row.paid, row.open)),
                *(row.due_on, row.state),
            )
        )
        for row in payables
        if row.state != PAID and (row.state != UNKNOWN or _is_of(row, invoice_ids))
    ]
    summary = f"{paid_count} of the month's invoices {'is' if paid_count == 1 else 'are'} paid, as far as vendors or the bank tell."
    columns = ("Vendor", "Account", "Invoice", "Month", "Total", "Paid", "Open", "Due", "State")
    note = "Invoices of earlier months stand here where they are known not to be settled."
    return Section("Payables", columns, tuple(add_totals(table, (4, 5, 6))), summary, note if table else "")


def _is_of(row: Payable, invoice_ids: set[tuple[str, str, str | None]]) -> bool:
    return (row.provider, row.account, row.invoice_id) in invoice_ids


def build_commitments(uses: Iterable[CommitmentUse]) -> Section:
    """Return what is committed, used and left, and when it will be gone or what will be missing."""
    table = [
        StatementRow(
            (
                *(use.account, use.name or use.commitment_id, use.unit, format_trimmed(use.committed)),
                *("" if value is None else format_trimmed(value) for value in (use.used, use.left)),
                use.runway_on or use.ends_on,
            )
        )
        for use in uses
    ]
    columns = ("Account", "Commitment", "Unit", "Committed", "Used", "Left", "Until")
    note = (
        "Until: the day on which nothing is left at the rate of the last three months, else the end of the commitment."
    )
    summary = "" if table else "No contract or balance tells of a commitment."
    return Section("Commitments", columns, tuple(table), summary, note if table else "")
