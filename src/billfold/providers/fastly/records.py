"""What Fastly answers, field for field, in its own words: billing v3, usage, who asks, and how it says no.

Sources: the models of fastly-py 5.6.0, 7.0.0 and 15.0.0. Amounts are in ``currency_code``; the last day of a period is in
it. What billing v2 answered is in ``records_v2.py``; its names are names of this module, too.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billfold.providers.fastly.records_v2 import *  # noqa: F403 - its names are names of this module, too
from billfold.wire.codec import UNSET, DecimalText, Id, Maybe, Record


class Mtdlineitems(Record):
    """A line of a v3 month-to-date invoice; ``usage_type`` says what is measured, not in which unit."""

    money_fields = ("amount",)
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

    money_fields = ("monthly_transaction_amount",)
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

    money_fields = ("monthly_transaction_amount",)
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
