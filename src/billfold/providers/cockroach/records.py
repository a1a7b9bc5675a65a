"""What CockroachDB Cloud answers, field for field, in its own words (API version 2024-09-16).

Source: the schemas of the vendor's OpenAPI document (cockroach-cloud-sdk-go, internal/spec/openapi.json @4e99d0c).
Amounts are whole currency units; the vendor tracks decimals and sends 64-bit floats.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billfold.wire.codec import UNSET, JsonObject, Maybe, Record


class CurrencyAmount(Record):
    """An amount in a currency; ``USD`` or ``CRDB_CLOUD_CREDITS`` so far."""

    money_fields = ("amount",)
    is_one_amount = True
    amount: Maybe[Decimal] = UNSET
    currency: Maybe[str] = UNSET


class LineItem(Record):
    """One line of a cluster's bill; ``unit_cost`` is in the currency of ``total``."""

    description: Maybe[str] = UNSET
    quantity: Maybe[Decimal] = UNSET
    quantity_unit: Maybe[str] = UNSET
    unit_cost: Maybe[Decimal] = UNSET
    total: Maybe[CurrencyAmount] = UNSET


class Region(Record):
    """A region that a cluster runs in."""

    name: Maybe[str] = UNSET
    sql_dns: Maybe[str] = UNSET
    ui_dns: Maybe[str] = UNSET
    internal_dns: Maybe[str] = UNSET
    private_endpoint_dns: Maybe[str] = UNSET
    s3_vpc_endpoint_id: Maybe[str] = UNSET
    node_count: Maybe[int] = UNSET
    primary: Maybe[bool] = UNSET


class Cluster(Record):
    """A cluster as it was when the invoice was made; ``config`` is kept as the vendor sends it."""

    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    cockroach_version: Maybe[str] = UNSET
    upgrade_status: Maybe[str] = UNSET
    plan: Maybe[str] = UNSET
    cloud_provider: Maybe[str] = UNSET
    account_id: Maybe[str] = UNSET
    state: Maybe[str] = UNSET
    creator_id: Maybe[str] = UNSET
    operation_status: Maybe[str] = UNSET
    config: Maybe[JsonObject] = UNSET
    regions: Maybe[list[Region]] = UNSET
    cidr_range: Maybe[str] = UNSET
    labels: Maybe[dict[str, str]] = UNSET
    is_customer_cloud_account: Maybe[bool] = UNSET
    customer_cloud_account: Maybe[JsonObject] = UNSET
    azure_cluster_identity_client_id: Maybe[str] = UNSET
    parent_id: Maybe[str] = UNSET
    delete_protection: Maybe[str] = UNSET
    network_visibility: Maybe[str] = UNSET
    egress_traffic_policy: Maybe[str] = UNSET
    sql_dns: Maybe[str] = UNSET
    created_at: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET
    deleted_at: Maybe[str] = UNSET


class InvoiceItem(Record):
    """A cluster's part of an invoice."""

    cluster: Maybe[Cluster] = UNSET
    line_items: Maybe[list[LineItem]] = UNSET
    totals: Maybe[list[CurrencyAmount]] = UNSET


class InvoiceAdjustment(Record):
    """A credit or cost that belongs to no cluster."""

    name: Maybe[str] = UNSET
    amount: Maybe[CurrencyAmount] = UNSET


class PathSegment(Record):
    """A folder on the way to a resource."""

    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET


class FolderResource(Record):
    """A folder or cluster and where it lies (a preview of the vendor's)."""

    resource_id: Maybe[str] = UNSET
    resource_type: Maybe[str] = UNSET
    parent_id: Maybe[str] = UNSET
    organization_id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    path: Maybe[list[PathSegment]] = UNSET
    labels: Maybe[dict[str, str]] = UNSET


class Invoice(Record):
    """A billing period's invoice; ``period_end`` is exclusive, ``status`` is FINALIZED or DRAFT."""

    invoice_id: Maybe[str] = UNSET
    period_start: Maybe[str] = UNSET
    period_end: Maybe[str] = UNSET
    status: Maybe[str] = UNSET
    totals: Maybe[list[CurrencyAmount]] = UNSET
    invoice_items: Maybe[list[InvoiceItem]] = UNSET
    adjustments: Maybe[list[InvoiceAdjustment]] = UNSET
    balances: Maybe[list[CurrencyAmount]] = UNSET
    folder_resources: Maybe[list[FolderResource]] = UNSET


class InvoiceList(Record):
    """All invoices of an organization; ``pagination`` is null in the vendor's documentation and absent in its schema."""

    invoices: Maybe[list[Invoice]] = UNSET
    pagination: Maybe[JsonObject] = UNSET


class InvoiceReply(Invoice):
    """One invoice: bare as in the schema, or inside ``invoices`` as the vendor's pages show it."""

    invoices: Maybe[list[Invoice]] = UNSET
    pagination: Maybe[JsonObject] = UNSET


class Organization(Record):
    """The organization that a key belongs to."""

    id: Maybe[str] = UNSET
    label: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    created_at: Maybe[str] = UNSET
    cockroach_cloud_service_principals: Maybe[JsonObject] = UNSET


class Status(Record):
    """An error, in the shape of google.rpc.Status; fields may be missing."""

    code: Maybe[int] = UNSET
    message: Maybe[str] = UNSET
    details: Maybe[list[Any]] = UNSET
