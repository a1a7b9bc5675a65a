"""Billing v2, retired by Fastly: saved invoices and estimates become bills like those of v3 (``v2_csv.py`` reads its CSV).

A v2 bill shows its money three times (``total``, ``regions``, ``line_items``): the lines count; where there are none, the
regions' price steps; where there are none either, the sums in ``total``. What is counted is never counted again.
"""

from __future__ import annotations

from collections import Counter

from billfold.model.bill import Bill, DetailIds, State
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month, Period
from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceFile, GetInvoiceMtd
from billfold.providers.fastly.mapping.bill_header import (
    BillHeader,
    Source,
    build_bill,
    is_unfinished,
    parse_time,
    read_period,
)
from billfold.providers.fastly.mapping.lines import build_line, read_number, read_text
from billfold.providers.fastly.mapping.price_tiers import name_tiers
from billfold.providers.fastly.mapping.v2_items import (
    V2Bill,
    build_bill_context,
    build_items,
    choose_extra_lines,
    list_line_items,
)
from billfold.providers.fastly.records_v2 import BillingStatus, BillingTotal
from billfold.providers.provider import ArchivedAnswer
from billfold.wire.codec import get_or

STATES_BY_STATUS = {
    "Pending": State.DRAFT,  # GUESS: Pending means not sent yet
    "Outstanding": State.ISSUED,
    "Paid": State.ISSUED,
    "MTD": State.ESTIMATE,
    "": State.ISSUED,
}
"""How far a bill with each status has come; real invoices may have none."""


def build_v2_bill(record: V2Bill, source: Source, *, is_estimate: bool = False) -> Bill:
    """Make the bill of a v2 invoice or estimate; amounts are US dollars."""
    period, period_findings = _read_v2_period(record, source)
    is_running = not period_findings and is_unfinished(period, source.answer)
    state, invoice_id, findings = _read_state(record, is_running=is_running, is_estimate=is_estimate)
    sums = get_or(record.total, BillingTotal())
    cost = read_number(sums.cost)
    findings += period_findings
    if cost is None and source.answer.op.reply is not bytes:
        findings.append(make_finding(FindingCode.TOTAL_MISSING, "the bill has no total"))
    bill_context = build_bill_context(record, sums)
    items = list(build_items(record, bill_context, source.path, findings))
    items = name_tiers([*items, *choose_extra_lines(sums, bill_context, items, cost, source.path)])
    native_id_counts = Counter(item.native for item in items)
    detail_ids = DetailIds(invoice_id) if invoice_id else None
    lines = [build_line(item, detail_ids, is_unique=native_id_counts[item.native] == 1) for item in items]
    sent_at = read_text(get_or(record.status, BillingStatus()).sent_at)
    return build_bill(
        BillHeader(
            state,
            invoice_id,
            read_text(record.customer_id),
            period,
            "USD",
            cost,
            f"{source.path}.total.cost",
            parse_time(sent_at),
            tuple(findings),
            read_text(sums.terms) or None,
        ),
        lines,
        source,
        len(list_line_items(record)),
    )


def _read_state(record: V2Bill, *, is_running: bool, is_estimate: bool) -> tuple[State, str | None, list[Finding]]:
    """Return how far the bill has come, under which id, and what is wrong with either.

    What is billed of a running month is a draft; without an id it is the month to date.
    """
    status, invoice_id = read_text(get_or(record.status, BillingStatus()).status), str(get_or(record.invoice_id, ""))
    state = State.ESTIMATE if is_estimate else STATES_BY_STATUS.get(status, State.ISSUED)
    findings = list[Finding]()
    if not is_estimate and status not in STATES_BY_STATUS:
        text = f"status {status!r} is not known: counted as issued"
        findings.append(make_finding(FindingCode.STATUS_UNKNOWN, text, status=status))
    if is_running and state is State.ISSUED:
        state = State.DRAFT if invoice_id else State.ESTIMATE
    if state is State.ESTIMATE:
        return state, None, findings
    if not invoice_id:
        findings.append(make_finding(FindingCode.ID_MISSING, "the invoice has no id"))
    return state, invoice_id or "unknown", findings


def _read_v2_period(record: V2Bill, source: Source) -> tuple[Period, list[Finding]]:
    period, findings = read_period(read_text(record.start_time), read_text(record.end_time), source.answer.fetched_at)
    if findings and (requested_month := _find_requested_month(source.answer)):
        return requested_month.period, []
    return (period if findings else period._replace(start=Month.of(period.start).start)), findings


def _find_requested_month(answer: ArchivedAnswer) -> Month | None:
    """Return the month that was asked for, where the question named one and the answer does not."""
    op = answer.op
    if not isinstance(op, GetInvoice | GetInvoiceFile | GetInvoiceMtd):
        return None
    try:
        return Month.parse(f"{op.year}-{op.month:0>2}")
    except ValueError:
        return None
