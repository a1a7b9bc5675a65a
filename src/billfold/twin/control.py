"""The twin's control desk: clock, faults, requests, accounts and truth under ``/_twin``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from billfold.model.bill import together
from billfold.model.errors import BillfoldError, Misasked, Unreadable
from billfold.model.period import instant, stamp
from billfold.twin.clock import span
from billfold.twin.faults import FAULTS, STORIES, fault
from billfold.twin.host import Host
from billfold.twin.world import stated
from billfold.wire import codec
from billfold.wire.answer import respond
from billfold.wire.message import Request, Response


def control(host: Host, request: Request, root: str) -> Response:
    """Answer a request to the control desk; ``root`` is the twin's own URL."""
    what = request.path.removeprefix("/_twin").strip("/")
    try:
        return _desk(host, request, root, what)
    except (BillfoldError, ValueError, OverflowError) as error:
        return respond({"error": str(error)}, status=400)


def _desk(host: Host, request: Request, root: str, what: str) -> Response:  # noqa: PLR0911 - a table of desks
    match request.method, what:
        case "GET", "accounts":
            return respond(host.world.accounts(root, host.clock.now()))
        case "GET", "truth":
            return _truth(host, charges=dict(request.query).get("charges", "0") not in {"0", "no", "false"})
        case "GET", "clock":
            return _clock(host, {})
        case "POST", "clock":
            return _clock(host, _said(request))
        case (("GET" | "POST" | "DELETE"), "faults"):
            return _faults(host, request)
        case "GET", "requests":
            return respond([heard._asdict() for heard in host.requests])
        case "POST", "reset":
            host.reset()
            return respond({"now": stamp(host.clock.now())})
    desk = "accounts, truth, clock, faults, requests, reset"
    return respond({"error": f"there is no {request.method} /_twin/{what}; there are {desk}"}, status=404)


def _said(request: Request) -> dict[str, Any]:
    with suppress(Unreadable):
        said = codec.tree(request.body or b"{}")
        if isinstance(said, dict):
            return said
    raise Misasked('the request is no JSON object; send one, as {"advance": "31d"} or {"provider": ..., "fault": ...}')


def _clock(host: Host, said: dict[str, Any]) -> Response:
    if unknown := set(said) - {"set", "advance"}:
        raise Misasked(f"a clock has no {min(unknown)!r}; it can be told to set and to advance")
    if said:
        at = instant(str(said["set"])) if "set" in said else host.clock.now()
        host.clock.set(host.world.playable(at, span(str(said["advance"])) if "advance" in said else timedelta()))
    return respond({"now": stamp(host.clock.now())})


def _faults(host: Host, request: Request) -> Response:
    if request.method == "DELETE":
        host.clear_faults()
    if request.method == "POST":
        host.set_fault(fault(_said(request), [stage.provider.name for stage in host.world.stages]))
    return respond({"faults": [*FAULTS, *STORIES], "set": [one.told() for one in host.faults]})


def _truth(host: Host, *, charges: bool) -> Response:
    now = host.clock.now()
    if charges:
        return respond(b"".join(_rows(host)), media="application/x-ndjson")
    invoices, counts = [], Counter[str]()
    for account, bill in host.world.bills(now):
        invoices.append(stated(account, bill))
        counts[account.provider] += sum(len(batch.lines) for batch in bill.charges)
    return respond({"as_of": stamp(now), "invoices": together(invoices), "charges": counts})


def _rows(host: Host) -> Iterator[bytes]:
    for account, bill in host.world.bills(host.clock.now()):
        for batch in bill.charges:
            for row in batch.rows():
                said = row._replace(x_AccountName=account.name, x_State=str(bill.state))._asdict()
                yield codec.encode(codec.worded({k: v for k, v in said.items() if v is not None})) + b"\n"
