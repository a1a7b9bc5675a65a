"""The vendor's records of the story: contracts, billing periods, invoices and their lines, as they are at a midnight."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from billfold.model.bill import Bill
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.providers.genesys.records import (
    BillingCharge,
    BillingContract,
    BillingContractPeriod,
    BillingContractPeriodDetail,
    BillingInvoice,
    BillingInvoiceItem,
    BillingPlan,
    BillingPlanItem,
    BillingProduct,
    BillingWallet,
    Customer,
    InvoiceAddress,
    NamedEntity,
)
from billfold.providers.genesys.twin import customers, scenario, sdk_compat
from billfold.providers.genesys.twin.catalog import ALL, BY_SKU, NUMBERS, TOKENS, Product
from billfold.providers.genesys.twin.customers import Contract, Party
from billfold.providers.genesys.twin.sdk_compat import Dialect
from billfold.providers.twin_api import TwinAccount
from billfold.wire.codec import UNSET

PAID_AFTER = timedelta(days=30)
"""GUESS: as the terms say; and that credit memos are Paid."""


def day(when: datetime) -> str:
    """Write a day as the vendor does."""
    return when.date().isoformat()


def last_day(end: datetime) -> str:
    """Write the last day before an exclusive end."""
    return day(end - timedelta(days=1))


@lru_cache(maxsize=64)
def contracts(account: TwinAccount, running: Month, spoken: Dialect) -> tuple[BillingContract, ...]:
    """Return the contracts as they are listed in a month."""
    return tuple(sdk_compat.contract(_contract(account, one, running), spoken) for one in customers.contracts(account))


def _contract(account: TwinAccount, one: Contract, running: Month) -> BillingContract:
    first, last = customers.span(account, one, running)
    partner = _customer(customers.payer(account))
    return BillingContract(
        id=one.id,
        external_number=one.number,
        status="Active" if one.is_active else "Inactive",
        commercial_model="Prepay Monthly",
        purchase_order_numbers=[one.order],
        bill_to_customer=partner,
        sold_to_customer=partner,
        end_customer=_customer(one.customer),
        date_start=day(first.start),
        date_end=last_day(last.end),
        date_ramp_start=day(first.start),
        date_ramp_end=last_day(first.add_months(2).end),
        billing_periods=[_period(month, running) for month in first.iter_until(min(last, running))],
        plans=[_plan(account, one, product, (first, last), running) for product in ALL],
    )


def _customer(party: Party) -> Customer:
    return Customer(id=party.id, number=party.number, name=party.name)


def _entity(party: Party) -> NamedEntity:
    return NamedEntity(id=party.id, name=party.name)


def _period(month: Month, running: Month) -> BillingContractPeriod:
    return BillingContractPeriod(
        id=period_id(month),
        date_start=day(month.start),
        date_end=last_day(month.end),
        status="Open" if month == running else "Closed",
    )


def period_id(month: Month) -> str:
    """Return a billing period's id, such as ``202610``."""
    return f"{month.year}{month.number:02}"


def _plan(
    account: TwinAccount, one: Contract, product: Product, span: tuple[Month, Month], running: Month
) -> BillingPlan:
    bought = customers.bought(one, product)
    charged = min(running.end if bought else running.start, span[1].end)
    item = BillingPlanItem(
        item_number=NUMBERS[product.sku],
        name=product.name,
        type="Recurring" if bought else "Usage",
        function="Prepay" if bought else "Overage",
        description=f"{product.name}, {'billed monthly' if bought else 'overage in arrears'}",
        date_charged_through=last_day(charged),
        currency_iso_code="USD",
        discount_amount=ZERO,
        date_effective_start=day(span[0].start),
        date_effective_end=last_day(span[1].end),
        overage_price=product.rate,
        price=product.price,
        quantity=bought,
        unit_of_measure=product.unit,
    )
    return BillingPlan(
        id=customers.plan_id(account, one, product),
        name=f"{product.name} - {'Prepay' if bought else 'Overage'}",
        organizations=[_entity(party) for party in one.organizations],
        product=_product(account, product),
        items=[item],
    )


@lru_cache(maxsize=512)
def _product(account: TwinAccount, product: Product) -> BillingProduct:
    return BillingProduct(
        id=customers.uuid(account, "product", product.sku),
        sku=product.sku,
        name=product.name,
        unit_of_measure=product.unit,
    )


@lru_cache(maxsize=512)
def detail(
    account: TwinAccount, one: Contract, month: Month, days: int, running: Month, spoken: Dialect
) -> BillingContractPeriodDetail:
    """Return what was used under a contract in the first days of a month."""
    period = _period(month, running)
    made = BillingContractPeriodDetail(
        id=period.id,
        date_start=period.date_start,
        date_end=period.date_end,
        status=period.status,
        charges=[_charge(account, used, month) for used in customers.used(account, one, month, days)],
        wallets=[_wallet(account, one, month, days)],
    )
    return sdk_compat.detail(made, spoken)


def _charge(account: TwinAccount, used: customers.Used, month: Month) -> BillingCharge:
    product = used.product
    return BillingCharge(
        id=customers.uuid(account, "charge", used.organization.id, product.sku, month),
        name=product.name,
        product=_product(account, product),
        organizations=[_entity(used.organization)],
        prepaid_quantity=used.prepaid,
        fairuse_quantity=Decimal(product.allowance),
        actual_quantity=used.actual,
        overage_quantity=used.over,
        overage_rate=product.rate,
        overage_charge=used.charge,
        overage_currency="USD",
        converted_token_count=used.tokens if product.tokens else UNSET,
        token_conversion_rate=product.tokens or UNSET,
    )


def _wallet(account: TwinAccount, one: Contract, month: Month, days: int) -> BillingWallet:
    tokens = customers.wallet(account, one, month, days)
    return BillingWallet(
        id=customers.uuid(account, "wallet", one.place),
        name=TOKENS.name,
        organizations=[_entity(party) for party in one.organizations],
        product=_product(account, TOKENS),
        starting_balance=tokens.granted,
        ending_balance=max(tokens.granted - tokens.consumed, ZERO),
        balance_increase=ZERO,
        balance_decrease=ZERO,
        balance_consumption=tokens.consumed,
        balance_overage=tokens.over,
        balance_overage_rate=TOKENS.rate,
        balance_overage_charge=tokens.charge,
        balance_overage_currency="USD",
        unit_of_measure=TOKENS.unit,
    )


@lru_cache(maxsize=64)
def bills(account: TwinAccount, running: Month) -> dict[str, Bill]:
    """Return the issued bills by their id, oldest first."""
    closed = account.first_month.iter_until(running.add_months(-1))
    return {bill.invoice_id or "": bill for month in closed for bill in scenario.invoices(account, month)}


@lru_cache(maxsize=64)
def invoices(account: TwinAccount, midnight: datetime, spoken: Dialect) -> tuple[BillingInvoice, ...]:
    """Return the invoices as they are listed on a day."""
    made = (_invoice(account, bill, midnight) for bill in bills(account, Month.of(midnight)).values())
    return tuple(sdk_compat.invoice(one, spoken) for one in made)


def _invoice(account: TwinAccount, bill: Bill, midnight: datetime) -> BillingInvoice:
    issued = bill.issued_on or bill.period.end
    contract = next(one for one in customers.contracts(account) if one.order == bill.purchase_order)
    partner = _customer(customers.payer(account))
    is_credit = (bill.total or ZERO) < 0
    return BillingInvoice(
        id=bill.invoice_id or "",
        bill_to_customer=partner,
        ship_to_customer=_customer(contract.customer),
        sold_to_customer=partner,
        date_invoiced=day(issued),
        bill_to_address=_address(account, "BillTo"),
        ship_to_address=_address(account, "ShipTo"),
        currency_iso_code=bill.currency,
        payment_status="Paid" if is_credit or midnight >= issued + PAID_AFTER else "Unpaid",
        payment_terms=bill.terms,
        payment_link=f"https://payments.example.invalid/i/{bill.invoice_id}",
        customer_po_number=bill.purchase_order,
        customer_invoice_type="Credit Memo" if is_credit else "Invoice",
        amount=bill.total,
    )


@lru_cache(maxsize=64)
def _address(account: TwinAccount, kind: str) -> InvoiceAddress:
    return InvoiceAddress(
        date_effective=day(account.first_month.start),
        address_type=kind,
        currency_iso_code="USD",
        line1="1 Example Way",
        line2="Suite 200",
        city_name="Springfield",
        postal_code="12345",
        state_code="NC",
        country_code="US",
        city_subdivision1="Downtown",
        region_subdivision1="North Carolina",
        region_subdivision2="Wake",
        country="United States",
    )


@lru_cache(maxsize=512)
def lines(account: TwinAccount, running: Month, invoice_id: str) -> tuple[BillingInvoiceItem, ...]:
    """Return the lines of an invoice; the row that the vendor does not list is left out."""
    bill = bills(account, running)[invoice_id]
    rows = (row for charges in bill.charges for row in charges.iter_rows())
    return tuple(_line(account, row, bill) for row in rows if not row.x_Synthetic)


def _line(account: TwinAccount, row: CostAndUsage, bill: Bill) -> BillingInvoiceItem:
    product = BY_SKU.get(row.SkuId or "")
    assert row.ChargePeriodStart
    assert row.ChargePeriodEnd
    return BillingInvoiceItem(
        id=row.x_NativeId,
        product=_product(account, product) if product else UNSET,
        description=row.ChargeDescription,
        date_transacted=day(bill.issued_on or bill.period.end),
        date_start=day(row.ChargePeriodStart),
        date_end=last_day(row.ChargePeriodEnd),
        organization=NamedEntity(id=row.SubAccountId, name=row.SubAccountName) if row.SubAccountId else UNSET,
        quantity=row.PricingQuantity if row.PricingQuantity is not None else Decimal(1),
        unit_of_measure=product.unit if product else UNSET,
        amount=row.BilledCost,
    )


def tax(bill: Bill) -> Decimal:
    """Return what an invoice's amount has beyond its lines."""
    rows = (row for charges in bill.charges for row in charges.iter_rows())
    return exact_sum(row.BilledCost or ZERO for row in rows if row.x_Synthetic)
