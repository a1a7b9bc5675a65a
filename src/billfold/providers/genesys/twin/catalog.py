"""What the invented Genesys Cloud customers buy: products, prices and how much of them a customer uses.

Names and SKUs follow those that are public (CX 3, API Resource, BYOC Cloud, AI Experience Tokens); prices, allowances and
amounts are invented.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

FREE = Decimal(0)


class Product(NamedTuple):
    """A product of the price list.

    ``unit`` is the vendor's word, ``units`` that of FOCUS; ``price`` is for what is bought beforehand, ``rate`` for what
    is used beyond; ``seats`` are bought beforehand, ``allowance`` is free, ``a_day`` is used on a day of middling size.
    ``tokens`` says how many units are one token of a wallet.
    """

    sku: str
    name: str
    unit: str
    units: str
    rate: Decimal
    price: Decimal = FREE
    seats: int = 0
    allowance: int = 0
    a_day: Decimal = FREE
    step: Decimal = Decimal(1)
    tokens: Decimal = FREE
    is_voice: bool = False
    is_third_party: bool = False


def _seat(sku: str, name: str, price: str, rate: str, seats: int, *, is_third_party: bool = False) -> Product:
    return Product(
        sku, name, "User", "Users", Decimal(rate), price=Decimal(price), seats=seats, is_third_party=is_third_party
    )


def _meter(
    sku: str,
    name: str,
    units: tuple[str, str],
    rate: str,
    a_day: str,
    *,
    allowance: int = 0,
    step: str = "1",
    is_voice: bool = False,
) -> Product:
    return Product(
        sku,
        name,
        *units,
        Decimal(rate),
        allowance=allowance,
        a_day=Decimal(a_day),
        step=Decimal(step),
        is_voice=is_voice,
    )


SEATS = (
    _seat("GC-170-NV-CX3", "Genesys Cloud CX 3", "195.00", "245.00", 80),
    _seat("GC-170-NV-CX1", "Genesys Cloud CX 1", "70.00", "89.50", 140),
    _seat("GC-170-NV-COMM", "Genesys Cloud Communicate", "19.99", "24.99", 60),
    _seat("GC-170-NV-WEM2", "Genesys Cloud WEM Upgrade II", "40.00", "52.50", 45),
    _seat("PC-170-NV-FEEBAK2", "Feebak 2 for Genesys Cloud", "0.00", "9.50", 0, is_third_party=True),
)
METERS = (
    _meter("GC-170-NV-APIRES", "Genesys Cloud API Resource", ("Transaction", "Transactions"), "0.0001", "16867", allowance=182000),
    _meter("GC-170-NV-BYOC", "Genesys Cloud BYOC Cloud", ("Minute", "Minutes"), "0.006", "1433.7", allowance=20000, step="0.1", is_voice=True),
    _meter("GC-170-NV-VOICEUS", "Genesys Cloud Voice United States Outbound", ("Minute", "Minutes"), "0.0095", "812.4", step="0.1", is_voice=True),
    _meter("GC-170-NV-STORAGE", "Genesys Cloud Data Storage", ("GB", "GB"), "0.035", "41.3", allowance=500, step="0.01"),
    _meter("GC-170-NV-SMS", "Genesys Cloud Digital SMS", ("Message", "Messages"), "0.0075", "640"),
    _meter("GC-170-NV-MSG", "Genesys Cloud Third-Party Messaging", ("Conversation", "Conversations"), "0.05", "120", allowance=1000),
    _meter("GC-170-NV-TRANSC", "Genesys Cloud Voice Transcription", ("Minute", "Minutes"), "0.015", "2210.2", allowance=30000, step="0.1"),
    _meter("GC-170-NV-TTS", "Genesys Cloud Enhanced Text-to-Speech", ("MillionCharacters", "1000000 Characters"), "16.00", "0.084", step="0.001"),
    _meter("GC-170-NV-PEVENT", "Genesys Cloud Predictive Engagement", ("Event", "Events"), "0.0002", "52000", allowance=400000),
)  # fmt: skip
CONVERTED = (
    Product("GC-170-NV-VAGENT", "Genesys Cloud Virtual Agent", "Interaction", "Interactions", FREE,
            a_day=Decimal(260), tokens=Decimal("2.5")),
    Product("GC-170-NV-BOTFLOW", "Genesys Cloud Bot Flow", "Session", "Sessions", FREE,
            a_day=Decimal(910), tokens=Decimal(20)),
)  # fmt: skip
TOKENS = Product(
    "GC-170-NV-AITOKEN", "AI Experience Tokens", "Token", "Tokens", Decimal("1.00"), price=Decimal("0.90"), seats=7500
)
ALL = (*SEATS, *METERS, *CONVERTED, TOKENS)
BY_SKU = {product.sku: product for product in ALL}
NUMBERS = {product.sku: str(10 * place) for place, product in enumerate(ALL, 1)}
"""The numbers of the positions that products have in plans."""
