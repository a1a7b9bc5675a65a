"""The least that reads the same bodies exactly: bare msgspec structs with the fields that the bodies have."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Bare(msgspec.Struct, gc=False):
    """A struct without defaults, hooks or unknown states."""


class VultrItem(Bare):
    description: str
    product: str
    start_date: str
    end_date: str
    units: Decimal
    unit_type: str
    unit_price: Decimal
    total: Decimal


class VultrItems(Bare):
    invoice_items: list[VultrItem]


class FastlyLine2(Bare):
    id: str
    aria_invoice_id: str | int
    line_number: int
    description: str
    service_no: Decimal
    service_name: str
    units: Decimal
    rate_per_unit: Decimal | None
    amount: Decimal
    rate_schedule_no: Decimal | None
    rate_schedule_tier_no: Decimal | None
    usage_type_no: Decimal | None
    usage_type_cd: str | None
    plan_no: Decimal
    plan_name: str
    client_service_id: str | None
    credit_coupon_code: str | None
    created_at: str
    updated_at: str
    deleted_at: str | None


class FastlyInvoice2(Bare):
    line_items: list[FastlyLine2]


class FastlyLine3(Bare):
    description: str
    amount: Decimal
    credit_coupon_code: str
    rate: Decimal
    units: Decimal
    product_name: str
    product_group: str
    product_line: str
    region: str
    usage_type: str


class FastlyInvoice3(Bare):
    invoice_id: str
    monthly_transaction_amount: Decimal
    transaction_line_items: list[FastlyLine3]


class FastlyInvoices3(Bare):
    data: list[FastlyInvoice3]


class Amount(Bare):
    amount: Decimal
    currency: str


class CockroachLine(Bare):
    description: str
    quantity: Decimal
    quantity_unit: str
    unit_cost: Decimal
    total: Amount


class CockroachItem(Bare):
    line_items: list[CockroachLine]
    totals: list[Amount]


class CockroachInvoice(Bare):
    invoice_id: str
    totals: list[Amount]
    invoice_items: list[CockroachItem]


class CockroachInvoices(Bare):
    invoices: list[CockroachInvoice]


class GenesysProduct(Bare, rename="camel"):
    id: str
    sku: str
    name: str
    unit_of_measure: str


class Named(Bare):
    id: str
    name: str


class GenesysLine(Bare, rename="camel"):
    id: str
    product: GenesysProduct
    description: str
    date_transacted: str
    date_start: str
    date_end: str
    organization: Named
    quantity: Decimal
    unit_of_measure: str
    amount: Decimal


class GenesysLines(Bare):
    entities: list[GenesysLine]
