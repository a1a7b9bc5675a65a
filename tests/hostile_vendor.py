"""A vendor that means harm: it answers whatever a test wants, to a collection in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billfold.collect.outcome import CollectOutcome
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.model.bill import Bill, Charges, DetailIds, State
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month
from billfold.providers.mapping import build_bill_row, spread_cost
from billfold.providers.provider import (
    CollectPlan,
    Credential,
    Fetch,
    InvoiceListing,
    Provider,
    RunAnswers,
    SyncState,
)
from billfold.transport.loop import InProcessTransport
from billfold.wire.auth import HeaderKey
from billfold.wire.codec import Record, require
from billfold.wire.message import Request, Response
from billfold.wire.methods import Api, C, api_method
from billfold.wire.operation import Operation, build_request, read_response

KEY = "acme-SECRET-key-987654"
NOW = datetime(2026, 11, 15, tzinfo=UTC)


class Line(Record):
    text: str
    cost: Decimal


class Invoice(Record):
    id: str
    month: str
    total: Decimal
    lines: list[Line] = []


class Invoices(Record):
    invoices: list[Invoice]


class ListInvoices(Operation[Invoices], frozen=True, kw_only=True):
    """List all invoices."""

    path = "/invoices"
    docs = "https://acme.example/docs"


class GetInvoice(Operation[Invoice], frozen=True, kw_only=True):
    """Get an invoice with its lines."""

    path = "/invoices/{invoice_id}"
    docs = "https://acme.example/docs"
    invoice_id: str


class AcmeApi(Api[C]):
    """Acme's billing API."""

    list_invoices = api_method(ListInvoices)
    get_invoice = api_method(GetInvoice)


def plan_requests(state: SyncState) -> CollectPlan:
    listed = yield Fetch(ListInvoices())
    for invoice in listed.invoices:
        Month.parse(invoice.month)
        invoice_id = invoice.id.replace("~", "")  # a way for a key to come back that nobody foresees
        yield Fetch(GetInvoice(invoice_id=invoice_id), missing=invoice_id)


def read_bills(run_answers: RunAnswers) -> Iterator[Bill]:
    for answer in run_answers.answers(GetInvoice):
        invoice = read_response(answer.op, answer.response)
        period = Month.parse(require(invoice.month)).period
        common = build_bill_row("Acme", "Customer", period, "USD")._replace(
            ChargeCategory="Usage",
            ChargePeriodStart=period.start,
            ChargePeriodEnd=period.end,
            InvoiceId=invoice.id,
            ServiceName="Anvils",
            x_ArchiveSeq=answer.seq,
        )
        ids = DetailIds(invoice.id)
        rows = [
            common._replace(
                **spread_cost(line.cost),
                ChargeDescription=line.text,
                InvoiceDetailId=ids.next_id(line.text),
                x_JsonPath=f"$.lines[{index}]",
            )
            for index, line in enumerate(invoice.lines)
        ]
        yield Bill(State.ISSUED, invoice.id, period, "USD", invoice.total, None, [Charges.of(rows)], "Acme")


def read_listing(run_answers: RunAnswers) -> InvoiceListing | None:
    for answer in run_answers.answers(ListInvoices):
        invoices = read_response(answer.op, answer.response).invoices
        return InvoiceListing(frozenset(invoice.id for invoice in invoices), has_end_mark=True)
    return None


def check_answers(run_answers: RunAnswers) -> Iterator[Finding]:
    for answer in run_answers.answers(ListInvoices):
        for invoice in read_response(answer.op, answer.response).invoices:
            text = f"is told as {invoice.id} here and there"
            yield make_finding(FindingCode.HISTORY_MISMATCH, text, invoice.id, told=invoice.id)


PROVIDER = Provider(
    name="acme",
    title="Acme",
    api=AcmeApi,
    credentials=(Credential("api_key", ("ACME_API_KEY",)),),
    find_base_url=lambda _: "https://api.acme.example",
    make_auth=lambda credentials, _: HeaderKey(credentials["api_key"]),
    plan_requests=plan_requests,
    read_bills=read_bills,
    read_listing=read_listing,
    check_answers=check_answers,
)


def build_invoice(invoice_id: str, text: str = "anvil", total: str = "1", month: str = "2026-05") -> dict[str, Any]:
    """Return an invoice of one line of 1 USD; another total parks it."""
    return {"id": invoice_id, "month": month, "total": total, "lines": [{"text": text, "cost": "1"}]}


def build_server(
    *invoices: dict[str, Any], refuse: Callable[[str], Response | None] = lambda _: None
) -> Callable[[Request], Response]:
    """Return what answers with these invoices, but for the paths for which ``refuse`` has another answer."""
    headers = {"content-type": "application/json"}

    def answer_request(request: Request) -> Response:
        if response := refuse(request.path):
            return response
        if request.path == "/invoices":
            return Response(200, headers, json.dumps({"invoices": invoices}).encode())
        invoice = next((invoice for invoice in invoices if request.path == build_path(invoice["id"])), None)
        return Response(200, headers, json.dumps(invoice).encode()) if invoice else Response(404, {}, b"none")

    return answer_request


def build_path(invoice_id: str) -> str:
    """Return the path that asks for an invoice."""
    return build_request(GetInvoice(invoice_id=invoice_id)).path


def collect(workspace: Workspace, server: Callable[[Request], Response]) -> CollectOutcome:
    """Collect the vendor's account once, as ``sync`` does."""

    def connect(_: AccountConfig) -> InProcessTransport:
        context = PROVIDER.make_context({"api_key": KEY}, "https://api.acme.example", retries=0, unlimited=True)
        return InProcessTransport(server, context)

    account = AccountConfig("mine", PROVIDER, {}, unlimited=True)
    (outcome,) = sync_accounts(workspace, [account], connect=connect, clock=lambda: NOW)
    return outcome
