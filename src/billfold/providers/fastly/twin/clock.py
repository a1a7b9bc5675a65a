"""Times of the played Fastly: midnights, months, and the estimate that is not ready at once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from billfold.model.period import Month
from billfold.providers.fastly.records import AsyncResponse
from billfold.providers.fastly.twin import scenario
from billfold.providers.twin_api import Account, Denied, Moment, No
from billfold.wire.answer import respond
from billfold.wire.message import Response

MAKING, KEPT = timedelta(seconds=5), timedelta(hours=4)
"""How long an estimate takes to be made, and how long it is kept."""


def midnight(now: datetime) -> datetime:
    """Return the last midnight: nothing moves in between."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def closed(account: Account, now: datetime) -> list[Month]:
    """Return the months that are posted."""
    return list(account.first_month.until(Month.of(now).plus(-1)))


def ready(moment: Moment, what: str) -> bool:
    """Tell whether an estimate is made; it is begun by whoever asks first, kept for hours, and never over midnight."""
    # GUESS: v3 keeps the times that are documented for v2: seconds to make, hours to keep.
    if moment.account.kind == scenario.PARENT_PAY:
        raise Denied(No.UNPROCESSABLE)
    key, now = f"estimate of {moment.account.name} {what}", moment.now
    begun = moment.memory.get(key)
    if begun is None or not begun <= now < begun + MAKING + KEPT or begun.date() != now.date():
        moment.memory[key] = begun = now
    return bool(now >= begun + MAKING)


def accepted() -> Response:
    """Say that the estimate is being made."""
    # GUESS: the words of a 202, and that v2 has v3's body.
    return respond(AsyncResponse(title="The invoice is being generated", status="202"), status=202)


def asked_month(year: object, number: object) -> Month:
    """Read a month; one that is not padded is understood (tap-fastly asked ``/month/7`` for years)."""
    if not re.fullmatch(r"\d{4}", str(year)) or not re.fullmatch(r"0?[1-9]|1[0-2]", str(number)):
        raise Denied(
            No.BAD_REQUEST, "month must be a 2-digit month and year a 4-digit year"
        )  # GUESS: a month that is none is refused with 400
    return Month(int(str(year)), int(str(number)))


def month_of(number: object, moment: Moment) -> Month:
    """Find the posted month that an invoice is of."""
    for one in closed(moment.account, moment.now):
        if scenario.invoice_id(moment.account, one) == str(number):
            return one
    raise Denied(No.NOT_FOUND, f"Couldn't find Invoice '{number}'")  # GUESS: the text for an unknown id
