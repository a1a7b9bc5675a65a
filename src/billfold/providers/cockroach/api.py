"""What can be asked of CockroachDB Cloud: its two billing operations, and the organization they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from billfold.model.errors import Unreadable
from billfold.providers.cockroach.records import Invoice, InvoiceList, InvoiceReply, Organization, Status
from billfold.wire import codec
from billfold.wire.exchange import Problem
from billfold.wire.message import Response
from billfold.wire.methods import Api, C, call, listing
from billfold.wire.operation import Operation
from billfold.wire.paging import Paged

VERSION = {"cc-version": "2024-09-16"}
ROLES = ("BILLING_COORDINATOR", "CLUSTER_ADMIN")
SEED = "https://www.cockroachlabs.com/docs/api/cloud/v1"


class ListInvoices(Paged[InvoiceList, Invoice], frozen=True, kw_only=True):
    """List invoices for a given organization, by invoice start date ascending; drafts and finalized unless filtered."""

    path = "/api/v1/invoices"
    holds = "invoices"
    headers = VERSION
    permissions = ROLES
    seed = True
    docs = SEED
    status: Literal["FINALIZED", "DRAFT"] | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None

    def following(self, page: InvoiceList) -> None:
        """Return None: the whole list comes in one answer."""

    def ended(self, page: InvoiceList) -> bool:
        """Tell whether the list was there at all: an answer without ``invoices`` proves nothing."""
        return isinstance(page.invoices, list)


class GetInvoice(Operation[Invoice], frozen=True, kw_only=True):
    """Get a specific invoice for an organization."""

    path = "/api/v1/invoices/{invoice_id}"
    reply: ClassVar[Any] = InvoiceReply
    headers = VERSION
    permissions = ROLES
    tells = ("invoice_id", "totals", "invoice_items")
    seed = True
    docs = SEED
    invoice_id: str

    def result(self, reply: Any) -> Invoice:
        """Return the invoice, which the schema shows bare and the vendor's pages show inside a list of one."""
        inside = codec.given(reply.invoices, [])
        if len(inside) > 1:
            raise Unreadable(f"expected one invoice, got {len(inside)}")
        bare = Invoice(**{name: getattr(reply, name) for name in Invoice.__struct_fields__})
        return super().result(inside[0] if inside else bare)


class GetOrganization(Operation[Organization], frozen=True, kw_only=True):
    """Get the organization that the key belongs to."""

    path = "/api/v1/organization"
    headers = VERSION
    permissions = ("ORG_ADMIN", "ORG_MEMBER")
    docs = SEED


class CockroachApi(Api[C]):
    """The billing operations of CockroachDB Cloud."""

    list_invoices = listing(ListInvoices)
    get_invoice = call(GetInvoice)
    get_organization = call(GetOrganization)


def problem(response: Response) -> Problem:
    """Read an error: google.rpc.Status, whatever of it is there.

    The vendor's own writers say that too many requests may be refused with another status than 429: the header and the
    words tell.
    """
    try:
        status = codec.decode(response.body, Status)
    except Unreadable:
        return Problem(f"the vendor answered {response.media_type or 'without a content type'}")
    words, code = codec.given(status.message, ""), str(codec.given(status.code, ""))
    limited = "rate limit exceeded" in words.lower() and "retry-after" in response.headers
    return Problem(words or "the vendor gave no reason", code or None, limited=limited)
