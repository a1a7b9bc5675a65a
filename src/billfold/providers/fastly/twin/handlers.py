"""Fastly, played: the story and a time become what billing v2 and v3 answer, the way back from ``charges.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from billfold.model.bill import Bill
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month, parse_instant
from billfold.providers.fastly.api import (
    GetCurrentUser,
    GetInvoiceByInvoiceId,
    GetMonthToDateInvoice,
    GetServiceLevelUsage,
    GetTokenSelf,
    GetUsageMetrics,
    ListInvoices,
)
from billfold.providers.fastly.api_v2 import (
    GetInvoice,
    GetInvoiceById,
    GetInvoiceByIdFile,
    GetInvoiceFile,
    GetInvoiceMtd,
    GetServiceLevelUsageTypes,
)
from billfold.providers.fastly.records import Error
from billfold.providers.fastly.twin import handlers_v2, handlers_v3, scenario, sdk_compat
from billfold.providers.twin_api import (
    ApiFault,
    Caller,
    FieldMap,
    RateLimit,
    RequestContext,
    TwinAccount,
    TwinApi,
    find_caller,
)
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation

_V2_FIELDS = FieldMap("", "total.cost", "invoice_id", "status.status", invoice="invoice_id")
_V3_FIELDS = FieldMap("", "monthly_transaction_amount", "invoice_id", "", "currency_code")
_V3_INVOICE_FIELDS = _V3_FIELDS._replace(invoice="invoice_id", lines="transaction_line_items", line_money="amount")

HANDLERS: dict[type[Operation[Any]], Callable[[Any, RequestContext], object]] = {
    GetInvoice: handlers_v2.answer_in_version,
    GetInvoiceById: handlers_v2.answer_by_id,
    GetInvoiceFile: handlers_v2.answer_as_file(handlers_v2.answer_by_month),
    GetInvoiceByIdFile: handlers_v2.answer_as_file(handlers_v2.answer_by_id),
    GetInvoiceMtd: handlers_v2.answer_estimate,
    GetServiceLevelUsageTypes: handlers_v2.answer_usage_types,
    ListInvoices: handlers_v3.answer_invoice_list,
    GetInvoiceByInvoiceId: handlers_v3.answer_invoice,
    GetMonthToDateInvoice: handlers_v3.answer_month_to_date,
    GetUsageMetrics: handlers_v3.answer_usage,
    GetServiceLevelUsage: handlers_v3.answer_service_usage,
    GetTokenSelf: handlers_v3.answer_token,
    GetCurrentUser: handlers_v3.answer_user,
}

ERROR_RESPONSES: dict[ApiFault, tuple[int, str]] = {
    ApiFault.BAD_REQUEST: (400, "Bad request"),
    ApiFault.UNAUTHORIZED: (401, "Provided credentials are missing or invalid"),
    ApiFault.FORBIDDEN: (403, "You are not authorized to perform this action"),  # GUESS: text and envelope of 403
    ApiFault.NOT_FOUND: (404, "Record not found"),
    ApiFault.METHOD_NOT_ALLOWED: (405, "Method not allowed"),  # GUESS: that it is refused so, and the text
    ApiFault.UNPROCESSABLE: (
        422,
        "A month-to-date invoice cannot be generated for this account",
    ),  # GUESS: parent-pay is refused with 422, in v2 too
    ApiFault.RATE_LIMITED: (429, "You have exceeded your rate limit"),  # GUESS: text and envelope of 429
    ApiFault.SERVER_ERROR: (500, "Internal server error"),  # GUESS: text of 500
    ApiFault.UNAVAILABLE: (503, "Service Unavailable"),
}
EDGE_ERROR_PAGE = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<html><head><title>503 Backend is unhealthy</title></head></html>\n'
)


class FastlyTwin(TwinApi):
    """Fastly, played to an ordinary customer and one whose parent pays."""

    mount_path = "/fastly"
    account_types = ("ordinary", "parent-pay", "v2-no-lines", scenario.EURO)
    event_kinds = (scenario.SPIKE, scenario.QUIET_MONTH, scenario.PLAN_CHANGE, scenario.UNPAID_INVOICE)
    rate_limit = RateLimit(100_000, 1.0)
    carried_columns = (
        "BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory",
        "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ContractedCost",
        "EffectiveCost", "HostProviderName", "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency",
        "PricingQuantity", "RegionName", "ServiceName", "ServiceProviderName", "SkuMeter",
    )  # fmt: skip
    field_maps = {
        "get_invoice": _V2_FIELDS,
        "get_invoice_by_id": _V2_FIELDS,
        "get_invoice_mtd": _V2_FIELDS,
        "list_invoices": _V3_INVOICE_FIELDS._replace(items="data", size="meta.total"),
        "get_invoice_by_invoice_id": _V3_INVOICE_FIELDS,
        "get_month_to_date_invoice": _V3_FIELDS._replace(currency=""),
        "get_usage_metrics": FieldMap("data", "quantity"),
        "get_service_level_usage": FieldMap("data.details", "usage_units", "service_id", size="data.meta.total"),
    }
    response_headers = {
        "cache-control": "no-store",
        "pragma": "no-cache",
        "server": "fastly",
        "vary": "Accept-Encoding",
        "via": "1.1 varnish, 1.1 varnish",
        "x-served-by": "cache-control-twin-CONTROL, cache-twin-TWIN",
        "x-timer": "S1794700800.000000,VS0,VE42",
        "fastly-trace-id": "7477696e2d74726163652d6964",
    }

    def make_accounts(self, seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
        """Return an ordinary customer, and one whose parent pays: it has invoices, but no estimate."""

        def make_account(name: str, account_type: str, unprivileged_credentials: dict[str, str]) -> TwinAccount:
            account = TwinAccount(
                "fastly",
                name,
                {"token": f"twin-{name}-token"},
                seed,
                first_month,
                {},
                unprivileged_credentials,
                account_type,
            )
            return account._replace(public_facts=self.describe_account(account))

        return (
            make_account("fastly", "ordinary", {"token": "twin-fastly-noright"}),
            make_account("fastly-parent-pay", scenario.PARENT_PAY, {}),
        )

    def describe_account(self, account: TwinAccount) -> dict[str, str]:
        """Return the customer's id."""
        return {"customer_id": scenario.customer_id_of(account)}

    def identify_caller(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Caller | None:
        """Hear the token in ``Fastly-Key``."""
        return find_caller(accounts, "token", request.headers.get("fastly-key", ""))

    def answer_operation(self, op: Operation[Any], context: RequestContext) -> object:
        """Answer one of the operations; raises ``AccessDenied``."""
        for operation_type, handler in HANDLERS.items():
            if isinstance(op, operation_type):
                return handler(op, context)
        raise InvalidArgument(f"{op!r} is not Fastly's")

    def refuse_request(self, fault: ApiFault, detail: str, request: Request) -> Response:
        """Say no as the part of the API does that was asked: three envelopes coexist, and the edge answers in HTML."""
        status, message = ERROR_RESPONSES[fault]
        detail = _rewrite_detail(detail)
        if fault is ApiFault.UNAVAILABLE:
            return Response(
                status, {"content-type": "text/html; charset=utf-8"}, EDGE_ERROR_PAGE
            )  # GUESS: the page of a 503
        is_v3 = request.path.startswith("/billing/v3/")
        if is_v3 and fault in {ApiFault.UNPROCESSABLE, ApiFault.SERVER_ERROR}:
            error = Error(
                type="", title=message, code=str(fault), status=str(status)
            )  # GUESS: v3's values of 422 and 500; the keys are documented
        elif is_v3 and fault is ApiFault.BAD_REQUEST:
            error = Error(
                type="", title=message, status=status, errors=None, detail=detail
            )  # GUESS: the newer envelope for v3's 400
        else:
            error = Error(
                msg=message,
                **({"detail": detail} if detail and fault in {ApiFault.BAD_REQUEST, ApiFault.NOT_FOUND} else {}),
            )
        # NOTE: the body of a 401 is JSON, and labelled as text (two public test suites quote it so).
        media_type = "text/plain" if fault is ApiFault.UNAUTHORIZED else "application/json"
        return Response(status, {"content-type": media_type}, codec.encode_json(error))

    def true_bills(self, account: TwinAccount, now: datetime) -> Iterator[Bill]:
        """Yield the customer's true bills."""
        return scenario.list_bills(account, now)

    def example_operations(self, account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
        """Return one question of each operation that the account's twin can answer."""
        month, customer_id = Month.of(now).add_months(-1), scenario.customer_id_of(account)
        invoice_id, year, month_number = scenario.invoice_id_of(account, month), str(month.year), f"{month.number:02}"
        first_month = last_month = str(month)
        return (
            GetInvoice(year=year, month=month_number),
            GetInvoiceFile(year=year, month=month_number, format="csv"),
            GetInvoiceById(customer_id=customer_id, invoice_id=invoice_id),
            GetInvoiceByIdFile(customer_id=customer_id, invoice_id=invoice_id, format="csv"),
            GetInvoiceMtd(customer_id=customer_id),
            GetServiceLevelUsageTypes(customer_id=customer_id),
            ListInvoices(),
            GetInvoiceByInvoiceId(invoice_id=invoice_id),
            GetMonthToDateInvoice(),
            GetUsageMetrics(start_month=first_month, end_month=last_month),
            GetServiceLevelUsage(
                product_id="cdn_usage",
                usage_type_name="North America Bandwidth",
                start_month=first_month,
                end_month=last_month,
            ),
            GetTokenSelf(),
            GetCurrentUser(),
        )

    def translate_request(self, request: Request) -> Request:
        """Hear billing v1 as v2, and a date that has a time as its day from the SDKs that write it so (up to 5.3)."""
        request = request._replace(path=request.path.replace(handlers_v2.V1_PATH, handlers_v2.V2_PATH))
        if not sdk_compat.detect_sdk(request.headers.get("user-agent", "")).sends_times:
            return request
        return request._replace(
            query=tuple((parameter, _strip_time(parameter, value)) for parameter, value in request.query)
        )


def _strip_time(parameter: str, value: str) -> str:
    try:
        return (
            parse_instant(value).date().isoformat()
            if parameter in {"billing_start_date", "billing_end_date"}
            else value
        )
    except ValueError:
        return value


def _rewrite_detail(detail: str) -> str:
    """Say which parameter is wrong in words that do not tell of this code."""
    field_match = re.search(r"\$\.(\w+)", detail)
    missing_match = re.search(r"missing required field `(\w+)`", detail)
    return (
        f"{missing_match[1]} is required"
        if missing_match
        else f"{field_match[1]} is invalid"
        if field_match
        else detail
    )


TWIN = FastlyTwin()
