"""The records that the twin's Vultr answers with: invoices, lines and balances of the scenario, page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from billfold.model.money import exact_product, format_decimal
from billfold.model.period import Month
from billfold.providers.twin_api import TwinAccount
from billfold.providers.vultr.api import GetInvoiceItems, ListBillingHistory, ListInvoices
from billfold.providers.vultr.records import (
    Account,
    Bandwidth,
    BandwidthPeriod,
    Billing,
    BillingHistory,
    Invoice,
    InvoiceItem,
    InvoiceItems,
    InvoiceList,
    PendingCharges,
)
from billfold.providers.vultr.twin import inventory, scenario
from billfold.providers.vultr.twin.history import ONE_CENT, BilledItem, list_usage, sum_items
from billfold.providers.vultr.twin.large_invoices import PATTERN_COUNT, LargeInvoice
from billfold.providers.vultr.twin.pages import slice_page
from billfold.wire.answer import build_response
from billfold.wire.codec import DecimalText
from billfold.wire.message import Response

UNIT_TYPES = {"Hours": "hours", "GB": "overage", "Adjustment": "discount", "Credit": "discount", "Tax": "tax"}
ACLS = (
    "manage_users", "subscriptions_view", "subscriptions", "billing", "support", "provisioning", "dns", "abuse",
    "upgrade", "firewall", "alerts", "objstore", "loadbalancer",
)  # fmt: skip
FREE_TRAFFIC = 2048
"""GB of traffic that every account has free in a month."""
ONE_SECOND = timedelta(seconds=1)


def make_history(account: TwinAccount, now: datetime, op: ListBillingHistory) -> BillingHistory:
    """Answer with a page of the billing history, newest first."""
    rows = _make_history_rows(account, Month.of(now).add_months(-1))
    rows = rows[len(rows) - len(scenario.list_history(account, now)) :]  # GUESS: the order
    page = slice_page(rows, op.per_page, op.cursor, _make_finder(rows), lambda index: str(rows[index].id))
    return BillingHistory(billing_history=list(page.items), meta=page.meta)


@lru_cache(maxsize=32)
def _make_history_rows(account: TwinAccount, last_month: Month) -> tuple[Billing, ...]:
    return tuple(
        Billing(
            id=row.id,
            date=row.date.isoformat(),
            type=row.type,  # GUESS: the word "payment", and that payments are negative as in /account
            description=row.description,
            amount=row.amount,
            balance=row.balance,
        )
        for row in reversed(scenario.list_payments(account, last_month))
    )


def _make_finder(rows: Sequence[Billing | Invoice]) -> Callable[[str], int | None]:
    return lambda item_id: next((index for index, row in enumerate(rows) if str(row.id) == item_id), None)


def make_invoice_list(account: TwinAccount, now: datetime, op: ListInvoices) -> InvoiceList:
    """Answer with a page of the invoices, newest first."""
    rows = [make_invoice(account, month) for month in scenario.closed_months(account, now)][::-1]  # GUESS: the order
    page = slice_page(rows, op.per_page, op.cursor, _make_finder(rows), lambda index: str(rows[index].id))
    return InvoiceList(billing_invoices=list(page.items), meta=page.meta)


@lru_cache(maxsize=512)
def make_invoice(account: TwinAccount, month: Month) -> Invoice:
    """Return a month's invoice, with the account's balance after it."""
    invoice_id = scenario.invoice_number_of(account, month)
    row = next(row for row in scenario.list_payments(account, month) if row.id == invoice_id)
    return Invoice(
        id=invoice_id, date=row.date.isoformat(), description=row.description, amount=row.amount, balance=row.balance
    )


def make_invoice_items(account: TwinAccount, month: Month, op: GetInvoiceItems) -> InvoiceItems | Response:
    """Answer with a page of an invoice's lines; of a large invoice, only the lines of the page are made."""
    lines = scenario.list_items(account, month)
    if isinstance(lines, LargeInvoice):
        return _make_large_page(month, len(lines), op.per_page, op.cursor)
    page = slice_page(
        _make_item_records(account, month), op.per_page, op.cursor, _make_position_finder(len(lines)), str
    )  # GUESS: cursors by position
    return InvoiceItems(invoice_items=list(page.items), meta=page.meta)


def _make_position_finder(length: int) -> Callable[[str], int | None]:
    return lambda item_id: int(item_id) if item_id.isdecimal() and len(item_id) < 10 and int(item_id) < length else None


@lru_cache(maxsize=128)
def _make_item_records(account: TwinAccount, month: Month) -> tuple[InvoiceItem, ...]:
    return tuple(make_item_record(item) for item in scenario.list_items(account, month))


@lru_cache(maxsize=256)
def _make_large_page(month: Month, length: int, per_page: int | None, cursor: str | None) -> Response:
    """Return a page of a large invoice as it is sent: what a collector does with it is measured, not what it costs here."""
    page = slice_page(range(length), per_page, cursor, _make_position_finder(length), str)
    lines, invoice_items = LargeInvoice(month, PATTERN_COUNT), list[InvoiceItem]()
    for index in page.items:
        invoice_item = copy(_make_pattern_records(month)[index % PATTERN_COUNT])
        invoice_item.description = lines.describe_item(index)
        invoice_items.append(invoice_item)
    return build_response(InvoiceItems(invoice_items=invoice_items, meta=page.meta))


@lru_cache(maxsize=8)
def _make_pattern_records(month: Month) -> tuple[InvoiceItem, ...]:
    return tuple(make_item_record(item) for item in LargeInvoice(month, PATTERN_COUNT).patterns)


def make_item_record(item: BilledItem) -> InvoiceItem:
    """Say a true line in the vendor's words."""
    return InvoiceItem(
        description=item.description,
        product=item.product,
        start_date=item.start.isoformat(),
        end_date=item.end.isoformat(),
        units=item.units,
        unit_type=UNIT_TYPES[item.unit or item.category],  # GUESS: "tax"; the units of a tax or discount are 1
        unit_price=item.rate,
        total=item.total,
    )


def make_pending_charges(account: TwinAccount, now: datetime) -> PendingCharges:
    """Answer with what is not billed yet; its lines end at the last midnight."""
    return PendingCharges(pending_charges=[make_item_record(item) for item in scenario.pending_items(account, now)[1]])


def render_pending_csv(account: TwinAccount, now: datetime) -> bytes:
    """Answer with what is not billed yet, as CSV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(InvoiceItem.__struct_fields__)  # GUESS: the columns and their order
    for charge in make_pending_charges(account, now).pending_charges or ():
        writer.writerow(_format_cell(getattr(charge, name)) for name in InvoiceItem.__struct_fields__)
    return buffer.getvalue().encode()


def _format_cell(value: object) -> str:
    return format_decimal(value) if isinstance(value, Decimal) else str(value)


def make_account(account: TwinAccount, now: datetime, *, may_bill: bool) -> Account:
    """Answer with the account: its balance, and the sum of what is not billed yet."""
    rows = scenario.list_history(account, now)
    last_payment = next((row for row in reversed(rows) if row.type == "payment"), None)
    return Account(
        name=scenario.account_title(account),
        email=f"billing@{account.name}{account.seed_suffix}.example",
        acls=[acl for acl in ACLS if may_bill or acl != "billing"],
        balance=rows[-1].balance if rows else Decimal(0),  # GUESS: before anything happened
        pending_charges=sum_items(scenario.pending_items(account, now)[1]),
        last_payment_date=last_payment.date.isoformat() if last_payment else "",  # GUESS: of an account that never paid
        last_payment_amount=last_payment.amount if last_payment else Decimal(0),  # GUESS: of an account that never paid
    )


def make_bandwidth(account: TwinAccount, now: datetime) -> Bandwidth:
    """Answer with the traffic of last month, of this month until the last midnight, and of this month as a whole."""
    month, midnight = Month.of(now), now.replace(hour=0, minute=0, second=0, microsecond=0)
    last_month = month.add_months(-1)
    return Bandwidth(
        previous_month=_make_traffic(account, last_month, last_month.end, last_month.end - ONE_SECOND),
        current_month_to_date=_make_traffic(account, month, midnight, midnight),
        current_month_projected=_make_traffic(account, month, month.end, month.end - ONE_SECOND),
    )


def _make_traffic(account: TwinAccount, month: Month, until: datetime, last_second: datetime) -> BandwidthPeriod:
    days = (until - month.start) // timedelta(days=1)
    overage_gb = inventory.overage_gigabytes(account, month, days)
    inbound_gb, outbound_gb = inventory.traffic_totals(account, month, days)
    compute_items = [
        item for item in list_usage(account, month, until, pending=True) if item.product == inventory.COMPUTE_PRODUCT
    ]
    return BandwidthPeriod(
        timestamp_start=DecimalText(int(month.start.timestamp())),
        timestamp_end=DecimalText(int(last_second.timestamp())),
        gb_in=Decimal(inbound_gb),
        gb_out=Decimal(FREE_TRAFFIC + outbound_gb + overage_gb if overage_gb else outbound_gb),
        total_instance_hours=Decimal(sum(int(item.units) for item in compute_items)),
        total_instance_count=Decimal(len(compute_items)),
        instance_bandwidth_credits=Decimal(outbound_gb),
        free_bandwidth_credits=Decimal(FREE_TRAFFIC),
        purchased_bandwidth_credits=Decimal(0),
        overage=Decimal(overage_gb),
        overage_unit_cost=ONE_CENT,
        overage_cost=inventory.trim_decimal(exact_product(ONE_CENT, Decimal(overage_gb))),
    )
