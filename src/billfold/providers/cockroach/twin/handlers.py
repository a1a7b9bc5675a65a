"""CockroachDB Cloud, played: true charges and a time become the vendor's records, the way back from ``charges.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from billfold.model.bill import Bill, State
from billfold.model.errors import Misasked
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT, ZERO, exact_sum
from billfold.model.period import Month, stamp
from billfold.providers.cockroach.api import VERSION, GetInvoice, GetOrganization, ListInvoices
from billfold.providers.cockroach.records import (
    CurrencyAmount,
    Invoice,
    InvoiceAdjustment,
    InvoiceItem,
    InvoiceList,
    LineItem,
    Organization,
    Status,
)
from billfold.providers.cockroach.twin import scenario
from billfold.providers.cockroach.twin.inventory import told_cluster, told_folders
from billfold.providers.twin_api import Account, Caller, Denied, Moment, No, Places
from billfold.wire.answer import respond
from billfold.wire.auth import bearer
from billfold.wire.codec import given
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation

MOUNT = "/cockroach"
KINDS = ("ordinary", "credits")
RATE = (10, 1.0)
VERSIONS = {"2022-03-31", "2022-09-20", "2023-04-10", "2024-09-16"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
UNITS = {
    "Hours": "HOURS",
    "Request Units": "REQUEST_UNITS",
    "GiB": "GIB",
    "GiB-Hours": "GIB_HOURS",
    "vCPU-Hours": "VCPU_HOURS",
}
INVOICE = Places("", "totals[0].amount", "", "status", "totals[0].currency", draft="DRAFT", final="FINALIZED")
PLACES = {"list_invoices": INVOICE._replace(items="invoices"), "get_invoice": INVOICE}
PREPAID = Decimal(600000)

TELLS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "ChargeCategory", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost",
    "HostProviderName", "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency", "PricingCurrencyEffectiveCost",
    "RegionId", "ResourceId", "ResourceName", "ServiceName", "ServiceProviderName", "SubAccountId", "SubAccountName",
    "SubAccountType", "Tags",
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
    """Hear the bearer key; one without the billing right may still read whose organization it is of."""
    key = bearer(request.headers)
    for account in accounts:
        if key == account.credentials["api_key"]:
            return Caller(account)
        if key and key == account.noright.get("api_key"):
            return Caller(account, allowed=request.path == GetOrganization.path)
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
            _refuse_times(moment.request)
            return InvoiceList(invoices=[i for i in _invoices(moment, version) if _wanted(i, op)])
        case GetInvoice():
            found = next((i for i in _invoices(moment, version) if i.invoice_id == op.invoice_id), None)
            if found is None:
                raise Denied(No.NOT_FOUND, f"invoice {op.invoice_id} not found")  # GUESS: the text
            return found
    raise Misasked(f"{op!r} is not CockroachDB Cloud's")


def _refuse_times(request: Request) -> None:
    """Refuse a time that is not of RFC 3339, or says no zone; raises ``Denied``."""
    for name in ("start_time", "end_time"):
        if not TIME.fullmatch(dict(request.query).get(name, "0001-01-01T00:00:00Z")):
            raise Denied(No.BAD_REQUEST, f"`$.{name}`")


def _wanted(invoice: Invoice, op: ListInvoices) -> bool:
    start, end = (datetime.fromisoformat(given(text, "")) for text in (invoice.period_start, invoice.period_end))
    return (
        (op.status is None or invoice.status == op.status)
        and (op.start_time is None or start >= op.start_time)
        # GUESS: no filter when absent; a period that ends at that very time is in
        and (op.end_time is None or end <= op.end_time)
    )


def _organization(account: Account) -> Organization:
    return Organization(
        id=scenario.uuid(account, "organization"),
        label=account.name,
        name=f"{account.name} inc",
        created_at=stamp(account.first_month.start),
    )


@lru_cache(maxsize=32)
def _invoices_at(account: Account, midnight: datetime, version: str) -> tuple[Invoice, ...]:
    made, left = [], PREPAID
    for bill in scenario.bills(account, midnight):
        if bill.state is State.ISSUED:  # credits are paid at the end of a billing period
            left = EXACT.subtract(left, bill.total or ZERO)
        # GUESS: 0 once the credits are spent, and use goes on in credits
        made.append(_invoice(account, bill, max(left, ZERO) if bill.currency != "USD" else ZERO, version))
    return tuple(made)


def _invoices(moment: Moment, version: str) -> tuple[Invoice, ...]:
    midnight = moment.now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _invoices_at(moment.account, midnight, version)


def _invoice(account: Account, bill: Bill, balance: Decimal, version: str) -> Invoice:
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
        invoice_items=[_item(account, rows, version) for rows in by_cluster.values()],
        folder_resources=told_folders(account, rows),
    )


def _amount(row: CostAndUsage) -> CurrencyAmount:
    return CurrencyAmount(amount=row.PricingCurrencyEffectiveCost, currency=row.PricingCurrency)


def _item(account: Account, rows: list[CostAndUsage], version: str) -> InvoiceItem:
    total = exact_sum(row.PricingCurrencyEffectiveCost or ZERO for row in rows)
    return InvoiceItem(
        cluster=told_cluster(account, rows[0], version),
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


WORDS: dict[No, tuple[int, int, str]] = {
    No.BAD_REQUEST: (400, 3, "invalid argument"),  # GUESS: the code; it is told in the envelope of all others
    No.UNAUTHORIZED: (401, 16, "invalid authentication credentials"),  # GUESS: the text
    No.FORBIDDEN: (403, 7, "permission denied"),  # GUESS: the text
    No.NOT_FOUND: (404, 5, "not found"),  # GUESS: the text
    No.UNPROCESSABLE: (400, 3, "invalid argument"),  # GUESS: as any other bad request
    No.RATE_LIMITED: (429, 8, "rate limit exceeded"),  # GUESS: the code
    No.SERVER_ERROR: (500, 13, "internal error"),  # GUESS: the text
    No.UNAVAILABLE: (503, 14, "service unavailable"),  # GUESS: the code and the text
}


def refusal(no: No, detail: str = "", request: Request | None = None) -> Response:
    """Say no in the shape of google.rpc.Status; a missing right is not named."""
    status, code, message = WORDS[no]
    if no is No.BAD_REQUEST and (found := re.search(r"`\$\.(\w+)`", detail)):
        # GUESS: the text, in the form of other operations' that were seen
        detail = f'invalid argument: invalid {found[1]} "{dict(request.query if request else ()).get(found[1], "")}"'
    elif no is No.FORBIDDEN:
        detail = ""
    waiting = {"retry-after": str(int(RATE[1]))} if no is No.RATE_LIMITED else {}
    return respond(Status(code=code, message=detail or message, details=[]), status=status, headers=waiting)


def truth(account: Account, now: datetime) -> Iterator[Bill]:
    """Yield the organization's true bills."""
    return scenario.bills(account, now)


def examples(account: Account, now: datetime) -> tuple[Operation[Any], ...]:
    """Return one question of each operation that the account's twin can answer."""
    latest = next(reversed(list(scenario.bills(account, now))))
    return ListInvoices(), GetInvoice(invoice_id=latest.invoice_id or ""), GetOrganization()
