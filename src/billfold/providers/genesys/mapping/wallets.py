"""Whether the invoices of a closed period bill what its wallets say was used beyond them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from billfold.model.bill import Bill
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, exact_sum, format_trimmed
from billfold.model.period import Month, Period
from billfold.providers.currencies import read_currency
from billfold.providers.genesys.mapping import lines
from billfold.providers.genesys.mapping.estimates import PeriodUsage
from billfold.providers.genesys.mapping.lines import PLATFORM_NAME
from billfold.providers.genesys.records import BillingProduct, BillingWallet
from billfold.wire.codec import get_or

WalletKey = tuple[str, str, str]
"""The SKU and the name of a product, and a currency ("" where a wallet says none)."""
_COMPARED_COLUMNS = ("ChargePeriodStart", "BilledCost", "ChargeCategory", "SkuId", "ServiceName")


def compare_wallets(usage: PeriodUsage, period: Period, bills: Iterable[Bill]) -> Iterator[Finding]:
    """Yield a finding for each wallet whose overage is not what a contract's invoices bill of its product in the period."""
    # GUESS: the lines of a wallet's own product that are Usage, with service in the period, are its overage.
    invoices, wallets_by_key = list(bills), dict[WalletKey, list[BillingWallet]]()
    for wallet in get_or(usage.detail.wallets, []):
        wallets_by_key.setdefault(_wallet_key_of(wallet), []).append(wallet)
    for key, wallets in wallets_by_key.items():
        stated_cost = exact_sum(lines.read_amount(wallet.balance_overage_charge) for wallet in wallets)
        billed_cost = exact_sum(cost for bill in invoices for cost in _iter_billed_costs(bill, key, period))
        # NOTE: how the vendor rounds an overage is not known: an amount is doubted as in an estimate.
        if abs(EXACT_CONTEXT.subtract(stated_cost, billed_cost)) > max(Decimal(1), abs(stated_cost) / 100):
            yield make_finding(
                FindingCode.WALLET_MISMATCH,
                f"states an overage of {format_trimmed(stated_cost)} {key[2]} in {Month.of(period.start)}, "
                f"{', '.join(str(bill.invoice_id) for bill in invoices)} bills {format_trimmed(billed_cost)}",
                f"wallet {', '.join(map(_format_wallet_name, wallets))} of contract {get_or(usage.contract.id, '')}",
                month=Month.of(period.start),
                stated=format_trimmed(stated_cost),
                billed=format_trimmed(billed_cost),
                currency=key[2],
            )


def _wallet_key_of(wallet: BillingWallet) -> WalletKey:
    product = get_or(wallet.product, BillingProduct())
    service = get_or(product.name, "") or get_or(wallet.name, "") or PLATFORM_NAME
    return lines.sku_of(product, service), service, read_currency(wallet.balance_overage_currency)


def _format_wallet_name(wallet: BillingWallet) -> str:
    return " ".join(part for part in (get_or(wallet.name, ""), get_or(wallet.id, "")) if part)


def _iter_billed_costs(bill: Bill, key: WalletKey, period: Period) -> Iterator[Decimal]:
    """Yield what a bill's lines charge for the use of a product in a period."""
    if key[2] in {"", bill.currency}:
        for batch in bill.charges:
            for start, cost, *product_key in batch.iter_values(*_COMPARED_COLUMNS):
                in_time = start and period.start <= start < period.end
                if in_time and product_key == ["Usage", *key[:2]] and cost > 0:  # a refund contradicts no use
                    yield cost
