"""What can be asked of Genesys Cloud: its billing operations, most of them previews, and how it says no."""

from __future__ import annotations

from datetime import date, datetime
from typing import Generic, Literal, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from billfold.model.errors import InvalidResponse
from billfold.providers.genesys import records
from billfold.providers.genesys.records import BillingContract, BillingInvoice, BillingInvoiceItem
from billfold.wire import codec
from billfold.wire.codec import get_or
from billfold.wire.exchange import ErrorDetails
from billfold.wire.message import Response
from billfold.wire.methods import Api, C, api_method, list_method
from billfold.wire.operation import Operation
from billfold.wire.paging import PagedOperation
from billfold.wire.waiting import Waiting

DOCS = "https://github.com/MyPureCloud/platform-client-sdk-python/blob/master/build/docs/BillingApi.md"
PARTNER_DOCS = "https://developer.genesys.cloud/billing/partner-billing"
VIEW_PERMISSIONS = ("billing:subscription:view",)
ERROR_STATUSES = (400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503, 504)
"""Documented for every billing operation."""
P = TypeVar("P", bound=records.Listing)
I = TypeVar("I")  # noqa: E741 - an item


class CursorPagedOperation(PagedOperation[P, I], Generic[P, I], frozen=True, kw_only=True, rename="camel"):
    """A list whose pages name the next one by a cursor in ``nextUri``; the filters stay as they are."""

    permissions = VIEW_PERMISSIONS
    errors = ERROR_STATUSES
    preview = True
    seed = True
    docs = DOCS
    may_repeat = False  # NOTE: "some API endpoints have infinite nextUri" (platform-client-sdk-cli)
    before: str | None = None
    after: str | None = None
    page_size: int | None = None

    def first_operation(self) -> Self:
        """Return the question for the list's first page."""
        return msgspec.structs.replace(self, before=None, after=None)

    def next_operation(self, page: P) -> Self | None:
        """Return the same question with the cursor out of ``nextUri``, or None where there is none."""
        # NOTE: the vendor's command line reads `after`, or `cursor`, out of the link (platform-client-sdk-cli).
        try:
            link_params = dict(parse_qsl(urlsplit(get_or(page.next_uri, "")).query))
        except ValueError:  # it is no link: it holds no cursor either
            return None
        cursor = link_params.get("after") or link_params.get("cursor")
        return msgspec.structs.replace(self, before=None, after=cursor) if cursor else None

    def has_end_mark(self, page: P) -> bool:
        """Tell whether the page has no next link; a link without a cursor proves nothing."""
        return not get_or(page.next_uri, "")


class GetBillingContracts(
    CursorPagedOperation[records.BillingContractListing, BillingContract], frozen=True, kw_only=True
):
    """List contracts, with their plans and billing periods.

    ``page_size`` is at most 10 since platform API release 10793 (200 before).
    """

    # GUESS: dates compare with the days on which a contract runs; the documents do not say with what.

    path = "/api/v2/billing/contracts"
    items_field = "entities"
    date_start: date | None = None
    date_end: date | None = None
    status: Literal["Active", "Inactive"] | None = None
    external_number: str | None = None


class GetBillingContractsInvoices(
    CursorPagedOperation[records.BillingInvoiceListing, BillingInvoice], frozen=True, kw_only=True
):
    """List invoices and credit memos; ``page_size`` is at most 200.

    ``payment_status`` is Paid or UnPaid, in any case: the vendor spells it UnPaid in the question and Unpaid in the answer.
    """

    # GUESS: dates compare with the day of the invoice; the documents do not say with what.

    path = "/api/v2/billing/contracts/invoices"
    items_field = "entities"
    date_start: date | None = None
    date_end: date | None = None
    payment_status: str | None = None


class GetBillingContractsInvoiceLines(
    CursorPagedOperation[records.BillingInvoiceItemListing, BillingInvoiceItem], frozen=True
):
    """List the lines of an invoice, in the invoice's currency; ``page_size`` is at most 200.

    Lines have no price and no tax mark; dates are days of service, the last one included.
    """

    path = "/api/v2/billing/contracts/invoices/{invoice_id}/lines"
    items_field = "entities"
    archived_order = ("before", "after", "page_size", "invoice_id")
    invoice_id: str


class GetBillingContract(Operation[BillingContract], frozen=True, rename="camel"):
    """Get one contract, with its plans and billing periods."""

    # GUESS: the id is the list's ``id``; the documents call it "the contract number".

    path = "/api/v2/billing/contracts/{contract_id}"
    permissions = VIEW_PERMISSIONS
    errors = ERROR_STATUSES
    preview = True
    seed = True
    docs = DOCS
    contract_id: str


class GetBillingContractBillingperiod(Operation[records.BillingContractPeriodDetail], frozen=True, rename="camel"):
    """Get what was used in a billing period of a contract: overage charges and wallets, in money before tax.

    An open period moves daily; its prepaid seats are not in it.
    """

    path = "/api/v2/billing/contracts/{contract_id}/billingperiods/{billing_period_id}"
    permissions = VIEW_PERMISSIONS
    errors = ERROR_STATUSES
    preview = True
    seed = True
    docs = DOCS
    contract_id: str
    billing_period_id: str


class GetBillingContractsInvoiceDocument(Operation[records.UrlResponse], frozen=True, rename="camel"):
    """Get the URL of an invoice's PDF; fetch it at once and without credentials, for it is one itself."""

    # GUESS: that the URL is signed and short-lived; the documents say only that it is one.

    path = "/api/v2/billing/contracts/invoices/{invoice_id}/document"
    permissions = VIEW_PERMISSIONS
    errors = ERROR_STATUSES
    preview = True
    seed = True
    docs = DOCS
    invoice_id: str


class GetBillingReportsBillableusage(Operation[records.BillingUsageReport], frozen=True, kw_only=True, rename="camel"):
    """Get the licences and devices in use between two times: quantities and names, no prices.

    The vendor prepares the report (status InProgress) and updates it once a day, up to the day before.
    """

    path = "/api/v2/billing/reports/billableusage"
    permissions = ("billing:subscription:read", "billing:subscription:view")
    errors = ERROR_STATUSES
    seed = True
    docs = DOCS
    waiting = Waiting(field="status", pending_value="InProgress")
    start_date: datetime
    end_date: datetime

    def __post_init__(self) -> None:
        """Cut the times to the millisecond: the vendor reads no more digits."""
        for field_name, time in (("start_date", self.start_date), ("end_date", self.end_date)):
            if isinstance(time, datetime):
                msgspec.structs.force_setattr(
                    self, field_name, time.replace(microsecond=time.microsecond // 1000 * 1000)
                )


class AtPeriod(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A billing period by its place before the active one."""

    billing_period_index: int | None = None


class GetBillingTrusteebillingoverviewTrustorOrgId(
    AtPeriod, Operation[records.TrusteeBillingOverview], frozen=True, rename="camel"
):
    """Get a partner's overview of a customer organization: quantities and prices as text, before tax, without voice.

    ``billing_period_index``: 0 is the active period (days after its end, too, some users report), 1 the one before.
    """

    path = "/api/v2/billing/trusteebillingoverview/{trustor_org_id}"
    permissions = ("affiliateOrganization:clientBilling:view",)
    errors = ERROR_STATUSES
    seed = True
    docs = PARTNER_DOCS
    trustor_org_id: str


class GenesysApi(Api[C]):
    """The billing operations of Genesys Cloud."""

    get_billing_contract = api_method(GetBillingContract)
    get_billing_contract_billingperiod = api_method(GetBillingContractBillingperiod)
    get_billing_contracts = list_method(GetBillingContracts)
    get_billing_contracts_invoice_document = api_method(GetBillingContractsInvoiceDocument)
    get_billing_contracts_invoice_lines = list_method(GetBillingContractsInvoiceLines)
    get_billing_contracts_invoices = list_method(GetBillingContractsInvoices)
    get_billing_reports_billableusage = api_method(GetBillingReportsBillableusage)
    get_billing_trusteebillingoverview_trustor_org_id = api_method(GetBillingTrusteebillingoverviewTrustorOrgId)


def read_error(response: Response) -> ErrorDetails:
    """Read an error body: the API's, the token endpoint's, or whatever of either is there."""
    correlation_id = response.headers.get("inin-correlation-id")
    try:
        body = codec.decode_record(response.body, records.ErrorBody)
        login_error = codec.decode_record(response.body, records.LoginError)
    except InvalidResponse:
        media_message = f"the vendor answered {response.media_type or 'without a content type'}"
        return ErrorDetails(media_message, request_id=correlation_id)
    message = (
        get_or(body.message, "") or get_or(login_error.description, "") or get_or(login_error.error_description, "")
    )
    code = get_or(body.code, "") or get_or(login_error.error, "")
    return ErrorDetails(
        message or "the vendor gave no reason", code or None, get_or(body.context_id, "") or correlation_id
    )


def describe_login_error(response: Response) -> str:
    """Say why a login was refused, in the vendor's words."""
    details = read_error(response)
    return f"the login was refused: {details.message}" + (f" ({details.code})" if details.code else "")
