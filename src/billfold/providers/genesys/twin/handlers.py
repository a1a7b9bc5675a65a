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
from billfold.providers.genesys.twin.errors import RATE_LIMIT, format_invalid_value, refuse_request, request_number_of
from billfold.providers.genesys.twin.pages import cut_page
from billfold.providers.genesys.twin.rows import count_days
from billfold.providers.genesys.twin.sdk_compat import GenesysSdk, detect_sdk
from billfold.providers.genesys.twin.trustee_overview import answer_overview, answer_usage_report
from billfold.providers.twin_api import (
    AccessDenied,
    ApiFault,
    Caller,
    FieldMap,
    RequestContext,
    TwinAccount,
    TwinApi,
    find_caller,
)
from billfold.wire.auth import read_bearer_token
from billfold.wire.codec import UNSET, get_or
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation

MOUNT_PATH = "/genesys"
DOCUMENTS_PATH = "/documents/"
INVOICES_PER_PAGE = 200
_ITEM_PATH, _WALLET_PATH = "plans[0].items[0]", "wallets[0]"
_OVERAGE_PATH = f"{_WALLET_PATH}.balanceOverage"
_CONTRACT_MAP = FieldMap(
    "", f"{_ITEM_PATH}.price", "id", "status", f"{_ITEM_PATH}.currencyIsoCode", periods="billingPeriods"
)


class GenesysTwin(TwinApi):
    """Genesys Cloud, played to a partner that is a trustee of a customer."""

    mount_path = MOUNT_PATH
    account_types = ("ordinary", customers.EURO, customers.IDLE_CONTRACT, "partner-N", "sdk-N")
    event_kinds = (
        customers.RENEWAL,
        customers.ANNUAL_PREPAYMENT,
        customers.BILLED_IN_ADVANCE,
        customers.LATE_MEMO,
        customers.UNPAID_INVOICE,
    )
    rate_limit = RATE_LIMIT
    carried_columns = (
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
        "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
        "ConsumedQuantity", "ConsumedUnit", "ContractApplied", "ContractedCost", "EffectiveCost", "HostProviderName", "InvoiceDetailId",
        "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency", "PricingQuantity", "PricingUnit", "ServiceName",
        "ServiceProviderName", "SkuId", "SubAccountId", "SubAccountName", "SubAccountType", "x_NativeId",
    )  # fmt: skip
    field_maps = {
        "get_billing_contracts": _CONTRACT_MAP._replace(items="entities"),
        "get_billing_contract": _CONTRACT_MAP,
        "get_billing_contract_billingperiod": FieldMap(
            "",
            f"{_OVERAGE_PATH}Charge",
            "id",
            "status",
            f"{_OVERAGE_PATH}Currency",
            balance=f"{_WALLET_PATH}.endingBalance",
        ),
        "get_billing_contracts_invoices": FieldMap(
            "entities",
            "amount",
            "id",
            "paymentStatus",
            "currencyIsoCode",
            invoice="id",
            kind="customerInvoiceType",
            memo="Credit Memo",
            unpaid="Unpaid",
        ),
        "get_billing_contracts_invoice_lines": FieldMap(
            "entities", "amount", "id", lines="entities", line_money="amount"
        ),
        "get_billing_reports_billableusage": FieldMap("usages"),
    }
    host_names = ("api.mypurecloud.com", "login.mypurecloud.com")
    response_headers = {"cache-control": "no-cache, no-store, must-revalidate"}
    documents_path = DOCUMENTS_PATH

    def make_accounts(self, seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
        """Return a partner that has contracts of its own and is a trustee of a customer."""
        login_fields = {"client_secret": "twin-genesys-secret", "region": "us-east-1"}
        account = TwinAccount(
            "genesys",
            "genesys",
            {"client_id": "twin-genesys-client", **login_fields},
            seed,
            first_month,
            unprivileged_credentials={"client_id": "twin-genesys-noright", **login_fields},
        )
        return (account._replace(public_facts=self.describe_account(account)),)

    def describe_account(self, account: TwinAccount) -> dict[str, list[str]]:
        """Return the ids of the partner's contracts, and of the customers whose overview it may see."""
        trustor_contracts = customers.list_trustor_contracts(account)
        return {
            "contract_ids": [contract.id for contract in customers.make_contracts(account)],
            "trustor_org_ids": [party.id for contract in trustor_contracts for party in contract.organizations],
        }

    def identify_caller(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Caller | None:
        """Hear the bearer token, which counts for a day."""
        client_id, expires_at = context.memory.tokens.get(read_bearer_token(request.headers) or "", ("", context.now))
        if client_id and context.now >= expires_at:
            raise AccessDenied(ApiFault.UNAUTHORIZED, "credentials.expired")
        return find_caller(accounts, "client_id", client_id)

    def answer_operation(self, op: Operation[Any], context: RequestContext) -> object:  # noqa: PLR0911 - one line for each operation
        """Answer any of the vendor's operations."""
        match op:
            case GetBillingContracts():
                return _answer_contracts(op, context)
            case GetBillingContract():
                return _answer_contract(op.contract_id, context)
            case GetBillingContractBillingperiod():
                return _answer_period_detail(op, context)
            case GetBillingContractsInvoices():
                return _answer_invoices(op, context)
            case GetBillingContractsInvoiceLines():
                return _answer_lines(op, context)
            case GetBillingContractsInvoiceDocument():
                _require_invoice(op.invoice_id, context)
                return UrlResponse(url=oauth.sign_document_url(op.invoice_id, context, MOUNT_PATH))
            case GetBillingReportsBillableusage():
                return answer_usage_report(op, context)
            case GetBillingTrusteebillingoverviewTrustorOrgId():
                return answer_overview(op, context)
        raise InvalidArgument(f"{op!r} is not Genesys Cloud's")

    def refuse_request(self, fault: ApiFault, detail: str, request: Request) -> Response:
        """Say no with an ErrorBody."""
        return refuse_request(fault, detail, request)

    def true_bills(self, account: TwinAccount, now: datetime) -> Iterator[Bill]:
        """Yield the partner's true bills."""
        return scenario.list_bills(account, now)

    def example_operations(self, account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
        """Return one question of each operation that the account's twin can answer."""
        running_month, own_contract = Month.of(now), customers.make_contracts(account)[0]
        invoice_id = scenario.invoice_id_of(account, own_contract, running_month.add_months(-1))
        return (
            GetBillingContracts(),
            GetBillingContract(contract_id=own_contract.id),
            GetBillingContractBillingperiod(
                contract_id=own_contract.id, billing_period_id=records_out.period_id_of(running_month)
            ),
            GetBillingContractsInvoices(),
            GetBillingContractsInvoiceLines(invoice_id=invoice_id),
            GetBillingContractsInvoiceDocument(invoice_id=invoice_id),
            GetBillingReportsBillableusage(start_date=running_month.add_months(-1).start, end_date=running_month.start),
            GetBillingTrusteebillingoverviewTrustorOrgId(
                trustor_org_id=customers.list_trustor_contracts(account)[0].organizations[0].id, billing_period_index=1
            ),
        )

    def translate_request(self, request: Request) -> Request:
        """Return a request without its empty parameters.

        GUESS: an empty value counts as absent. The vendor's JavaScript SDK sends ``billingPeriodIndex=`` for the default 0; its
        newer versions say that "parameters of type integer/number and equal to 0 are ignored/filtered".
        """
        return request._replace(query=tuple((name, value) for name, value in request.query if value))

    def answer_special(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Response | None:
        """Answer what lies beside the API: the token endpoint and the documents."""
        path = request.path
        if request.method == "POST" and path == "/oauth/token":
            return oauth.issue_token(request, accounts, context)
        if request.method == "GET" and path.startswith(DOCUMENTS_PATH):
            return oauth.answer_document(path, dict(request.query), accounts, context)
        return None

    def add_rate_headers(self, response: Response, request: Request, count: int, seconds_left: int) -> Response:
        """Tell in an answer how many there were for its token, and how many seconds are left until they are forgotten."""
        rated_response = (
            refuse_request(ApiFault.RATE_LIMITED, str(seconds_left), request) if response.status == 429 else response
        )
        headers = {
            "inin-ratelimit-count": str(count),
            "inin-ratelimit-allowed": str(RATE_LIMIT.requests),
            "inin-ratelimit-reset": str(seconds_left),
            "inin-correlation-id": request_number_of(request),
        }
        return rated_response._replace(headers={**rated_response.headers, **headers})


def _detect_sdk(context: RequestContext) -> GenesysSdk:
    return detect_sdk(context.request.headers, context.account.account_type)


def _find_midnight(context: RequestContext) -> datetime:
    return context.now.replace(hour=0, minute=0, second=0, microsecond=0)


def _overlaps_days(start: str, end: str, first_day: date | None, last_day: date | None) -> bool:
    return (first_day is None or end >= first_day.isoformat()) and (last_day is None or start <= last_day.isoformat())


def _answer_contracts(op: GetBillingContracts, context: RequestContext) -> BillingContractListing:
    sdk = _detect_sdk(context)
    matching_contracts = [
        contract
        for contract in records_out.make_contracts(context.account, Month.of(context.now), sdk)
        if (op.status is None or contract.status == op.status)
        and (op.external_number is None or contract.external_number == op.external_number)
        # GUESS: the filter keeps contracts that run on any of these days
        and _overlaps_days(get_or(contract.date_start, ""), get_or(contract.date_end, ""), op.date_start, op.date_end)
    ]
    entities, links = cut_page(matching_contracts, op, context.request, sdk.max_contracts_page_size)
    return BillingContractListing(
        entities=list(entities),
        self_uri=links.this,
        next_uri=links.next or UNSET,  # GUESS: absent, not null
        previous_uri=links.previous or UNSET,
    )


def _answer_contract(contract_id: str, context: RequestContext) -> BillingContract:
    all_contracts = records_out.make_contracts(context.account, Month.of(context.now), _detect_sdk(context))
    # GUESS: the "contract number" of the path is the id, not the external number
    contract = next((candidate for candidate in all_contracts if candidate.id == contract_id), None)
    if contract is None:
        raise AccessDenied(ApiFault.NOT_FOUND)
    return contract


def _answer_period_detail(op: GetBillingContractBillingperiod, context: RequestContext) -> BillingContractPeriodDetail:
    contract = next(
        (candidate for candidate in customers.make_contracts(context.account) if candidate.id == op.contract_id), None
    )
    id_match = re.fullmatch(r"(\d{4})(0[1-9]|1[0-2])", op.billing_period_id)
    if contract is None or id_match is None:
        raise AccessDenied(ApiFault.NOT_FOUND)
    month, running_month = Month(int(id_match[1]), int(id_match[2])), Month.of(context.now)
    first_month, last_month = customers.find_contract_months(context.account, contract, running_month)
    if not first_month <= month <= min(last_month, running_month):
        raise AccessDenied(ApiFault.NOT_FOUND)
    days = count_days(month, context.now)
    return records_out.make_detail(context.account, contract, month, days, running_month, _detect_sdk(context))


def _answer_invoices(op: GetBillingContractsInvoices, context: RequestContext) -> BillingInvoiceListing:
    if op.payment_status is not None and op.payment_status.lower() not in {"paid", "unpaid"}:
        raise AccessDenied(
            ApiFault.BAD_REQUEST, format_invalid_value(op.payment_status, "paymentStatus", "Paid, UnPaid")
        )
    matching_invoices = [
        invoice
        for invoice in records_out.make_invoices(context.account, _find_midnight(context), _detect_sdk(context))
        if (op.payment_status is None or get_or(invoice.payment_status, "").lower() == op.payment_status.lower())
        # GUESS: the filter compares with the day of the invoice
        and _overlaps_days(
            get_or(invoice.date_invoiced, ""), get_or(invoice.date_invoiced, ""), op.date_start, op.date_end
        )
    ]
    entities, links = cut_page(matching_invoices, op, context.request, INVOICES_PER_PAGE)
    return BillingInvoiceListing(
        entities=list(entities),
        self_uri=links.this,
        next_uri=links.next or UNSET,
        previous_uri=links.previous or UNSET,
    )


def _require_invoice(invoice_id: str, context: RequestContext) -> None:
    if not records_out.is_issued(context.account, invoice_id, context.now):
        raise AccessDenied(ApiFault.NOT_FOUND)


def _answer_lines(op: GetBillingContractsInvoiceLines, context: RequestContext) -> BillingInvoiceItemListing:
    _require_invoice(op.invoice_id, context)
    line_items = records_out.make_lines(context.account, Month.of(context.now), op.invoice_id)
    entities, links = cut_page(line_items, op, context.request, INVOICES_PER_PAGE)
    return BillingInvoiceItemListing(
        entities=list(entities),
        self_uri=links.this,
        next_uri=links.next or UNSET,
        previous_uri=links.previous or UNSET,
    )


TWIN = GenesysTwin()
