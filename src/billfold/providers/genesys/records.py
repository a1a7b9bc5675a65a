"""What Genesys Cloud answers, field for field, in its own words (platform API as of SDK 269.0.0, and 236.0.0 beside it).

Sources: the models of PureCloudPlatformClientV2 236.0.0 and 269.0.0. Seven keys were renamed between the two; both
spellings are fields, and the functions of ``field_aliases.py`` read whichever came. What it says of contracts is in
``records_contracts.py``; its names are names of this module, too.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billfold.providers.genesys.records_contracts import *  # noqa: F403 - its names are names of this module, too
from billfold.providers.genesys.records_contracts import BillingContract, BillingProduct, Customer, NamedEntity, Said
from billfold.wire.codec import UNSET, DecimalText, Id, JsonObject, Maybe, Record


class Listing(Said):
    """A page of a list; there is no next one where ``next_uri`` is absent or empty."""

    next_uri: Maybe[str] = UNSET
    self_uri: Maybe[str] = UNSET
    previous_uri: Maybe[str] = UNSET


class BillingContractListing(Listing):
    """A page of contracts."""

    entities: Maybe[list[BillingContract]] = UNSET


class InvoiceAddress(Said):
    """An address on an invoice; ``getdate_effective`` and ``getcity_subdivision1`` are the spelling up to SDK 241."""

    date_effective: Maybe[str] = UNSET
    getdate_effective: Maybe[str] = UNSET
    address_type: Maybe[str] = UNSET
    currency_iso_code: Maybe[str] = UNSET
    line1: Maybe[str] = UNSET
    line2: Maybe[str] = UNSET
    line3: Maybe[str] = UNSET
    city_name: Maybe[str] = UNSET
    postal_code: Maybe[str] = UNSET
    state_code: Maybe[str] = UNSET
    country_code: Maybe[str] = UNSET
    city_subdivision1: Maybe[str] = UNSET
    getcity_subdivision1: Maybe[str] = UNSET
    region_subdivision1: Maybe[str] = UNSET
    region_subdivision2: Maybe[str] = UNSET
    country: Maybe[str] = UNSET


class BillingInvoice(Said):
    """An invoice: ``amount`` includes taxes; it names no period and no contract. ``payment_status``: Paid or Unpaid."""

    money_fields = ("amount",)
    id: Maybe[Id] = UNSET
    bill_to_customer: Maybe[Customer] = UNSET
    ship_to_customer: Maybe[Customer] = UNSET
    sold_to_customer: Maybe[Customer] = UNSET
    date_invoiced: Maybe[str] = UNSET
    bill_to_address: Maybe[InvoiceAddress] = UNSET
    ship_to_address: Maybe[InvoiceAddress] = UNSET
    currency_iso_code: Maybe[str] = UNSET
    payment_status: Maybe[str] = UNSET
    payment_terms: Maybe[str] = UNSET
    payment_link: Maybe[str] = UNSET
    customer_po_number: Maybe[str] = UNSET
    customer_invoice_type: Maybe[str] = UNSET
    amount: Maybe[Decimal] = UNSET


class BillingInvoiceListing(Listing):
    """A page of invoices."""

    entities: Maybe[list[BillingInvoice]] = UNSET


class BillingInvoiceItem(Said):
    """A line of an invoice, for the days from ``date_start`` to ``date_end``, both included; in the invoice's currency."""

    money_fields = ("amount",)
    id: Maybe[Id] = UNSET
    product: Maybe[BillingProduct] = UNSET
    description: Maybe[str] = UNSET
    date_transacted: Maybe[str] = UNSET
    date_start: Maybe[str] = UNSET
    date_end: Maybe[str] = UNSET
    organization: Maybe[NamedEntity] = UNSET
    quantity: Maybe[Decimal] = UNSET
    unit_of_measure: Maybe[str] = UNSET
    amount: Maybe[Decimal] = UNSET


class BillingInvoiceItemListing(Listing):
    """A page of an invoice's lines."""

    entities: Maybe[list[BillingInvoiceItem]] = UNSET


class UrlResponse(Said):
    """Where a document is: a URL that is itself a credential, for a short time."""

    url: Maybe[str] = UNSET


class BillingUsageResource(Said):
    """A user's e-mail address or a device, and when it was first seen in the period."""

    name: Maybe[str] = UNSET
    date: Maybe[str] = UNSET


class BillingUsage(Said):
    """How many of a licence or device were in use."""

    name: Maybe[str] = UNSET
    total_usage: Maybe[DecimalText] = UNSET
    resources: Maybe[list[BillingUsageResource]] = UNSET


class BillingUsageReport(Said):
    """The billable licences of a period; ``status`` is InProgress or Complete."""

    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    start_date: Maybe[str] = UNSET
    end_date: Maybe[str] = UNSET
    status: Maybe[str] = UNSET
    usages: Maybe[list[BillingUsage]] = UNSET
    self_uri: Maybe[str] = UNSET


class SubscriptionOverviewUsage(Said):
    """A row of a partner's overview; the same product may have a ``resource`` and a ``fair-use`` row."""

    name: Maybe[str] = UNSET
    part_number: Maybe[str] = UNSET
    grouping: Maybe[str] = UNSET
    unit_of_measure_type: Maybe[str] = UNSET
    usage_quantity: Maybe[DecimalText] = UNSET
    overage_price: Maybe[DecimalText] = UNSET
    prepay_quantity: Maybe[DecimalText] = UNSET
    prepay_price: Maybe[DecimalText] = UNSET
    usage_notes: Maybe[str] = UNSET
    is_cancellable: Maybe[bool] = UNSET
    bundle_quantity: Maybe[DecimalText] = UNSET
    is_third_party: Maybe[bool] = UNSET


class TrusteeBillingOverview(Said):
    """What a partner's customer uses and at which prices, before tax and without voice and carrier minutes."""

    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    organization: Maybe[NamedEntity] = UNSET
    currency: Maybe[str] = UNSET
    enabled_products: Maybe[list[str]] = UNSET
    subscription_type: Maybe[str] = UNSET
    ramp_period_start_date: Maybe[str] = UNSET
    ramp_period_end_date: Maybe[str] = UNSET
    billing_period_start_date: Maybe[str] = UNSET
    billing_period_end_date: Maybe[str] = UNSET
    usages: Maybe[list[SubscriptionOverviewUsage]] = UNSET
    contract_amendment_date: Maybe[str] = UNSET
    contract_effective_date: Maybe[str] = UNSET
    contract_end_date: Maybe[str] = UNSET
    minimum_monthly_amount: Maybe[DecimalText] = UNSET
    in_ramp_period: Maybe[bool] = UNSET
    self_uri: Maybe[str] = UNSET


class ErrorDetail(Said):
    """A field or entity that an error is about."""

    error_code: Maybe[str] = UNSET
    field_name: Maybe[str] = UNSET
    entity_id: Maybe[str] = UNSET
    entity_name: Maybe[str] = UNSET


class Limit(Said):
    """The limit that was reached."""

    key: Maybe[str] = UNSET
    namespace: Maybe[str] = UNSET
    value: Maybe[int] = UNSET


class ErrorBody(Said):
    """An error of the API; ``context_id`` is the request's number for the vendor's support."""

    message: Maybe[str] = UNSET
    code: Maybe[str] = UNSET
    status: Maybe[int] = UNSET
    entity_id: Maybe[str] = UNSET
    entity_name: Maybe[str] = UNSET
    message_with_params: Maybe[str] = UNSET
    message_params: Maybe[JsonObject] = UNSET
    context_id: Maybe[str] = UNSET
    details: Maybe[list[ErrorDetail]] = UNSET
    errors: Maybe[list[Any]] = UNSET
    limit: Maybe[Limit] = UNSET


class LoginError(Record):
    """An error of the token endpoint, whose shape is another one."""

    error: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    error_description: Maybe[str] = UNSET
