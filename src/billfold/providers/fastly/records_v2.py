"""What Fastly's billing v2 answered, field for field, in its own words; retired, and read in answers that were saved.

Sources: the models of fastly-py 5.6.0 and 7.0.0, and what real bodies carry beside them (splitio/tap-fastly). Amounts are
US dollars; the last day of a period is in it.
"""

from __future__ import annotations

from decimal import Decimal

from billfold.wire.codec import UNSET, Id, Maybe, Record


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
