"""Vultr, played: true lines and a time become the vendor's records, the way back from ``charges.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from billfold.model.bill import Bill
from billfold.model.errors import Misasked
from billfold.model.period import Month
from billfold.providers.twin_api import Account as Played
from billfold.providers.twin_api import Caller, Denied, Moment, No, Places
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
from billfold.wire.answer import respond
from billfold.wire.auth import bearer
from billfold.wire.message import Request, Response
from billfold.wire.operation import FORMATS, Operation

MOUNT = "/vultr/v2"
KINDS = ("ordinary", "lines-N")
RATE = (30, 1.0)

TELLS = (
    "BilledCost", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory",
    "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ContractedCost",
    "EffectiveCost", "HostProviderName", "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency",
    "PricingCurrencyEffectiveCost", "PricingQuantity", "PricingUnit", "ResourceId", "ResourceName", "ServiceName",
    "ServiceProviderName",
)  # fmt: skip
"""The columns that the vendor's API carries: what must come back from the wire as it was in the truth."""

_LIST = Places(money="total", size="meta.total")
PLACES = {
    "list_invoices": _LIST._replace(items="billing_invoices", money="amount"),
    "get_invoice": Places(money="billing_invoice.amount"),
    "get_invoice_items": _LIST._replace(items="invoice_items"),
    "list_billing_history": _LIST._replace(items="billing_history", money="amount", state="type"),
    "list_pending_charges": Places("pending_charges", "total"),
    "get_account": Places(money="account.pending_charges"),
}


def accounts(seed: int, first_month: Month) -> tuple[Played, ...]:
    """Return the one account of the default world."""
    key, noright = {"api_key": "twin-vultr-key"}, {"api_key": "twin-vultr-noright"}
    return (Played("vultr", "vultr", key, seed, first_month, noright=noright),)


def caller(request: Request, accounts: tuple[Played, ...], moment: Moment | None = None) -> Caller | None:
    """Hear the bearer key."""
    key = bearer(request.headers)
    for account in accounts:
        if key == account.credentials["api_key"]:
            return Caller(account)
        if key and key == account.noright.get("api_key"):
            return Caller(account, allowed=False)  # GUESS: that a right is missed only where bills are asked for
    return None


def answer(op: Operation[object], moment: Moment) -> object:  # noqa: PLR0911 - a table of operations
    """Answer one of the eight operations; raises ``Denied``."""
    account, now = moment.account, moment.now
    match op:
        case ListBillingHistory():
            return records_out.history(account, now, op)
        case ListInvoices():
            return records_out.invoices(account, now, op)
        case GetInvoice():
            return InvoiceReply(billing_invoice=records_out.invoice(account, _month(op.invoice_id, moment)))
        case GetInvoiceItems():
            return records_out.items(account, _month(op.invoice_id, moment), op)
        case ListPendingCharges():
            return records_out.pending(account, now)
        case GetPendingChargesCsv():
            return respond(records_out.pending_csv(account, now), media=FORMATS["csv"])  # GUESS: the type of content
        case GetAccount():
            return AccountReply(account=records_out.owner(account, now, may_bill=_may_bill(moment)))
        case GetAccountBandwidth():
            return BandwidthReply(bandwidth=records_out.bandwidth(account, now))
    raise Misasked(f"{op!r} is not Vultr's")


def _may_bill(moment: Moment) -> bool:
    return bearer(moment.request.headers) != moment.account.noright.get("api_key")


def _month(invoice_id: int | str, moment: Moment) -> Month:
    for month in scenario.closed(moment.account, moment.now):
        if str(scenario.invoice_number(moment.account, month)) == str(invoice_id):
            return month
    raise Denied(No.NOT_FOUND, "Invalid invoice ID")  # GUESS: the text


WORDS: dict[No, tuple[int, str]] = {
    No.BAD_REQUEST: (400, "Bad Request"),
    No.UNAUTHORIZED: (401, "Invalid API token."),
    No.FORBIDDEN: (403, "Your API key does not have the required privileges."),  # GUESS: that it is this, and the text
    No.NOT_FOUND: (404, "Not Found"),  # GUESS: the text for a path that is none
    No.UNPROCESSABLE: (400, "Bad Request"),
    No.RATE_LIMITED: (429, "rate limit exceeded"),
    No.SERVER_ERROR: (500, "Internal Server Error"),  # GUESS: the body
    No.UNAVAILABLE: (503, "Service Unavailable"),  # GUESS: the body
}


def refusal(no: No, detail: str = "", request: Request | None = None) -> Response:
    """Say no with ``error`` and ``status``, in the order of keys that was recorded."""
    status, words = WORDS[no]
    if no is No.RATE_LIMITED:
        return respond({"status": status, "error": words}, status=status)
    if found := re.search(r"\$\.(\w+)", detail):
        detail = f"Invalid value for {found[1]}"  # GUESS: that it is refused, and the text
    said = words if no is No.FORBIDDEN else detail or words
    return respond({"error": said, "status": status}, status=status)


def truth(account: Played, now: datetime) -> Iterator[Bill]:
    """Yield the account's true bills."""
    return scenario.bills(account, now)


def examples(account: Played, now: datetime) -> tuple[Operation[Any], ...]:
    """Return one question of each operation that the account's twin can answer."""
    latest = scenario.invoice_number(account, list(scenario.closed(account, now))[-1])
    return (
        ListBillingHistory(),
        ListInvoices(),
        GetInvoice(invoice_id=str(latest)),
        GetInvoiceItems(invoice_id=str(latest)),
        ListPendingCharges(),
        GetPendingChargesCsv(),
        GetAccount(),
        GetAccountBandwidth(),
    )
