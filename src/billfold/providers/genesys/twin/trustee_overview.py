"""What the twin tells beside the bills: the licences in use, and a partner's overview of a customer."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from billfold.model.money import ZERO
from billfold.model.period import Month, format_instant
from billfold.providers.genesys.api import (
    GetBillingReportsBillableusage,
    GetBillingTrusteebillingoverviewTrustorOrgId,
)
from billfold.providers.genesys.records import (
    BillingUsage,
    BillingUsageReport,
    BillingUsageResource,
    NamedEntity,
    SubscriptionOverviewUsage,
    TrusteeBillingOverview,
)
from billfold.providers.genesys.twin import customers
from billfold.providers.genesys.twin.catalog import CatalogProduct
from billfold.providers.genesys.twin.customers import CustomerParty, TwinContract
from billfold.providers.genesys.twin.errors import format_invalid_value
from billfold.providers.genesys.twin.rows import count_days
from billfold.providers.twin_api import AccessDenied, ApiFault, RequestContext, TwinAccount
from billfold.wire.codec import UNSET, DecimalText
from billfold.wire.message import Request

PREPARATION_TIME = timedelta(seconds=1, milliseconds=500)
"""GUESS: how long a report takes; the documents say "a few seconds"."""
ONE_SECOND = timedelta(seconds=1)


def answer_usage_report(op: GetBillingReportsBillableusage, context: RequestContext) -> BillingUsageReport:
    """Report the licences in use: first InProgress, then, to the same question on the same day, Complete."""
    if op.start_date.tzinfo is None or op.end_date.tzinfo is None:
        raise AccessDenied(
            ApiFault.BAD_REQUEST, "invalid.date"
        )  # GUESS: a time without a zone could also be taken as UTC
    if op.start_date > op.end_date:
        raise AccessDenied(ApiFault.BAD_REQUEST)  # GUESS: that it is refused
    key = "usage", context.account.name, op.start_date, op.end_date, context.now.date()
    first_request_at = context.memory.first_requests.setdefault(str(key), context.now)
    is_complete = context.is_frozen or context.now - first_request_at >= PREPARATION_TIME
    return BillingUsageReport(
        start_date=format_instant(op.start_date),
        end_date=format_instant(op.end_date),
        status="Complete" if is_complete else "InProgress",
        usages=_make_usages(context.account, op, context.now)
        if is_complete
        else [],  # GUESS: an empty list, not an absent one
        self_uri=_make_self_uri(context.request),
    )


def _make_self_uri(request: Request) -> str:
    query_text = "&".join(f"{key}={value}" for key, value in request.query)
    return f"{request.path}?{query_text}" if query_text else request.path


def _make_usages(account: TwinAccount, op: GetBillingReportsBillableusage, now: datetime) -> list[BillingUsage]:
    start, midnight = op.start_date, now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = max(min(op.end_date, midnight), start)  # up to the day before
    usages = []
    for product, quantity in _sum_usage(account, start, end).items():
        user_numbers = range(int(quantity)) if product.vendor_unit == "User" else range(0)
        resources = [
            BillingUsageResource(
                name=_make_person_name(account, user_number),
                date=format_instant(start + _draw_first_use(user_number, end - start)),
            )
            for user_number in user_numbers
        ]
        if quantity:
            usages.append(BillingUsage(name=product.name, total_usage=DecimalText(quantity), resources=resources))
    return usages


def _sum_usage(account: TwinAccount, start: datetime, end: datetime) -> dict[CatalogProduct, Decimal]:
    """Return what was used on the whole days between two times: of seats the most in a month, of all else the sum."""
    quantities, own_contract = dict[CatalogProduct, Decimal](), customers.make_contracts(account)[0]
    for month in max(Month.of(start), account.first_month).iter_until(Month.of(end)):
        first_days, last_days = (max(count_days(month, time), 0) for time in (start, end))
        usage_lists = (customers.list_usages(account, own_contract, month, days) for days in (first_days, last_days))
        for earlier_usage, later_usage in zip(*usage_lists, strict=True):
            quantity, product = quantities.get(later_usage.product, ZERO), later_usage.product
            if later_usage.organization != own_contract.organizations[0] or first_days >= last_days:
                continue  # GUESS: a report is of the organization whose client asks
            is_seat = product.focus_unit == "User"
            quantities[product] = (
                max(quantity, later_usage.actual) if is_seat else quantity + later_usage.actual - earlier_usage.actual
            )
    return quantities


def _make_person_name(account: TwinAccount, user_number: int) -> str:
    return f"agent{user_number + 1:03}{account.seed_suffix}@example.invalid"


def _draw_first_use(user_number: int, duration: timedelta) -> timedelta:
    return min(
        timedelta(hours=7 + user_number % 48, minutes=user_number * 7 % 60), max(duration - ONE_SECOND, timedelta(0))
    )


def answer_overview(
    op: GetBillingTrusteebillingoverviewTrustorOrgId, context: RequestContext
) -> TrusteeBillingOverview:
    """Tell a partner what a customer uses in a billing period, counted back from the running one."""
    account, periods_back = context.account, op.billing_period_index or 0
    if periods_back < 0:
        raise AccessDenied(
            ApiFault.BAD_REQUEST,
            format_invalid_value(
                periods_back, "billingPeriodIndex", "0 and above"
            ),  # GUESS: that it is refused, and the words
        )
    month = Month.of(context.now).add_months(-periods_back)
    trustors = {
        party.id: (trustor_contract, party)
        for trustor_contract in customers.list_trustor_contracts(account)
        for party in trustor_contract.organizations
    }
    if op.trustor_org_id not in trustors or month < account.first_month:
        raise AccessDenied(ApiFault.NOT_FOUND)  # GUESS: for an index before the first period
    return _make_overview(account, *trustors[op.trustor_org_id], month, context)


def _make_overview(
    account: TwinAccount, contract: TwinContract, organization: CustomerParty, month: Month, context: RequestContext
) -> TrusteeBillingOverview:
    first_month, last_month = customers.find_contract_months(account, contract, Month.of(context.now))
    contract_usages = customers.list_usages(account, contract, month, count_days(month, context.now))
    usages = [usage for usage in contract_usages if usage.organization == organization]
    rows = [row for usage in usages if not usage.product.is_voice for row in _make_rows(usage)]
    minimum_amount = sum((usage.prepaid * usage.product.prepay_price for usage in usages), ZERO)
    return TrusteeBillingOverview(
        organization=NamedEntity(id=organization.id, name=organization.name),
        currency=customers.currency_of(account),
        enabled_products=["PureCloud3Overage", "PureCloud1Overage", "PureCloudCommunicateOverage"],
        subscription_type="PREPAY_MONTHLY_COMMITMENT",
        ramp_period_start_date=format_instant(first_month.start),
        ramp_period_end_date=f"{format_instant(first_month.add_months(2).end - ONE_SECOND)[:-1]}.999Z",
        billing_period_start_date=format_instant(month.start),
        billing_period_end_date=format_instant(month.end - ONE_SECOND),
        usages=rows,
        contract_effective_date=format_instant(first_month.start),
        contract_end_date=format_instant(last_month.end - ONE_SECOND),
        minimum_monthly_amount=DecimalText(minimum_amount),
        in_ramp_period=month <= first_month.add_months(2),
        self_uri=context.request.path,
    )


def _make_rows(usage: customers.ProductUsage) -> list[SubscriptionOverviewUsage]:
    """Tell what is used, and in a second row of the same product what is free of charge."""
    product = usage.product
    is_seat, is_message = product.vendor_unit == "User", product.vendor_unit in {"Message", "Conversation"}
    grouping = (
        "billable-app-usage-license" if product.is_third_party else "messaging-usage" if is_message else "resource"
    )
    if is_seat and not product.is_third_party:
        grouping = "user-license"  # GUESS: only the other groupings were seen
    unit = "seat" if is_seat else "message" if product.vendor_unit == "Message" else "unit"
    row = SubscriptionOverviewUsage(
        name=product.name,
        part_number=product.sku,
        grouping=grouping,
        unit_of_measure_type=unit,
        usage_quantity=DecimalText(usage.actual),
        overage_price=DecimalText(product.overage_rate),
        prepay_quantity=DecimalText(usage.prepaid),
        prepay_price=DecimalText(product.prepay_price) if usage.prepaid else UNSET,
        is_cancellable=product.is_third_party,
        bundle_quantity=DecimalText(1) if is_seat else UNSET,
        is_third_party=product.is_third_party,
    )
    if not product.allowance:
        return [row]
    allowance_row = SubscriptionOverviewUsage(
        name=product.name,
        part_number=product.sku,
        grouping="fair-use",
        unit_of_measure_type="unit",
        usage_quantity=DecimalText(product.allowance),
        prepay_quantity=DecimalText(0),
        is_cancellable=False,
        is_third_party=False,
    )
    return [row, allowance_row]
