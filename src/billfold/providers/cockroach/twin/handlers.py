"""CockroachDB Cloud, played: true charges and a time become the vendor's records, the way back from ``charges.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from billfold.model.bill import Bill, State
from billfold.model.errors import InvalidArgument
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.model.period import Month, format_instant
from billfold.providers.cockroach.api import VERSION_HEADER, GetInvoice, GetOrganization, ListInvoices
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
from billfold.providers.cockroach.twin.inventory import make_cluster, make_folders
from billfold.providers.twin_api import (
    AccessDenied,
    ApiFault,
    Caller,
    FieldMap,
    RateLimit,
    RequestContext,
    TwinAccount,
    TwinApi,
    find_caller,
)
from billfold.wire.answer import build_response
from billfold.wire.auth import read_bearer_token
from billfold.wire.codec import get_or
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation

RATE_LIMIT = RateLimit(10, 1.0)
API_VERSIONS = {"2022-03-31", "2022-09-20", "2023-04-10", "2024-09-16"}
TIME_PATTERN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
UNIT_CODES = {
    "Hours": "HOURS",
    "Request Units": "REQUEST_UNITS",
    "GiB": "GIB",
    "GiB-Hours": "GIB_HOURS",
    "vCPU-Hours": "VCPU_HOURS",
}
INVOICE_FIELDS = FieldMap(
    "",
    "totals[0].amount",
    "",
    "status",
    "totals[0].currency",
    draft="DRAFT",
    final="FINALIZED",
    invoice="invoice_id",
    lines="invoice_items[0].line_items",
    line_money="total.amount",
    lines_total="invoice_items[0].totals[0].amount",
)

ERROR_RESPONSES: dict[ApiFault, tuple[int, int, str]] = {
    ApiFault.BAD_REQUEST: (400, 3, "invalid argument"),  # GUESS: the code; it is told in the envelope of all others
    ApiFault.UNAUTHORIZED: (401, 16, "invalid authentication credentials"),  # GUESS: the text
    ApiFault.FORBIDDEN: (403, 7, "permission denied"),  # GUESS: the text
    ApiFault.NOT_FOUND: (404, 5, "not found"),  # GUESS: the text
    ApiFault.METHOD_NOT_ALLOWED: (405, 12, "Method Not Allowed"),  # GUESS: that it is no 501, as in older gateways
    ApiFault.UNPROCESSABLE: (400, 3, "invalid argument"),  # GUESS: as any other bad request
    ApiFault.RATE_LIMITED: (429, 8, "rate limit exceeded"),  # GUESS: the code
    ApiFault.SERVER_ERROR: (500, 13, "internal error"),  # GUESS: the text
    ApiFault.UNAVAILABLE: (503, 14, "service unavailable"),  # GUESS: the code and the text
}


class CockroachTwin(TwinApi):
    """CockroachDB Cloud, played to an organization billed in USD and one that pays from prepaid credits."""

    mount_path = "/cockroach"
    account_types = ("ordinary", "credits", "credits-exhausted", "credits-N")
    event_kinds = (scenario.SPIKE, scenario.CREDITS_BOUGHT, scenario.COST_CENTERS)
    rate_limit = RATE_LIMIT
    carried_columns = (
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
        "ChargeCategory", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost",
        "HostProviderName", "InvoiceId", "InvoiceIssuerName", "ListCost", "PricingCurrency", "PricingCurrencyEffectiveCost",
        "RegionId", "ResourceId", "ResourceName", "ServiceName", "ServiceProviderName", "SubAccountId", "SubAccountName",
        "SubAccountType", "Tags",
    )  # fmt: skip
    field_maps = {"list_invoices": INVOICE_FIELDS._replace(items="invoices"), "get_invoice": INVOICE_FIELDS}

    def make_accounts(self, seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
        """Return an ordinary organization billed in USD, and one that pays from prepaid credits."""
        credentials, unprivileged_credentials = {"api_key": "twin-cockroach-key"}, {"api_key": "twin-cockroach-noright"}
        return (
            TwinAccount(
                "cockroach",
                "cockroach",
                credentials,
                seed,
                first_month,
                unprivileged_credentials=unprivileged_credentials,
            ),
            TwinAccount(
                "cockroach",
                "cockroach-credits",
                {"api_key": "twin-cockroach-credits"},
                seed,
                first_month,
                account_type="credits",
            ),
        )

    def identify_caller(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Caller | None:
        """Hear the bearer key; one without the billing right may still read whose organization it is of."""
        caller = find_caller(accounts, "api_key", read_bearer_token(request.headers))
        may_read_organization = request.path == GetOrganization.path
        return caller and caller._replace(is_allowed=caller.is_allowed or may_read_organization)

    def answer_operation(self, op: Operation[object], context: RequestContext) -> object:
        """Answer any of the vendor's operations; raises ``AccessDenied``."""
        version = context.request.headers.get("cc-version", VERSION_HEADER["cc-version"])
        if version not in API_VERSIONS:
            raise AccessDenied(ApiFault.BAD_REQUEST, "invalid Cc-Version")
        match op:
            case GetOrganization():
                return _make_organization(context.account)
            case ListInvoices():
                _check_times(context.request)
                return InvoiceList(
                    invoices=[
                        candidate for candidate in _list_invoices(context, version) if _matches_filters(candidate, op)
                    ]
                )
            case GetInvoice():
                invoice = next(
                    (
                        candidate
                        for candidate in _list_invoices(context, version)
                        if candidate.invoice_id == op.invoice_id
                    ),
                    None,
                )
                if invoice is None:
                    raise AccessDenied(ApiFault.NOT_FOUND, f"invoice {op.invoice_id} not found")  # GUESS: the text
                return invoice
        raise InvalidArgument(f"{op!r} is not CockroachDB Cloud's")

    def refuse_request(self, fault: ApiFault, detail: str, request: Request) -> Response:
        """Say no in the shape of google.rpc.Status; a missing right is not named."""
        status, code, message = ERROR_RESPONSES[fault]
        if fault is ApiFault.BAD_REQUEST and (field_match := re.search(r"`\$\.(\w+)`", detail)):
            # GUESS: the text, in the form of other operations' that were seen
            detail = f'invalid argument: invalid {field_match[1]} "{dict(request.query).get(field_match[1], "")}"'
        elif fault is ApiFault.FORBIDDEN:
            detail = ""
        headers = {"retry-after": str(int(RATE_LIMIT.window_s))} if fault is ApiFault.RATE_LIMITED else {}
        return build_response(Status(code=code, message=detail or message, details=[]), status=status, headers=headers)

    def true_bills(self, account: TwinAccount, now: datetime) -> Iterator[Bill]:
        """Yield the organization's true bills."""
        return scenario.list_bills(account, now)

    def example_operations(self, account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
        """Return one question of each operation that the account's twin can answer."""
        latest_bill = next(reversed(list(scenario.list_bills(account, now))))
        return ListInvoices(), GetInvoice(invoice_id=latest_bill.invoice_id or ""), GetOrganization()


def _check_times(request: Request) -> None:
    """Refuse a time that is not of RFC 3339, or says no zone; raises ``AccessDenied``."""
    for parameter in ("start_time", "end_time"):
        if not TIME_PATTERN.fullmatch(dict(request.query).get(parameter, "0001-01-01T00:00:00Z")):
            raise AccessDenied(ApiFault.BAD_REQUEST, f"`$.{parameter}`")


def _matches_filters(invoice: Invoice, op: ListInvoices) -> bool:
    start, end = (datetime.fromisoformat(get_or(text, "")) for text in (invoice.period_start, invoice.period_end))
    return (
        (op.status is None or invoice.status == op.status)
        and (op.start_time is None or start >= op.start_time)
        # GUESS: no filter when absent; a period that ends at that very time is in
        and (op.end_time is None or end <= op.end_time)
    )


def _make_organization(account: TwinAccount) -> Organization:
    return Organization(
        id=scenario.make_uuid(account, "organization"),
        label=f"{account.name}{account.seed_suffix}",
        name=f"{account.name}{account.seed_suffix} inc",
        created_at=format_instant(account.first_month.start),
    )


@lru_cache(maxsize=32)
def _make_invoices(account: TwinAccount, midnight: datetime, version: str) -> tuple[Invoice, ...]:
    invoices, remaining_credits = [], scenario.find_credits(account)
    for bill in scenario.list_bills(account, midnight):
        if account.has_event(scenario.CREDITS_BOUGHT, Month.of(bill.period.start)):
            remaining_credits = EXACT_CONTEXT.add(remaining_credits, scenario.find_credits(account) / 2)
        if bill.state is State.ISSUED:  # credits are paid at the end of a billing period
            remaining_credits = EXACT_CONTEXT.subtract(remaining_credits, bill.total or ZERO)
        # GUESS: 0 once the credits are spent, and use goes on in credits
        invoices.append(
            _make_invoice(account, bill, max(remaining_credits, ZERO) if bill.currency != "USD" else ZERO, version)
        )
    return tuple(invoices)


def _list_invoices(context: RequestContext, version: str) -> tuple[Invoice, ...]:
    midnight = context.now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _make_invoices(context.account, midnight, version)


def _make_invoice(account: TwinAccount, bill: Bill, balance: Decimal, version: str) -> Invoice:
    rows = [row for charges in bill.charges for row in charges.iter_rows()]
    rows_by_cluster: dict[str, list[CostAndUsage]] = {}
    for row in rows:
        if row.ResourceId:
            rows_by_cluster.setdefault(row.ResourceId, []).append(row)
    return Invoice(
        invoice_id=bill.invoice_id or "",
        period_start=format_instant(bill.period.start),
        period_end=format_instant(bill.period.end),
        status="FINALIZED" if bill.state is State.ISSUED else "DRAFT",
        totals=[CurrencyAmount(amount=bill.total, currency=bill.currency)],
        balances=[CurrencyAmount(amount=balance, currency=bill.currency)],
        adjustments=[
            InvoiceAdjustment(name=row.ChargeDescription, amount=_make_amount(row))
            for row in rows
            if not row.ResourceId
        ],
        invoice_items=[_make_item(account, rows, version) for rows in rows_by_cluster.values()],
        folder_resources=make_folders(account, rows),
    )


def _make_amount(row: CostAndUsage) -> CurrencyAmount:
    return CurrencyAmount(amount=row.PricingCurrencyEffectiveCost, currency=row.PricingCurrency)


def _make_item(account: TwinAccount, rows: list[CostAndUsage], version: str) -> InvoiceItem:
    total = exact_sum(row.PricingCurrencyEffectiveCost or ZERO for row in rows)
    return InvoiceItem(
        cluster=make_cluster(account, rows[0], version),
        line_items=[_make_line(row) for row in rows],
        totals=[CurrencyAmount(amount=total, currency=rows[0].PricingCurrency)],
    )


def _make_line(row: CostAndUsage) -> LineItem:
    return LineItem(
        description=row.ChargeDescription,
        quantity=row.PricingQuantity,
        quantity_unit=UNIT_CODES[row.PricingUnit or "Hours"],
        unit_cost=row.x_UnitPrice,
        total=_make_amount(row),
    )


TWIN = CockroachTwin()
