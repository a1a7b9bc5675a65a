"""What the played Fastly replies by billing v3, and to the question whose a token is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month, stamp
from billfold.providers.fastly.api import (
    MOST,
    MOST_SERVICES,
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
from billfold.providers.fastly.twin.clock import accepted, closed, midnight, month_of, ready
from billfold.providers.twin_api import Account, Denied, Moment, No
from billfold.wire import codec
from billfold.wire.answer import respond
from billfold.wire.codec import given
from billfold.wire.message import Response

LIMIT, LIMIT_SERVICES = 100, 1000
"""How many a page has where nothing is asked."""
MONTHS = 3


def listed(op: ListInvoices, moment: Moment) -> Response:
    """Reply with a page of invoices."""
    return respond(_page(moment.account, Month.of(moment.now), op))


@lru_cache(maxsize=256)
def _page(account: Account, running: Month, op: ListInvoices) -> bytes:
    """Return a page, the newest period first."""
    # GUESS: the running month is never in the list.
    months = [month for month in closed(account, running.start) if _between(month, op)]
    keys = [scenario.invoice_id(account, month) for month in reversed(months)]
    chosen, meta = _cut(keys, op.limit, op.cursor, default=LIMIT, most=MOST)
    by_key = {scenario.invoice_id(account, month): month for month in months}
    return codec.encode(
        ListEomInvoicesResponse(data=[records_v3.invoice(account, by_key[key]) for key in chosen], meta=meta)
    )


def _between(month: Month, op: ListInvoices) -> bool:
    # GUESS: the two dates are bounds, and a period must lie between them.
    start, end = op.billing_start_date, op.billing_end_date
    return (start is None or month.start.date() >= start) and (
        end is None or (month.end - records_v3.DAY).date() <= end
    )


def _cut(
    keys: Sequence[str], limit: int | None, cursor: str | None, *, default: int, most: int
) -> tuple[Sequence[str], Metadata]:
    """Cut a page out of a list; its cursor names the last key of the page, so that it stays good when the list grows."""
    size = default if limit is None else limit
    if not 1 <= size <= most:
        raise Denied(
            No.BAD_REQUEST, f"limit must be between 1 and {most}"
        )  # GUESS: a limit out of range is refused, not clamped
    start = 0 if not cursor else _after(keys, cursor)
    chosen = keys[start : start + size]
    more = start + size < len(keys)
    following = base64.urlsafe_b64encode(f"after:{chosen[-1]}".encode()).decode() if more else ""
    return chosen, Metadata(next_cursor=following, limit=size, sort="billing_start_date", total=len(keys))


def _after(keys: Sequence[str], cursor: str) -> int:
    try:
        word, _, key = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        return keys.index(key) + 1 if word == "after" else keys.index("")
    except (binascii.Error, ValueError):
        raise Denied(No.BAD_REQUEST, "cursor is invalid") from None  # GUESS: an unknown cursor is refused


def one(op: GetInvoiceByInvoiceId, moment: Moment) -> Invoice:
    """Reply with a posted invoice."""
    return records_v3.invoice(moment.account, month_of(op.invoice_id, moment))


def running(op: GetMonthToDateInvoice, moment: Moment) -> object:
    """Reply with the month to date, or that it is being made."""
    if not ready(moment, "v3"):
        return accepted()
    return records_v3.month_to_date(moment.account, Month.of(moment.now), midnight(moment.now))


def _months(start: str, end: str) -> list[Month]:
    try:
        first, last = Month.parse(start), Month.parse(end)
    except ValueError as error:
        raise Denied(No.BAD_REQUEST, str(error)) from None
    if not Month(2000, 1) <= first <= last <= Month(2999, 12):
        raise Denied(
            No.BAD_REQUEST, "start_month must not be after end_month"
        )  # GUESS: months the wrong way round are refused
    return list(first.until(last))


def _metrics(months: Sequence[Month], moment: Moment) -> list[Usagemetric]:
    account, now = moment.account, moment.now
    known = [month for month in months if account.first_month <= month <= Month.of(now)]
    return [one for month in known for one in records_v3.usage(account, month, min(midnight(now), month.end))]


def usage(op: GetUsageMetrics, moment: Moment) -> Usagemetrics:
    """Reply with the usage by product."""
    months = _months(op.start_month, op.end_month)
    if len(months) > MONTHS:
        raise Denied(
            No.BAD_REQUEST, f"at most {MONTHS} months can be asked for"
        )  # GUESS: more months are refused with 400
    return Usagemetrics(data=_metrics(months, moment))


def by_service(op: GetServiceLevelUsage, moment: Moment) -> Serviceusagemetrics:
    """Reply with a page of the usage by service."""
    if (op.product_id is None) != (op.usage_type_name is None):
        raise Denied(
            No.BAD_REQUEST, "product_id and usage_type_name must be used together"
        )  # GUESS: one without the other is refused
    # GUESS: the running month where none is named, and the first usage type where none is; nothing for an unknown one.
    running = str(Month.of(moment.now))
    months = _months(op.start_month or op.end_month or running, op.end_month or op.start_month or running)
    wanted = _metrics(months, moment)
    product, usage = op.product_id or "cdn_usage", op.usage_type_name or "North America Bandwidth"
    mine = [one for one in wanted if one.product_id == product and one.usage_type == usage]
    quantity = exact_sum([given(one.quantity, ZERO) for one in mine])
    found = records_v3.by_service(moment.account, quantity, f"{usage} {months[0]}") if mine else ()
    services = {given(one.service_id, ""): one for one in found if op.service in {None, one.service_id}}
    chosen, meta = _cut(list(services), op.limit, op.cursor, default=LIMIT_SERVICES, most=MOST_SERVICES)
    data = ServiceusagemetricsData(
        customer_id=scenario.customer(moment.account),
        start_time=stamp(months[0].start),
        end_time=stamp(months[-1].end - timedelta(seconds=1)),
        usage_type=usage,
        unit=given(mine[0].unit, "unit") if mine else "unit",
        details=[services[key] for key in chosen],
        meta=meta,
    )
    return Serviceusagemetrics(data=data)


def token(op: GetTokenSelf, moment: Moment) -> TokenSelf:
    """Reply with the token that asks."""
    account, made = moment.account, stamp(moment.account.first_month.start)
    return TokenSelf(
        id=scenario.named(account, "token"),
        user_id=scenario.named(account, "user"),
        customer_id=scenario.customer(account),
        name="billing export",
        last_used_at=stamp(midnight(moment.now)),
        created_at=made,
        expires_at=None,
        ip="192.0.2.1",
        user_agent="curl/8.5.0",
        sudo_expires_at=None,
        scopes=["global:read"],
        scope="global:read",
        services=[],
    )


def user(op: GetCurrentUser, moment: Moment) -> CurrentUser:
    """Reply with the user whose token asks."""
    account, made = moment.account, stamp(moment.account.first_month.start)
    allowed = moment.request.headers.get("fastly-key") == account.credentials["token"]
    return CurrentUser(
        id=scenario.named(account, "user"),
        created_at=made,
        updated_at=made,
        name="Billing Export",
        customer_id=scenario.customer(account),
        require_new_password=False,
        role="billing" if allowed else "user",
        login="billing@example.com",
        deleted_at=None,
        locked=False,
        two_factor_auth_enabled=None,
        limit_services=False,
        last_active_at=stamp(midnight(moment.now)),
    )
