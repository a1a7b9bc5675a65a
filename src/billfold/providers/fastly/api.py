"""What can be asked of Fastly: billing v3, usage, and who asks; ``api_v2.py`` has what billing v2 could be asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Self, TypeVar

import msgspec

from billfold.model.errors import InvalidResponse
from billfold.providers.fastly.api_v2 import (
    ESTIMATE_WAITING,
    ROLES,
    GetInvoice,
    GetInvoiceById,
    GetInvoiceByIdFile,
    GetInvoiceFile,
    GetInvoiceMtd,
    GetServiceLevelUsageTypes,
)
from billfold.providers.fastly.records import (
    CurrentUser,
    Error,
    Invoice,
    ListEomInvoicesResponse,
    Metadata,
    Mtdinvoice,
    Serviceusagemetric,
    Serviceusagemetrics,
    ServiceusagemetricsData,
    TokenSelf,
    Usagemetric,
    Usagemetrics,
)
from billfold.wire import codec
from billfold.wire.exchange import ErrorDetails
from billfold.wire.message import Response
from billfold.wire.methods import Api, C, api_method, format_method, list_method
from billfold.wire.operation import Enveloped, Operation
from billfold.wire.paging import PagedOperation

L = TypeVar("L", bound=PagedOperation[Any, Any])
V3_DOCS = "https://www.fastly.com/documentation/reference/api/account/billing/invoices/"
USAGE_DOCS = "https://www.fastly.com/documentation/reference/api/account/billing/usage-metrics/"
AUTH_DOCS = "https://www.fastly.com/documentation/reference/api/auth-tokens/user/"
USER_DOCS = "https://www.fastly.com/documentation/reference/api/account/user/"
MAX_PAGE_SIZE, MAX_SERVICES_PAGE_SIZE = 200, 10_000
"""The most invoices, and the most services, that a page can have."""


class ListInvoices(PagedOperation[ListEomInvoicesResponse, Invoice], frozen=True, kw_only=True):
    """List the posted invoices of the token's customer with their lines, the newest period first.

    100 a page, 200 at most. Billing v3. The last day of a period is in it.
    """

    path = "/billing/v3/invoices"
    items_field = "data"
    permissions = ROLES
    docs = V3_DOCS
    billing_start_date: date | None = None
    billing_end_date: date | None = None
    limit: int | None = None
    cursor: str | None = None

    def __post_init__(self) -> None:
        for name in ("billing_start_date", "billing_end_date"):
            if isinstance(bound := getattr(self, name), datetime):  # which is a date too; the vendor wants the day
                msgspec.structs.force_setattr(self, name, (bound.astimezone(UTC) if bound.tzinfo else bound).date())

    def next_operation(self, page: ListEomInvoicesResponse) -> Self | None:
        """Return the question for the page that the cursor names, or None where there is no cursor."""
        return _follow_cursor(self, [page.meta])

    def has_end_mark(self, page: ListEomInvoicesResponse) -> bool:
        """Tell whether the page says that it is the last one; a page without ``meta`` says nothing."""
        return isinstance(page.meta, Metadata) and not codec.get_or(page.meta.next_cursor, "")

    def stated_total(self, page: ListEomInvoicesResponse) -> int | None:
        """Return how many invoices the vendor says there are."""
        return codec.get_or(codec.get_or(page.meta, Metadata()).total, None)

    def first_operation(self) -> Self:
        """Return the question for the first page."""
        return msgspec.structs.replace(self, cursor=None)


class GetInvoiceByInvoiceId(Operation[Invoice], frozen=True):
    """Get a posted invoice with its lines, in its own currency (billing v3)."""

    path = "/billing/v3/invoices/{invoice_id}"
    expected_fields = ("invoice_id", "monthly_transaction_amount", "transaction_line_items")
    permissions = ROLES
    docs = V3_DOCS
    invoice_id: int | str


class GetMonthToDateInvoice(Operation[Mtdinvoice], frozen=True, kw_only=True):
    """Get the running month so far, in US dollars; made on demand, so the first answers may be "not yet" (billing v3).

    Accounts that cannot have one (parent-pay) are refused with HTTP 422.
    """

    path = "/billing/v3/invoices/month-to-date"
    waiting = ESTIMATE_WAITING
    permissions = ROLES
    errors = (401, 404, 422, 500)
    docs = V3_DOCS


class GetUsageMetrics(Enveloped[Usagemetrics, list[Usagemetric]], frozen=True, kw_only=True):
    """Get monthly usage by product and region, both months (``2026-05``) included; three months at most (billing v3)."""

    path = "/billing/v3/usage-metrics"
    result_field = "data"
    permissions = ROLES
    docs = USAGE_DOCS
    start_month: str
    end_month: str


class GetServiceLevelUsage(PagedOperation[Serviceusagemetrics, Serviceusagemetric], frozen=True, kw_only=True):
    """Get usage by service; ``product_id`` and ``usage_type_name`` go together, months as ``2026-05`` (billing v3).

    1000 a page, 10000 at most. Units only: Fastly bills no service by itself.
    """

    path = "/billing/v3/service-usage-metrics"
    permissions = ROLES
    docs = USAGE_DOCS
    product_id: str | None = None
    service: str | None = None
    usage_type_name: str | None = None
    start_month: str | None = None
    end_month: str | None = None
    limit: int | None = None
    cursor: str | None = None

    def items(self, page: Serviceusagemetrics) -> list[Serviceusagemetric]:
        """Return the services of the page, of all its usage types."""
        return [service for usage_data in _list_usage_data(page) for service in codec.get_or(usage_data.details, [])]

    def next_operation(self, page: Serviceusagemetrics) -> Self | None:
        """Return the question for the page that the cursor names, or None where there is no cursor."""
        return _follow_cursor(self, [page.meta, *(usage_data.meta for usage_data in _list_usage_data(page))])

    def has_end_mark(self, page: Serviceusagemetrics) -> bool:
        """Tell whether the page says that it is the last one; a page without ``meta`` says nothing."""
        metas = [page.meta, *(usage_data.meta for usage_data in _list_usage_data(page))]
        return any(isinstance(meta, Metadata) for meta in metas) and self.next_operation(page) is None

    def stated_total(self, page: Serviceusagemetrics) -> int | None:
        """Return how many services the vendor says there are, where one usage type was asked for."""
        metas = [page.meta, *(usage_data.meta for usage_data in _list_usage_data(page))]
        totals = {codec.get_or(meta.total, None) for meta in metas if isinstance(meta, Metadata)}
        return totals.pop() if len(totals) == 1 else None

    def first_operation(self) -> Self:
        """Return the question for the first page."""
        return msgspec.structs.replace(self, cursor=None)


def _list_usage_data(page: Serviceusagemetrics) -> list[ServiceusagemetricsData]:
    if isinstance(page.data, ServiceusagemetricsData):
        return [page.data]
    if isinstance(page.data, list):
        return page.data
    raise InvalidResponse("the page has no usage")


def _follow_cursor(op: L, metas: Iterable[object]) -> L | None:
    for meta in metas:
        if isinstance(meta, Metadata) and (cursor := codec.get_or(meta.next_cursor, "")):
            return msgspec.structs.replace(op, cursor=cursor)
    return None


class GetTokenSelf(Operation[TokenSelf], frozen=True, kw_only=True):
    """Get the token that asks: its customer, scopes and expiry. Every token may ask this."""

    path = "/tokens/self"
    docs = AUTH_DOCS


class GetCurrentUser(Operation[CurrentUser], frozen=True, kw_only=True):
    """Get the user whose token asks, with customer and role. Automation tokens have no user."""

    path = "/current_user"
    docs = USER_DOCS


class FastlyApi(Api[C]):
    """The billing operations of Fastly."""

    get_invoice_by_id = format_method(GetInvoiceById, GetInvoiceByIdFile)  # says more of its answer than the next one
    get_invoice = format_method(GetInvoice, GetInvoiceFile)
    get_invoice_mtd = api_method(GetInvoiceMtd)
    get_service_level_usage_types = api_method(GetServiceLevelUsageTypes)
    list_invoices = list_method(ListInvoices)
    get_month_to_date_invoice = api_method(GetMonthToDateInvoice)  # its path would be an invoice's of that id, too
    get_invoice_by_invoice_id = api_method(GetInvoiceByInvoiceId)
    get_usage_metrics = api_method(GetUsageMetrics)
    get_service_level_usage = list_method(GetServiceLevelUsage)
    get_token_self = api_method(GetTokenSelf)
    get_current_user = api_method(GetCurrentUser)


def read_error(response: Response) -> ErrorDetails:
    """Read an error body: ``msg`` with ``detail``, ``title`` with ``detail``, or ``errors[]``, whatever its content type."""
    request_id = response.headers.get("fastly-trace-id")
    try:
        error = codec.decode_record(response.body, Error)
    except InvalidResponse:
        return ErrorDetails(f"the vendor answered {response.media_type or 'without a content type'}", None, request_id)
    message = _join_messages(error) or "the vendor gave no reason"
    return ErrorDetails(message[:400], str(codec.get_or(error.code, "")) or None, request_id)


def _join_messages(error: Error) -> str:
    messages = [codec.get_or(error.msg, ""), codec.get_or(error.title, ""), codec.get_or(error.detail, "")]
    for error_item in error.errors if isinstance(error.errors, list) else []:
        messages += [
            text
            for key in ("title", "detail")
            if isinstance(error_item, dict) and isinstance(text := error_item.get(key), str)
        ]
    return ": ".join(dict.fromkeys(text for text in messages if text))
