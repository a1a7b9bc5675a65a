"""What the invented Fastly customer buys: products, regions, price steps, and how much of each in a day.

Published are 0.12 dollars a GB and 0.0075 per 10,000 requests in North America and Europe; every other price is invented.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

NETWORK, COMPUTE, SECURITY, OBSERVABILITY = "Network Services", "Compute", "Security", "Observability"
DELIVERY = "Full Site Delivery"


class PriceTier(NamedTuple):
    """A price step: the units it holds (None: all the rest) and the price of each."""

    name: str
    units: int | None
    price: Decimal


class MeteredProduct(NamedTuple):
    """Something that is measured, in one region or everywhere; ``usage`` is what the vendor calls the measure."""

    name: str
    product_group: str
    product_line: str
    region: str
    usage: str
    daily_units: Decimal
    price_tiers: tuple[PriceTier, ...]

    @property
    def is_delivery(self) -> bool:
        """Whether it is plain delivery, which v2 shows by region."""
        return self.product_group == DELIVERY


class Package(NamedTuple):
    """Something that is bought by the month: how many, at which price, with which charge in its first month."""

    name: str
    product_group: str
    product_line: str
    units: int
    price: Decimal
    setup: Decimal = Decimal(0)


def _make_price_tiers(*prices: str) -> tuple[PriceTier, ...]:
    tier_names = ("First 10TB", "Next 10TB", "Over 20TB") if len(prices) > 1 else ("",)
    tier_sizes: list[int | None] = [10_000] * (len(prices) - 1)
    return tuple(
        PriceTier(name, units, Decimal(price))
        for name, units, price in zip(tier_names, [*tier_sizes, None], prices, strict=False)
    )


_REGION_RATES = (
    # region, GB a day, price steps, requests a day in 10,000s, price
    ("North America", "905.137", ("0.12", "0.08", "0.06"), "3483.7448", "0.0075"),
    ("Europe", "522.5", ("0.12", "0.08", "0.06"), "1711.107", "0.0075"),
    ("Asia", "391.204", ("0.19", "0.14", "0.12"), "804.3319", "0.0125"),
    ("Australia", "58.91", ("0.19", "0.14", "0.12"), "211.0605", "0.0125"),
    ("India", "40.075", ("0.28", "0.24", "0.22"), "190.4417", "0.016"),
    ("South Korea", "24.66", ("0.28", "0.24", "0.22"), "88.902", "0.016"),
    ("South America", "31.42", ("0.28", "0.24", "0.22"), "97.1153", "0.016"),
    ("Africa", "7.9", ("0.28", "0.24", "0.22"), "21.4406", "0.016"),
)


def _make_delivery_products() -> tuple[MeteredProduct, ...]:
    products = []
    for region, daily_gigabytes, bandwidth_prices, daily_requests, request_price in _REGION_RATES:
        for usage, daily_units, price_tiers in (
            ("Bandwidth", daily_gigabytes, _make_price_tiers(*bandwidth_prices)),
            ("Requests", daily_requests, _make_price_tiers(request_price)),
        ):
            products.append(
                MeteredProduct(
                    f"{region} {usage}", DELIVERY, NETWORK, region, usage, Decimal(daily_units), price_tiers
                )  # one a region
            )
    return tuple(products)


def _make_product(
    name: str, product_group: str, product_line: str, usage: str, daily_units: str, price: str, region: str = ""
) -> MeteredProduct:
    return MeteredProduct(
        name, product_group, product_line, region, usage, Decimal(daily_units), _make_price_tiers(price)
    )


METERED_PRODUCTS: tuple[MeteredProduct, ...] = (
    *_make_delivery_products(),
    *(
        _make_product(
            f"{region} Image Optimizer Requests", "Image Optimizer", NETWORK, "Requests", daily_units, price, region
        )
        for region, daily_units, price in (
            ("North America", "140.5521", "0.04"),
            ("Europe", "61.203", "0.04"),
            ("Asia", "22.19", "0.05"),
        )
    ),
    _make_product("Fanout Messages", "Fanout", NETWORK, "Messages", "3.415", "0.8"),
    _make_product("Compute Requests", "Compute", COMPUTE, "Requests", "18.442", "0.5"),
    _make_product("Compute Duration", "Compute", COMPUTE, "Duration", "1150.7", "0.000035"),
    _make_product("KV Store Class A Operations", "KV Store", COMPUTE, "Class A Operations", "0.9031", "0.65"),
    _make_product("KV Store Class B Operations", "KV Store", COMPUTE, "Class B Operations", "4.8107", "0.05"),
    _make_product("KV Store Storage", "KV Store", COMPUTE, "Storage", "2.25", "0.5"),
    _make_product(
        "Object Storage Class A Operations", "Object Storage", COMPUTE, "Class A Operations", "1.2044", "0.45"
    ),
    _make_product("Object Storage Storage", "Object Storage", COMPUTE, "Storage", "310.08", "0.02"),
    _make_product("Next-Gen WAF Requests", "Next-Gen WAF", SECURITY, "Requests", "44.017", "1.1"),
    _make_product("DDoS Protection Requests", "DDoS Protection", SECURITY, "Requests", "12.3", "0.75"),
    _make_product("Bot Management Requests", "Bot Management", SECURITY, "Requests", "6.1802", "1.5"),
    _make_product("Log Explorer & Insights Events", "Observability", OBSERVABILITY, "Events", "25.6031", "0.3"),
)
PACKAGES: tuple[Package, ...] = (
    Package("TLS Domains", "TLS", SECURITY, 45, Decimal(20)),
    Package("TLS Concierge", "TLS", SECURITY, 1, Decimal(275)),
    Package("Image Optimizer", "Image Optimizer", NETWORK, 1, Decimal(500), setup=Decimal(100)),
    Package("Dedicated IP Addresses", DELIVERY, NETWORK, 2, Decimal(150)),
    Package("Origin Inspector", "Observability", OBSERVABILITY, 1, Decimal(200)),
    Package("Domain Inspector", "Observability", OBSERVABILITY, 1, Decimal(200)),
    Package("Client-Side Protection", "Client-Side Protection", SECURITY, 3, Decimal(120)),
    Package("Gold Support", "Support", "Professional Services", 1, Decimal(950)),
)
CHANGED_PACKAGES = tuple(
    package._replace(units=70)
    if package.name == "TLS Domains"
    else package._replace(price=Decimal(1250))
    if package.name == "Gold Support"
    else package
    for package in PACKAGES
)
"""What the customer buys after a change of its plan: more domains, and support at another price."""
