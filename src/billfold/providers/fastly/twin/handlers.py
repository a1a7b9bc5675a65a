"""Fastly, played: the story and a time become what billing v2 and v3 answer, the way back from ``charges.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from billfold.model.bill import Bill
from billfold.model.errors import Misasked
from billfold.model.period import Month, instant
from billfold.providers.fastly.api import (
    GetCurrentUser,
    GetInvoice,
    GetInvoiceById,
    GetInvoiceByIdFile,
    GetInvoiceByInvoiceId,
    GetInvoiceFile,
    GetInvoiceMtd,
    GetMonthToDateInvoice,
    GetServiceLevelUsage,
    GetServiceLevelUsageTypes,
    GetTokenSelf,
    GetUsageMetrics,
    ListInvoices,
)
from billfold.providers.fastly.records import Error
from billfold.providers.fastly.twin import handlers_v2, handlers_v3, scenario, sdk_compat
from billfold.providers.twin_api import Account, Caller, Moment, No, Places
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation

MOUNT = "/fastly"
KINDS = ("ordinary", "parent-pay", "v2-no-lines")
RATE = (100_000, 1.0)
HEADERS = {
    "cache-control": "no-store",
    "pragma": "no-cache",
    "server": "fastly",
    "vary": "Accept-Encoding",
    "via": "1.1 varnish, 1.1 varnish",
    "x-served-by": "cache-control-twin-CONTROL, cache-twin-TWIN",
    "x-timer": "S1794700800.000000,VS0,VE42",
    "fastly-trace-id": "7477696e2d74726163652d6964",
}
_V2 = Places("", "total.cost", "invoice_id", "status.status")
_V3 = Places("", "monthly_transaction_amount", "invoice_id", "", "currency_code")
PLACES = {
    "get_invoice": _V2,
    "get_invoice_by_id": _V2,
    "get_invoice_mtd": _V2,
    "list_invoices": _V3._replace(items="data", size="meta.total"),
    "get_invoice_by_invoice_id": _V3,
    "get_month_to_date_invoice": _V3._replace(currency=""),
    "get_usage_metrics": Places("data", "quantity"),
    "get_service_level_usage": Places("data.details", "usage_units", "service_id", size="data.meta.total"),
}

TELLS = (
    "BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory",
    "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ContractedCost",
    "EffectiveCost", "HostProviderName", "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency",
    "PricingQuantity", "RegionName", "ServiceName", "ServiceProviderName", "SkuMeter",
)  # fmt: skip
"""The columns that the vendor's API carries: what must come back from the wire as it was in the truth."""


def accounts(seed: int, first_month: Month) -> tuple[Account, ...]:
    """Return an ordinary customer, and one whose parent pays: it has invoices, but no estimate."""

    def made(name: str, kind: str, noright: dict[str, str]) -> Account:
        bare = Account("fastly", name, {"token": f"twin-{name}-token"}, seed, first_month, {}, noright, kind)
        return bare._replace(facts={"customer_id": scenario.customer(bare)})

    return (
        made("fastly", "ordinary", {"token": "twin-fastly-noright"}),
        made("fastly-parent-pay", scenario.PARENT_PAY, {}),
    )


def caller(request: Request, accounts: tuple[Account, ...], moment: Moment | None = None) -> Caller | None:
    """Hear the token in ``Fastly-Key``."""
    key = request.headers.get("fastly-key", "")
    for account in accounts:
        if key and key in {account.credentials["token"], account.noright.get("token")}:
            return Caller(account, allowed=key == account.credentials["token"])
    return None


def reworded(request: Request) -> Request:
    """Hear a date that has a time as its day from the SDKs that write it so (up to 5.3)."""
    if not sdk_compat.dialect(request.headers.get("user-agent", "")).timed:
        return request
    return request._replace(query=tuple((name, _day(name, text)) for name, text in request.query))


def _day(name: str, text: str) -> str:
    try:
        return instant(text).date().isoformat() if name in {"billing_start_date", "billing_end_date"} else text
    except ValueError:
        return text


def answer(op: Operation[Any], moment: Moment) -> object:
    """Answer one of the operations; raises ``Denied``."""
    for kind, answered in ANSWERS.items():
        if isinstance(op, kind):
            return answered(op, moment)
    raise Misasked(f"{op!r} is not Fastly's")


ANSWERS: dict[type[Operation[Any]], Callable[[Any, Moment], object]] = {
    GetInvoice: handlers_v2.by_month,
    GetInvoiceById: handlers_v2.by_id,
    GetInvoiceFile: handlers_v2.as_file(handlers_v2.by_month),
    GetInvoiceByIdFile: handlers_v2.as_file(handlers_v2.by_id),
    GetInvoiceMtd: handlers_v2.old_estimate,
    GetServiceLevelUsageTypes: handlers_v2.usage_types,
    ListInvoices: handlers_v3.listed,
    GetInvoiceByInvoiceId: handlers_v3.one,
    GetMonthToDateInvoice: handlers_v3.running,
    GetUsageMetrics: handlers_v3.usage,
    GetServiceLevelUsage: handlers_v3.by_service,
    GetTokenSelf: handlers_v3.token,
    GetCurrentUser: handlers_v3.user,
}


def truth(account: Account, now: datetime) -> Iterator[Bill]:
    """Yield the customer's true bills."""
    return scenario.bills(account, now)


WORDS: dict[No, tuple[int, str]] = {
    No.BAD_REQUEST: (400, "Bad request"),
    No.UNAUTHORIZED: (401, "Provided credentials are missing or invalid"),
    No.FORBIDDEN: (403, "You are not authorized to perform this action"),  # GUESS: text and envelope of 403
    No.NOT_FOUND: (404, "Record not found"),
    No.UNPROCESSABLE: (
        422,
        "A month-to-date invoice cannot be generated for this account",
    ),  # GUESS: parent-pay is refused with 422, in v2 too
    No.RATE_LIMITED: (429, "You have exceeded your rate limit"),  # GUESS: text and envelope of 429
    No.SERVER_ERROR: (500, "Internal server error"),  # GUESS: text of 500
    No.UNAVAILABLE: (503, "Service Unavailable"),
}
EDGE = b'<?xml version="1.0" encoding="utf-8"?>\n<html><head><title>503 Backend is unhealthy</title></head></html>\n'


def refusal(no: No, detail: str = "", request: Request | None = None) -> Response:
    """Say no as the part of the API does that was asked: three envelopes coexist, and the edge answers in HTML."""
    status, words = WORDS[no]
    detail = _plainly(detail)
    if no is No.UNAVAILABLE:
        return Response(status, {"content-type": "text/html; charset=utf-8"}, EDGE)  # GUESS: the page of a 503
    newer = request is not None and request.path.startswith("/billing/v3/")
    if newer and no in {No.UNPROCESSABLE, No.SERVER_ERROR}:
        said = Error(
            type="", title=words, code=str(no), status=str(status)
        )  # GUESS: v3's values of 422 and 500; the keys are documented
    elif newer and no is No.BAD_REQUEST:
        said = Error(
            type="", title=words, status=status, errors=None, detail=detail
        )  # GUESS: the newer envelope for v3's 400
    else:
        said = Error(msg=words, **({"detail": detail} if detail and no in {No.BAD_REQUEST, No.NOT_FOUND} else {}))
    # NOTE: the body of a 401 is JSON, and labelled as text (two public test suites quote it so).
    media = "text/plain" if no is No.UNAUTHORIZED else "application/json"
    return Response(status, {"content-type": media}, codec.encode(said))


def _plainly(detail: str) -> str:
    """Say which parameter is wrong in words that do not tell of this code."""
    named = re.search(r"\$\.(\w+)", detail)
    missing = re.search(r"missing required field `(\w+)`", detail)
    return f"{missing[1]} is required" if missing else f"{named[1]} is invalid" if named else detail


def examples(account: Account, now: datetime) -> tuple[Operation[Any], ...]:
    """Return one question of each operation that the account's twin can answer."""
    month, owner = Month.of(now).plus(-1), scenario.customer(account)
    key, year, number = scenario.invoice_id(account, month), str(month.year), f"{month.number:02}"
    first = last = str(month)
    return (
        GetInvoice(year=year, month=number),
        GetInvoiceFile(year=year, month=number, format="csv"),
        GetInvoiceById(customer_id=owner, invoice_id=key),
        GetInvoiceByIdFile(customer_id=owner, invoice_id=key, format="csv"),
        GetInvoiceMtd(customer_id=owner),
        GetServiceLevelUsageTypes(customer_id=owner),
        ListInvoices(),
        GetInvoiceByInvoiceId(invoice_id=key),
        GetMonthToDateInvoice(),
        GetUsageMetrics(start_month=first, end_month=last),
        GetServiceLevelUsage(
            product_id="cdn_usage", usage_type_name="North America Bandwidth", start_month=first, end_month=last
        ),
        GetTokenSelf(),
        GetCurrentUser(),
    )
