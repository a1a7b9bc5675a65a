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
from billfold.model.pricing import set_costs
from billfold.providers.genesys.twin.catalog import TOKEN_PRODUCT, CatalogProduct
from billfold.providers.genesys.twin.customers import (
    CustomerParty,
    TwinContract,
    currency_of,
    format_applied,
    is_idle,
    list_usages,
    make_contracts,
    make_id,
    make_payer,
    make_wallet,
    round_cost,
    seats_of,
)
from billfold.providers.restatements import restate_bill
from billfold.providers.twin_api import TwinAccount

ISSUER_NAME = "Genesys"
PLATFORM_NAME = "Genesys Cloud"
TAX_RATE = Decimal("0.075")


def count_days(month: Month, now: datetime) -> int:
    """Return how many whole days of a month have passed."""
    return (min(now, month.end) - month.start) // timedelta(days=1)


def list_bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the partner's true bills at a time: each closed month's invoices, and the running month's estimates."""
    for month in account.first_month.iter_until(Month.of(now).add_months(-1)):
        yield from make_invoices(account, month)
    yield from make_estimates(account, Month.of(now), count_days(Month.of(now), now))


@lru_cache(maxsize=512)
def make_invoices(account: TwinAccount, month: Month) -> tuple[Bill, ...]:
    """Return the invoices and credit memos of a closed month, by number."""
    billed_contracts = [
        contract for contract in make_contracts(account) if contract.is_active and not is_idle(account, contract, month)
    ]
    bills = [_make_invoice(account, contract, month) for contract in billed_contracts]
    customer_contract = make_contracts(account)[1]
    has_memo = month > account.first_month and month.number % 4 == 2
    if has_memo and not is_idle(account, customer_contract, month.add_months(-1)):
        bills.append(_make_credit_memo(account, customer_contract, month))
    return tuple(sorted(bills, key=lambda bill: bill.invoice_id or ""))


def invoice_id_of(account: TwinAccount, contract: TwinContract, month: Month, prefix: str = "INV") -> str:
    """Return the number of a contract's invoice, or of its credit memo."""
    base_number = account.random_for("invoices").randint(100_000, 400_000) * 10 + account.seed_number * 10_000_000
    return f"{prefix}{base_number + (month.year * 12 + month.number) * 8 + contract.contract_index:09}"


def _make_invoice(account: TwinAccount, contract: TwinContract, month: Month) -> Bill:
    invoice_number = invoice_id_of(account, contract, month)
    rows = [*_make_purchase_rows(account, contract, month), *_make_overage_rows(account, contract, month)]
    if contract.contract_index == 0 and month.number % 3 == 1:
        rows.append(_make_discount_row(account, rows, month))
    numbered_rows = [
        row._replace(
            InvoiceId=invoice_number,
            InvoiceDetailId=f"{invoice_number}-{row_number:03}",
            x_NativeId=f"{invoice_number}-{row_number:03}",
        )
        for row_number, row in enumerate(rows, 1)
    ]
    invoice_bill = _restate_invoice(account, _make_bill(month, contract, invoice_number, numbered_rows))
    return (
        _add_tax(account, invoice_bill, month)
        if contract.contract_index == 0 and month.number % 2 == 0
        else invoice_bill
    )


def _restate_invoice(account: TwinAccount, bill: Bill) -> Bill:
    """Return an invoice as the account's story has it; a line is known by the vendor's own id."""
    restated_bill = restate_bill(account, bill)
    rows = [
        row._replace(InvoiceDetailId=row.x_NativeId) for batch in restated_bill.charges for row in batch.iter_rows()
    ]
    return restated_bill._replace(charges=[Charges.of(rows)])


def _add_tax(account: TwinAccount, bill: Bill, month: Month) -> Bill:
    """Add tax to an invoice's amount; its lines do not say so."""
    amount = round_cost(bill.total or ZERO, TAX_RATE)
    tax_row = set_costs(_make_common_row(account, month), amount)._replace(
        ChargeCategory="Tax",
        ChargeDescription="Sales tax",
        ChargeFrequency="One-Time",
        InvoiceDetailId=f"{bill.invoice_id}-tax",
        InvoiceId=bill.invoice_id,
        ServiceName="Taxes",
        x_Synthetic=True,
    )
    return bill._replace(total=(bill.total or ZERO) + amount, charges=[*bill.charges, Charges.of([tax_row])])


def _make_bill(month: Month, contract: TwinContract, invoice_number: str, rows: list[CostAndUsage]) -> Bill:
    return Bill(
        state=State.ISSUED,
        invoice_id=invoice_number,
        period=month.period,
        currency=rows[0].BillingCurrency or "",
        total=exact_sum(row.BilledCost or ZERO for row in rows),
        line_count=len(rows),
        charges=[Charges.of(rows)],
        issuer=ISSUER_NAME,
        issued_on=month.end,
        due_on=month.end + timedelta(days=30),
        terms="Net 30",
        purchase_order=contract.purchase_order,
    )


def _make_common_row(account: TwinAccount, month: Month) -> CostAndUsage:
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


def _make_usage_row(
    common_row: CostAndUsage, organization: CustomerParty, product: CatalogProduct, quantity: Decimal, amount: Decimal
) -> CostAndUsage:
    return _set_product(set_costs(common_row, amount), organization, product)._replace(
        ChargeCategory="Usage",
        ChargeDescription=f"{product.name} - Overage" if product.prepay_price else product.name,
        ChargeFrequency="Usage-Based",
        ConsumedQuantity=quantity,
        ConsumedUnit=product.focus_unit,
        PricingQuantity=quantity,
        PricingUnit=product.focus_unit,
    )


def _make_purchase_rows(account: TwinAccount, contract: TwinContract, month: Month) -> Iterator[CostAndUsage]:
    common_row = _make_common_row(account, month)
    for usage in list_usages(account, contract, month, count_days(month, month.end)):
        if usage.prepaid:
            row = _make_purchase_row(common_row, usage.organization, usage.product, usage.prepaid)
            yield row._replace(ContractApplied=format_applied(account, contract, usage.product, usage.prepaid))
    token_count = seats_of(contract, TOKEN_PRODUCT)
    row = _make_purchase_row(common_row, contract.organizations[0], TOKEN_PRODUCT, token_count)
    yield row._replace(ContractApplied=format_applied(account, contract, TOKEN_PRODUCT, token_count))


def _make_overage_rows(account: TwinAccount, contract: TwinContract, month: Month) -> Iterator[CostAndUsage]:
    common_row, days = _make_common_row(account, month), count_days(month, month.end)
    for usage in list_usages(account, contract, month, days):
        if usage.overage:
            yield _make_usage_row(
                common_row, usage.organization, usage.product, _floor_quantity(usage.overage), usage.charge
            )
    token_wallet = make_wallet(account, contract, month, days)
    if token_wallet.overage:
        yield _make_usage_row(
            common_row,
            contract.organizations[0],
            TOKEN_PRODUCT,
            _floor_quantity(token_wallet.overage),
            token_wallet.charge,
        )


def _floor_quantity(quantity: Decimal) -> Decimal:
    """Return a quantity as invoice lines have it, in whole units; the amount is that of all that was used."""
    return max(quantity.quantize(Decimal(1), ROUND_DOWN), Decimal(1))  # GUESS: cut off, and at least one


def _make_discount_row(account: TwinAccount, rows: list[CostAndUsage], month: Month) -> CostAndUsage:
    amount = -round_cost(exact_sum(row.BilledCost or ZERO for row in rows), Decimal("0.02"))
    row = set_costs(_make_common_row(account, month), amount)
    return row._replace(
        ChargeCategory="Adjustment",
        ChargeDescription="Partner loyalty discount",
        ChargeFrequency="One-Time",
        ServiceName=PLATFORM_NAME,
    )


def _make_credit_memo(account: TwinAccount, contract: TwinContract, month: Month) -> Bill:
    """Make a credit memo that takes back a tenth of the largest overage of the month before."""
    previous_month, memo_number = month.add_months(-1), invoice_id_of(account, contract, month, "CM")
    largest_row = max(_make_overage_rows(account, contract, previous_month), key=lambda row: row.BilledCost or ZERO)
    quantity = -max(((largest_row.PricingQuantity or ZERO) / 10).quantize(Decimal(1)), Decimal(1))
    amount = -round_cost((largest_row.BilledCost or ZERO), Decimal("0.1"))
    row = set_costs(largest_row, amount)._replace(
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        ChargeClass="Correction",
        ChargeDescription=f"{largest_row.ServiceName} - overage, credit for {invoice_id_of(account, contract, previous_month)}",
        ConsumedQuantity=quantity,
        InvoiceDetailId=f"{memo_number}-001",
        InvoiceId=memo_number,
        PricingQuantity=quantity,
        x_NativeId=f"{memo_number}-001",
    )
    return _make_bill(month, contract, memo_number, [row])._replace(
        corrects=invoice_id_of(account, contract, previous_month)
    )


def make_estimates(account: TwinAccount, month: Month, days: int) -> Iterator[Bill]:
    """Yield the estimate of each contract for a month that has no invoice yet."""
    for contract in sorted(make_contracts(account)):
        if contract.is_active:
            yield make_estimate(account, contract, month, days)


@lru_cache(maxsize=512)
def make_estimate(account: TwinAccount, contract: TwinContract, month: Month, days: int) -> Bill:
    """Return what was used under a contract in a month: overages, and nothing of what was bought beforehand."""
    common_row, rows = _make_common_row(account, month), list[CostAndUsage]()
    has_tokens = not make_wallet(account, contract, month, days).overage
    for usage in list_usages(account, contract, month, days):
        row = _make_usage_row(common_row, usage.organization, usage.product, usage.overage, usage.charge)
        applied_quantity = (usage.tokens if has_tokens else ZERO) if usage.tokens else min(usage.actual, usage.prepaid)
        product = TOKEN_PRODUCT if usage.tokens else usage.product
        row = row._replace(ContractApplied=format_applied(account, contract, product, applied_quantity))
        native_id = make_id(account, "charge", usage.organization.id, usage.product.sku, month)
        rows.append(
            row._replace(ConsumedQuantity=usage.actual, ChargeDescription=usage.product.name, x_NativeId=native_id)
        )
    rows.append(_make_wallet_row(account, contract, common_row, month, days))
    return Bill(
        state=State.ESTIMATE,
        invoice_id=None,
        period=month.period,
        currency=currency_of(account),
        total=Decimal(format_trimmed(exact_sum(row.BilledCost or ZERO for row in rows))),
        line_count=len(rows),
        charges=[Charges.of(rows)],
        issuer=ISSUER_NAME,
        scope=contract.id,
    )


def _make_wallet_row(
    account: TwinAccount, contract: TwinContract, common_row: CostAndUsage, month: Month, days: int
) -> CostAndUsage:
    token_wallet, has_several = make_wallet(account, contract, month, days), len(contract.organizations) > 1
    row = _make_usage_row(
        common_row, contract.organizations[0], TOKEN_PRODUCT, token_wallet.overage, token_wallet.charge
    )
    row = row._replace(
        ChargeDescription=TOKEN_PRODUCT.name,
        ConsumedQuantity=token_wallet.consumed,
        ContractApplied=format_applied(
            account,
            contract,
            TOKEN_PRODUCT,
            token_wallet.consumed - token_wallet.overage if token_wallet.overage else ZERO,
        ),
        x_NativeId=make_id(account, "wallet", contract.contract_index),
    )
    return row._replace(SubAccountId=None, SubAccountName=None, SubAccountType=None) if has_several else row
