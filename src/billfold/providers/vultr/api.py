"""What can be asked of Vultr: its billing operations, and the account they belong to."""

from __future__ import annotations

from typing import Generic, Protocol, Self, TypeVar

import msgspec

from billfold.model.errors import InvalidResponse
from billfold.providers.vultr.records import (
    Account,
    AccountReply,
    Bandwidth,
    BandwidthReply,
    Billing,
    BillingHistory,
    Error,
    Invoice,
    InvoiceItem,
    InvoiceItems,
    InvoiceList,
    InvoiceReply,
    Links,
    Meta,
    PendingCharges,
)
from billfold.wire import codec
from billfold.wire.codec import Maybe
from billfold.wire.exchange import ErrorDetails
from billfold.wire.message import Response
from billfold.wire.methods import Api, C, api_method, list_method
from billfold.wire.operation import MEDIA_TYPES, Enveloped, Operation
from billfold.wire.paging import PagedOperation

BILLING_ACL = ("billing",)
SEED_DOCS = "https://github.com/vultr/vultr-python-client/blob/main/openapi-client/docs/apis/tags/BillingApi.md"
GOVULTR_DOCS = "https://pkg.go.dev/github.com/vultr/govultr/v3#BillingService"
ACCOUNT_DOCS = "https://www.vultr.com/api/#tag/account/operation/get-account"
MAX_PAGE_SIZE = 500
"""The most items a page can have; 100 where nothing is asked."""


class LinkedPage(Protocol):
    """What every page of a list has."""

    meta: Maybe[Meta]


P = TypeVar("P", bound=LinkedPage)
I = TypeVar("I")  # noqa: E741 - an item


class CursorOperation(PagedOperation[P, I], Generic[P, I], frozen=True, kw_only=True):
    """A list in pages of ``per_page`` items (100 by default, 500 at most), each with the cursor of the next."""

    permissions = BILLING_ACL
    docs = SEED_DOCS
    per_page: int | None = None
    cursor: str | None = None

    def next_operation(self, page: P) -> Self | None:
        """Return the question for the page that the next link names, or None where it names none."""
        next_cursor = codec.get_or(_read_links(page).next, "")
        return msgspec.structs.replace(self, cursor=next_cursor) if next_cursor else None

    def has_end_mark(self, page: P) -> bool:
        """Tell whether the vendor said that there is no next page: its next link is empty, not absent."""
        return _read_links(page).next == ""

    def stated_total(self, page: P) -> int | None:
        """Return the size of the whole list as the vendor states it."""
        return codec.get_or(codec.get_or(page.meta, Meta()).total, None)

    def first_operation(self) -> Self:
        """Return the question for the first page."""
        return msgspec.structs.replace(self, cursor=None)


def _read_links(page: LinkedPage) -> Links:
    return codec.get_or(codec.get_or(page.meta, Meta()).links, Links())


class ListBillingHistory(CursorOperation[BillingHistory, Billing], frozen=True, kw_only=True):
    """List the billing history: invoices, payments and credits, with the balance after each, in US dollars."""

    path = "/billing/history"
    items_field = "billing_history"
    seed = True


class ListInvoices(CursorOperation[InvoiceList, Invoice], frozen=True, kw_only=True):
    """List the invoices that were issued, with their amounts in US dollars."""

    path = "/billing/invoices"
    items_field = "billing_invoices"
    seed = True


class GetInvoice(Enveloped[InvoiceReply, Invoice], frozen=True):
    """Get one invoice by its id: date, amount and description, without its lines."""

    path = "/billing/invoices/{invoice_id}"
    result_field = "billing_invoice"
    expected_fields = ("id", "amount")
    permissions = BILLING_ACL
    seed = True
    docs = SEED_DOCS
    invoice_id: int | str


class GetInvoiceItems(CursorOperation[InvoiceItems, InvoiceItem], frozen=True):
    """Get the lines of an invoice: hours (at most 672 of a month are charged), overage and discounts, in US dollars."""

    path = "/billing/invoices/{invoice_id}/items"
    items_field = "invoice_items"
    archived_order = ("per_page", "cursor", "invoice_id")
    seed = True
    invoice_id: int | str


class ListPendingCharges(PagedOperation[PendingCharges, InvoiceItem], frozen=True, kw_only=True):
    """List what the running month has cost so far, in US dollars; the whole list comes in one answer."""

    path = "/billing/pending-charges"
    items_field = "pending_charges"
    permissions = BILLING_ACL
    docs = GOVULTR_DOCS

    def next_operation(self, page: PendingCharges) -> None:
        """Return None: the whole list comes in one answer."""

    def has_end_mark(self, page: PendingCharges) -> bool:
        """Tell whether the list was there at all: an answer without ``pending_charges`` proves nothing."""
        return isinstance(page.pending_charges, list | None)


class GetPendingChargesCsv(Operation[bytes], frozen=True, kw_only=True):
    """Get what the running month has cost so far as a CSV file."""

    path = "/billing/pending-charges/csv"
    media_type = MEDIA_TYPES["csv"]
    columns = ("description", "total")  # GUESS: the CSV's columns have the names of the JSON
    permissions = BILLING_ACL
    docs = "https://www.vultr.com/api/#tag/billing/operation/pending-charges-csv"


class GetAccount(Enveloped[AccountReply, Account], frozen=True, kw_only=True):
    """Get the account's name, balance (negative in your favour) and the sum of its pending charges, in US dollars."""

    path = "/account"
    result_field = "account"
    docs = ACCOUNT_DOCS


class GetAccountBandwidth(Enveloped[BandwidthReply, Bandwidth], frozen=True, kw_only=True):
    """Get the account's traffic in GB and what it costs beyond the allowance: last month, so far, and projected."""

    path = "/account/bandwidth"
    result_field = "bandwidth"
    docs = "https://www.vultr.com/api/#tag/account/operation/get-account-bandwidth"


class VultrApi(Api[C]):
    """The billing operations of Vultr."""

    list_billing_history = list_method(ListBillingHistory)
    list_invoices = list_method(ListInvoices)
    get_invoice = api_method(GetInvoice)
    get_invoice_items = list_method(GetInvoiceItems)
    list_pending_charges = list_method(ListPendingCharges)
    get_pending_charges_csv = api_method(GetPendingChargesCsv)
    get_account = api_method(GetAccount)
    get_account_bandwidth = api_method(GetAccountBandwidth)


def read_error(response: Response) -> ErrorDetails:
    """Read an error body: ``{"error": ..., "status": ...}``, whatever of it is there, whatever its content type."""
    try:
        error_record = codec.decode_record(response.body, Error)
    except InvalidResponse:
        return ErrorDetails(f"the vendor answered {response.media_type or 'without a content type'}")
    code = codec.get_or(error_record.status, None)
    return ErrorDetails(
        _error_text(codec.get_or(error_record.error, "")), str(code) if isinstance(code, int | str) else None
    )


def _error_text(error: object) -> str:
    if isinstance(error, str):
        return error or "the vendor gave no reason"
    return codec.encode_json(error).decode()
