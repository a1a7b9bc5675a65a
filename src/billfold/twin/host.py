"""Answers for every vendor at once, with one clock: requests in, responses out, no sockets."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from math import ceil
from typing import Any, NamedTuple

from billfold.model.errors import InvalidArgument
from billfold.model.period import Month, format_instant
from billfold.providers.twin_api import AccessDenied, ApiFault, Caller, RequestContext, TwinMemory
from billfold.twin.addresses import find_vendor
from billfold.twin.clock import Clock
from billfold.twin.effects import FaultContext
from billfold.twin.faults import DOCUMENT_OPERATION, FAULTS, RESTATEMENTS, Fault
from billfold.twin.invoices import InvoiceFault
from billfold.twin.world import PlayedVendor, World
from billfold.wire.answer import Routes, build_response, parse_operation
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation, operation_name
from billfold.wire.paging import PagedOperation

log = logging.getLogger("billfold.twin")
MAX_LOGGED_REQUESTS = 10_000


class RequestLogEntry(NamedTuple):
    """A request that the twin heard, as ``/_twin/requests`` tells it.

    ``account`` is whose credential it bore, ``has_right`` whether that one may read bills; None for nobody's.
    """

    at: str
    provider: str
    operation: str | None
    path: str
    query: dict[str, str]
    status: int
    method: str
    account: str | None
    has_right: bool | None
    user_agent: str | None
    accept: str | None


class OperationMatch(NamedTuple):
    """Which operation a request asks (None where it asks none that can be answered), and why not.

    ``name`` is that of the operation whose method and path it has; ``methods`` are those that its path knows.
    """

    op: Operation[Any] | None
    name: str | None
    parse_error: str = ""
    methods: tuple[str, ...] = ()


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

    def answer_request(self, request: Request) -> Response | None:
        """Answer a request to any vendor, HEAD as GET; None where no vendor is meant."""
        address = find_vendor(self.world.list_vendors(self.clock.now()), request)
        if address is None:
            return None
        vendor, path = address
        # GUESS: that the vendors answer HEAD; their documents name no method but GET
        method = "GET" if request.method == "HEAD" else request.method
        vendor_request = request._replace(method=method, path=path)
        caller = self._find_caller(vendor, vendor_request)
        match = self._match_operation(vendor, vendor_request)
        response = self._answer_with_faults(vendor, vendor_request, match, caller)
        self.requests.append(
            self._describe_request(vendor, vendor_request, match.name, response, caller, request.method)
        )
        date_header = {"date": format_datetime(self.clock.now(), usegmt=True)}
        # whoever knows a twin believes its clock, but where a fault sets it wrong
        twin_headers = {"x-billfold-twin": vendor.provider.name, "x-billfold-twin-date": date_header["date"]}
        return response._replace(
            headers={**date_header, **vendor.twin.response_headers, **response.headers, **twin_headers}
        )

    def _describe_request(
        self,
        vendor: PlayedVendor,
        request: Request,
        name: str | None,
        response: Response,
        caller: Caller | None,
        method: str,
    ) -> RequestLogEntry:
        return RequestLogEntry(
            format_instant(self.clock.now()),
            vendor.provider.name,
            name,
            request.path,
            dict(request.query),
            response.status,
            method,
            caller.account.name if caller else None,
            caller.is_allowed if caller else None,
            request.headers.get("user-agent"),
            request.headers.get("accept"),
        )

    def _make_context(self, vendor: PlayedVendor, request: Request) -> RequestContext:
        memory = self._memory[vendor.provider.name]
        return RequestContext(vendor.accounts[0], self.clock.now(), request, memory, self.clock.is_frozen)

    def _find_caller(self, vendor: PlayedVendor, request: Request) -> Caller | None:
        context = self._make_context(vendor, request)
        with suppress(AccessDenied):
            return vendor.twin.identify_caller(request, vendor.accounts, context)
        return None

    def _answer_with_faults(
        self, vendor: PlayedVendor, request: Request, match: OperationMatch, caller: Caller | None, first: int = 0
    ) -> Response:
        """Answer with the first of the faults from number ``first`` on; one about invoices lets the others act before it."""
        faults = [*self.faults, *self.world.scheduled_faults]
        account_name, now = caller.account.name if caller else None, self.clock.now()
        for number, fault in enumerate(faults[first:], first):
            if (
                fault.fault in FAULTS
                and fault.is_active(account_name, now)
                and fault.matches(vendor.provider.name, match.name)
            ):
                log.info("%s %s: fault %s", vendor.provider.name, match.name, fault.fault)
                effect, clean_responses = FAULTS[fault.fault], list[Response]()
                next_fault = number + 1 if isinstance(effect, InvoiceFault) else max(number + 1, len(self.faults))

                def answer_without(next_fault: int = next_fault, answers: list[Response] = clean_responses) -> Response:
                    answers.append(self._answer_with_faults(vendor, request, match, caller, next_fault))
                    return answers[-1]

                context = self._make_fault_context(vendor, request, match, caller, answer_without)
                response = effect(replace(context, days=fault.days, month=fault.month))
                fault.change_count += clean_responses[-1:] != [response]
                return response
        return self._answer_without_faults(vendor, request, match)

    def _make_fault_context(
        self,
        vendor: PlayedVendor,
        request: Request,
        match: OperationMatch,
        caller: Caller | None,
        answer_request: Callable[[], Response],
    ) -> FaultContext:
        account, now = caller.account if caller else vendor.accounts[0], self.clock.now()
        return FaultContext(
            request,
            lambda api_fault: vendor.twin.refuse_request(api_fault, "", request),
            answer_request,
            partial(self._answer_first_page, vendor, request, match),
            lambda other: self._answer_without_faults(vendor, other, self._match_operation(vendor, other)),
            lambda: list(vendor.twin.true_bills(account, now)),
            now,
            vendor.twin.field_maps.get(match.name) if match.name else None,
            match.op.waiting if match.op else None,
        )

    def _match_operation(self, vendor: PlayedVendor, request: Request) -> OperationMatch:
        routes, meant_request = self._routes[vendor.provider.name], vendor.twin.translate_request(request)
        operation_type = routes.find_operation(meant_request)
        if operation_type is None:
            documents_path = vendor.twin.documents_path
            is_document = documents_path is not None and request.path.startswith(documents_path)
            return OperationMatch(
                None, DOCUMENT_OPERATION if is_document else None, "", routes.list_methods(request.path)
            )
        name = operation_name(operation_type)
        try:
            return OperationMatch(parse_operation(operation_type, meant_request), name)
        except InvalidArgument as error:
            return OperationMatch(None, name, str(error))

    def _answer_first_page(self, vendor: PlayedVendor, request: Request, match: OperationMatch) -> Response | None:
        if not isinstance(match.op, PagedOperation):
            return None
        return self._answer_without_faults(vendor, request, match._replace(op=match.op.first_operation()))

    def _answer_without_faults(self, vendor: PlayedVendor, request: Request, match: OperationMatch) -> Response:
        context = self._make_context(vendor, request)
        if (response := vendor.twin.answer_special(request, vendor.accounts, context)) is not None:
            return response
        request_count, seconds_left = self._count_request(vendor, request, context.now)
        try:
            response = self._check_and_answer(
                vendor, match, context, over_limit=self.limits and request_count > vendor.twin.rate_limit.requests
            )
        except AccessDenied as denied:
            response = vendor.twin.refuse_request(denied.fault, denied.detail, request)
            if denied.fault is ApiFault.METHOD_NOT_ALLOWED:
                response = response._replace(headers={**response.headers, "allow": ", ".join(match.methods)})
        return vendor.twin.add_rate_headers(response, request, request_count, seconds_left)

    @staticmethod
    def _check_and_answer(
        vendor: PlayedVendor, match: OperationMatch, context: RequestContext, *, over_limit: bool
    ) -> Response:
        caller = vendor.twin.identify_caller(context.request, vendor.accounts, context)
        if caller is None:
            raise AccessDenied(ApiFault.UNAUTHORIZED)
        if over_limit:
            raise AccessDenied(ApiFault.RATE_LIMITED)
        if match.op is None:
            raise _find_refusal(match)
        op = match.op
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


def _find_refusal(match: OperationMatch) -> AccessDenied:
    """Return why a request asks nothing: a parameter that does not fit, another method, a path that is none."""
    if match.parse_error:
        return AccessDenied(ApiFault.BAD_REQUEST, match.parse_error)
    # GUESS: 405; the vendors' documents do not say how another method is refused
    return AccessDenied(ApiFault.METHOD_NOT_ALLOWED if match.methods else ApiFault.NOT_FOUND)


def _find_credential_header(vendor: PlayedVendor) -> str:
    """Return the header in which a vendor's clients carry their credential."""
    signed_request = vendor.provider.make_auth(vendor.accounts[0].credentials, "").sign_request(Request("GET", "/"))
    return next(iter(signed_request.headers), "")
