"""What Fastly answers, field for field, in its own words: billing v2 (retired), billing v3, and who asks.

Sources: the models of fastly-py 5.6.0, 7.0.0 and 15.0.0, and what real v2 bodies carry beside them (splitio/tap-fastly).
Amounts are US dollars in v2 and in ``currency_code`` in v3; the last day of a period is in it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billfold.wire.codec import UNSET, DecimalText, Id, Maybe, Record


class BillingStatus(Record):
    """How far a v2 invoice has come: Pending, Outstanding, Paid or MTD; real bodies may say nothing at all."""

    status: Maybe[str] = UNSET
    sent_at: Maybe[str] = UNSET


class BillingTotalExtras(Record):
    """Something beside traffic; ``recurring`` is a month's price, ``setup`` is charged in the first month only."""

    name: Maybe[str] = UNSET
    recurring: Maybe[Decimal] = UNSET
    setup: Maybe[Decimal] = UNSET


class BillingTotal(Record):
    """The whole v2 bill in sums; the last four keys are real but in no SDK."""

    bandwidth: Maybe[Decimal] = UNSET
    bandwidth_cost: Maybe[Decimal] = UNSET
    bandwidth_units: Maybe[str] = UNSET
    cost: Maybe[Decimal] = UNSET
    cost_before_discount: Maybe[Decimal] = UNSET
    discount: Maybe[Decimal] = UNSET
    extras: Maybe[list[BillingTotalExtras]] = UNSET
    extras_cost: Maybe[Decimal] = UNSET
    incurred_cost: Maybe[Decimal] = UNSET
    overage: Maybe[Decimal] = UNSET
    plan_code: Maybe[str] = UNSET
    plan_minimum: Maybe[Decimal] = UNSET
    plan_name: Maybe[str] = UNSET
    requests: Maybe[Decimal] = UNSET
    requests_cost: Maybe[Decimal] = UNSET
    terms: Maybe[str] = UNSET
    commit_shortfall: Maybe[Decimal] = UNSET
    discount_amount: Maybe[Decimal] = UNSET
    percentile: Maybe[Decimal] = UNSET
    percentile_cost: Maybe[Decimal] = UNSET


class BillingBandwidthTiers(Record):
    """A price step of a region's traffic; ``discounted_price`` is what is paid."""

    name: Maybe[str] = UNSET
    units: Maybe[Decimal] = UNSET
    price: Maybe[Decimal] = UNSET
    discounted_price: Maybe[Decimal] = UNSET
    total: Maybe[Decimal] = UNSET


class BillingBandwidth(Record):
    """One kind of traffic in a region: the quantity (requests are counted one by one here) and its price steps."""

    total: Maybe[Decimal] = UNSET
    tiers: Maybe[list[BillingBandwidthTiers]] = UNSET


class BillingRegions(Record):
    """A region of a v2 bill; ``percentile`` is traffic billed at its 95th percentile."""

    cost: Maybe[Decimal] = UNSET
    bandwidth: Maybe[BillingBandwidth] = UNSET
    percentile: Maybe[BillingBandwidth] = UNSET
    requests: Maybe[BillingBandwidth] = UNSET


class BillingResponseLineItem(Record):
    """A line of a v2 invoice, as the biller behind Fastly (Aria) keeps it."""

    id: Maybe[str] = UNSET
    aria_invoice_id: Maybe[Id] = UNSET
    line_number: Maybe[int] = UNSET
    description: Maybe[str] = UNSET
    service_no: Maybe[Decimal] = UNSET
    service_name: Maybe[str] = UNSET
    units: Maybe[Decimal] = UNSET
    rate_per_unit: Maybe[Decimal] = UNSET
    amount: Maybe[Decimal] = UNSET
    rate_schedule_no: Maybe[Decimal] = UNSET
    rate_schedule_tier_no: Maybe[Decimal] = UNSET
    usage_type_no: Maybe[Decimal] = UNSET
    usage_type_cd: Maybe[str] = UNSET
    plan_no: Maybe[Decimal] = UNSET
    plan_name: Maybe[str] = UNSET
    client_service_id: Maybe[str] = UNSET
    credit_coupon_code: Maybe[str] = UNSET
    created_at: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET
    deleted_at: Maybe[str] = UNSET


class BillingResponse(Record):
    """A v2 invoice; the same money stands in ``total``, in ``regions`` and in ``line_items``."""

    customer_id: Maybe[str] = UNSET
    invoice_id: Maybe[Id] = UNSET
    start_time: Maybe[str] = UNSET
    end_time: Maybe[str] = UNSET
    vendor_state: Maybe[str] = UNSET
    status: Maybe[BillingStatus] = UNSET
    total: Maybe[BillingTotal] = UNSET
    regions: Maybe[dict[str, BillingRegions]] = UNSET
    line_items: Maybe[list[BillingResponseLineItem]] = UNSET


class BillingEstimateLinesLineItems(Record):
    """A line of a v2 month-to-date estimate; note ``per_unit_cost``."""

    plan_no: Maybe[Decimal] = UNSET
    description: Maybe[str] = UNSET
    units: Maybe[Decimal] = UNSET
    per_unit_cost: Maybe[Decimal] = UNSET
    service_no: Maybe[Decimal] = UNSET
    service_type: Maybe[str] = UNSET
    amount: Maybe[Decimal] = UNSET
    client_service_id: Maybe[str] = UNSET
    client_plan_id: Maybe[str] = UNSET


class BillingEstimateResponse(Record):
    """A v2 month-to-date estimate: an invoice's envelope with other lines."""

    customer_id: Maybe[str] = UNSET
    invoice_id: Maybe[Id] = UNSET
    start_time: Maybe[str] = UNSET
    end_time: Maybe[str] = UNSET
    vendor_state: Maybe[str] = UNSET
    status: Maybe[BillingStatus] = UNSET
    total: Maybe[BillingTotal] = UNSET
    regions: Maybe[dict[str, BillingRegions]] = UNSET
    line_items: Maybe[list[BillingEstimateLinesLineItems]] = UNSET


class Serviceusagetype(Record):
    """A kind of usage that can be asked for by service."""

    product_id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET


class Serviceusagetypes(Record):
    """The kinds of usage of an account."""

    data: Maybe[list[Serviceusagetype]] = UNSET


class Mtdlineitems(Record):
    """A line of a v3 month-to-date invoice; ``usage_type`` says what is measured, not in which unit."""

    description: Maybe[str] = UNSET
    amount: Maybe[Decimal] = UNSET
    rate: Maybe[Decimal] = UNSET
    units: Maybe[Decimal] = UNSET
    product_name: Maybe[str] = UNSET
    product_group: Maybe[str] = UNSET
    product_line: Maybe[str] = UNSET
    region: Maybe[str] = UNSET
    usage_type: Maybe[str] = UNSET


class Invoicelineitems(Mtdlineitems):
    """A line of a v3 invoice: a month-to-date line that may name a coupon."""

    credit_coupon_code: Maybe[str] = UNSET


class Invoice(Record):
    """A posted v3 invoice; ``invoice_id`` is digits in a string, ``billing_end_date`` the period's last day."""

    customer_id: Maybe[str] = UNSET
    invoice_id: Maybe[Id] = UNSET
    invoice_posted_on: Maybe[str] = UNSET
    billing_start_date: Maybe[str] = UNSET
    billing_end_date: Maybe[str] = UNSET
    statement_number: Maybe[str] = UNSET
    currency_code: Maybe[str] = UNSET
    monthly_transaction_amount: Maybe[Decimal] = UNSET
    transaction_line_items: Maybe[list[Invoicelineitems]] = UNSET


class Mtdinvoice(Record):
    """The running month so far; its amount is a string, its currency goes without saying: US dollars."""

    customer_id: Maybe[str] = UNSET
    invoice_id: Maybe[Id] = UNSET
    billing_start_date: Maybe[str] = UNSET
    billing_end_date: Maybe[str] = UNSET
    monthly_transaction_amount: Maybe[DecimalText] = UNSET
    transaction_line_items: Maybe[list[Mtdlineitems]] = UNSET


class Metadata(Record):
    """What a page says of its list; ``next_cursor`` is empty, null or absent on the last one."""

    next_cursor: Maybe[str] = UNSET
    limit: Maybe[int] = UNSET
    sort: Maybe[str] = UNSET
    total: Maybe[int] = UNSET


class ListEomInvoicesResponse(Record):
    """A page of posted invoices, the newest period first."""

    data: Maybe[list[Invoice]] = UNSET
    meta: Maybe[Metadata] = UNSET


class AsyncResponse(Record):
    """What v3 says while a month-to-date invoice is being made (HTTP 202)."""

    title: Maybe[str] = UNSET
    status: Maybe[Id] = UNSET


class Usagemetric(Record):
    """Usage of one product in one region and month: in billed units and as counted."""

    month: Maybe[str] = UNSET
    usage_type: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    region: Maybe[str] = UNSET
    unit: Maybe[str] = UNSET
    quantity: Maybe[Decimal] = UNSET
    raw_quantity: Maybe[Decimal] = UNSET
    product_id: Maybe[str] = UNSET
    last_updated_at: Maybe[str] = UNSET


class Usagemetrics(Record):
    """Usage by product, region and month."""

    data: Maybe[list[Usagemetric]] = UNSET


class Serviceusagemetric(Record):
    """What one service used of what was asked for."""

    customer_id: Maybe[str] = UNSET
    service_id: Maybe[str] = UNSET
    service_name: Maybe[str] = UNSET
    usage_units: Maybe[Decimal] = UNSET


class ServiceusagemetricsData(Record):
    """The usage by service of one usage type; the page's cursor stands in its ``meta``."""

    customer_id: Maybe[str] = UNSET
    start_time: Maybe[str] = UNSET
    end_time: Maybe[str] = UNSET
    usage_type: Maybe[str] = UNSET
    unit: Maybe[str] = UNSET
    details: Maybe[list[Serviceusagemetric]] = UNSET
    meta: Maybe[Metadata] = UNSET


class Serviceusagemetrics(Record):
    """A page of usage by service: ``data`` is one usage type, or (as some clients see it) a list of them."""

    data: Maybe[ServiceusagemetricsData | list[ServiceusagemetricsData]] = UNSET
    meta: Maybe[Metadata] = UNSET


class TokenSelf(Record):
    """The token that asks, and whose it is."""

    id: Maybe[str] = UNSET
    user_id: Maybe[str] = UNSET
    customer_id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    last_used_at: Maybe[str] = UNSET
    created_at: Maybe[str] = UNSET
    expires_at: Maybe[str] = UNSET
    ip: Maybe[str] = UNSET
    user_agent: Maybe[str] = UNSET
    sudo_expires_at: Maybe[str] = UNSET
    scopes: Maybe[list[str]] = UNSET
    scope: Maybe[str] = UNSET
    services: Maybe[list[str]] = UNSET
    service_id: Maybe[str] = UNSET


class CurrentUser(Record):
    """The user whose token asks; ``role`` must be billing or superuser to read bills."""

    id: Maybe[str] = UNSET
    created_at: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    customer_id: Maybe[str] = UNSET
    require_new_password: Maybe[bool] = UNSET
    role: Maybe[str] = UNSET
    login: Maybe[str] = UNSET
    deleted_at: Maybe[str] = UNSET
    locked: Maybe[bool] = UNSET
    two_factor_auth_enabled: Maybe[bool] = UNSET
    limit_services: Maybe[bool] = UNSET
    last_active_at: Maybe[str] = UNSET


class Error(Record):
    """Every way in which Fastly words an error, in one record."""

    msg: Maybe[str] = UNSET
    type: Maybe[str] = UNSET
    title: Maybe[str] = UNSET
    code: Maybe[Id] = UNSET
    status: Maybe[Id] = UNSET
    detail: Maybe[str] = UNSET
    errors: Maybe[Any] = UNSET
