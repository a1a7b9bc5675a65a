"""The true rows of the invented partner: seats and tokens that are bought, use beyond them, and a discount."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.model.pricing import set_costs
from billfold.providers.genesys.twin.catalog import TOKEN_PRODUCT, CatalogProduct
from billfold.providers.genesys.twin.customers import (
    BILLED_IN_ADVANCE,
    CustomerParty,
    ProductUsage,
    TwinContract,
    count_billed_months,
    currency_of,
    format_applied,
    list_usages,
    make_payer,
    make_wallet,
    resize_contract,
    round_cost,
    seats_of,
)
from billfold.providers.twin_api import TwinAccount

ISSUER_NAME = "Genesys"
PLATFORM_NAME = "Genesys Cloud"


def count_days(month: Month, now: datetime) -> int:
    """Return how many whole days of a month have passed."""
    return (min(now, month.end) - month.start) // timedelta(days=1)


def make_common_row(account: TwinAccount, month: Month) -> CostAndUsage:
    """Return what all rows of a month have in common."""
    return CostAndUsage(
        BillingAccountId=make_payer(account).number,
        BillingAccountName=make_payer(account).name,
        BillingCurrency=currency_of(account),
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        ChargePeriodStart=month.start,
        ChargePeriodEnd=month.end,
        HostProviderName=ISSUER_NAME,
        InvoiceIssuerName=ISSUER_NAME,
        PricingCurrency=currency_of(account),
        ServiceProviderName=ISSUER_NAME,
    )


def _set_product(row: CostAndUsage, organization: CustomerParty, product: CatalogProduct) -> CostAndUsage:
    return row._replace(
        ServiceName=product.name,
        SkuId=product.sku,
        SubAccountId=organization.id,
        SubAccountName=organization.name,
        SubAccountType="Organization",
    )


def _make_purchase_row(
    common_row: CostAndUsage, organization: CustomerParty, product: CatalogProduct, quantity: Decimal
) -> CostAndUsage:
    row = _set_product(set_costs(common_row, round_cost(quantity, product.prepay_price)), organization, product)
    return row._replace(
        ChargeCategory="Purchase",
        ChargeDescription=f"{product.name} - Prepay",
        ChargeFrequency="Recurring",
        PricingQuantity=quantity,
        PricingUnit=product.focus_unit,
    )


def make_usage_row(
    common_row: CostAndUsage, organization: CustomerParty, product: CatalogProduct, quantity: Decimal, amount: Decimal
) -> CostAndUsage:
    """Return the row of what an organization used of a product."""
    return _set_product(set_costs(common_row, amount), organization, product)._replace(
        ChargeCategory="Usage",
        ChargeDescription=f"{product.name} - Overage" if product.prepay_price else product.name,
        ChargeFrequency="Usage-Based",
        ConsumedQuantity=quantity,
        ConsumedUnit=product.focus_unit,
        PricingQuantity=quantity,
        PricingUnit=product.focus_unit,
    )


def make_purchase_rows(account: TwinAccount, contract: TwinContract, month: Month) -> Iterator[CostAndUsage]:
    """Yield what is bought under a contract with a month: seats, and tokens."""
    common_row = make_common_row(account, month)
    for usage in list_usages(account, contract, month, count_days(month, month.end)):
        if usage.prepaid:
            yield from _make_seat_rows(account, contract, month, usage)
    token_count = seats_of(resize_contract(account, contract, month), TOKEN_PRODUCT)
    row = _make_purchase_row(common_row, contract.organizations[0], TOKEN_PRODUCT, token_count)
    yield row._replace(ContractApplied=format_applied(account, contract, TOKEN_PRODUCT, token_count))


def _make_seat_rows(
    account: TwinAccount, contract: TwinContract, month: Month, usage: ProductUsage
) -> Iterator[CostAndUsage]:
    """Yield what is billed of a product's seats with a month: those of the month, of a year, or of the next month."""
    month_count = count_billed_months(account, usage.product, month)
    quantity = usage.prepaid * month_count
    row = _make_purchase_row(make_common_row(account, month), usage.organization, usage.product, quantity)
    row = row._replace(ContractApplied=format_applied(account, contract, usage.product, quantity))
    is_in_advance = account.is_after(BILLED_IN_ADVANCE, month)
    if month_count and (not is_in_advance or account.has_event(BILLED_IN_ADVANCE, month)):
        yield row._replace(ChargePeriodEnd=month.add_months(month_count - 1).end)
    if month_count and is_in_advance:
        next_month = month.add_months(1)
        yield row._replace(ChargePeriodStart=next_month.start, ChargePeriodEnd=next_month.end)


def make_overage_rows(account: TwinAccount, contract: TwinContract, month: Month) -> Iterator[CostAndUsage]:
    """Yield what is used under a contract in a month beyond what was bought."""
    common_row, days = make_common_row(account, month), count_days(month, month.end)
    for usage in list_usages(account, contract, month, days):
        if usage.overage:
            yield make_usage_row(
                common_row, usage.organization, usage.product, _floor_quantity(usage.overage), usage.charge
            )
    token_wallet = make_wallet(account, contract, month, days)
    if token_wallet.overage:
        yield make_usage_row(
            common_row,
            contract.organizations[0],
            TOKEN_PRODUCT,
            _floor_quantity(token_wallet.overage),
            token_wallet.charge,
        )


def _floor_quantity(quantity: Decimal) -> Decimal:
    """Return a quantity as invoice lines have it, in whole units; the amount is that of all that was used."""
    return max(quantity.quantize(Decimal(1), ROUND_DOWN), Decimal(1))  # GUESS: cut off, and at least one


def make_discount_row(account: TwinAccount, rows: list[CostAndUsage], month: Month) -> CostAndUsage:
    """Return the discount on some rows: two percent."""
    amount = -round_cost(exact_sum(row.BilledCost or ZERO for row in rows), Decimal("0.02"))
    row = set_costs(make_common_row(account, month), amount)
    return row._replace(
        ChargeCategory="Adjustment",
        ChargeDescription="Partner loyalty discount",
        ChargeFrequency="One-Time",
        ServiceName=PLATFORM_NAME,
    )
