"""What the played Fastly replies by billing v2: invoices as JSON, CSV and PDF, and the month-to-date estimate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from billfold.model.period import Month, instant, stamp
from billfold.providers.fastly.api import GetInvoiceMtd, GetServiceLevelUsageTypes
from billfold.providers.fastly.records import (
    BillingEstimateResponse,
    BillingResponse,
    BillingStatus,
    Serviceusagetype,
    Serviceusagetypes,
)
from billfold.providers.fastly.twin import documents, records_v3, scenario, sdk_compat
from billfold.providers.fastly.twin.clock import accepted, asked_month, midnight, month_of, ready
from billfold.providers.twin_api import Account, Denied, Moment, No
from billfold.wire.codec import given
from billfold.wire.message import Response

PAID_AFTER = timedelta(days=15)


def _customer(op: Any, account: Account) -> None:
    if op.customer_id != scenario.customer(account):
        raise Denied(
            No.NOT_FOUND, f"Couldn't find Customer '{op.customer_id}'"
        )  # GUESS: that another customer is not found


def _old_invoice(month: Month, moment: Moment) -> BillingResponse:
    """Return the v2 invoice of a month from the customer's first to the running one."""
    account, now = moment.account, moment.now
    running = Month.of(now)
    if not account.first_month <= month <= running or (month == running and account.kind == scenario.PARENT_PAY):
        raise Denied(
            No.NOT_FOUND, f"Couldn't find Invoice for {month}"
        )  # GUESS: the text for a month without an invoice
    # GUESS: an invoice is paid after its 15 days.
    paid = "Paid" if now >= month.end + PAID_AFTER else "Outstanding"
    agent = sdk_compat.dialect(moment.request.headers.get("user-agent", ""))
    # GUESS: the running month is answered as it stands, without an id, its status MTD.
    status = "MTD" if month == running else paid
    return sdk_compat.invoice(account, month, min(midnight(now), month.end), status, agent)


def by_month(op: Any, moment: Moment) -> BillingResponse:
    """Reply with the invoice of a month."""
    return _old_invoice(asked_month(op.year, op.month), moment)


def by_id(op: Any, moment: Moment) -> BillingResponse:
    """Reply with the invoice of an id."""
    _customer(op, moment.account)
    return _old_invoice(month_of(op.invoice_id, moment), moment)


def as_file(record: Callable[[Any, Moment], BillingResponse]) -> Callable[[Any, Moment], Response]:
    """Reply with the same invoice as a file."""

    def answered(op: Any, moment: Moment) -> Response:
        invoice = record(op, moment)
        if op.format == "csv":
            return documents.sheet(invoice)
        made = given(given(invoice.status, BillingStatus()).sent_at, stamp(midnight(moment.now)))
        return documents.printed(invoice, instant(made))

    return answered


def old_estimate(op: GetInvoiceMtd, moment: Moment) -> BillingEstimateResponse | Response:
    """Reply with the estimate of the running month, or of another one."""
    # GUESS: a month that is over has an estimate too.
    account, now = moment.account, moment.now
    _customer(op, account)
    running = Month.of(now)
    month = asked_month(op.year or running.year, op.month or running.number)
    if not account.first_month <= month <= running:
        raise Denied(
            No.NOT_FOUND, f"Couldn't find Invoice for {month}"
        )  # GUESS: the text for a month without an invoice
    if not ready(moment, f"v2 {month}"):
        return accepted()
    agent = sdk_compat.dialect(moment.request.headers.get("user-agent", ""))
    return sdk_compat.estimate(account, month, min(midnight(now), month.end), agent)


def usage_types(op: GetServiceLevelUsageTypes, moment: Moment) -> Serviceusagetypes:
    """Reply with what can be asked for by service."""
    _customer(op, moment.account)
    metrics = records_v3.usage(moment.account, moment.account.first_month, moment.account.first_month.end)
    return Serviceusagetypes(data=[Serviceusagetype(product_id=m.product_id, name=m.usage_type) for m in metrics])
