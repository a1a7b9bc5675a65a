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
from billfold.providers.genesys.twin.catalog import (
    ALL_PRODUCTS,
    ITEM_NUMBERS,
    PRODUCTS_BY_SKU,
    TOKEN_PRODUCT,
    CatalogProduct,
)
from billfold.providers.genesys.twin.customers import CustomerParty, TwinContract
from billfold.providers.genesys.twin.sdk_compat import GenesysSdk
from billfold.providers.twin_api import TwinAccount
from billfold.wire.codec import UNSET

PAYMENT_DELAY = timedelta(days=30)
"""GUESS: as the terms say; and that credit memos are Paid."""


def format_day(time: datetime) -> str:
    """Write a day as the vendor does."""
    return time.date().isoformat()


def format_last_day(end: datetime) -> str:
    """Write the last day before an exclusive end."""
    return format_day(end - timedelta(days=1))


@lru_cache(maxsize=64)
def make_contracts(account: TwinAccount, running_month: Month, sdk: GenesysSdk) -> tuple[BillingContract, ...]:
    """Return the contracts as they are listed in a month."""
    return tuple(
        sdk_compat.adapt_contract(_make_contract(account, contract, running_month), sdk)
        for contract in customers.make_contracts(account)
    )


def _make_contract(account: TwinAccount, contract: TwinContract, running_month: Month) -> BillingContract:
    first_month, last_month = customers.find_contract_months(account, contract, running_month)
    partner = _make_customer(customers.make_payer(account))
    return BillingContract(
        id=contract.id,
        external_number=contract.number,
        status="Active" if contract.is_active else "Inactive",
        commercial_model="Prepay Monthly",
        purchase_order_numbers=[contract.purchase_order],
        bill_to_customer=partner,
        sold_to_customer=partner,
        end_customer=_make_customer(contract.customer),
        date_start=format_day(first_month.start),
        date_end=format_last_day(last_month.end),
        date_ramp_start=format_day(first_month.start),
        date_ramp_end=format_last_day(first_month.add_months(2).end),
        billing_periods=[
            _make_period(month, running_month) for month in first_month.iter_until(min(last_month, running_month))
        ],
        plans=[
            _make_plan(account, contract, product, (first_month, last_month), running_month) for product in ALL_PRODUCTS
        ],
    )


def _make_customer(party: CustomerParty) -> Customer:
    return Customer(id=party.id, number=party.number, name=party.name)


def _make_entity(party: CustomerParty) -> NamedEntity:
    return NamedEntity(id=party.id, name=party.name)


def _make_period(month: Month, running_month: Month) -> BillingContractPeriod:
    return BillingContractPeriod(
        id=period_id_of(month),
        date_start=format_day(month.start),
        date_end=format_last_day(month.end),
        status="Open" if month == running_month else "Closed",
    )


def period_id_of(month: Month) -> str:
    """Return a billing period's id, such as ``202610``."""
    return f"{month.year}{month.number:02}"


def _make_plan(
    account: TwinAccount,
    contract: TwinContract,
    product: CatalogProduct,
    contract_months: tuple[Month, Month],
    running_month: Month,
) -> BillingPlan:
    contract = customers.resize_contract(account, contract, running_month)
    purchased_units = customers.purchased_units_of(contract, product)
    charged_until = min(running_month.end if purchased_units else running_month.start, contract_months[1].end)
    item = BillingPlanItem(
        item_number=ITEM_NUMBERS[product.sku],
        name=product.name,
        type="Recurring" if purchased_units else "Usage",
        function="Prepay" if purchased_units else "Overage",
        description=f"{product.name}, {'billed monthly' if purchased_units else 'overage in arrears'}",
        date_charged_through=format_last_day(charged_until),
        currency_iso_code=customers.currency_of(account),
        discount_amount=ZERO,
        date_effective_start=format_day(contract_months[0].start),
        date_effective_end=format_last_day(contract_months[1].end),
        overage_price=product.overage_rate,
        price=product.prepay_price,
        quantity=purchased_units,
        unit_of_measure=product.vendor_unit,
    )
    return BillingPlan(
        id=customers.plan_id_of(account, contract, product),
        name=f"{product.name} - {'Prepay' if purchased_units else 'Overage'}",
        organizations=[_make_entity(party) for party in contract.organizations],
        product=_make_product(account, product),
        items=[item],
    )


@lru_cache(maxsize=512)
def _make_product(account: TwinAccount, product: CatalogProduct) -> BillingProduct:
    return BillingProduct(
        id=customers.make_id(account, "product", product.sku),
        sku=product.sku,
        name=product.name,
        unit_of_measure=product.vendor_unit,
    )


@lru_cache(maxsize=512)
def make_detail(
    account: TwinAccount, contract: TwinContract, month: Month, days: int, running_month: Month, sdk: GenesysSdk
) -> BillingContractPeriodDetail:
    """Return what was used under a contract in the first days of a month."""
    period = _make_period(month, running_month)
    period_detail = BillingContractPeriodDetail(
        id=period.id,
        date_start=period.date_start,
        date_end=period.date_end,
        status=period.status,
        charges=[
            _make_charge(account, usage, month) for usage in customers.list_usages(account, contract, month, days)
        ],
        wallets=[_make_wallet(account, contract, month, days)],
    )
    return sdk_compat.adapt_detail(period_detail, sdk)


def _make_charge(account: TwinAccount, usage: customers.ProductUsage, month: Month) -> BillingCharge:
    product = usage.product
    return BillingCharge(
        id=customers.make_id(account, "charge", usage.organization.id, product.sku, month),
        name=product.name,
        product=_make_product(account, product),
        organizations=[_make_entity(usage.organization)],
        prepaid_quantity=usage.prepaid,
        fairuse_quantity=Decimal(product.allowance),
        actual_quantity=usage.actual,
        overage_quantity=usage.overage,
        overage_rate=product.overage_rate,
        overage_charge=usage.charge,
        overage_currency=customers.currency_of(account),
        converted_token_count=usage.tokens if product.units_per_token else UNSET,
        token_conversion_rate=product.units_per_token or UNSET,
    )


def _make_wallet(account: TwinAccount, contract: TwinContract, month: Month, days: int) -> BillingWallet:
    token_wallet = customers.make_wallet(account, contract, month, days)
    return BillingWallet(
        id=customers.make_id(account, "wallet", contract.contract_index),
        name=TOKEN_PRODUCT.name,
        organizations=[_make_entity(party) for party in contract.organizations],
        product=_make_product(account, TOKEN_PRODUCT),
        starting_balance=token_wallet.granted,
        ending_balance=max(token_wallet.granted - token_wallet.consumed, ZERO),
        balance_increase=ZERO,
        balance_decrease=ZERO,
        balance_consumption=token_wallet.consumed,
        balance_overage=token_wallet.overage,
        balance_overage_rate=TOKEN_PRODUCT.overage_rate,
        balance_overage_charge=token_wallet.charge,
        balance_overage_currency=customers.currency_of(account),
        unit_of_measure=TOKEN_PRODUCT.vendor_unit,
    )


@lru_cache(maxsize=64)
def list_bills(account: TwinAccount, running_month: Month) -> dict[str, Bill]:
    """Return the bills that are issued until the end of a month by their id, oldest first."""
    return {bill.invoice_id or "": bill for bill in scenario.iter_issued_bills(account, running_month)}


def is_issued(account: TwinAccount, invoice_id: str, now: datetime) -> bool:
    """Tell whether an invoice is there at a time."""
    bill = list_bills(account, Month.of(now)).get(invoice_id)
    return bill is not None and (bill.issued_on or bill.period.end) <= now


@lru_cache(maxsize=64)
def make_invoices(account: TwinAccount, midnight: datetime, sdk: GenesysSdk) -> tuple[BillingInvoice, ...]:
    """Return the invoices as they are listed on a day."""
    bills = list_bills(account, Month.of(midnight))
    records = (
        _make_invoice(account, bill, midnight)
        for invoice_id, bill in bills.items()
        if is_issued(account, invoice_id, midnight)
    )
    return tuple(sdk_compat.adapt_invoice(invoice, sdk) for invoice in records)


def _make_invoice(account: TwinAccount, bill: Bill, midnight: datetime) -> BillingInvoice:
    issued_on = bill.issued_on or bill.period.end
    contract = next(
        candidate for candidate in customers.make_contracts(account) if candidate.purchase_order == bill.purchase_order
    )
    partner = _make_customer(customers.make_payer(account))
    is_credit = (bill.total or ZERO) < 0
    is_unpaid = account.has_event(customers.UNPAID_INVOICE, Month.of(bill.period.start))
    is_paid = is_credit or (midnight >= issued_on + PAYMENT_DELAY and not is_unpaid)
    return BillingInvoice(
        id=bill.invoice_id or "",
        bill_to_customer=partner,
        ship_to_customer=_make_customer(contract.customer),
        sold_to_customer=partner,
        date_invoiced=format_day(issued_on),
        bill_to_address=_make_address(account, "BillTo"),
        ship_to_address=_make_address(account, "ShipTo"),
        currency_iso_code=bill.currency,
        payment_status="Paid" if is_paid else "Unpaid",
        payment_terms=bill.terms,
        payment_link=f"https://payments.example.invalid/i/{bill.invoice_id}",
        customer_po_number=bill.purchase_order,
        customer_invoice_type="Credit Memo" if is_credit else "Invoice",
        amount=bill.total,
    )


@lru_cache(maxsize=64)
def _make_address(account: TwinAccount, address_type: str) -> InvoiceAddress:
    return InvoiceAddress(
        date_effective=format_day(account.first_month.start),
        address_type=address_type,
        currency_iso_code=customers.currency_of(account),
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
def make_lines(account: TwinAccount, running_month: Month, invoice_id: str) -> tuple[BillingInvoiceItem, ...]:
    """Return the lines of an invoice; the row that the vendor does not list is left out."""
    bill = list_bills(account, running_month)[invoice_id]
    rows = (row for charges in bill.charges for row in charges.iter_rows())
    return tuple(_make_line(account, row, bill) for row in rows if not row.x_Synthetic)


def _make_line(account: TwinAccount, row: CostAndUsage, bill: Bill) -> BillingInvoiceItem:
    product = PRODUCTS_BY_SKU.get(row.SkuId or "")
    assert row.ChargePeriodStart
    assert row.ChargePeriodEnd
    return BillingInvoiceItem(
        id=row.x_NativeId,
        product=_make_product(account, product) if product else UNSET,
        description=row.ChargeDescription,
        date_transacted=format_day(bill.issued_on or bill.period.end),
        date_start=format_day(row.ChargePeriodStart),
        date_end=format_last_day(row.ChargePeriodEnd),
        organization=NamedEntity(id=row.SubAccountId, name=row.SubAccountName) if row.SubAccountId else UNSET,
        quantity=row.PricingQuantity if row.PricingQuantity is not None else Decimal(1),
        unit_of_measure=product.vendor_unit if product else UNSET,
        amount=row.BilledCost,
    )


def sum_hidden_tax(bill: Bill) -> Decimal:
    """Return what an invoice's amount has beyond its lines."""
    rows = (row for charges in bill.charges for row in charges.iter_rows())
    return exact_sum(row.BilledCost or ZERO for row in rows if row.x_Synthetic)
