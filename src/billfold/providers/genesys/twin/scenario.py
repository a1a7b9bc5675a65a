"""An invented Genesys Cloud partner: the true charges of any month, as a function of account, seed and time.

A contract has one invoice for each closed month, of the first day after it: seats and tokens bought beforehand, and what
was used beyond them. Some months have tax on top of the lines, some a discount, some a credit memo for the month before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache

from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum, format_trimmed
from billfold.model.period import Month
from billfold.providers.genesys.twin.catalog import TOKENS, Product
from billfold.providers.genesys.twin.customers import (
    Contract,
    Party,
    applied,
    cents,
    contracts,
    payer,
    seats,
    used,
    uuid,
    wallet,
)
from billfold.providers.restatements import restate_bill
from billfold.providers.twin_api import TwinAccount

ISSUER = "Genesys"
PLATFORM = "Genesys Cloud"
TAX_RATE = Decimal("0.0725")


def days_until(month: Month, now: datetime) -> int:
    """Return how many whole days of a month have passed."""
    return (min(now, month.end) - month.start) // timedelta(days=1)


def bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the partner's true bills at a time: each closed month's invoices, and the running month's estimates."""
    for month in account.first_month.iter_until(Month.of(now).add_months(-1)):
        yield from invoices(account, month)
    yield from estimates(account, Month.of(now), days_until(Month.of(now), now))


@lru_cache(maxsize=512)
def invoices(account: TwinAccount, month: Month) -> tuple[Bill, ...]:
    """Return the invoices and credit memos of a closed month, by number."""
    made = [_invoice(account, contract, month) for contract in contracts(account) if contract.is_active]
    if month > account.first_month and month.number % 4 == 2:
        made.append(_memo(account, contracts(account)[1], month))
    return tuple(sorted(made, key=lambda bill: bill.invoice_id or ""))


def invoice_id(account: TwinAccount, contract: Contract, month: Month, prefix: str = "INV") -> str:
    """Return the number of a contract's invoice, or of its credit memo."""
    first = account.random_for("invoices").randint(100_000, 400_000) * 10
    return f"{prefix}{first + (month.year * 12 + month.number) * 8 + contract.place:09}"


def _invoice(account: TwinAccount, contract: Contract, month: Month) -> Bill:
    number = invoice_id(account, contract, month)
    rows = [*_bought(account, contract, month), *_used_up(account, contract, month)]
    if contract.place == 0 and month.number % 3 == 1:
        rows.append(_discount(account, rows, month))
    numbered = [
        row._replace(InvoiceId=number, InvoiceDetailId=f"{number}-{place:03}", x_NativeId=f"{number}-{place:03}")
        for place, row in enumerate(rows, 1)
    ]
    bill = _restated(account, _bill(month, contract, number, numbered))
    return _taxed(account, bill, month) if contract.place == 0 and month.number % 2 == 0 else bill


def _restated(account: TwinAccount, bill: Bill) -> Bill:
    """Return an invoice as the account's story has it; a line is known by the vendor's own id."""
    told = restate_bill(account, bill)
    rows = [row._replace(InvoiceDetailId=row.x_NativeId) for batch in told.charges for row in batch.iter_rows()]
    return told._replace(charges=[Charges.of(rows)])


def _taxed(account: TwinAccount, bill: Bill, month: Month) -> Bill:
    """Add tax to an invoice's amount; its lines do not say so."""
    amount = cents(bill.total or ZERO, TAX_RATE)
    tax = _cost(_common(account, month), amount)._replace(
        ChargeCategory="Tax",
        ChargeDescription="Sales tax",
        ChargeFrequency="One-Time",
        InvoiceDetailId=f"{bill.invoice_id}-tax",
        InvoiceId=bill.invoice_id,
        ServiceName=PLATFORM,
        x_Synthetic=True,
    )
    return bill._replace(total=(bill.total or ZERO) + amount, charges=[*bill.charges, Charges.of([tax])])


def _bill(month: Month, contract: Contract, number: str, rows: list[CostAndUsage]) -> Bill:
    return Bill(
        state=State.ISSUED,
        invoice_id=number,
        period=month.period,
        currency="USD",
        total=exact_sum(row.BilledCost or ZERO for row in rows),
        line_count=len(rows),
        charges=[Charges.of(rows)],
        issuer=ISSUER,
        issued_on=month.end,
        due_on=month.end + timedelta(days=30),
        terms="Net 30",
        purchase_order=contract.order,
    )


def _common(account: TwinAccount, month: Month) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountId=payer(account).number,
        BillingAccountName=payer(account).name,
        BillingCurrency="USD",
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        ChargePeriodStart=month.start,
        ChargePeriodEnd=month.end,
        HostProviderName=ISSUER,
        InvoiceIssuerName=ISSUER,
        PricingCurrency="USD",
        ServiceProviderName=ISSUER,
    )


def _cost(common: CostAndUsage, amount: Decimal) -> CostAndUsage:
    return common._replace(BilledCost=amount, EffectiveCost=amount, ListCost=amount, ContractedCost=amount)


def _for(row: CostAndUsage, organization: Party, product: Product) -> CostAndUsage:
    return row._replace(
        ServiceName=product.name,
        SkuId=product.sku,
        SubAccountId=organization.id,
        SubAccountName=organization.name,
        SubAccountType="Organization",
    )


def _purchase(common: CostAndUsage, organization: Party, product: Product, quantity: Decimal) -> CostAndUsage:
    row = _for(_cost(common, cents(quantity, product.price)), organization, product)
    return row._replace(
        ChargeCategory="Purchase",
        ChargeDescription=f"{product.name} - Prepay",
        ChargeFrequency="Recurring",
        PricingQuantity=quantity,
        PricingUnit=product.units,
    )


def _usage(
    common: CostAndUsage, organization: Party, product: Product, quantity: Decimal, amount: Decimal
) -> CostAndUsage:
    return _for(_cost(common, amount), organization, product)._replace(
        ChargeCategory="Usage",
        ChargeDescription=f"{product.name} - Overage" if product.price else product.name,
        ChargeFrequency="Usage-Based",
        ConsumedQuantity=quantity,
        ConsumedUnit=product.units,
        PricingQuantity=quantity,
        PricingUnit=product.units,
    )


def _bought(account: TwinAccount, contract: Contract, month: Month) -> Iterator[CostAndUsage]:
    common = _common(account, month)
    for one in used(account, contract, month, days_until(month, month.end)):
        if one.prepaid:
            row = _purchase(common, one.organization, one.product, one.prepaid)
            yield row._replace(ContractApplied=applied(account, contract, one.product, one.prepaid))
    tokens = seats(contract, TOKENS)
    row = _purchase(common, contract.organizations[0], TOKENS, tokens)
    yield row._replace(ContractApplied=applied(account, contract, TOKENS, tokens))


def _used_up(account: TwinAccount, contract: Contract, month: Month) -> Iterator[CostAndUsage]:
    common, days = _common(account, month), days_until(month, month.end)
    for one in used(account, contract, month, days):
        if one.over:
            yield _usage(common, one.organization, one.product, _whole(one.over), one.charge)
    tokens = wallet(account, contract, month, days)
    if tokens.over:
        yield _usage(common, contract.organizations[0], TOKENS, _whole(tokens.over), tokens.charge)


def _whole(quantity: Decimal) -> Decimal:
    """Return a quantity as invoice lines have it, in whole units; the amount is that of all that was used."""
    return max(quantity.quantize(Decimal(1), ROUND_DOWN), Decimal(1))  # GUESS: cut off, and at least one


def _discount(account: TwinAccount, rows: list[CostAndUsage], month: Month) -> CostAndUsage:
    amount = -cents(exact_sum(row.BilledCost or ZERO for row in rows), Decimal("0.02"))
    row = _cost(_common(account, month), amount)
    return row._replace(
        ChargeCategory="Credit",
        ChargeDescription="Partner loyalty discount",
        ChargeFrequency="One-Time",
        ServiceName=PLATFORM,
    )


def _memo(account: TwinAccount, contract: Contract, month: Month) -> Bill:
    """Make a credit memo that takes back a tenth of the largest overage of the month before."""
    before, number = month.add_months(-1), invoice_id(account, contract, month, "CM")
    largest = max(_used_up(account, contract, before), key=lambda row: row.BilledCost or ZERO)
    quantity = -max(((largest.PricingQuantity or ZERO) / 10).quantize(Decimal(1)), Decimal(1))
    amount = -cents((largest.BilledCost or ZERO), Decimal("0.1"))
    row = _cost(largest, amount)._replace(
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        ChargeClass="Correction",
        ChargeDescription=f"{largest.ServiceName} - overage, credit for {invoice_id(account, contract, before)}",
        ConsumedQuantity=quantity,
        InvoiceDetailId=f"{number}-001",
        InvoiceId=number,
        PricingQuantity=quantity,
        x_NativeId=f"{number}-001",
    )
    return _bill(month, contract, number, [row])._replace(corrects=invoice_id(account, contract, before))


def estimates(account: TwinAccount, month: Month, days: int) -> Iterator[Bill]:
    """Yield the estimate of each contract for a month that has no invoice yet."""
    for contract in sorted(contracts(account)):
        if contract.is_active:
            yield estimate(account, contract, month, days)


@lru_cache(maxsize=512)
def estimate(account: TwinAccount, contract: Contract, month: Month, days: int) -> Bill:
    """Return what was used under a contract in a month: overages, and nothing of what was bought beforehand."""
    common, rows = _common(account, month), list[CostAndUsage]()
    has_tokens = not wallet(account, contract, month, days).over
    for one in used(account, contract, month, days):
        row = _usage(common, one.organization, one.product, one.over, one.charge)
        drawn = (one.tokens if has_tokens else ZERO) if one.tokens else min(one.actual, one.prepaid)
        what = TOKENS if one.tokens else one.product
        row = row._replace(ContractApplied=applied(account, contract, what, drawn))
        native = uuid(account, "charge", one.organization.id, one.product.sku, month)
        rows.append(row._replace(ConsumedQuantity=one.actual, ChargeDescription=one.product.name, x_NativeId=native))
    rows.append(_of_wallet(account, contract, common, month, days))
    return Bill(
        state=State.ESTIMATE,
        invoice_id=None,
        period=month.period,
        currency="USD",
        total=Decimal(format_trimmed(exact_sum(row.BilledCost or ZERO for row in rows))),
        line_count=len(rows),
        charges=[Charges.of(rows)],
        issuer=ISSUER,
        scope=contract.id,
    )


def _of_wallet(account: TwinAccount, contract: Contract, common: CostAndUsage, month: Month, days: int) -> CostAndUsage:
    tokens, several = wallet(account, contract, month, days), len(contract.organizations) > 1
    row = _usage(common, contract.organizations[0], TOKENS, tokens.over, tokens.charge)
    row = row._replace(
        ChargeDescription=TOKENS.name,
        ConsumedQuantity=tokens.consumed,
        ContractApplied=applied(account, contract, TOKENS, tokens.consumed - tokens.over if tokens.over else ZERO),
        x_NativeId=uuid(account, "wallet", contract.place),
    )
    return row._replace(SubAccountId=None, SubAccountName=None, SubAccountType=None) if several else row
