"""The invented partner's contracts and organizations, and what is used under them in a part of a month."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from billfold.model.money import ZERO, exact_product, exact_sum
from billfold.model.period import Month
from billfold.providers.genesys.twin.catalog import (
    ITEM_NUMBERS,
    METERED_PRODUCTS,
    SEAT_PRODUCTS,
    TOKEN_PRODUCT,
    TOKEN_PRODUCTS,
    CatalogProduct,
)
from billfold.providers.twin_api import TwinAccount

CENT_QUANTUM = Decimal("0.01")
PARTNER, PARTNER_SIZE_PERCENT = "partner", 6
"""Type of an account that is a partner of so many small customers, with all of them under one contract; how large each is."""
CUSTOMER_PLACES = (
    "Harbor",
    "Lakeside",
    "Summit",
    "Riverbend",
    "Prairie",
    "Coastal",
    "Midtown",
    "Cedar",
    "Granite",
    "Orchard",
)
CUSTOMER_TRADES = ("Insurance", "Travel", "Clinics", "Telecom", "Retail")
TERM_MONTHS = 36
"""Months that a contract runs before it is renewed for as many."""


RENEWAL, ANNUAL_PREPAYMENT, BILLED_IN_ADVANCE = "renewal", "annual-prepayment", "billed-in-advance"
LATE_MEMO, UNPAID_INVOICE = "late-memo", "unpaid-invoice"
"""Events: contracts are renewed for a tenth more; a year of one product is bought at once; from a month on the
seats of the next one are billed; a credit memo comes weeks after the month; its invoices stay unpaid."""
ANNUAL_SKU, YEAR_MONTHS = "GC-170-NV-WEM2", 12
EURO, IDLE_CONTRACT = "euro", "idle-contract"
"""Types of account: one that is billed in euros, one with a contract under which in some months nothing is bought or used."""


class CustomerParty(NamedTuple):
    """A customer of Genesys, or an organization of one."""

    id: str
    number: str
    name: str


class TwinContract(NamedTuple):
    """A contract of the story; ``size_percent`` is in percent of a middling customer."""

    id: str
    contract_index: int
    number: str
    purchase_order: str
    customer: CustomerParty
    organizations: tuple[CustomerParty, ...]
    size_percent: int
    is_active: bool = True


class ProductUsage(NamedTuple):
    """What an organization used of a product in a part of a month."""

    organization: CustomerParty
    product: CatalogProduct
    prepaid: Decimal
    actual: Decimal
    overage: Decimal
    charge: Decimal
    tokens: Decimal


class TokenWallet(NamedTuple):
    """A contract's tokens in a part of a month."""

    granted: Decimal
    consumed: Decimal
    overage: Decimal
    charge: Decimal


def make_id(account: TwinAccount, *key_parts: object) -> str:
    """Return an id that depends on the account and what it is about."""
    return str(UUID(int=account.random_for("id", *key_parts).getrandbits(128), version=4))


@lru_cache(maxsize=64)
def make_payer(account: TwinAccount) -> CustomerParty:
    """Return the partner, to whom everything is billed."""
    number = str(account.random_for("payer").randint(1_000_000, 1_099_999))
    return CustomerParty(
        make_id(account, "payer"), _add_seed(account, number), f"Northwind Contact Services GmbH{account.seed_suffix}"
    )


def _add_seed(account: TwinAccount, number: str) -> str:
    """Return a customer's number as no customer of another seed has it."""
    return f"{number}{account.seed_number or ''}"


@lru_cache(maxsize=64)
def make_contracts(account: TwinAccount) -> tuple[TwinContract, ...]:
    """Return the partner's contracts: its own, a customer's, and one that has run out."""
    own_organizations = (_make_party(account, "Northwind Operations"), _make_party(account, "Northwind EMEA"))
    if customer_names := _list_partner_customers(account):
        parties = tuple(_make_party(account, name) for name in customer_names)
        return (
            _make_contract(account, 0, make_payer(account), own_organizations, 100),
            _make_contract(account, 1, make_payer(account), parties, PARTNER_SIZE_PERCENT),
        )
    customer, former_customer = _make_party(account, "Fabrikam Insurance"), _make_party(account, "Contoso Travel")
    return (
        _make_contract(account, 0, make_payer(account), own_organizations, 100),
        _make_contract(account, 1, customer, (customer,), 70),
        _make_contract(account, 2, former_customer, (former_customer,), 30)._replace(is_active=False),
    )


def _list_partner_customers(account: TwinAccount) -> list[str]:
    """Return the names of the customers of an account of type ``partner-N``; none for others."""
    kind, _, number = account.account_type.rpartition("-")
    count = int(number) if kind == PARTNER and number.isdecimal() else 0
    names = [f"{place} {trade}" for trade in CUSTOMER_TRADES for place in CUSTOMER_PLACES]
    return [names[index % len(names)] + f" {index // len(names) + 1}" * (index >= len(names)) for index in range(count)]


def resize_contract(account: TwinAccount, contract: TwinContract, month: Month) -> TwinContract:
    """Return a contract with the size that it has in a month: a renewal makes it greater."""
    is_renewed = account.is_after(RENEWAL, month)
    return contract._replace(size_percent=contract.size_percent * 11 // 10 + 1) if is_renewed else contract


def count_billed_months(account: TwinAccount, product: CatalogProduct, month: Month) -> int:
    """Return for how many months a month's invoice bills the seats of a product: 12 for a year at once, and then none."""
    year_start = account.find_event(ANNUAL_PREPAYMENT)
    if year_start is None or product.sku != ANNUAL_SKU or not year_start <= month < year_start.add_months(YEAR_MONTHS):
        return 1
    return YEAR_MONTHS if month == year_start else 0


def _make_party(account: TwinAccount, name: str) -> CustomerParty:
    number = str(account.random_for("party", name).randint(1_100_000, 1_199_999))
    return CustomerParty(make_id(account, "party", name), _add_seed(account, number), f"{name}{account.seed_suffix}")


def _make_contract(
    account: TwinAccount,
    index: int,
    customer: CustomerParty,
    organizations: tuple[CustomerParty, ...],
    size_percent: int,
) -> TwinContract:
    rng = account.random_for("contract", index)
    number = _add_seed(account, f"S-{rng.randint(10_000, 99_999):05}{index:03}")
    purchase_order = _add_seed(account, f"PO-{rng.randint(100_000, 999_999)}-{index}")
    return TwinContract(
        make_id(account, "contract", index), index, number, purchase_order, customer, organizations, size_percent
    )


def list_trustor_contracts(account: TwinAccount) -> tuple[TwinContract, ...]:
    """Return the contracts of the customers whose overview the partner may see."""
    return tuple(contract for contract in make_contracts(account) if contract.contract_index and contract.is_active)


def find_contract_months(account: TwinAccount, contract: TwinContract, running_month: Month) -> tuple[Month, Month]:
    """Return a contract's first and last month: renewed until it covers the running one, or over before the story."""
    if not contract.is_active:
        return account.first_month.add_months(-12), account.first_month.add_months(-1)
    if renewal_month := account.find_event(RENEWAL):
        term_end = renewal_month if running_month < renewal_month else renewal_month.add_months(TERM_MONTHS)
        return account.first_month, max(term_end.add_months(-1), account.first_month)
    months = (running_month.year - account.first_month.year) * 12 + running_month.number - account.first_month.number
    return account.first_month, account.first_month.add_months((months // TERM_MONTHS + 1) * TERM_MONTHS - 1)


def currency_of(account: TwinAccount) -> str:
    """Return the currency of all that the partner is billed."""
    return "EUR" if account.account_type == EURO else "USD"


def is_idle(account: TwinAccount, contract: TwinContract, month: Month) -> bool:
    """Tell whether nothing is bought or used under a contract in a month: every third one, in the customer's contract."""
    return account.account_type == IDLE_CONTRACT and contract.contract_index == 1 and month.number % 3 == 0


@lru_cache(maxsize=1024)
def list_usages(account: TwinAccount, contract: TwinContract, month: Month, days: int) -> tuple[ProductUsage, ...]:
    """Return what was used under a contract in the first days of a month."""
    used_days, contract = 0 if is_idle(account, contract, month) else days, resize_contract(account, contract, month)
    return tuple(
        _make_usage(account, contract, organization, product, month, used_days)
        for index, organization in enumerate(contract.organizations)
        for product in (*SEAT_PRODUCTS, *METERED_PRODUCTS, *TOKEN_PRODUCTS)
        if index == 0 or product.sku not in _MAIN_ONLY_SKUS
    )


_MAIN_ONLY_SKUS = {"PC-170-NV-FEEBAK2", "GC-170-NV-TTS", "GC-170-NV-PEVENT", "GC-170-NV-WEM2", "GC-170-NV-BOTFLOW"}


def _make_usage(
    account: TwinAccount,
    contract: TwinContract,
    organization: CustomerParty,
    product: CatalogProduct,
    month: Month,
    days: int,
) -> ProductUsage:
    rng = account.random_for("use", organization.id, product.sku, month)
    prepaid = seats_of(contract, product)
    if product.vendor_unit == "User":
        peak_users = max(int(prepaid) * rng.randint(88, 116) // 100, rng.randint(4, 12))
        actual = Decimal(peak_users * min(days + 10, 30) // 30 if days else 0)
    else:
        size_share = Decimal(contract.size_percent * rng.randint(70, 130)) / 10_000
        actual = (product.daily_usage * days * size_share).quantize(product.quantity_step)
    overage = max(actual - prepaid - product.allowance, ZERO) if not product.units_per_token else ZERO
    tokens = (actual / product.units_per_token).quantize(CENT_QUANTUM) if product.units_per_token else ZERO
    return ProductUsage(
        organization, product, prepaid, actual, overage, round_cost(overage, product.overage_rate), tokens
    )


def seats_of(contract: TwinContract, product: CatalogProduct) -> Decimal:
    """Return how many units of a product a contract has bought for each organization and month."""
    return Decimal(product.seats * contract.size_percent // 100)


def purchased_units_of(contract: TwinContract, product: CatalogProduct) -> Decimal:
    """Return how many units of a product a contract has bought for each month, over its organizations."""
    is_per_contract = product is TOKEN_PRODUCT or product.sku in _MAIN_ONLY_SKUS
    return seats_of(contract, product) * (1 if is_per_contract else len(contract.organizations))


def plan_id_of(account: TwinAccount, contract: TwinContract, product: CatalogProduct) -> str:
    """Return the id of the plan in which a contract has a product."""
    return make_id(account, "plan", contract.contract_index, product.sku)


def format_applied(
    account: TwinAccount, contract: TwinContract, product: CatalogProduct, quantity: Decimal
) -> str | None:
    """Return the ContractApplied of what is bought or used of a product that a contract commits to."""
    if not quantity or not purchased_units_of(contract, product):
        return None
    commitment = f"{contract.id}/{plan_id_of(account, contract, product)}/{ITEM_NUMBERS[product.sku]}"
    return (
        f'{{"Elements": [{{"ContractId": "{contract.id}", "ContractCommitmentId": "{commitment}", '
        f'"ContractCommitmentAppliedQuantity": {quantity:f}, "ContractCommitmentAppliedUnit": "{product.focus_unit}"}}]}}'
    )


def round_cost(quantity: Decimal, rate: Decimal) -> Decimal:
    """Price a quantity, rounded to cents."""
    return exact_product(quantity, rate).quantize(CENT_QUANTUM)  # GUESS: a half goes to the even cent


def make_wallet(account: TwinAccount, contract: TwinContract, month: Month, days: int) -> TokenWallet:
    """Return a contract's tokens: granted each month, and charged for beyond that."""
    granted_tokens = seats_of(resize_contract(account, contract, month), TOKEN_PRODUCT)
    consumed_tokens = exact_sum(usage.tokens for usage in list_usages(account, contract, month, days)) + 0
    overage = max(consumed_tokens - granted_tokens, ZERO)
    return TokenWallet(granted_tokens, consumed_tokens, overage, round_cost(overage, TOKEN_PRODUCT.overage_rate))
