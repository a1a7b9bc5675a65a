"""What the played Fastly replies by billing v2: invoices as JSON, CSV and PDF, and the month-to-date estimate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from billfold.model.period import Month, format_instant, parse_instant
from billfold.providers.fastly.api_v2 import GetInvoiceMtd, GetServiceLevelUsageTypes
from billfold.providers.fastly.records_v2 import (
    BillingEstimateResponse,
    BillingResponse,
    BillingStatus,
    Serviceusagetype,
    Serviceusagetypes,
)
from billfold.providers.fastly.twin import documents, records_v3, scenario, sdk_compat
from billfold.providers.fastly.twin.clock import (
    find_invoice_month,
    floor_to_midnight,
    is_estimate_ready,
    make_accepted_response,
    parse_requested_month,
)
from billfold.providers.twin_api import AccessDenied, ApiFault, RequestContext, TwinAccount
from billfold.wire import codec
from billfold.wire.codec import get_or
from billfold.wire.message import Response

PAYMENT_DELAY = timedelta(days=15)
V1_PATH, V2_PATH = "/billing/year/", "/billing/v2/year/"
"""Where a month's invoice is in billing v1, which the vendor's Go client still asks for, and in v2."""


def _check_customer(op: Any, account: TwinAccount) -> None:
    if op.customer_id != scenario.customer_id_of(account):
        raise AccessDenied(
            ApiFault.NOT_FOUND, f"Couldn't find Customer '{op.customer_id}'"
        )  # GUESS: that another customer is not found


def _get_v2_invoice(month: Month, context: RequestContext) -> BillingResponse:
    """Return the v2 invoice of a month from the customer's first to the running one."""
    account, now = context.account, context.now
    running_month = Month.of(now)
    if not account.first_month <= month <= running_month or (
        month == running_month and account.account_type == scenario.PARENT_PAY
    ):
        raise AccessDenied(
            ApiFault.NOT_FOUND, f"Couldn't find Invoice for {month}"
        )  # GUESS: the text for a month without an invoice
    # GUESS: an invoice is paid after its 15 days.
    is_paid = now >= month.end + PAYMENT_DELAY and not account.has_event(scenario.UNPAID_INVOICE, month)
    payment_status = "Paid" if is_paid else "Outstanding"
    sdk = sdk_compat.detect_sdk(context.request.headers.get("user-agent", ""))
    # GUESS: the running month is answered as it stands, without an id, its status MTD.
    status = "MTD" if month == running_month else payment_status
    return sdk_compat.make_v2_invoice(account, month, min(floor_to_midnight(now), month.end), status, sdk)


def answer_by_month(op: Any, context: RequestContext) -> BillingResponse:
    """Reply with the invoice of a month."""
    return _get_v2_invoice(parse_requested_month(op.year, op.month), context)


def answer_in_version(op: Any, context: RequestContext) -> object:
    """Reply with the invoice of a month as the version of billing has it that was asked."""
    invoice = answer_by_month(op, context)
    return _make_v1_invoice(invoice) if context.request.path.startswith(V1_PATH) else invoice


def _make_v1_invoice(invoice: BillingResponse) -> object:
    """Return what billing v1 says of an invoice, as the vendor's Go client reads it.

    GUESS: that v1 is v2 without lines, and has the id in the status too.
    """
    tree = codec.parse_json(codec.encode_json(invoice))
    invoice_id, total = str(tree.get("invoice_id", "")), tree["total"]
    total = {**total, "plan_minimum": str(total.get("plan_minimum", ""))}
    body = {"invoice_id": invoice_id, "status": {"invoice_id": invoice_id, **tree["status"]}, "total": total}
    return body | {name: tree[name] for name in ("start_time", "end_time")}


def answer_by_id(op: Any, context: RequestContext) -> BillingResponse:
    """Reply with the invoice of an id."""
    _check_customer(op, context.account)
    return _get_v2_invoice(find_invoice_month(op.invoice_id, context), context)


def answer_as_file(
    answer_invoice: Callable[[Any, RequestContext], BillingResponse],
) -> Callable[[Any, RequestContext], Response]:
    """Reply with the same invoice as a file."""

    def answer_file(op: Any, context: RequestContext) -> Response:
        invoice = answer_invoice(op, context)
        if op.format == "csv":
            return documents.render_invoice_csv(invoice)
        created_at = get_or(
            get_or(invoice.status, BillingStatus()).sent_at, format_instant(floor_to_midnight(context.now))
        )
        return documents.render_invoice_pdf(invoice, parse_instant(created_at))

    return answer_file


def answer_estimate(op: GetInvoiceMtd, context: RequestContext) -> BillingEstimateResponse | Response:
    """Reply with the estimate of the running month, or of another one."""
    # GUESS: a month that is over has an estimate too.
    account, now = context.account, context.now
    _check_customer(op, account)
    running_month = Month.of(now)
    month = parse_requested_month(op.year or running_month.year, op.month or running_month.number)
    if not account.first_month <= month <= running_month:
        raise AccessDenied(
            ApiFault.NOT_FOUND, f"Couldn't find Invoice for {month}"
        )  # GUESS: the text for a month without an invoice
    if not is_estimate_ready(context, f"v2 {month}"):
        return make_accepted_response()
    sdk = sdk_compat.detect_sdk(context.request.headers.get("user-agent", ""))
    return sdk_compat.make_v2_estimate(account, month, min(floor_to_midnight(now), month.end), sdk)


def answer_usage_types(op: GetServiceLevelUsageTypes, context: RequestContext) -> Serviceusagetypes:
    """Reply with what can be asked for by service."""
    _check_customer(op, context.account)
    metrics = records_v3.list_usage(context.account, context.account.first_month, context.account.first_month.end)
    return Serviceusagetypes(
        data=[Serviceusagetype(product_id=metric.product_id, name=metric.usage_type) for metric in metrics]
    )
