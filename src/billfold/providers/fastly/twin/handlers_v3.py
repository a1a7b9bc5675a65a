"""What the played Fastly replies by billing v3, and to the question whose a token is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month, format_instant
from billfold.providers.fastly.api import (
    MAX_PAGE_SIZE,
    MAX_SERVICES_PAGE_SIZE,
    GetCurrentUser,
    GetInvoiceByInvoiceId,
    GetMonthToDateInvoice,
    GetServiceLevelUsage,
    GetTokenSelf,
    GetUsageMetrics,
    ListInvoices,
)
from billfold.providers.fastly.records import (
    CurrentUser,
    Invoice,
    ListEomInvoicesResponse,
    Metadata,
    Serviceusagemetrics,
    ServiceusagemetricsData,
    TokenSelf,
    Usagemetric,
    Usagemetrics,
)
from billfold.providers.fastly.twin import records_v3, scenario
from billfold.providers.fastly.twin.clock import (
    closed_months,
    find_invoice_month,
    floor_to_midnight,
    is_estimate_ready,
    make_accepted_response,
)
from billfold.providers.twin_api import AccessDenied, ApiFault, RequestContext, TwinAccount
from billfold.wire import codec
from billfold.wire.answer import build_response
from billfold.wire.codec import get_or
from billfold.wire.message import Response

DEFAULT_PAGE_SIZE, DEFAULT_SERVICES_PAGE_SIZE = 100, 1000
"""How many a page has where nothing is asked."""
MAX_USAGE_MONTHS = 3


def answer_invoice_list(op: ListInvoices, context: RequestContext) -> Response:
    """Reply with a page of invoices."""
    return build_response(_encode_page(context.account, Month.of(context.now), op))


@lru_cache(maxsize=256)
def _encode_page(account: TwinAccount, running_month: Month, op: ListInvoices) -> bytes:
    """Return a page, the newest period first."""
    # GUESS: the running month is never in the list.
    months = [month for month in closed_months(account, running_month.start) if _is_within_dates(month, op)]
    invoice_ids = [scenario.invoice_id_of(account, month) for month in reversed(months)]
    page_ids, meta = _cut_page(invoice_ids, op.limit, op.cursor, default_size=DEFAULT_PAGE_SIZE, max_size=MAX_PAGE_SIZE)
    months_by_id = {scenario.invoice_id_of(account, month): month for month in months}
    return codec.encode_json(
        ListEomInvoicesResponse(
            data=[records_v3.make_invoice(account, months_by_id[invoice_id]) for invoice_id in page_ids], meta=meta
        )
    )


def _is_within_dates(month: Month, op: ListInvoices) -> bool:
    # GUESS: the two dates are bounds, and a period must lie between them.
    start, end = op.billing_start_date, op.billing_end_date
    return (start is None or month.start.date() >= start) and (
        end is None or (month.end - records_v3.DAY).date() <= end
    )


def _cut_page(
    keys: Sequence[str], limit: int | None, cursor: str | None, *, default_size: int, max_size: int
) -> tuple[Sequence[str], Metadata]:
    """Cut a page out of a list; its cursor names the last key of the page, so that it stays good when the list grows."""
    page_size = default_size if limit is None else limit
    if not 1 <= page_size <= max_size:
        raise AccessDenied(
            ApiFault.BAD_REQUEST, f"limit must be between 1 and {max_size}"
        )  # GUESS: a limit out of range is refused, not clamped
    start = 0 if not cursor else _find_cursor_position(keys, cursor)
    page_keys = keys[start : start + page_size]
    has_more = start + page_size < len(keys)
    next_cursor = base64.urlsafe_b64encode(f"after:{page_keys[-1]}".encode()).decode() if has_more else ""
    return page_keys, Metadata(next_cursor=next_cursor, limit=page_size, sort="billing_start_date", total=len(keys))


def _find_cursor_position(keys: Sequence[str], cursor: str) -> int:
    try:
        prefix, _, key = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        return keys.index(key) + 1 if prefix == "after" else keys.index("")
    except (binascii.Error, ValueError):
        raise AccessDenied(ApiFault.BAD_REQUEST, "cursor is invalid") from None  # GUESS: an unknown cursor is refused


def answer_invoice(op: GetInvoiceByInvoiceId, context: RequestContext) -> Invoice:
    """Reply with a posted invoice."""
    return records_v3.make_invoice(context.account, find_invoice_month(op.invoice_id, context))


def answer_month_to_date(op: GetMonthToDateInvoice, context: RequestContext) -> object:
    """Reply with the month to date, or that it is being made."""
    if not is_estimate_ready(context, "v3"):
        return make_accepted_response()
    return records_v3.make_month_to_date(context.account, Month.of(context.now), floor_to_midnight(context.now))


def _parse_month_range(start: str, end: str) -> list[Month]:
    try:
        first_month, last_month = Month.parse(start), Month.parse(end)
    except ValueError as error:
        raise AccessDenied(ApiFault.BAD_REQUEST, str(error)) from None
    if not Month(2000, 1) <= first_month <= last_month <= Month(2999, 12):
        raise AccessDenied(
            ApiFault.BAD_REQUEST, "start_month must not be after end_month"
        )  # GUESS: months the wrong way round are refused
    return list(first_month.iter_until(last_month))


def _list_metrics(months: Sequence[Month], context: RequestContext) -> list[Usagemetric]:
    account, now = context.account, context.now
    billed_months = [month for month in months if account.first_month <= month <= Month.of(now)]
    return [
        metric
        for month in billed_months
        for metric in records_v3.list_usage(account, month, min(floor_to_midnight(now), month.end))
    ]


def answer_usage(op: GetUsageMetrics, context: RequestContext) -> Usagemetrics:
    """Reply with the usage by product."""
    months = _parse_month_range(op.start_month, op.end_month)
    if len(months) > MAX_USAGE_MONTHS:
        raise AccessDenied(
            ApiFault.BAD_REQUEST, f"at most {MAX_USAGE_MONTHS} months can be asked for"
        )  # GUESS: more months are refused with 400
    return Usagemetrics(data=_list_metrics(months, context))


def answer_service_usage(op: GetServiceLevelUsage, context: RequestContext) -> Serviceusagemetrics:
    """Reply with a page of the usage by service."""
    if (op.product_id is None) != (op.usage_type_name is None):
        raise AccessDenied(
            ApiFault.BAD_REQUEST, "product_id and usage_type_name must be used together"
        )  # GUESS: one without the other is refused
    # GUESS: the running month where none is named, and the first usage type where none is; nothing for an unknown one.
    running_month = str(Month.of(context.now))
    months = _parse_month_range(
        op.start_month or op.end_month or running_month, op.end_month or op.start_month or running_month
    )
    metrics = _list_metrics(months, context)
    product_id, usage_type = op.product_id or "cdn_usage", op.usage_type_name or "North America Bandwidth"
    matching_metrics = [
        metric for metric in metrics if metric.product_id == product_id and metric.usage_type == usage_type
    ]
    quantity = exact_sum([get_or(metric.quantity, ZERO) for metric in matching_metrics])
    service_metrics = (
        records_v3.split_by_service(context.account, quantity, f"{usage_type} {months[0]}") if matching_metrics else ()
    )
    metrics_by_service = {
        get_or(metric.service_id, ""): metric for metric in service_metrics if op.service in {None, metric.service_id}
    }
    page_ids, meta = _cut_page(
        list(metrics_by_service),
        op.limit,
        op.cursor,
        default_size=DEFAULT_SERVICES_PAGE_SIZE,
        max_size=MAX_SERVICES_PAGE_SIZE,
    )
    data = ServiceusagemetricsData(
        customer_id=scenario.customer_id_of(context.account),
        start_time=format_instant(months[0].start),
        end_time=format_instant(months[-1].end - timedelta(seconds=1)),
        usage_type=usage_type,
        unit=get_or(matching_metrics[0].unit, "unit") if matching_metrics else "unit",
        details=[metrics_by_service[service_id] for service_id in page_ids],
        meta=meta,
    )
    return Serviceusagemetrics(data=data)


def answer_token(op: GetTokenSelf, context: RequestContext) -> TokenSelf:
    """Reply with the token that asks."""
    account, created_at = context.account, format_instant(context.account.first_month.start)
    return TokenSelf(
        id=scenario.make_id(account, "token"),
        user_id=scenario.make_id(account, "user"),
        customer_id=scenario.customer_id_of(account),
        name="billing export",
        last_used_at=format_instant(floor_to_midnight(context.now)),
        created_at=created_at,
        expires_at=None,
        ip="192.0.2.1",
        user_agent="curl/8.5.0",
        sudo_expires_at=None,
        scopes=["global:read"],
        scope="global:read",
        services=[],
    )


def answer_user(op: GetCurrentUser, context: RequestContext) -> CurrentUser:
    """Reply with the user whose token asks."""
    account, created_at = context.account, format_instant(context.account.first_month.start)
    has_billing_right = context.request.headers.get("fastly-key") == account.credentials["token"]
    return CurrentUser(
        id=scenario.make_id(account, "user"),
        created_at=created_at,
        updated_at=created_at,
        name="Billing Export",
        customer_id=scenario.customer_id_of(account),
        require_new_password=False,
        role="billing" if has_billing_right else "user",
        login=f"billing{context.account.seed_suffix}@example.com",
        deleted_at=None,
        locked=False,
        two_factor_auth_enabled=None,
        limit_services=False,
        last_active_at=format_instant(floor_to_midnight(context.now)),
    )
