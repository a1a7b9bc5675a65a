"""What Genesys Cloud says of contracts: who they are with, what is committed, and what was used of it in a period.

Seven keys were renamed between SDK 236.0.0 and 269.0.0; ``records.py`` names the sources.
"""

from __future__ import annotations

from decimal import Decimal

from billfold.wire.codec import UNSET, Id, Maybe, Record


class Said(Record, rename="camel"):
    """Something Genesys Cloud says; its keys are in camel case."""


class NamedEntity(Said):
    """An organization: a UUID and a name."""

    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    self_uri: Maybe[str] = UNSET


class Customer(Said):
    """A customer of Genesys: who is billed, who bought, who uses."""

    id: Maybe[Id] = UNSET
    number: Maybe[Id] = UNSET
    name: Maybe[str] = UNSET


class BillingProduct(Said):
    """A product; its quantities are in ``unit_of_measure`` (User, Minute, Token and some forty more words)."""

    id: Maybe[str] = UNSET
    sku: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    unit_of_measure: Maybe[str] = UNSET


class BillingContractPeriod(Said):
    """A billing period: both dates belong to it, ``status`` is Open or Closed."""

    id: Maybe[Id] = UNSET
    date_start: Maybe[str] = UNSET
    date_end: Maybe[str] = UNSET
    status: Maybe[str] = UNSET


class BillingCharge(Said):
    """What was used of a product in a period; the overage is actual less prepaid less fair use, and never below zero.

    ``getprepaid_quantity`` and its like are the spelling up to SDK 241.
    """

    money_fields = ("overage_charge",)
    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    product: Maybe[BillingProduct] = UNSET
    organizations: Maybe[list[NamedEntity]] = UNSET
    prepaid_quantity: Maybe[Decimal] = UNSET
    fairuse_quantity: Maybe[Decimal] = UNSET
    actual_quantity: Maybe[Decimal] = UNSET
    overage_quantity: Maybe[Decimal] = UNSET
    getprepaid_quantity: Maybe[Decimal] = UNSET
    getfairuse_quantity: Maybe[Decimal] = UNSET
    getactual_quantity: Maybe[Decimal] = UNSET
    getoverage_quantity: Maybe[Decimal] = UNSET
    overage_rate: Maybe[Decimal] = UNSET
    overage_charge: Maybe[Decimal] = UNSET
    overage_currency: Maybe[str] = UNSET
    converted_token_count: Maybe[Decimal] = UNSET
    token_conversion_rate: Maybe[Decimal] = UNSET


class BillingWallet(Said):
    """A prepaid balance in units of its product; what is used beyond it is overage, in money."""

    money_fields = ("balance_overage_charge",)
    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    organizations: Maybe[list[NamedEntity]] = UNSET
    product: Maybe[BillingProduct] = UNSET
    starting_balance: Maybe[Decimal] = UNSET
    ending_balance: Maybe[Decimal] = UNSET
    balance_increase: Maybe[Decimal] = UNSET
    balance_decrease: Maybe[Decimal] = UNSET
    balance_consumption: Maybe[Decimal] = UNSET
    balance_overage: Maybe[Decimal] = UNSET
    balance_overage_rate: Maybe[Decimal] = UNSET
    balance_overage_charge: Maybe[Decimal] = UNSET
    balance_overage_currency: Maybe[str] = UNSET
    unit_of_measure: Maybe[str] = UNSET


class BillingContractPeriodDetail(BillingContractPeriod):
    """A billing period with what was used in it."""

    charges: Maybe[list[BillingCharge]] = UNSET
    wallets: Maybe[list[BillingWallet]] = UNSET


class BillingPlanItem(Said):
    """A position of a plan: what is committed, from when to when, at which price; ``type`` and ``function`` are free."""

    item_number: Maybe[Id] = UNSET
    name: Maybe[str] = UNSET
    type: Maybe[str] = UNSET
    function: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    date_charged_through: Maybe[str] = UNSET
    currency_iso_code: Maybe[str] = UNSET
    discount_amount: Maybe[Decimal] = UNSET
    date_effective_start: Maybe[str] = UNSET
    date_effective_end: Maybe[str] = UNSET
    overage_price: Maybe[Decimal] = UNSET
    price: Maybe[Decimal] = UNSET
    quantity: Maybe[Decimal] = UNSET
    unit_of_measure: Maybe[str] = UNSET


class BillingPlan(Said):
    """A plan of a contract: a product for some organizations."""

    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    organizations: Maybe[list[NamedEntity]] = UNSET
    product: Maybe[BillingProduct] = UNSET
    items: Maybe[list[BillingPlanItem]] = UNSET


class BillingContract(Said):
    """A contract, Active or Inactive; ``getpurchase_order_numbers`` is the spelling up to SDK 241."""

    id: Maybe[str] = UNSET
    external_number: Maybe[str] = UNSET
    status: Maybe[str] = UNSET
    commercial_model: Maybe[str] = UNSET
    purchase_order_numbers: Maybe[list[str]] = UNSET
    getpurchase_order_numbers: Maybe[list[str]] = UNSET
    bill_to_customer: Maybe[Customer] = UNSET
    sold_to_customer: Maybe[Customer] = UNSET
    end_customer: Maybe[Customer] = UNSET
    date_start: Maybe[str] = UNSET
    date_end: Maybe[str] = UNSET
    date_ramp_start: Maybe[str] = UNSET
    date_ramp_end: Maybe[str] = UNSET
    billing_periods: Maybe[list[BillingContractPeriod]] = UNSET
    plans: Maybe[list[BillingPlan]] = UNSET
