"""The twin's Vultr: answers each operation with the vendor's records, made from the scenario's bills at the twin's time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from billfold.model.bill import Bill
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.providers.twin_api import (
    AccessDenied,
    ApiFault,
    Caller,
    FieldMap,
    RateLimit,
    RequestContext,
    TwinAccount,
    TwinApi,
    find_caller,
)
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
from billfold.providers.vultr.twin import inventory, records_out, scenario
from billfold.wire.answer import build_response
from billfold.wire.auth import read_bearer_token
from billfold.wire.message import Request, Response
from billfold.wire.operation import MEDIA_TYPES, Operation

_LIST_FIELDS = FieldMap(money="total", size="meta.total")

ERROR_RESPONSES: dict[ApiFault, tuple[int, str]] = {
    ApiFault.BAD_REQUEST: (400, "Bad Request"),
    ApiFault.UNAUTHORIZED: (401, "Invalid API token."),
    ApiFault.FORBIDDEN: (
        403,
        "Your API key does not have the required privileges.",
    ),  # GUESS: that it is this, and the text
    ApiFault.NOT_FOUND: (404, "Not Found"),  # GUESS: the text for a path that is none
    ApiFault.METHOD_NOT_ALLOWED: (405, "Method Not Allowed"),  # GUESS: that it is refused so, and the text
    ApiFault.UNPROCESSABLE: (400, "Bad Request"),
    ApiFault.RATE_LIMITED: (429, "rate limit exceeded"),
    ApiFault.SERVER_ERROR: (500, "Internal Server Error"),  # GUESS: the body
    ApiFault.UNAVAILABLE: (503, "Service Unavailable"),  # GUESS: the body
}


class VultrTwin(TwinApi):
    """Vultr, played to two kinds of account: an ordinary one, and one whose invoices have many lines."""

    mount_path = "/vultr/v2"
    account_types = ("ordinary", "lines-N")
    event_kinds = (inventory.PRICE_CHANGE, inventory.SPIKE, scenario.DOUBLE_PAYMENT, scenario.UNPAID_INVOICE)
    rate_limit = RateLimit(30, 1.0)
    carried_columns = (
        "BilledCost", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory",
        "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ContractedCost",
        "EffectiveCost", "HostProviderName", "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency",
        "PricingCurrencyEffectiveCost", "PricingQuantity", "PricingUnit", "ResourceId", "ResourceName", "ServiceName",
        "ServiceProviderName",
    )  # fmt: skip
    field_maps = {
        "list_invoices": _LIST_FIELDS._replace(items="billing_invoices", money="amount", invoice="id"),
        "get_invoice": FieldMap(money="billing_invoice.amount", invoice="billing_invoice.id"),
        "get_invoice_items": _LIST_FIELDS._replace(items="invoice_items", lines="invoice_items", line_money="total"),
        "list_billing_history": _LIST_FIELDS._replace(
            items="billing_history",
            money="amount",
            state="type",
            payment="payment",
            payment_id="id",
            balance_after="balance",
        ),
        "list_pending_charges": FieldMap("pending_charges", "total"),
        "get_account": FieldMap(money="account.pending_charges"),
    }

    def make_accounts(self, seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
        """Return the one account of the default world."""
        credentials, unprivileged_credentials = {"api_key": "twin-vultr-key"}, {"api_key": "twin-vultr-noright"}
        return (
            TwinAccount(
                "vultr", "vultr", credentials, seed, first_month, unprivileged_credentials=unprivileged_credentials
            ),
        )

    def identify_caller(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Caller | None:
        """Return the account whose key is in the Authorization header."""
        return find_caller(
            accounts, "api_key", read_bearer_token(request.headers)
        )  # GUESS: that a right is missed only where bills are asked for

    def answer_operation(self, op: Operation[object], context: RequestContext) -> object:  # noqa: PLR0911 - a table of operations
        """Answer any of the vendor's operations; raises ``AccessDenied``."""
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

    def refuse_request(self, fault: ApiFault, detail: str, request: Request) -> Response:
        """Return the refusal: ``error`` and ``status``, in the order in which real answers had them."""
        status, message = ERROR_RESPONSES[fault]
        if fault is ApiFault.RATE_LIMITED:
            return build_response({"status": status, "error": message}, status=status)
        if field_match := re.search(r"\$\.(\w+)", detail):
            detail = f"Invalid value for {field_match[1]}"  # GUESS: that it is refused, and the text
        detail_text = message if fault is ApiFault.FORBIDDEN else detail or message
        return build_response({"error": detail_text, "status": status}, status=status)

    def true_bills(self, account: TwinAccount, now: datetime) -> Iterator[Bill]:
        """Yield the account's true bills."""
        return scenario.list_bills(account, now)

    def example_operations(self, account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
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


def _may_bill(context: RequestContext) -> bool:
    return read_bearer_token(context.request.headers) != context.account.unprivileged_credentials.get("api_key")


def _find_invoice_month(invoice_id: int | str, context: RequestContext) -> Month:
    for month in scenario.closed_months(context.account, context.now):
        if str(scenario.invoice_number_of(context.account, month)) == str(invoice_id):
            return month
    raise AccessDenied(ApiFault.NOT_FOUND, "Invalid invoice ID")  # GUESS: the text


TWIN = VultrTwin()
