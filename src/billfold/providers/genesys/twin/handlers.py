"""Genesys Cloud, played: login, contracts, periods, invoices, documents, reports, in the dialect of the SDK that asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from billfold.model.bill import Bill
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.providers.genesys.api import (
    GetBillingContract,
    GetBillingContractBillingperiod,
    GetBillingContracts,
    GetBillingContractsInvoiceDocument,
    GetBillingContractsInvoiceLines,
    GetBillingContractsInvoices,
    GetBillingReportsBillableusage,
    GetBillingTrusteebillingoverviewTrustorOrgId,
)
from billfold.providers.genesys.records import (
    BillingContract,
    BillingContractListing,
    BillingContractPeriodDetail,
    BillingInvoiceItemListing,
    BillingInvoiceListing,
    UrlResponse,
)
from billfold.providers.genesys.twin import customers, oauth, records_out, scenario
from billfold.providers.genesys.twin.errors import RATE_LIMIT, invalid, number, refuse_request
from billfold.providers.genesys.twin.pages import page
from billfold.providers.genesys.twin.sdk_compat import dialect
from billfold.providers.genesys.twin.trustee_overview import overview, usage
from billfold.providers.twin_api import AccessDenied, ApiFault, Caller, FieldMap, RequestContext, TwinAccount
from billfold.wire.auth import read_bearer_token
from billfold.wire.codec import UNSET, get_or
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation

__all__ = ["RATE_LIMIT", "refuse_request"]
MOUNT_PATH = "/genesys"
ACCOUNT_TYPES = ("ordinary",)
RESPONSE_HEADERS = {"cache-control": "no-cache, no-store, must-revalidate"}
DOCUMENTS_PATH = "/documents/"
INVOICES_A_PAGE = 200
_ITEM, _WALLET = "plans[0].items[0]", "wallets[0]"
_OVERAGE = f"{_WALLET}.balanceOverage"
_CONTRACT = FieldMap("", f"{_ITEM}.price", "id", "status", f"{_ITEM}.currencyIsoCode", periods="billingPeriods")
FIELD_MAPS = {
    "get_billing_contracts": _CONTRACT._replace(items="entities"),
    "get_billing_contract": _CONTRACT,
    "get_billing_contract_billingperiod": FieldMap(
        "", f"{_OVERAGE}Charge", "id", "status", f"{_OVERAGE}Currency", balance=f"{_WALLET}.endingBalance"
    ),
    "get_billing_contracts_invoices": FieldMap("entities", "amount", "id", "paymentStatus", "currencyIsoCode"),
    "get_billing_contracts_invoice_lines": FieldMap("entities", "amount", "id"),
    "get_billing_reports_billableusage": FieldMap("usages"),
}

CARRIED_COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "ConsumedQuantity", "ConsumedUnit", "ContractApplied", "ContractedCost", "EffectiveCost", "HostProviderName", "InvoiceDetailId",
    "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency", "PricingQuantity", "PricingUnit", "ServiceName",
    "ServiceProviderName", "SkuId", "SubAccountId", "SubAccountName", "SubAccountType", "x_NativeId",
)  # fmt: skip
"""The columns that the vendor's API carries: what must come back from the wire as it was in the truth."""


def make_accounts(seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
    """Return a partner that has contracts of its own and is a trustee of a customer."""
    login = {"client_secret": "twin-genesys-secret", "region": "us-east-1"}
    account = TwinAccount(
        "genesys",
        "genesys",
        {"client_id": "twin-genesys-client", **login},
        seed,
        first_month,
        unprivileged_credentials={"client_id": "twin-genesys-noright", **login},
    )
    facts = {
        "contract_ids": [one.id for one in customers.contracts(account)],
        "trustor_org_ids": [party.id for one in customers.trustors(account) for party in one.organizations],
    }
    return (account._replace(public_facts=facts),)


def answer_special(request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext) -> Response | None:
    """Answer what lies beside the API: the token endpoint and the documents."""
    path = request.path
    if request.method == "POST" and path == "/oauth/token":
        return oauth.token(request, accounts, context)
    if request.method == "GET" and path.startswith(DOCUMENTS_PATH):
        return oauth.document(path, dict(request.query), accounts, context)
    return None


def identify_caller(request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext) -> Caller | None:
    """Hear the bearer token, which counts for a day."""
    client, until = context.memory.get("tokens", {}).get(read_bearer_token(request.headers), ("", context.now))
    if client and context.now >= until:
        raise AccessDenied(ApiFault.UNAUTHORIZED, "credentials.expired")
    for account in accounts:
        if client == account.credentials["client_id"]:
            return Caller(account)
        if client and client == account.unprivileged_credentials.get("client_id"):
            return Caller(account, is_allowed=False)
    return None


def add_rate_headers(response: Response, request: Request, count: int, left: int) -> Response:
    """Tell in an answer how many there were for its token, and how many seconds are left until they are forgotten."""
    said = refuse_request(ApiFault.RATE_LIMITED, str(left), request) if response.status == 429 else response
    headers = {
        "inin-ratelimit-count": str(count),
        "inin-ratelimit-allowed": str(RATE_LIMIT[0]),
        "inin-ratelimit-reset": str(left),
        "inin-correlation-id": number(request),
    }
    return said._replace(headers={**said.headers, **headers})


def answer_operation(op: Operation[Any], context: RequestContext) -> object:  # noqa: PLR0911 - one line for each operation
    """Answer one of the eight operations."""
    match op:
        case GetBillingContracts():
            return _contracts(op, context)
        case GetBillingContract():
            return _contract(op.contract_id, context)
        case GetBillingContractBillingperiod():
            return _detail(op, context)
        case GetBillingContractsInvoices():
            return _invoices(op, context)
        case GetBillingContractsInvoiceLines():
            return _lines(op, context)
        case GetBillingContractsInvoiceDocument():
            _known(op.invoice_id, context)
            return UrlResponse(url=oauth.document_url(op.invoice_id, context, MOUNT_PATH))
        case GetBillingReportsBillableusage():
            return usage(op, context)
        case GetBillingTrusteebillingoverviewTrustorOrgId():
            return overview(op, context)
    raise InvalidArgument(f"{op!r} is not Genesys Cloud's")


def _midnight(context: RequestContext) -> datetime:
    return context.now.replace(hour=0, minute=0, second=0, microsecond=0)


def _within(start: str, end: str, first: date | None, last: date | None) -> bool:
    return (first is None or end >= first.isoformat()) and (last is None or start <= last.isoformat())


def _contracts(op: GetBillingContracts, context: RequestContext) -> BillingContractListing:
    spoken = dialect(context.request.headers)
    found = [
        one
        for one in records_out.contracts(context.account, Month.of(context.now), spoken)
        if (op.status is None or one.status == op.status)
        and (op.external_number is None or one.external_number == op.external_number)
        # GUESS: the filter keeps contracts that run on any of these days
        and _within(get_or(one.date_start, ""), get_or(one.date_end, ""), op.date_start, op.date_end)
    ]
    entities, links = page(found, op, context.request, spoken.contracts_a_page)
    return BillingContractListing(
        entities=list(entities),
        self_uri=links.this,
        next_uri=links.next or UNSET,  # GUESS: absent, not null
        previous_uri=links.previous or UNSET,
    )


def _contract(contract_id: str, context: RequestContext) -> BillingContract:
    all_contracts = records_out.contracts(context.account, Month.of(context.now), dialect(context.request.headers))
    # GUESS: the "contract number" of the path is the id, not the external number
    found = next((one for one in all_contracts if one.id == contract_id), None)
    if found is None:
        raise AccessDenied(ApiFault.NOT_FOUND)
    return found


def _detail(op: GetBillingContractBillingperiod, context: RequestContext) -> BillingContractPeriodDetail:
    contract = next((one for one in customers.contracts(context.account) if one.id == op.contract_id), None)
    said = re.fullmatch(r"(\d{4})(0[1-9]|1[0-2])", op.billing_period_id)
    if contract is None or said is None:
        raise AccessDenied(ApiFault.NOT_FOUND)
    month, running = Month(int(said[1]), int(said[2])), Month.of(context.now)
    first, last = customers.span(context.account, contract, running)
    if not first <= month <= min(last, running):
        raise AccessDenied(ApiFault.NOT_FOUND)
    days = scenario.days_until(month, context.now)
    return records_out.detail(context.account, contract, month, days, running, dialect(context.request.headers))


def _invoices(op: GetBillingContractsInvoices, context: RequestContext) -> BillingInvoiceListing:
    if op.payment_status is not None and op.payment_status.lower() not in {"paid", "unpaid"}:
        raise AccessDenied(ApiFault.BAD_REQUEST, invalid(op.payment_status, "paymentStatus", "Paid, UnPaid"))
    found = [
        one
        for one in records_out.invoices(context.account, _midnight(context), dialect(context.request.headers))
        if (op.payment_status is None or get_or(one.payment_status, "").lower() == op.payment_status.lower())
        # GUESS: the filter compares with the day of the invoice
        and _within(get_or(one.date_invoiced, ""), get_or(one.date_invoiced, ""), op.date_start, op.date_end)
    ]
    entities, links = page(found, op, context.request, INVOICES_A_PAGE)
    return BillingInvoiceListing(
        entities=list(entities),
        self_uri=links.this,
        next_uri=links.next or UNSET,
        previous_uri=links.previous or UNSET,
    )


def _known(invoice_id: str, context: RequestContext) -> None:
    if invoice_id not in records_out.bills(context.account, Month.of(context.now)):
        raise AccessDenied(ApiFault.NOT_FOUND)


def _lines(op: GetBillingContractsInvoiceLines, context: RequestContext) -> BillingInvoiceItemListing:
    _known(op.invoice_id, context)
    found = records_out.lines(context.account, Month.of(context.now), op.invoice_id)
    entities, links = page(found, op, context.request, INVOICES_A_PAGE)
    return BillingInvoiceItemListing(
        entities=list(entities),
        self_uri=links.this,
        next_uri=links.next or UNSET,
        previous_uri=links.previous or UNSET,
    )


def true_bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the partner's true bills."""
    return scenario.bills(account, now)


def example_operations(account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
    """Return one question of each operation that the account's twin can answer."""
    running, own = Month.of(now), customers.contracts(account)[0]
    number = scenario.invoice_id(account, own, running.add_months(-1))
    return (
        GetBillingContracts(),
        GetBillingContract(contract_id=own.id),
        GetBillingContractBillingperiod(contract_id=own.id, billing_period_id=records_out.period_id(running)),
        GetBillingContractsInvoices(),
        GetBillingContractsInvoiceLines(invoice_id=number),
        GetBillingContractsInvoiceDocument(invoice_id=number),
        GetBillingReportsBillableusage(start_date=running.add_months(-1).start, end_date=running.start),
        GetBillingTrusteebillingoverviewTrustorOrgId(
            trustor_org_id=customers.trustors(account)[0].organizations[0].id, billing_period_index=1
        ),
    )
