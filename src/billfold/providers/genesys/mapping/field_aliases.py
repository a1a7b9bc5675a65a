"""Seven keys have two spellings; each function here reads whichever of the two came."""

from __future__ import annotations

from decimal import Decimal

from billfold.providers.genesys.records import BillingCharge, BillingContract, InvoiceAddress
from billfold.wire.codec import Maybe, get_or


def get_purchase_orders(contract: BillingContract) -> list[str]:
    """Return the contract's purchase order numbers."""
    return get_or(contract.purchase_order_numbers, get_or(contract.getpurchase_order_numbers, []))


def get_prepaid_quantity(charge: BillingCharge) -> Decimal | None:
    """Return how much was paid for beforehand."""
    return _get_either(charge.prepaid_quantity, charge.getprepaid_quantity)


def get_fair_use_quantity(charge: BillingCharge) -> Decimal | None:
    """Return how much is free of charge."""
    return _get_either(charge.fairuse_quantity, charge.getfairuse_quantity)


def get_actual_quantity(charge: BillingCharge) -> Decimal | None:
    """Return how much was used."""
    return _get_either(charge.actual_quantity, charge.getactual_quantity)


def get_overage_quantity(charge: BillingCharge) -> Decimal | None:
    """Return how much is charged for."""
    return _get_either(charge.overage_quantity, charge.getoverage_quantity)


def get_effective_date(address: InvoiceAddress) -> str | None:
    """Return the day from which an address counts."""
    return get_or(address.date_effective, get_or(address.getdate_effective, None))


def _get_either(new_value: Maybe[Decimal], old_value: Maybe[Decimal]) -> Decimal | None:
    return get_or(new_value, get_or(old_value, None))
