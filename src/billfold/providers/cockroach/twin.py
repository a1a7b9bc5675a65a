"""CockroachDB Cloud, played: true charges and a time become the vendor's records, the way back from ``charges.py``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from billfold.model.bill import Bill, State
from billfold.model.errors import Misasked
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT, ZERO, exact_sum
from billfold.model.period import Month, stamp
from billfold.providers.cockroach import scenario
from billfold.providers.cockroach.api import VERSION, GetInvoice, GetOrganization, ListInvoices
from billfold.providers.cockroach.records import (
    Cluster,
    CurrencyAmount,
    Invoice,
    InvoiceAdjustment,
    InvoiceItem,
    InvoiceList,
    LineItem,
    Organization,
    Region,
    Status,
)
from billfold.providers.stage import Account, Caller, Denied, Moment, No, Places
from billfold.wire.answer import respond
from billfold.wire.auth import bearer
from billfold.wire.codec import given
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation

MOUNT = "/cockroach"
RATE = (10, 1.0)
VERSIONS = {"2022-03-31", "2022-09-20", "2023-04-10", "2024-09-16"}
UNITS = {
    "Hours": "HOURS",
    "Request Units": "REQUEST_UNITS",
    "GiB": "GIB",
    "GiB-Hours": "GIB_HOURS",
    "vCPU-Hours": "VCPU_HOURS",
}
CLOUDS = {title: cloud for cloud, title in scenario.CLOUDS.items()}
INVOICE = Places("", "totals[0].amount", "", "status", "totals[0].currency")
PLACES = {"list_invoices": INVOICE._replace(items="invoices"), "get_invoice": INVOICE}
PREPAID = Decimal(600000)

TELLS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "ChargeCategory", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost",
    "HostProviderName", "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency", "PricingCurrencyEffectiveCost",
    "RegionId", "ResourceId", "ResourceName", "ServiceName", "ServiceProviderName", "SubAccountId", "Tags",
)  # fmt: skip
"""The columns that the vendor's API carries: what must come back from the wire as it was in the truth."""


def accounts(seed: int, first_month: Month) -> tuple[Account, ...]:
    """Return an ordinary organization billed in USD, and one that pays from prepaid credits."""
    key, noright = {"api_key": "twin-cockroach-key"}, {"api_key": "twin-cockroach-noright"}
    return (
        Account("cockroach", "cockroach", key, seed, first_month, noright=noright),
        Account(
            "cockroach", "cockroach-credits", {"api_key": "twin-cockroach-credits"}, seed, first_month, kind="credits"
        ),
    )


def caller(request: Request, accounts: tuple[Account, ...], moment: Moment | None = None) -> Caller | None:
    """Hear the bearer key."""
    key = bearer(request.headers)
    for account in accounts:
        if key == account.credentials["api_key"]:
            return Caller(account)
        if key and key == account.noright.get("api_key"):
            return Caller(account, allowed=False)
    return None


def answer(op: Operation[object], moment: Moment) -> object:
    """Answer one of the three operations; raises ``Denied``."""
    version = moment.request.headers.get("cc-version", VERSION["cc-version"])
    if version not in VERSIONS:
        raise Denied(No.BAD_REQUEST, "invalid Cc-Version")
    match op:
        case GetOrganization():
            return _organization(moment.account)
        case ListInvoices():
            return InvoiceList(invoices=[i for i in _invoices(moment.account, moment.now) if _wanted(i, op)])
        case GetInvoice():
            found = next((i for i in _invoices(moment.account, moment.now) if i.invoice_id == op.invoice_id), None)
            if found is None:
                raise Denied(No.NOT_FOUND, f"invoice {op.invoice_id} not found")  # GUESS: the text
            return found
    raise Misasked(f"{op!r} is not CockroachDB Cloud's")


def _wanted(invoice: Invoice, op: ListInvoices) -> bool:
    start, end = (datetime.fromisoformat(given(text, "")) for text in (invoice.period_start, invoice.period_end))
    return (
        (op.status is None or invoice.status == op.status)
        and (op.start_time is None or start >= op.start_time.astimezone(UTC))
        and (op.end_time is None or end <= op.end_time.astimezone(UTC))  # GUESS: no filter when absent
    )


def _organization(account: Account) -> Organization:
    return Organization(
        id=scenario.uuid(account, "organization"),
        label=account.name,
        name=f"{account.name} inc",
        created_at=stamp(account.first_month.start),
    )


@lru_cache(maxsize=32)
def _invoices_at(account: Account, midnight: datetime) -> tuple[Invoice, ...]:
    made, left = [], PREPAID
    for bill in scenario.bills(account, midnight):
        left = EXACT.subtract(left, bill.total or ZERO)
        made.append(_invoice(account, bill, max(left, ZERO) if bill.currency != "USD" else ZERO))
    return tuple(made)


def _invoices(account: Account, now: datetime) -> tuple[Invoice, ...]:
    return _invoices_at(account, now.replace(hour=0, minute=0, second=0, microsecond=0))


def _invoice(account: Account, bill: Bill, balance: Decimal) -> Invoice:
    rows = [row for charges in bill.charges for row in charges.rows()]
    by_cluster: dict[str, list[CostAndUsage]] = {}
    for row in rows:
        if row.ResourceId:
            by_cluster.setdefault(row.ResourceId, []).append(row)
    return Invoice(
        invoice_id=bill.invoice_id or "",
        period_start=stamp(bill.period.start),
        period_end=stamp(bill.period.end),
        status="FINALIZED" if bill.state is State.ISSUED else "DRAFT",
        totals=[CurrencyAmount(amount=bill.total, currency=bill.currency)],
        balances=[CurrencyAmount(amount=balance, currency=bill.currency)],
        adjustments=[
            InvoiceAdjustment(name=row.ChargeDescription, amount=_amount(row)) for row in rows if not row.ResourceId
        ],
        invoice_items=[_item(account, rows) for rows in by_cluster.values()],
    )


def _amount(row: CostAndUsage) -> CurrencyAmount:
    return CurrencyAmount(amount=row.PricingCurrencyEffectiveCost, currency=row.PricingCurrency)


def _item(account: Account, rows: list[CostAndUsage]) -> InvoiceItem:
    total = exact_sum(row.PricingCurrencyEffectiveCost or ZERO for row in rows)
    return InvoiceItem(
        cluster=_cluster(account, rows[0]),
        line_items=[_line(row) for row in rows],
        totals=[CurrencyAmount(amount=total, currency=rows[0].PricingCurrency)],
    )


def _line(row: CostAndUsage) -> LineItem:
    return LineItem(
        description=row.ChargeDescription,
        quantity=row.PricingQuantity,
        quantity_unit=UNITS[row.PricingUnit or "Hours"],
        unit_cost=row.x_ListedUnitPrice,
        total=_amount(row),
    )


def _cluster(account: Account, row: CostAndUsage) -> Cluster:
    known = next(c for c in scenario.clusters(account) if c.id == row.ResourceId)
    cloud = CLOUDS[row.HostProviderName or ""]
    return Cluster(
        id=row.ResourceId,
        name=row.ResourceName,
        cockroach_version="v24.3.5",
        upgrade_status="FINALIZED",
        plan=(row.ServiceName or "").removeprefix("CockroachDB ").upper(),
        cloud_provider=cloud,
        account_id="",
        state="CREATED",
        creator_id=scenario.uuid(account, "creator"),
        operation_status="UNSPECIFIED",
        config={"serverless": {"routing_id": f"{row.ResourceName}-1533", "upgrade_type": "AUTOMATIC"}},
        regions=[_region(name, row.ResourceName or "", cloud) for name in known.regions],
        cidr_range="172.28.0.0/14",
        labels=json.loads(row.Tags or "{}"),
        is_customer_cloud_account=False,
        parent_id=row.SubAccountId or "root",
        delete_protection="DISABLED",
        network_visibility="PUBLIC",
        egress_traffic_policy="ALLOW_ALL",
        created_at=stamp(account.first_month.start),
        updated_at=stamp(account.first_month.start),
    )


def _region(name: str, cluster: str, cloud: str) -> Region:
    host = f"{cluster}.{cloud.lower()}-{name}.cockroachlabs.cloud"
    return Region(
        name=name,
        sql_dns=host,
        ui_dns="",
        internal_dns=f"internal-{host}",
        private_endpoint_dns=f"private-{host}",
        node_count=3,
    )


WORDS: dict[No, tuple[int, int, str]] = {
    No.BAD_REQUEST: (400, 3, "invalid argument"),
    No.UNAUTHORIZED: (401, 16, "invalid authentication credentials"),  # GUESS: the text
    No.FORBIDDEN: (403, 7, "permission denied"),  # GUESS: the text
    No.NOT_FOUND: (404, 5, "not found"),  # GUESS: the text
    No.UNPROCESSABLE: (400, 3, "invalid argument"),
    No.RATE_LIMITED: (429, 8, "rate limit exceeded"),  # GUESS: the code
    No.SERVER_ERROR: (500, 13, "internal error"),  # GUESS: the text
    No.UNAVAILABLE: (503, 14, "service unavailable"),  # GUESS: the code and the text
}


def refusal(no: No, detail: str = "", request: Request | None = None) -> Response:
    """Say no in the shape of google.rpc.Status."""
    status, code, message = WORDS[no]
    waiting = {"retry-after": str(int(RATE[1]))} if no is No.RATE_LIMITED else {}
    return respond(Status(code=code, message=detail or message, details=[]), status=status, headers=waiting)


def truth(account: Account, now: datetime) -> Iterator[Bill]:
    """Yield the organization's true bills."""
    return scenario.bills(account, now)


def examples(account: Account, now: datetime) -> tuple[Operation[Any], ...]:
    """Return one question of each operation that the account's twin can answer."""
    latest = next(reversed(list(scenario.bills(account, now))))
    return ListInvoices(), GetInvoice(invoice_id=latest.invoice_id or ""), GetOrganization()
