"""The invented partner's contracts and organizations, and what is used under them in a part of a month."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from billfold.model.money import ZERO, exact_product, exact_sum
from billfold.model.period import Month
from billfold.providers.genesys.twin.catalog import CONVERTED, METERS, NUMBERS, SEATS, TOKENS, Product
from billfold.providers.twin_api import TwinAccount

CENT = Decimal("0.01")
TERM = 36
"""Months that a contract runs before it is renewed for as many."""


class Party(NamedTuple):
    """A customer of Genesys, or an organization of one."""

    id: str
    number: str
    name: str


class Contract(NamedTuple):
    """A contract of the story; ``size`` is in percent of a middling customer."""

    id: str
    place: int
    number: str
    order: str
    customer: Party
    organizations: tuple[Party, ...]
    size: int
    is_active: bool = True


class Used(NamedTuple):
    """What an organization used of a product in a part of a month."""

    organization: Party
    product: Product
    prepaid: Decimal
    actual: Decimal
    over: Decimal
    charge: Decimal
    tokens: Decimal


class Wallet(NamedTuple):
    """A contract's tokens in a part of a month."""

    granted: Decimal
    consumed: Decimal
    over: Decimal
    charge: Decimal


def uuid(account: TwinAccount, *about: object) -> str:
    """Return an id that depends on the account and what it is about."""
    return str(UUID(int=account.random_for("id", *about).getrandbits(128), version=4))


@lru_cache(maxsize=64)
def payer(account: TwinAccount) -> Party:
    """Return the partner, to whom everything is billed."""
    number = str(account.random_for("payer").randint(1_000_000, 1_099_999))
    return Party(uuid(account, "payer"), number, "Northwind Contact Services GmbH")


@lru_cache(maxsize=64)
def contracts(account: TwinAccount) -> tuple[Contract, ...]:
    """Return the partner's contracts: its own, a customer's, and one that has run out."""
    own = (_party(account, "Northwind Operations"), _party(account, "Northwind EMEA"))
    customer, former = _party(account, "Fabrikam Insurance"), _party(account, "Contoso Travel")
    return (
        _contract(account, 0, payer(account), own, 100),
        _contract(account, 1, customer, (customer,), 70),
        _contract(account, 2, former, (former,), 30)._replace(is_active=False),
    )


def _party(account: TwinAccount, name: str) -> Party:
    number = str(account.random_for("party", name).randint(1_100_000, 1_199_999))
    return Party(uuid(account, "party", name), number, name)


def _contract(
    account: TwinAccount, index: int, customer: Party, organizations: tuple[Party, ...], size: int
) -> Contract:
    dice = account.random_for("contract", index)
    number = f"S-{dice.randint(10_000, 99_999):05}{index:03}"
    order = f"PO-{dice.randint(100_000, 999_999)}-{index}"
    return Contract(uuid(account, "contract", index), index, number, order, customer, organizations, size)


def trustors(account: TwinAccount) -> tuple[Contract, ...]:
    """Return the contracts of the customers whose overview the partner may see."""
    return tuple(contract for contract in contracts(account) if contract.place and contract.is_active)


def span(account: TwinAccount, contract: Contract, running: Month) -> tuple[Month, Month]:
    """Return a contract's first and last month: renewed until it covers the running one, or over before the story."""
    if not contract.is_active:
        return account.first_month.add_months(-12), account.first_month.add_months(-1)
    months = (running.year - account.first_month.year) * 12 + running.number - account.first_month.number
    return account.first_month, account.first_month.add_months((months // TERM + 1) * TERM - 1)


@lru_cache(maxsize=1024)
def used(account: TwinAccount, contract: Contract, month: Month, days: int) -> tuple[Used, ...]:
    """Return what was used under a contract in the first days of a month."""
    return tuple(
        _of_product(account, contract, organization, product, month, days)
        for place, organization in enumerate(contract.organizations)
        for product in (*SEATS, *METERS, *CONVERTED)
        if place == 0 or product.sku not in _MAIN_ONLY
    )


_MAIN_ONLY = {"PC-170-NV-FEEBAK2", "GC-170-NV-TTS", "GC-170-NV-PEVENT", "GC-170-NV-WEM2", "GC-170-NV-BOTFLOW"}


def _of_product(
    account: TwinAccount, contract: Contract, organization: Party, product: Product, month: Month, days: int
) -> Used:
    dice = account.random_for("use", organization.id, product.sku, month)
    prepaid = seats(contract, product)
    if product.unit == "User":
        most = max(int(prepaid) * dice.randint(88, 116) // 100, dice.randint(4, 12))
        actual = Decimal(most * min(days + 10, 30) // 30 if days else 0)
    else:
        share = Decimal(contract.size * dice.randint(70, 130)) / 10_000
        actual = (product.a_day * days * share).quantize(product.step)
    over = max(actual - prepaid - product.allowance, ZERO) if not product.tokens else ZERO
    tokens = (actual / product.tokens).quantize(CENT) if product.tokens else ZERO
    return Used(organization, product, prepaid, actual, over, cents(over, product.rate), tokens)


def seats(contract: Contract, product: Product) -> Decimal:
    """Return how many units of a product a contract has bought for each organization and month."""
    return Decimal(product.seats * contract.size // 100)


def bought(contract: Contract, product: Product) -> Decimal:
    """Return how many units of a product a contract has bought for each month, over its organizations."""
    alone = product is TOKENS or product.sku in _MAIN_ONLY
    return seats(contract, product) * (1 if alone else len(contract.organizations))


def plan_id(account: TwinAccount, contract: Contract, product: Product) -> str:
    """Return the id of the plan in which a contract has a product."""
    return uuid(account, "plan", contract.place, product.sku)


def applied(account: TwinAccount, contract: Contract, product: Product, quantity: Decimal) -> str | None:
    """Return the ContractApplied of what is bought or used of a product that a contract commits to."""
    if not quantity or not bought(contract, product):
        return None
    commitment = f"{contract.id}/{plan_id(account, contract, product)}/{NUMBERS[product.sku]}"
    return (
        f'{{"Elements": [{{"ContractId": "{contract.id}", "ContractCommitmentId": "{commitment}", '
        f'"ContractCommitmentAppliedQuantity": {quantity:f}, "ContractCommitmentAppliedUnit": "{product.units}"}}]}}'
    )


def cents(quantity: Decimal, rate: Decimal) -> Decimal:
    """Price a quantity, rounded to cents."""
    return exact_product(quantity, rate).quantize(CENT)  # GUESS: a half goes to the even cent


def wallet(account: TwinAccount, contract: Contract, month: Month, days: int) -> Wallet:
    """Return a contract's tokens: granted each month, and charged for beyond that."""
    granted = seats(contract, TOKENS)
    consumed = exact_sum(one.tokens for one in used(account, contract, month, days)) + 0
    over = max(consumed - granted, ZERO)
    return Wallet(granted, consumed, over, cents(over, TOKENS.rate))
