"""What the invented Genesys Cloud customers buy: products, prices and how much of them a customer uses.

Names and SKUs follow those that are public (CX 3, API Resource, BYOC Cloud, AI Experience Tokens); prices, allowances and
amounts are invented.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

NO_CHARGE = Decimal(0)


class CatalogProduct(NamedTuple):
    """A product of the price list.

    ``vendor_unit`` is the vendor's word, ``focus_unit`` that of FOCUS; ``prepay_price`` is for what is bought beforehand, ``overage_rate`` for what
    is used beyond; ``seats`` are bought beforehand, ``allowance`` is free, ``daily_usage`` is used on a day of middling size.
    ``units_per_token`` says how many units are one token of a wallet.
    """

    sku: str
    name: str
    vendor_unit: str
    focus_unit: str
    overage_rate: Decimal
    prepay_price: Decimal = NO_CHARGE
    seats: int = 0
    allowance: int = 0
    daily_usage: Decimal = NO_CHARGE
    quantity_step: Decimal = Decimal(1)
    units_per_token: Decimal = NO_CHARGE
    is_voice: bool = False
    is_third_party: bool = False


def _make_seat(
    sku: str, name: str, prepay_price: str, overage_rate: str, seats: int, *, is_third_party: bool = False
) -> CatalogProduct:
    return CatalogProduct(
        sku,
        name,
        "User",
        "Users",
        Decimal(overage_rate),
        prepay_price=Decimal(prepay_price),
        seats=seats,
        is_third_party=is_third_party,
    )


def _make_meter(
    sku: str,
    name: str,
    unit_names: tuple[str, str],
    overage_rate: str,
    daily_usage: str,
    *,
    allowance: int = 0,
    quantity_step: str = "1",
    is_voice: bool = False,
) -> CatalogProduct:
    return CatalogProduct(
        sku,
        name,
        *unit_names,
        Decimal(overage_rate),
        allowance=allowance,
        daily_usage=Decimal(daily_usage),
        quantity_step=Decimal(quantity_step),
        is_voice=is_voice,
    )


SEAT_PRODUCTS = (
    _make_seat("GC-170-NV-CX3", "Genesys Cloud CX 3", "195.00", "245.00", 80),
    _make_seat("GC-170-NV-CX1", "Genesys Cloud CX 1", "70.00", "89.50", 140),
    _make_seat("GC-170-NV-COMM", "Genesys Cloud Communicate", "19.99", "24.99", 60),
    _make_seat("GC-170-NV-WEM2", "Genesys Cloud WEM Upgrade II", "40.00", "52.50", 45),
    _make_seat("PC-170-NV-FEEBAK2", "Feebak 2 for Genesys Cloud", "0.00", "9.50", 0, is_third_party=True),
)
METERED_PRODUCTS = (
    _make_meter("GC-170-NV-APIRES", "Genesys Cloud API Resource", ("Transaction", "Transactions"), "0.0001", "16867", allowance=182000),
    _make_meter("GC-170-NV-BYOC", "Genesys Cloud BYOC Cloud", ("Minute", "Minutes"), "0.006", "1433.7", allowance=20000, quantity_step="0.1", is_voice=True),
    _make_meter("GC-170-NV-VOICEUS", "Genesys Cloud Voice United States Outbound", ("Minute", "Minutes"), "0.0095", "812.4", quantity_step="0.1", is_voice=True),
    _make_meter("GC-170-NV-STORAGE", "Genesys Cloud Data Storage", ("GB", "GB"), "0.035", "41.3", allowance=500, quantity_step="0.01"),
    _make_meter("GC-170-NV-SMS", "Genesys Cloud Digital SMS", ("Message", "Messages"), "0.0075", "640"),
    _make_meter("GC-170-NV-MSG", "Genesys Cloud Third-Party Messaging", ("Conversation", "Conversations"), "0.05", "120", allowance=1000),
    _make_meter("GC-170-NV-TRANSC", "Genesys Cloud Voice Transcription", ("Minute", "Minutes"), "0.015", "2210.2", allowance=30000, quantity_step="0.1"),
    _make_meter("GC-170-NV-TTS", "Genesys Cloud Enhanced Text-to-Speech", ("MillionCharacters", "1000000 Characters"), "16.00", "0.084", quantity_step="0.001"),
    _make_meter("GC-170-NV-PEVENT", "Genesys Cloud Predictive Engagement", ("Event", "Events"), "0.0002", "52000", allowance=400000),
)  # fmt: skip
TOKEN_PRODUCTS = (
    CatalogProduct("GC-170-NV-VAGENT", "Genesys Cloud Virtual Agent", "Interaction", "Interactions", NO_CHARGE,
            daily_usage=Decimal(260), units_per_token=Decimal("2.5")),
    CatalogProduct("GC-170-NV-BOTFLOW", "Genesys Cloud Bot Flow", "Session", "Sessions", NO_CHARGE,
            daily_usage=Decimal(910), units_per_token=Decimal(20)),
)  # fmt: skip
TOKEN_PRODUCT = CatalogProduct(
    "GC-170-NV-AITOKEN",
    "AI Experience Tokens",
    "Token",
    "Tokens",
    Decimal("1.00"),
    prepay_price=Decimal("0.90"),
    seats=7500,
)
ALL_PRODUCTS = (*SEAT_PRODUCTS, *METERED_PRODUCTS, *TOKEN_PRODUCTS, TOKEN_PRODUCT)
PRODUCTS_BY_SKU = {product.sku: product for product in ALL_PRODUCTS}
ITEM_NUMBERS = {product.sku: str(10 * index) for index, product in enumerate(ALL_PRODUCTS, 1)}
"""The numbers of the positions that products have in plans."""
