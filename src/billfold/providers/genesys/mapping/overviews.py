"""What a partner's customers used, by the vendor's overviews of them: at the customers' prices, before tax, without voice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from billfold.model.money import EXACT_CONTEXT, ZERO, exact_product, exact_sum
from billfold.model.period import Period
from billfold.model.usage import MeasuredUsage, UserType
from billfold.providers.currencies import read_currency
from billfold.providers.genesys.api import GetBillingTrusteebillingoverviewTrustorOrgId
from billfold.providers.genesys.mapping.invoice_periods import parse_day
from billfold.providers.genesys.records import NamedEntity, SubscriptionOverviewUsage, TrusteeBillingOverview
from billfold.providers.mapping import is_in_bounds
from billfold.providers.periods import close_period
from billfold.providers.provider import RunAnswers
from billfold.wire.codec import Maybe, get_or
from billfold.wire.operation import salvage_response

FAIR_USE = "fair-use"
"""The grouping of rows that say what of a product is free of charge."""


class _ProductUse(NamedTuple):
    """What was used of a product, was bought beforehand and is free, and the price of what is beyond both."""

    quantity: Decimal
    unit: str
    prepaid: Decimal
    prepaid_amount: Decimal
    allowance: Decimal
    overage_price: Decimal

    @property
    def amount(self) -> Decimal:
        """What it comes to: what is bought beforehand, and what was used beyond it."""
        covered = exact_sum([self.prepaid, self.allowance])
        overage = max(EXACT_CONTEXT.subtract(self.quantity, covered), ZERO)
        # GUESS: overage is what was used beyond what is prepaid and free, as one user reckons; another takes bundleQuantity off.
        return exact_sum([self.prepaid_amount, exact_product(overage, self.overage_price)])


def read_usages(run_answers: RunAnswers) -> Iterator[MeasuredUsage]:
    """Yield what each customer organization used of each product, and what that comes to at its prices."""
    for answer in run_answers.answers(GetBillingTrusteebillingoverviewTrustorOrgId):
        overview = salvage_response(answer.op, answer.response)
        period, organization = _read_period(overview), get_or(overview.organization, NamedEntity())
        organization_id = get_or(organization.id, "") or answer.op.trustor_org_id
        if period is None:
            continue
        for sku, rows in _group_rows(get_or(overview.usages, [])).items():
            use = _sum_rows(rows)
            yield MeasuredUsage(
                period,
                sku,
                UserType.SUB_ACCOUNT,
                organization_id,
                get_or(organization.name, "") or organization_id,
                use.unit,
                use.quantity,
                use.amount,
                read_currency(overview.currency),
            )


def _read_period(overview: TrusteeBillingOverview) -> Period | None:
    first_day, last_day = parse_day(overview.billing_period_start_date), parse_day(overview.billing_period_end_date)
    return close_period(first_day, last_day) if first_day and last_day and first_day <= last_day else None


def _group_rows(rows: Iterable[SubscriptionOverviewUsage]) -> dict[str, list[SubscriptionOverviewUsage]]:
    """Return the rows by product: one may have a second row that says what is free."""
    rows_by_sku: dict[str, list[SubscriptionOverviewUsage]] = {}
    for row in rows:
        if sku := get_or(row.part_number, "") or get_or(row.name, ""):
            rows_by_sku.setdefault(sku, []).append(row)
    return rows_by_sku


def _sum_rows(rows: Iterable[SubscriptionOverviewUsage]) -> _ProductUse:
    used_rows = [row for row in rows if get_or(row.grouping, "") != FAIR_USE]
    free_rows = [row for row in rows if get_or(row.grouping, "") == FAIR_USE]
    prepaid = [(_read_number(row.prepay_quantity), _read_number(row.prepay_price)) for row in used_rows]
    return _ProductUse(
        exact_sum(_read_number(row.usage_quantity) for row in used_rows),
        next((get_or(row.unit_of_measure_type, "") for row in used_rows), ""),
        exact_sum(quantity for quantity, _ in prepaid),
        exact_sum(exact_product(quantity, price) for quantity, price in prepaid),
        exact_sum(_read_number(row.usage_quantity) for row in free_rows),
        max((_read_number(row.overage_price) for row in used_rows), default=ZERO),
    )


def _read_number(value: Maybe[Decimal]) -> Decimal:
    """Return a number of an overview; nothing where it is absent, or none that can be reckoned with."""
    number = get_or(value, ZERO)
    return number if is_in_bounds(number) else ZERO
