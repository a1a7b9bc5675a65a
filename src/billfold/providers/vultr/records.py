"""What Vultr answers, field for field, in its own words (API version 2).

Source: the schemas of the vendor's OpenAPI document (vultr-python-client, openapi-client/swagger.json, title "Vultr API",
version "2.0"); pending charges and bandwidth from govultr 3.32.0. Every field is optional there. Amounts are US dollars.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billfold.wire.codec import UNSET, DecimalText, Id, Maybe, Record


class Links(Record):
    """The opaque cursors of the pages around this one; "" where there is none."""

    next: Maybe[str] = UNSET
    prev: Maybe[str] = UNSET


class Meta(Record):
    """How many items the whole list has, and where its other pages are."""

    total: Maybe[int] = UNSET
    links: Maybe[Links] = UNSET


class Billing(Record):
    """A row of the billing history; ``balance`` is the account's after it, negative in the customer's favour."""

    id: Maybe[Id] = UNSET
    date: Maybe[str] = UNSET
    type: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    amount: Maybe[Decimal] = UNSET
    balance: Maybe[Decimal] = UNSET


class BillingHistory(Record):
    """A page of the billing history."""

    billing_history: Maybe[list[Billing]] = UNSET
    meta: Maybe[Meta] = UNSET


class Invoice(Record):
    """An invoice; ``date`` is when it was issued, ``balance`` is the account's, not the invoice's."""

    money_fields = ("amount",)
    id: Maybe[Id] = UNSET
    date: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    amount: Maybe[Decimal] = UNSET
    balance: Maybe[Decimal] = UNSET


class InvoiceList(Record):
    """A page of the list of invoices."""

    billing_invoices: Maybe[list[Invoice]] = UNSET
    meta: Maybe[Meta] = UNSET


class InvoiceReply(Record):
    """One invoice in its envelope."""

    billing_invoice: Maybe[Invoice] = UNSET


class InvoiceItem(Record):
    """A line of an invoice, or a pending charge: no id, no resource id, no region; ``end_date`` is exclusive."""

    money_fields = ("total",)
    description: Maybe[str] = UNSET
    product: Maybe[str] = UNSET
    start_date: Maybe[str] = UNSET
    end_date: Maybe[str] = UNSET
    units: Maybe[Decimal] = UNSET
    unit_type: Maybe[str] = UNSET
    unit_price: Maybe[Decimal] = UNSET
    total: Maybe[Decimal] = UNSET


class InvoiceItems(Record):
    """A page of an invoice's lines."""

    invoice_items: Maybe[list[InvoiceItem]] = UNSET
    meta: Maybe[Meta] = UNSET


class PendingCharges(Record):
    """What the running month has cost so far, all in one answer."""

    pending_charges: Maybe[list[InvoiceItem]] = UNSET


class Account(Record):
    """The account that a key belongs to; it has no id. A payment's amount is negative."""

    name: Maybe[str] = UNSET
    email: Maybe[str] = UNSET
    acls: Maybe[list[str]] = UNSET
    balance: Maybe[Decimal] = UNSET
    pending_charges: Maybe[Decimal] = UNSET
    last_payment_date: Maybe[str] = UNSET
    last_payment_amount: Maybe[Decimal] = UNSET


class AccountReply(Record):
    """The account in its envelope."""

    account: Maybe[Account] = UNSET


class BandwidthPeriod(Record):
    """Traffic of one period, in GB; its bounds are seconds since 1970 written as strings, the last second included."""

    timestamp_start: Maybe[DecimalText] = UNSET
    timestamp_end: Maybe[DecimalText] = UNSET
    gb_in: Maybe[Decimal] = UNSET
    gb_out: Maybe[Decimal] = UNSET
    total_instance_hours: Maybe[Decimal] = UNSET
    total_instance_count: Maybe[Decimal] = UNSET
    instance_bandwidth_credits: Maybe[Decimal] = UNSET
    free_bandwidth_credits: Maybe[Decimal] = UNSET
    purchased_bandwidth_credits: Maybe[Decimal] = UNSET
    overage: Maybe[Decimal] = UNSET
    overage_unit_cost: Maybe[Decimal] = UNSET
    overage_cost: Maybe[Decimal] = UNSET


class Bandwidth(Record):
    """Traffic of the month before, of the running month so far, and as the vendor expects it to become."""

    previous_month: Maybe[BandwidthPeriod] = UNSET
    current_month_to_date: Maybe[BandwidthPeriod] = UNSET
    current_month_projected: Maybe[BandwidthPeriod] = UNSET


class BandwidthReply(Record):
    """The bandwidth in its envelope."""

    bandwidth: Maybe[Bandwidth] = UNSET


class Error(Record):
    """An error; ``status`` repeats the HTTP status, and is not always there."""

    error: Maybe[Any] = UNSET
    status: Maybe[Any] = UNSET
