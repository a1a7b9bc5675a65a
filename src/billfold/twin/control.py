"""The twin's control desk: clock, faults, requests, accounts and truth under ``/_twin``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta

from billfold.model.bill import StatedBill, merge_estimate_parts
from billfold.model.errors import BillfoldError, InvalidArgument, InvalidResponse
from billfold.model.period import format_instant, parse_instant
from billfold.twin.clock import parse_duration
from billfold.twin.faults import EXPECTATIONS, FAULTS, RESTATEMENTS, parse_fault
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from billfold.wire import codec
from billfold.wire.answer import build_response
from billfold.wire.message import Request, Response


def handle_control(host: TwinHost, request: Request, root_url: str) -> Response:
    """Answer a request to the control desk; ``root_url`` is the twin's own URL."""
    endpoint = request.path.removeprefix("/_twin").strip("/")
    read_request = request._replace(method="GET") if request.method == "HEAD" else request
    try:
        return _route_request(host, read_request, root_url, endpoint)
    except (BillfoldError, ValueError, OverflowError) as error:
        return build_response({"error": str(error)}, status=400)


def _route_request(host: TwinHost, request: Request, root_url: str, endpoint: str) -> Response:  # noqa: PLR0911 - a table of desks
    match request.method, endpoint:
        case "GET", "accounts":
            return build_response(host.world.describe_accounts(root_url, host.clock.now()))
        case "GET", "truth":
            return _describe_truth(host, charges=dict(request.query).get("charges", "0") not in {"0", "no", "false"})
        case "GET", "clock":
            return _handle_clock(host, {})
        case "POST", "clock":
            return _handle_clock(host, _read_object(request))
        case (("GET" | "POST" | "DELETE"), "faults"):
            return _handle_faults(host, request)
        case "GET", "events":
            return build_response([event.describe() for event in host.world.events])
        case "GET", "requests":
            return build_response([entry._asdict() for entry in host.requests])
        case "POST", "reset":
            return _reset(host, _read_object(request))
    endpoints = "accounts, truth, clock, events, faults, requests, reset"
    return build_response(
        {"error": f"there is no {request.method} /_twin/{endpoint}; there are {endpoints}"}, status=404
    )


def _read_object(request: Request) -> Mapping[str, object]:
    with suppress(InvalidResponse):
        body = codec.parse_json(request.body or b"{}")
        if isinstance(body, dict):
            return body
    raise InvalidArgument(
        'the request is no JSON object; send one, as {"advance": "31d"} or {"provider": ..., "fault": ...}'
    )


def _reset(host: TwinHost, settings: Mapping[str, object]) -> Response:
    if set(settings) - {"clock"} or not isinstance(settings.get("clock", False), bool):
        raise InvalidArgument('a reset can be told {"clock": true}, and nothing else')
    host.reset()
    if settings.get("clock"):
        host.clock.restart()
    return build_response({"now": format_instant(host.clock.now())})


def _handle_clock(host: TwinHost, settings: Mapping[str, object]) -> Response:
    if unknown := set(settings) - {"set", "advance", "freeze"}:
        raise InvalidArgument(f"a clock has no {min(unknown)!r}; it can be told to set, to advance and to freeze")
    is_frozen = settings.get("freeze")
    if "freeze" in settings and not isinstance(is_frozen, bool):
        raise InvalidArgument("freeze is true or false")
    now = host.clock.now()
    new_time = parse_instant(str(settings["set"])) if "set" in settings else now
    if settings.keys() & {"set", "advance"}:
        delta = parse_duration(str(settings["advance"])) if "advance" in settings else timedelta()
        new_time = host.world.shift_time(new_time, delta)
    if isinstance(is_frozen, bool):
        host.clock.freeze(is_frozen)
    if settings:
        host.clock.set(new_time)
    return build_response({"now": format_instant(host.clock.now())})


def _handle_faults(host: TwinHost, request: Request) -> Response:
    if request.method == "DELETE":
        host.clear_faults()
    if request.method == "POST":
        host.set_fault(parse_fault(_read_object(request), [vendor.provider.name for vendor in host.world.vendors]))
    return build_response(
        {
            "faults": [*FAULTS, *RESTATEMENTS],
            "expected": EXPECTATIONS,
            "set": [active_fault.as_dict() for active_fault in host.faults],
        }
    )


def _describe_truth(host: TwinHost, *, charges: bool) -> Response:
    now = host.clock.now()
    if charges:
        return build_response(b"".join(_encode_rows(host)), media_type="application/x-ndjson")
    invoices, charge_counts = [], Counter[str]()
    for account, bill in host.world.iter_bills(now):
        invoices.append(StatedBill(**describe_bill(account, bill)))
        charge_counts[account.provider] += sum(batch.line_count for batch in bill.charges)
    merged_invoices = [invoice._asdict() for invoice in merge_estimate_parts(invoices)]
    return build_response({"as_of": format_instant(now), "invoices": merged_invoices, "charges": charge_counts})


def _encode_rows(host: TwinHost) -> Iterator[bytes]:
    for account, bill in host.world.iter_bills(host.clock.now()):
        for batch in bill.charges:
            for row in batch.iter_rows():
                row_values = row._replace(x_AccountName=account.name, x_State=str(bill.state))._asdict()
                yield (
                    codec.encode_json(
                        codec.stringify_row(
                            {column: value for column, value in row_values.items() if value is not None}
                        )
                    )
                    + b"\n"
                )
