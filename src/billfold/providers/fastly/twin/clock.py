"""Times of the played Fastly: midnights, months, and the estimate that is not ready at once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from billfold.model.period import Month
from billfold.providers.fastly.records import AsyncResponse
from billfold.providers.fastly.twin import scenario
from billfold.providers.twin_api import AccessDenied, ApiFault, RequestContext, TwinAccount
from billfold.wire.answer import build_response
from billfold.wire.message import Response

ESTIMATE_DELAY, ESTIMATE_LIFETIME = timedelta(seconds=5), timedelta(hours=4)
"""How long an estimate takes to be made, and how long it is kept."""


def floor_to_midnight(now: datetime) -> datetime:
    """Return the last midnight: nothing moves in between."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def closed_months(account: TwinAccount, now: datetime) -> list[Month]:
    """Return the months that are posted."""
    return list(account.first_month.iter_until(Month.of(now).add_months(-1)))


def is_estimate_ready(context: RequestContext, estimate_name: str) -> bool:
    """Tell whether an estimate is made; it is begun by whoever asks first, kept for hours, and never over midnight."""
    # GUESS: v3 keeps the times that are documented for v2: seconds to make, hours to keep.
    if context.account.account_type == scenario.PARENT_PAY:
        raise AccessDenied(ApiFault.UNPROCESSABLE)
    memory_key, now = f"estimate of {context.account.name} {estimate_name}", context.now
    started_at = context.memory.first_requests.get(memory_key)
    if (
        started_at is None
        or not started_at <= now < started_at + ESTIMATE_DELAY + ESTIMATE_LIFETIME
        or started_at.date() != now.date()
    ):
        context.memory.first_requests[memory_key] = started_at = now
    return context.is_frozen or now >= started_at + ESTIMATE_DELAY


def make_accepted_response() -> Response:
    """Say that the estimate is being made."""
    # GUESS: the words of a 202, and that v2 has v3's body.
    return build_response(AsyncResponse(title="The invoice is being generated", status="202"), status=202)


def parse_requested_month(year: object, month_number: object) -> Month:
    """Read a month; one that is not padded is understood (tap-fastly asked ``/month/7`` for years)."""
    if not re.fullmatch(r"\d{4}", str(year)) or not re.fullmatch(r"0?[1-9]|1[0-2]", str(month_number)):
        raise AccessDenied(
            ApiFault.BAD_REQUEST, "month must be a 2-digit month and year a 4-digit year"
        )  # GUESS: a month that is none is refused with 400
    return Month(int(str(year)), int(str(month_number)))


def find_invoice_month(invoice_id: object, context: RequestContext) -> Month:
    """Find the posted month that an invoice is of."""
    for month in closed_months(context.account, context.now):
        if scenario.invoice_id_of(context.account, month) == str(invoice_id):
            return month
    raise AccessDenied(ApiFault.NOT_FOUND, f"Couldn't find Invoice '{invoice_id}'")  # GUESS: the text for an unknown id
