"""Answers for every vendor at once, with one clock: requests in, responses out, no sockets."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from math import ceil
from typing import Any, NamedTuple

from billfold.model.errors import InvalidArgument
from billfold.model.period import Month, format_instant
from billfold.providers.twin_api import AccessDenied, ApiFault, RequestContext, TwinMemory
from billfold.twin.clock import Clock
from billfold.twin.faults import DOCUMENT_OPERATION, FAULTS, RESTATEMENTS, Fault, FaultContext
from billfold.twin.world import PlayedVendor, World
from billfold.wire.answer import Routes, build_response
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation, operation_name
from billfold.wire.paging import PagedOperation

log = logging.getLogger("billfold.twin")
MAX_LOGGED_REQUESTS = 10_000


class RequestLogEntry(NamedTuple):
    """A request that the twin heard, as ``/_twin/requests`` tells it."""

    at: str
    provider: str
    operation: str | None
    path: str
    query: dict[str, str]
    status: int


class RequestCounter:
    """Counts requests in fixed windows of the twin's time."""

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._window_number, self._count = 0, 0

    def count_request(self, now: datetime) -> tuple[int, int]:
        """Count a request; return how many there were in this window, and the whole seconds to its end."""
        window, elapsed_s = divmod(now.timestamp(), self.window_s)
        self._count = self._count + 1 if int(window) == self._window_number else 1
        self._window_number = int(window)
        return self._count, ceil(self.window_s - elapsed_s)


class TwinHost:
    """The four billing systems; ``limits`` switches the vendors' rate limits on.

    Requests are counted for each credential that they carry.
    """

    def __init__(self, world: World, clock: Clock, *, limits: bool = True) -> None:
        self.world, self.clock, self.limits = world, clock, limits
        self.faults: list[Fault] = []
        self.requests: deque[RequestLogEntry] = deque(maxlen=MAX_LOGGED_REQUESTS)
        self._memory = defaultdict[str, TwinMemory](TwinMemory)
        self._counters: dict[str, RequestCounter] = {}
        self._routes = {vendor.provider.name: Routes(vendor.provider.operations) for vendor in world.vendors}
        self._credential_headers = {vendor.provider.name: _find_credential_header(vendor) for vendor in world.vendors}

    def reset(self) -> None:
        """Forget faults, requests and what the vendors remember; the clock stays."""
        self.clear_faults()
        self.requests.clear()
        self._memory.clear()
        self._counters.clear()

    def set_fault(self, fault: Fault) -> None:
        """Set a fault; one that happens to the world itself changes the vendor's first account, and the truth."""
        self.faults.append(fault)
        if fault.fault in RESTATEMENTS:
            self.world.apply_event(fault.provider, (fault.fault, Month.of(self.clock.now()).add_months(-1)))

    def clear_faults(self) -> None:
        """Clear all faults; what happened to the world is undone too."""
        self.faults.clear()
        for vendor in self.world.vendors:
            self.world.apply_event(vendor.provider.name, None)

    def find_vendor(self, path: str) -> PlayedVendor | None:
        """Return the vendor whose mount a path lies under."""
        return next(
            (
                vendor
                for vendor in self.world.vendors
                if path == vendor.twin.mount_path or path.startswith(vendor.twin.mount_path + "/")
            ),
            None,
        )

    def answer_request(self, request: Request) -> Response | None:
        """Answer a request to any vendor; None where the path belongs to none."""
        vendor = self.find_vendor(request.path)
        if vendor is None:
            return None
        vendor_request = request._replace(path=request.path[len(vendor.twin.mount_path) :])
        operation, response = self._answer_with_faults(vendor, vendor_request)
        self.requests.append(
            RequestLogEntry(
                format_instant(self.clock.now()),
                vendor.provider.name,
                operation,
                vendor_request.path,
                dict(vendor_request.query),
                response.status,
            )
        )
        twin_headers = {"date": format_datetime(self.clock.now(), usegmt=True), "x-billfold-twin": vendor.provider.name}
        return response._replace(headers={**vendor.twin.response_headers, **response.headers, **twin_headers})

    def _answer_with_faults(self, vendor: PlayedVendor, request: Request) -> tuple[str | None, Response]:
        op, parse_error = self._match_operation(vendor, request)
        name = operation_name(op) if op else DOCUMENT_OPERATION if self._is_document(vendor, request) else None
        refuse_request = lambda api_fault, detail="": vendor.twin.refuse_request(api_fault, detail, request)  # noqa: E731

        def answer_without_faults() -> Response:
            return self._answer_without_faults(vendor, request, op, parse_error)

        for fault in self.faults:
            if fault.fault in FAULTS and fault.matches(vendor.provider.name, name):
                log.info("%s %s: fault %s", vendor.provider.name, name, fault.fault)
                fault_context = FaultContext(
                    request,
                    refuse_request,
                    answer_without_faults,
                    partial(self._answer_first_page, vendor, request, op),
                    vendor.twin.field_maps.get(name) if name else None,
                    op.waiting if op else None,
                )
                return name, FAULTS[fault.fault](fault_context)
        return name, answer_without_faults()

    @staticmethod
    def _is_document(vendor: PlayedVendor, request: Request) -> bool:
        documents_path = vendor.twin.documents_path
        return documents_path is not None and request.path.startswith(documents_path)

    def _match_operation(self, vendor: PlayedVendor, request: Request) -> tuple[Operation[Any] | None, str]:
        try:
            return self._routes[vendor.provider.name].match_request(vendor.twin.translate_request(request)), ""
        except InvalidArgument as error:
            return None, str(error)

    def _answer_first_page(self, vendor: PlayedVendor, request: Request, op: Operation[Any] | None) -> Response | None:
        if not isinstance(op, PagedOperation):
            return None
        return self._answer_without_faults(vendor, request, op.first_operation(), "")

    def _answer_without_faults(
        self, vendor: PlayedVendor, request: Request, op: Operation[Any] | None, parse_error: str
    ) -> Response:
        context = RequestContext(vendor.accounts[0], self.clock.now(), request, self._memory[vendor.provider.name])
        if (response := vendor.twin.answer_special(request, vendor.accounts, context)) is not None:
            return response
        request_count, seconds_left = self._count_request(vendor, request, context.now)
        try:
            response = self._check_and_answer(
                vendor,
                op,
                parse_error,
                context,
                over_limit=self.limits and request_count > vendor.twin.rate_limit.requests,
            )
        except AccessDenied as denied:
            response = vendor.twin.refuse_request(denied.fault, denied.detail, request)
        return vendor.twin.add_rate_headers(response, request, request_count, seconds_left)

    @staticmethod
    def _check_and_answer(
        vendor: PlayedVendor, op: Operation[Any] | None, parse_error: str, context: RequestContext, *, over_limit: bool
    ) -> Response:
        caller = vendor.twin.identify_caller(context.request, vendor.accounts, context)
        if caller is None:
            raise AccessDenied(ApiFault.UNAUTHORIZED)
        if over_limit:
            raise AccessDenied(ApiFault.RATE_LIMITED)
        if op is None:
            raise AccessDenied(ApiFault.BAD_REQUEST, parse_error) if parse_error else AccessDenied(ApiFault.NOT_FOUND)
        if not caller.is_allowed and op.permissions:
            raise AccessDenied(ApiFault.FORBIDDEN, ", ".join(op.permissions))
        result = vendor.twin.answer_operation(op, context._replace(account=caller.account))
        return result if isinstance(result, Response) else build_response(result)

    def _count_request(self, vendor: PlayedVendor, request: Request, now: datetime) -> tuple[int, int]:
        name = vendor.provider.name
        counter_key = f"{name}/{request.headers.get(self._credential_headers[name], '')}"
        return self._counters.setdefault(counter_key, RequestCounter(vendor.twin.rate_limit.window_s)).count_request(
            now
        )


def _find_credential_header(vendor: PlayedVendor) -> str:
    """Return the header in which a vendor's clients carry their credential."""
    signed_request = vendor.provider.make_auth(vendor.accounts[0].credentials, "").sign_request(Request("GET", "/"))
    return next(iter(signed_request.headers), "")
