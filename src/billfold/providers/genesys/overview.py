"""What the twin tells beside the bills: the licences in use, and a partner's overview of a customer."""

from __future__ import annotations

from datetime import datetime, timedelta

from billfold.model.money import ZERO
from billfold.model.period import Month, stamp
from billfold.providers.genesys import customers, scenario
from billfold.providers.genesys.api import (
    GetBillingReportsBillableusage,
    GetBillingTrusteebillingoverviewTrustorOrgId,
)
from billfold.providers.genesys.customers import Contract
from billfold.providers.genesys.records import (
    BillingUsage,
    BillingUsageReport,
    BillingUsageResource,
    NamedEntity,
    SubscriptionOverviewUsage,
    TrusteeBillingOverview,
)
from billfold.providers.stage import Account, Denied, Moment, No
from billfold.wire.codec import UNSET, DecimalText
from billfold.wire.message import Request

PREPARING = timedelta(seconds=1, milliseconds=500)
"""GUESS: how long a report takes; the documents say "a few seconds"."""
SECOND = timedelta(seconds=1)


def usage(op: GetBillingReportsBillableusage, moment: Moment) -> BillingUsageReport:
    """Report the licences in use: first InProgress, then, to the same question on the same day, Complete."""
    if op.start_date.tzinfo is None or op.end_date.tzinfo is None:
        raise Denied(No.BAD_REQUEST, "invalid.date")  # GUESS: a time without a zone could also be taken as UTC
    if op.start_date > op.end_date:
        raise Denied(No.BAD_REQUEST)  # GUESS
    key = "usage", moment.account.name, op.start_date, op.end_date, moment.now.date()
    asked = moment.memory.setdefault(str(key), moment.now)
    done = moment.now - asked >= PREPARING
    return BillingUsageReport(
        start_date=stamp(op.start_date),
        end_date=stamp(op.end_date),
        status="Complete" if done else "InProgress",
        usages=_usages(moment.account, op, moment.now) if done else [],  # GUESS: an empty list, not an absent one
        self_uri=_self(moment.request),
    )


def _self(request: Request) -> str:
    said = "&".join(f"{key}={value}" for key, value in request.query)
    return f"{request.path}?{said}" if said else request.path


def _usages(account: Account, op: GetBillingReportsBillableusage, now: datetime) -> list[BillingUsage]:
    month, start, end = Month.of(op.start_date), op.start_date, op.end_date
    own = customers.contracts(account)[0]
    days = scenario.days_until(month, min(end, now)) if month >= account.first_month and start < now else 0
    found = []
    for one in customers.used(account, own, month, max(days, 0)):
        if one.organization != own.organizations[0] or one.product.is_voice or not one.actual:
            continue
        people = range(int(one.actual)) if one.product.unit == "User" else range(0)
        seen = [BillingUsageResource(name=_person(n), date=stamp(start + _first(n, end - start))) for n in people]
        found.append(BillingUsage(name=one.product.name, total_usage=DecimalText(one.actual), resources=seen))
    return found


def _person(number: int) -> str:
    return f"agent{number + 1:03}@example.invalid"


def _first(number: int, whole: timedelta) -> timedelta:
    return min(timedelta(hours=7 + number % 48, minutes=number * 7 % 60), max(whole - SECOND, timedelta(0)))


def overview(op: GetBillingTrusteebillingoverviewTrustorOrgId, moment: Moment) -> TrusteeBillingOverview:
    """Tell a partner what a customer uses in a billing period, counted back from the running one."""
    account, back = moment.account, op.billing_period_index or 0
    if back < 0:
        raise Denied(
            No.BAD_REQUEST,
            f"invalid.value: Value [{back}] is not valid for field type [billingPeriodIndex]. Allowable values are: 0 and above",
        )
    month = Month.of(moment.now).plus(-back)
    known = {party.id: one for one in customers.trustors(account) for party in one.organizations}
    contract = known.get(op.trustor_org_id)
    if contract is None or month < account.first_month:
        raise Denied(No.NOT_FOUND)  # GUESS: for an index before the first period
    return _overview(account, contract, month, moment)


def _overview(account: Account, contract: Contract, month: Month, moment: Moment) -> TrusteeBillingOverview:
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
        ramp_period_start_date=stamp(first.start),
        ramp_period_end_date=stamp(first.plus(2).end - timedelta(milliseconds=1)),
        billing_period_start_date=stamp(month.start),
        billing_period_end_date=stamp(month.end - SECOND),
        usages=rows,
        contract_effective_date=stamp(first.start),
        contract_end_date=stamp(last.end - SECOND),
        minimum_monthly_amount=DecimalText(minimum),
        in_ramp_period=month <= first.plus(2),
        self_uri=moment.request.path,
    )


def _rows(one: customers.Used) -> list[SubscriptionOverviewUsage]:
    """Tell what is used, and in a second row of the same product what is free of charge."""
    product = one.product
    is_seat = product.unit == "User"
    grouping = "billable-app-usage-license" if product.is_third_party else "user-license" if is_seat else "resource"
    row = SubscriptionOverviewUsage(
        name=product.name,
        part_number=product.sku,
        grouping=grouping,
        unit_of_measure_type="seat" if is_seat else "unit",
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
