"""Seven keys have two spellings; each function here reads whichever of the two came."""

from __future__ import annotations

from decimal import Decimal

from billfold.providers.genesys.records import BillingCharge, BillingContract, InvoiceAddress
from billfold.wire.codec import Maybe, get_or


def purchase_orders(contract: BillingContract) -> list[str]:
    """Return the contract's purchase order numbers."""
    return get_or(contract.purchase_order_numbers, get_or(contract.getpurchase_order_numbers, []))


def prepaid(charge: BillingCharge) -> Decimal | None:
    """Return how much was paid for beforehand."""
    return _either(charge.prepaid_quantity, charge.getprepaid_quantity)


def fair_use(charge: BillingCharge) -> Decimal | None:
    """Return how much is free of charge."""
    return _either(charge.fairuse_quantity, charge.getfairuse_quantity)


def actual(charge: BillingCharge) -> Decimal | None:
    """Return how much was used."""
    return _either(charge.actual_quantity, charge.getactual_quantity)


def overage(charge: BillingCharge) -> Decimal | None:
    """Return how much is charged for."""
    return _either(charge.overage_quantity, charge.getoverage_quantity)


def date_effective(address: InvoiceAddress) -> str | None:
    """Return the day from which an address counts."""
    return get_or(address.date_effective, get_or(address.getdate_effective, None))


def _either(new: Maybe[Decimal], old: Maybe[Decimal]) -> Decimal | None:
    return get_or(new, get_or(old, None))
