"""An invented Genesys Cloud partner: the true charges of any month, as a function of account, seed and time.

A contract has one invoice for each closed month, of the first day after it: seats and tokens bought beforehand, and what
was used beyond them. Some months have tax on top of the lines, some a discount, some a credit memo for the month before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum, format_trimmed
from billfold.model.period import Month
from billfold.model.pricing import set_costs
from billfold.providers.genesys.twin.catalog import TOKEN_PRODUCT
from billfold.providers.genesys.twin.customers import (
    LATE_MEMO,
    TwinContract,
    currency_of,
    format_applied,
    is_idle,
    list_usages,
    make_contracts,
    make_id,
    make_wallet,
    round_cost,
)
from billfold.providers.genesys.twin.rows import (
    ISSUER_NAME,
    count_days,
    make_common_row,
    make_discount_row,
    make_overage_rows,
    make_purchase_rows,
    make_usage_row,
)
from billfold.providers.restatements import restate_bill
from billfold.providers.twin_api import TwinAccount

TAX_RATE = Decimal("0.075")
LATE_MEMO_DELAY, LATE_MEMO_INDEX = timedelta(days=24), 7
"""How long after its month a late memo comes, and its place among the numbers of a month, which no contract has."""


def list_bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the partner's true bills at a time: each closed month's invoices, and the running month's estimates."""
    yield from (bill for bill in iter_issued_bills(account, Month.of(now)) if (bill.issued_on or now) <= now)
    yield from make_estimates(account, Month.of(now), count_days(Month.of(now), now))


def iter_issued_bills(account: TwinAccount, running_month: Month) -> Iterator[Bill]:
    """Yield the invoices and credit memos of all months before one, late memos of the last one too."""
    for month in account.first_month.iter_until(running_month.add_months(-1)):
        yield from make_invoices(account, month)
        if account.has_event(LATE_MEMO, month):
            yield _make_late_memo(account, make_contracts(account)[1], month)


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
    rows = [*make_purchase_rows(account, contract, month), *make_overage_rows(account, contract, month)]
    if contract.contract_index == 0 and month.number % 3 == 1:
        rows.append(make_discount_row(account, rows, month))
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
    tax_row = set_costs(make_common_row(account, month), amount)._replace(
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


def _make_credit_memo(account: TwinAccount, contract: TwinContract, month: Month) -> Bill:
    """Make a credit memo that takes back a tenth of the largest overage of the month before."""
    previous_month, memo_number = month.add_months(-1), invoice_id_of(account, contract, month, "CM")
    largest_row = max(make_overage_rows(account, contract, previous_month), key=lambda row: row.BilledCost or ZERO)
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


def _make_late_memo(account: TwinAccount, contract: TwinContract, month: Month) -> Bill:
    """Make a credit memo that takes back from a month's own invoice, weeks after it."""
    memo_number = invoice_id_of(account, contract._replace(contract_index=LATE_MEMO_INDEX), month, "CM")
    memo = _make_credit_memo(account, contract, month.add_months(1))
    rows = [
        row._replace(
            BillingPeriodStart=month.start,
            BillingPeriodEnd=month.end,
            InvoiceDetailId=f"{memo_number}-001",
            InvoiceId=memo_number,
            x_NativeId=f"{memo_number}-001",
        )
        for charges in memo.charges
        for row in charges.iter_rows()
    ]
    issued_on = month.end + LATE_MEMO_DELAY
    late_memo = _make_bill(month, contract, memo_number, rows)
    return late_memo._replace(corrects=memo.corrects, issued_on=issued_on, due_on=issued_on + timedelta(days=30))


def make_estimates(account: TwinAccount, month: Month, days: int) -> Iterator[Bill]:
    """Yield the estimate of each contract for a month that has no invoice yet."""
    for contract in sorted(make_contracts(account)):
        if contract.is_active:
            yield make_estimate(account, contract, month, days)


@lru_cache(maxsize=512)
def make_estimate(account: TwinAccount, contract: TwinContract, month: Month, days: int) -> Bill:
    """Return what was used under a contract in a month: overages, and nothing of what was bought beforehand."""
    common_row, rows = make_common_row(account, month), list[CostAndUsage]()
    has_tokens = not make_wallet(account, contract, month, days).overage
    for usage in list_usages(account, contract, month, days):
        row = make_usage_row(common_row, usage.organization, usage.product, usage.overage, usage.charge)
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
    row = make_usage_row(
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
