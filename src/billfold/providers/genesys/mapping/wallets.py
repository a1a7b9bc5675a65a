"""Whether the invoices of a closed period bill what its wallets say was used beyond them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from billfold.model.bill import Bill
from billfold.model.money import EXACT_CONTEXT, exact_sum, format_trimmed
from billfold.model.period import Month, Period
from billfold.providers.genesys.mapping import lines
from billfold.providers.genesys.mapping.estimates import Used
from billfold.providers.genesys.mapping.lines import PLATFORM
from billfold.providers.genesys.records import BillingProduct, BillingWallet
from billfold.wire.codec import get_or

Key = tuple[str, str, str]
"""The SKU and the name of a product, and a currency ("" where a wallet says none)."""


def unlike(used: Used, period: Period, bills: Iterable[Bill]) -> Iterator[str]:
    """Yield a sentence for each wallet whose overage is not what a contract's invoices bill of its product in the period."""
    # GUESS: the lines of a wallet's own product that are Usage, with service in the period, are its overage.
    invoices, found = list(bills), dict[Key, list[BillingWallet]]()
    for wallet in get_or(used.detail.wallets, []):
        found.setdefault(_key(wallet), []).append(wallet)
    for key, wallets in found.items():
        stated = exact_sum(lines.money(wallet.balance_overage_charge) for wallet in wallets)
        billed = exact_sum(cost for bill in invoices for cost in _billed(bill, key, period))
        # NOTE: how the vendor rounds an overage is not known: an amount is doubted as in an estimate.
        if abs(EXACT_CONTEXT.subtract(stated, billed)) > max(Decimal(1), abs(stated) / 100):
            names = ", ".join(_name(wallet) for wallet in wallets)
            yield (
                f"{Month.of(period.start)}: wallet {names} of contract {get_or(used.contract.id, '')} states an overage of"
                f" {format_trimmed(stated)} {key[2]}, {', '.join(str(bill.invoice_id) for bill in invoices)} bills {format_trimmed(billed)}"
            )


def _key(wallet: BillingWallet) -> Key:
    product = get_or(wallet.product, BillingProduct())
    service = get_or(product.name, "") or get_or(wallet.name, "") or PLATFORM
    return lines.sku_of(product, service), service, get_or(wallet.balance_overage_currency, "")


def _name(wallet: BillingWallet) -> str:
    return " ".join(word for word in (get_or(wallet.name, ""), get_or(wallet.id, "")) if word)


def _billed(bill: Bill, key: Key, period: Period) -> Iterator[Decimal]:
    """Yield what a bill's lines charge for the use of a product in a period."""
    if key[2] in {"", bill.currency}:
        for batch in bill.charges:
            for row in batch.lines:
                in_time = row.ChargePeriodStart and period.start <= row.ChargePeriodStart < period.end
                about = (row.ChargeCategory, row.SkuId, row.ServiceName)
                if in_time and about == ("Usage", *key[:2]) and row.BilledCost > 0:  # a refund contradicts no use
                    yield row.BilledCost
