"""Vultr, played: true lines and a time become the vendor's records, the way back from ``charges.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from billfold.model.bill import Bill
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.providers.twin_api import AccessDenied, ApiFault, Caller, FieldMap, RequestContext, TwinAccount
from billfold.providers.vultr.api import (
    GetAccount,
    GetAccountBandwidth,
    GetInvoice,
    GetInvoiceItems,
    GetPendingChargesCsv,
    ListBillingHistory,
    ListInvoices,
    ListPendingCharges,
)
from billfold.providers.vultr.records import AccountReply, BandwidthReply, InvoiceReply
from billfold.providers.vultr.twin import records_out, scenario
from billfold.wire.answer import build_response
from billfold.wire.auth import read_bearer_token
from billfold.wire.message import Request, Response
from billfold.wire.operation import MEDIA_TYPES, Operation

MOUNT_PATH = "/vultr/v2"
ACCOUNT_TYPES = ("ordinary", "lines-N")
RATE_LIMIT = (30, 1.0)

CARRIED_COLUMNS = (
    "BilledCost", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory",
    "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ContractedCost",
    "EffectiveCost", "HostProviderName", "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency",
    "PricingCurrencyEffectiveCost", "PricingQuantity", "PricingUnit", "ResourceId", "ResourceName", "ServiceName",
    "ServiceProviderName",
)  # fmt: skip
"""The columns that the vendor's API carries: what must come back from the wire as it was in the truth."""

_LIST_FIELDS = FieldMap(money="total", size="meta.total")
FIELD_MAPS = {
    "list_invoices": _LIST_FIELDS._replace(items="billing_invoices", money="amount"),
    "get_invoice": FieldMap(money="billing_invoice.amount"),
    "get_invoice_items": _LIST_FIELDS._replace(items="invoice_items"),
    "list_billing_history": _LIST_FIELDS._replace(items="billing_history", money="amount", state="type"),
    "list_pending_charges": FieldMap("pending_charges", "total"),
    "get_account": FieldMap(money="account.pending_charges"),
}


def make_accounts(seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
    """Return the one account of the default world."""
    credentials, unprivileged_credentials = {"api_key": "twin-vultr-key"}, {"api_key": "twin-vultr-noright"}
    return (
        TwinAccount(
            "vultr", "vultr", credentials, seed, first_month, unprivileged_credentials=unprivileged_credentials
        ),
    )


def identify_caller(
    request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext | None = None
) -> Caller | None:
    """Hear the bearer key."""
    token = read_bearer_token(request.headers)
    for account in accounts:
        if token == account.credentials["api_key"]:
            return Caller(account)
        if token and token == account.unprivileged_credentials.get("api_key"):
            return Caller(account, is_allowed=False)  # GUESS: that a right is missed only where bills are asked for
    return None


def answer_operation(op: Operation[object], context: RequestContext) -> object:  # noqa: PLR0911 - a table of operations
    """Answer one of the eight operations; raises ``AccessDenied``."""
    account, now = context.account, context.now
    match op:
        case ListBillingHistory():
            return records_out.make_history(account, now, op)
        case ListInvoices():
            return records_out.make_invoice_list(account, now, op)
        case GetInvoice():
            return InvoiceReply(
                billing_invoice=records_out.make_invoice(account, _find_invoice_month(op.invoice_id, context))
            )
        case GetInvoiceItems():
            return records_out.make_invoice_items(account, _find_invoice_month(op.invoice_id, context), op)
        case ListPendingCharges():
            return records_out.make_pending_charges(account, now)
        case GetPendingChargesCsv():
            return build_response(
                records_out.render_pending_csv(account, now), media_type=MEDIA_TYPES["csv"]
            )  # GUESS: the type of content
        case GetAccount():
            return AccountReply(account=records_out.make_account(account, now, may_bill=_may_bill(context)))
        case GetAccountBandwidth():
            return BandwidthReply(bandwidth=records_out.make_bandwidth(account, now))
    raise InvalidArgument(f"{op!r} is not Vultr's")


def _may_bill(context: RequestContext) -> bool:
    return read_bearer_token(context.request.headers) != context.account.unprivileged_credentials.get("api_key")


def _find_invoice_month(invoice_id: int | str, context: RequestContext) -> Month:
    for month in scenario.closed_months(context.account, context.now):
        if str(scenario.invoice_number_of(context.account, month)) == str(invoice_id):
            return month
    raise AccessDenied(ApiFault.NOT_FOUND, "Invalid invoice ID")  # GUESS: the text


ERROR_RESPONSES: dict[ApiFault, tuple[int, str]] = {
    ApiFault.BAD_REQUEST: (400, "Bad Request"),
    ApiFault.UNAUTHORIZED: (401, "Invalid API token."),
    ApiFault.FORBIDDEN: (
        403,
        "Your API key does not have the required privileges.",
    ),  # GUESS: that it is this, and the text
    ApiFault.NOT_FOUND: (404, "Not Found"),  # GUESS: the text for a path that is none
    ApiFault.UNPROCESSABLE: (400, "Bad Request"),
    ApiFault.RATE_LIMITED: (429, "rate limit exceeded"),
    ApiFault.SERVER_ERROR: (500, "Internal Server Error"),  # GUESS: the body
    ApiFault.UNAVAILABLE: (503, "Service Unavailable"),  # GUESS: the body
}


def refuse_request(fault: ApiFault, detail: str = "", request: Request | None = None) -> Response:
    """Say no with ``error`` and ``status``, in the order of keys that was recorded."""
    status, message = ERROR_RESPONSES[fault]
    if fault is ApiFault.RATE_LIMITED:
        return build_response({"status": status, "error": message}, status=status)
    if field_match := re.search(r"\$\.(\w+)", detail):
        detail = f"Invalid value for {field_match[1]}"  # GUESS: that it is refused, and the text
    detail_text = message if fault is ApiFault.FORBIDDEN else detail or message
    return build_response({"error": detail_text, "status": status}, status=status)


def true_bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the account's true bills."""
    return scenario.list_bills(account, now)


def example_operations(account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
    """Return one question of each operation that the account's twin can answer."""
    latest_id = scenario.invoice_number_of(account, list(scenario.closed_months(account, now))[-1])
    return (
        ListBillingHistory(),
        ListInvoices(),
        GetInvoice(invoice_id=str(latest_id)),
        GetInvoiceItems(invoice_id=str(latest_id)),
        ListPendingCharges(),
        GetPendingChargesCsv(),
        GetAccount(),
        GetAccountBandwidth(),
    )
