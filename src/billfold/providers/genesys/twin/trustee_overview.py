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
from billfold.providers.genesys.twin import customers, scenario
from billfold.providers.genesys.twin.catalog import Product
from billfold.providers.genesys.twin.customers import Contract
from billfold.providers.genesys.twin.errors import invalid
from billfold.providers.twin_api import AccessDenied, ApiFault, RequestContext, TwinAccount
from billfold.wire.codec import UNSET, DecimalText
from billfold.wire.message import Request

PREPARING = timedelta(seconds=1, milliseconds=500)
"""GUESS: how long a report takes; the documents say "a few seconds"."""
SECOND = timedelta(seconds=1)


def usage(op: GetBillingReportsBillableusage, moment: RequestContext) -> BillingUsageReport:
    """Report the licences in use: first InProgress, then, to the same question on the same day, Complete."""
    if op.start_date.tzinfo is None or op.end_date.tzinfo is None:
        raise AccessDenied(
            ApiFault.BAD_REQUEST, "invalid.date"
        )  # GUESS: a time without a zone could also be taken as UTC
    if op.start_date > op.end_date:
        raise AccessDenied(ApiFault.BAD_REQUEST)  # GUESS: that it is refused
    key = "usage", moment.account.name, op.start_date, op.end_date, moment.now.date()
    asked = moment.memory.setdefault(str(key), moment.now)
    done = moment.now - asked >= PREPARING
    return BillingUsageReport(
        start_date=format_instant(op.start_date),
        end_date=format_instant(op.end_date),
        status="Complete" if done else "InProgress",
        usages=_usages(moment.account, op, moment.now) if done else [],  # GUESS: an empty list, not an absent one
        self_uri=_self(moment.request),
    )


def _self(request: Request) -> str:
    said = "&".join(f"{key}={value}" for key, value in request.query)
    return f"{request.path}?{said}" if said else request.path


def _usages(account: TwinAccount, op: GetBillingReportsBillableusage, now: datetime) -> list[BillingUsage]:
    start, midnight = op.start_date, now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = max(min(op.end_date, midnight), start)  # up to the day before
    found = []
    for product, quantity in _between(account, start, end).items():
        people = range(int(quantity)) if product.unit == "User" else range(0)
        seen = [
            BillingUsageResource(name=_person(n), date=format_instant(start + _first(n, end - start))) for n in people
        ]
        if quantity:
            found.append(BillingUsage(name=product.name, total_usage=DecimalText(quantity), resources=seen))
    return found


def _between(account: TwinAccount, start: datetime, end: datetime) -> dict[Product, Decimal]:
    """Return what was used on the whole days between two times: of seats the most in a month, of all else the sum."""
    found, own = dict[Product, Decimal](), customers.contracts(account)[0]
    for month in max(Month.of(start), account.first_month).iter_until(Month.of(end)):
        first, last = (max(scenario.days_until(month, when), 0) for when in (start, end))
        both = (customers.used(account, own, month, days) for days in (first, last))
        for before, after in zip(*both, strict=True):
            so_far, product = found.get(after.product, ZERO), after.product
            if after.organization != own.organizations[0] or first >= last:
                continue  # GUESS: a report is of the organization whose client asks
            is_seat = product.unit == "User"
            found[product] = max(so_far, after.actual) if is_seat else so_far + after.actual - before.actual
    return found


def _person(number: int) -> str:
    return f"agent{number + 1:03}@example.invalid"


def _first(number: int, whole: timedelta) -> timedelta:
    return min(timedelta(hours=7 + number % 48, minutes=number * 7 % 60), max(whole - SECOND, timedelta(0)))


def overview(op: GetBillingTrusteebillingoverviewTrustorOrgId, moment: RequestContext) -> TrusteeBillingOverview:
    """Tell a partner what a customer uses in a billing period, counted back from the running one."""
    account, back = moment.account, op.billing_period_index or 0
    if back < 0:
        raise AccessDenied(
            ApiFault.BAD_REQUEST,
            invalid(back, "billingPeriodIndex", "0 and above"),  # GUESS: that it is refused, and the words
        )
    month = Month.of(moment.now).add_months(-back)
    known = {party.id: one for one in customers.trustors(account) for party in one.organizations}
    contract = known.get(op.trustor_org_id)
    if contract is None or month < account.first_month:
        raise AccessDenied(ApiFault.NOT_FOUND)  # GUESS: for an index before the first period
    return _overview(account, contract, month, moment)


def _overview(account: TwinAccount, contract: Contract, month: Month, moment: RequestContext) -> TrusteeBillingOverview:
    first, last = customers.span(account, contract, Month.of(moment.now))
    party = contract.organizations[0]
    used = customers.used(account, contract, month, scenario.days_until(month, moment.now))
    rows = [row for one in used if not one.product.is_voice for row in _rows(one)]
    minimum = sum((one.prepaid * one.product.price for one in used), ZERO)
    return TrusteeBillingOverview(
        organization=NamedEntity(id=party.id, name=party.name),
        currency="USD",
        enabled_products=["PureCloud3Overage", "PureCloud1Overage", "PureCloudCommunicateOverage"],
        subscription_type="PREPAY_MONTHLY_COMMITMENT",
        ramp_period_start_date=format_instant(first.start),
        ramp_period_end_date=f"{format_instant(first.add_months(2).end - SECOND)[:-1]}.999Z",
        billing_period_start_date=format_instant(month.start),
        billing_period_end_date=format_instant(month.end - SECOND),
        usages=rows,
        contract_effective_date=format_instant(first.start),
        contract_end_date=format_instant(last.end - SECOND),
        minimum_monthly_amount=DecimalText(minimum),
        in_ramp_period=month <= first.add_months(2),
        self_uri=moment.request.path,
    )


def _rows(one: customers.Used) -> list[SubscriptionOverviewUsage]:
    """Tell what is used, and in a second row of the same product what is free of charge."""
    product = one.product
    is_seat, is_message = product.unit == "User", product.unit in {"Message", "Conversation"}
    grouping = (
        "billable-app-usage-license" if product.is_third_party else "messaging-usage" if is_message else "resource"
    )
    if is_seat and not product.is_third_party:
        grouping = "user-license"  # GUESS: only the other groupings were seen
    unit = "seat" if is_seat else "message" if product.unit == "Message" else "unit"
    row = SubscriptionOverviewUsage(
        name=product.name,
        part_number=product.sku,
        grouping=grouping,
        unit_of_measure_type=unit,
        usage_quantity=DecimalText(one.actual),
        overage_price=DecimalText(product.rate),
        prepay_quantity=DecimalText(one.prepaid),
        prepay_price=DecimalText(product.price) if one.prepaid else UNSET,
        is_cancellable=product.is_third_party,
        bundle_quantity=DecimalText(1) if is_seat else UNSET,
        is_third_party=product.is_third_party,
    )
    if not product.allowance:
        return [row]
    allowance = SubscriptionOverviewUsage(
        name=product.name,
        part_number=product.sku,
        grouping="fair-use",
        unit_of_measure_type="unit",
        usage_quantity=DecimalText(product.allowance),
        prepay_quantity=DecimalText(0),
        is_cancellable=False,
        is_third_party=False,
    )
    return [row, allowance]
