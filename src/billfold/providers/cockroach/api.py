"""What can be asked of CockroachDB Cloud: its billing operations, and the organization they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from billfold.model.errors import InvalidResponse
from billfold.providers.cockroach.records import Invoice, InvoiceList, InvoiceReply, Organization, Status
from billfold.wire import codec
from billfold.wire.exchange import ErrorDetails
from billfold.wire.message import Response
from billfold.wire.methods import Api, C, api_method, list_method
from billfold.wire.operation import Enveloped, Operation
from billfold.wire.paging import PagedOperation

VERSION_HEADER = {"cc-version": "2024-09-16"}
ROLES = ("BILLING_COORDINATOR", "CLUSTER_ADMIN")
SEED_DOCS = "https://www.cockroachlabs.com/docs/api/cloud/v1"


class ListInvoices(PagedOperation[InvoiceList, Invoice], frozen=True, kw_only=True):
    """List invoices for a given organization, by invoice start date ascending; drafts and finalized unless filtered."""

    path = "/api/v1/invoices"
    items_field = "invoices"
    headers = VERSION_HEADER
    permissions = ROLES
    seed = True
    docs = SEED_DOCS
    status: Literal["FINALIZED", "DRAFT"] | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None

    def next_operation(self, page: InvoiceList) -> None:
        """Return None: the whole list comes in one answer."""

    def has_end_mark(self, page: InvoiceList) -> bool:
        """Tell whether the list was there at all: an answer without ``invoices`` proves nothing."""
        return isinstance(page.invoices, list | None)


class GetInvoice(Enveloped[InvoiceReply, Invoice], frozen=True):
    """Get a specific invoice for an organization."""

    path = "/api/v1/invoices/{invoice_id}"
    headers = VERSION_HEADER
    permissions = ROLES
    expected_fields = ("invoice_id", "totals", "invoice_items")
    seed = True
    docs = SEED_DOCS
    invoice_id: str

    def extract_result(self, reply: Any) -> Invoice:
        """Return the invoice, which the schema shows bare and the vendor's pages show inside a list of one."""
        wrapped_invoices = codec.get_or(reply.invoices, [])
        if len(wrapped_invoices) > 1:
            raise InvalidResponse(f"expected one invoice, got {len(wrapped_invoices)}")
        bare_invoice = Invoice(**{name: getattr(reply, name) for name in Invoice.__struct_fields__})
        return super().extract_result(wrapped_invoices[0] if wrapped_invoices else bare_invoice)


class GetOrganization(Operation[Organization], frozen=True, kw_only=True):
    """Get the organization that the key belongs to."""

    path = "/api/v1/organization"
    headers = VERSION_HEADER
    permissions = ("ORG_ADMIN", "ORG_MEMBER")
    docs = SEED_DOCS


class CockroachApi(Api[C]):
    """The billing operations of CockroachDB Cloud."""

    list_invoices = list_method(ListInvoices)
    get_invoice = api_method(GetInvoice)
    get_organization = api_method(GetOrganization)


def read_error(response: Response) -> ErrorDetails:
    """Read an error: google.rpc.Status, whatever of it is there.

    The vendor's own writers say that too many requests may be refused with another status than 429: the header and the
    words tell.
    """
    try:
        status = codec.decode_record(response.body, Status)
    except InvalidResponse:
        return ErrorDetails(f"the vendor answered {response.media_type or 'without a content type'}")
    message, code = codec.get_or(status.message, ""), str(codec.get_or(status.code, ""))
    is_rate_limited = "rate limit exceeded" in message.lower() and "retry-after" in response.headers
    return ErrorDetails(message or "the vendor gave no reason", code or None, rate_limited=is_rate_limited)
