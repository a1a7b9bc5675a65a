"""What an invented Vultr account rents: instances that come and go, and services beside them, hour by hour.

Prices and rules are the vendor's as far as they are published: a month costs at most 672 hours (GPUs 730), a started
hour counts whole, a line is rounded up to the cent. Names, addresses and the mix of things are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.period import Month
from billfold.providers.twin_api import TwinAccount

ONE_HOUR = timedelta(hours=1)
MONTHLY_HOUR_CAP, GPU_HOUR_CAP = 672, 730
COMPUTE_PRODUCT = "Vultr Cloud Compute"
PLANS = ((1024, 500), (2048, 1000), (4096, 2000), (8192, 4000), (16384, 8000), (32768, 16000))
"""Memory in MB and cents a month."""
PRICE_CHANGE, SPIKE = "price-change", "spike"
"""Events: prices rise by a fifth and stay; a month has a hundred times the traffic beyond the allowance."""
SPIKE_FACTOR = 100
ROLES = ("web", "api", "worker", "cache", "queue", "search", "mail", "build", "metrics", "proxy", "vpn", "git")
SERVICES = (
    ("Load Balancer", "Load Balancer ({})", ("edge", "api", "internal", "eu"), (1000, 1000, 2000)),
    ("Block Storage", "Block Storage ({})", ("pg-data", "media", "logs", "scratch", "archive"), (400, 1000, 2500)),
    ("Object Storage", "Object Storage ({})", ("assets", "uploads"), (1800,)),
    ("Vultr Kubernetes Engine", "Kubernetes ({})", ("prod", "staging"), (1000,)),
    ("Managed Database", "Managed Database ({})", ("orders-pg", "users-pg", "sessions-valkey"), (1500, 6000, 12000)),
    ("Snapshot", "Snapshot ({})", ("golden-2024", "golden-2025", "before-upgrade", "web-base"), (80, 125, 400)),
    ("Bare Metal", "198.51.100.250 (131072 MB) [{}]", ("warehouse",), (18500,)),
    ("Cloud GPU", "198.51.100.251 (16384 MB) [{}]", ("inference",), (4300,)),
)  # GUESS: every product name but Vultr Cloud Compute and Load Balancer, and the descriptions that go with them


class Rental(NamedTuple):
    """Something rented from a time on, for ever or until another; ``cents`` a month."""

    product: str
    description: str
    cents: int
    start: datetime
    end: datetime | None = None

    def clip_to_month(self, month: Month, until: datetime) -> tuple[datetime, datetime] | None:
        """Return the part of it that lies in a month up to a time, or None."""
        start, end = max(self.start, month.start), min(self.end or until, until, month.end)
        return (start, end) if start < end else None


def find_price(account: TwinAccount, rental: Rental, month: Month) -> int:
    """Return the cents that a rental costs in a month."""
    return rental.cents * 6 // 5 if account.is_after(PRICE_CHANGE, month) else rental.cents


def count_hours(start: datetime, end: datetime) -> int:
    """Return the hours begun between two times."""
    return -((start - end) // ONE_HOUR)


def compute_cost(cents: int, hours: int, cap: int) -> Decimal:
    """Return what so many hours cost: a month's price in steps of an hour, capped, rounded up to the cent."""
    return trim_decimal(Decimal(-(-min(hours, cap) * cents // cap)) / 100)


def hourly_rate(cents: int, cap: int, *, pending: bool) -> Decimal:
    """Return the price of an hour: four decimals on an invoice, all digits of a 64-bit float while it is pending."""
    if pending:
        return trim_decimal(Decimal(repr(cents / (cap * 100))))  # the vendor's own float, in its shortest spelling
    return trim_decimal((Decimal(cents) / (cap * 100)).quantize(Decimal("1E-4"), rounding=ROUND_HALF_UP))


def trim_decimal(number: Decimal) -> Decimal:
    """Return a number as the vendor writes it: no zeros behind, no exponent."""
    value = number.normalize()
    return value if value.as_tuple().exponent <= 0 else value.quantize(Decimal(1))  # type: ignore[operator]


@lru_cache(maxsize=64)
def lasting_rentals(account: TwinAccount) -> tuple[Rental, ...]:
    """Return what is rented for long: most since before the first month, some from later on, some given back."""
    return (*_iter_instances(account), *_iter_services(account))


def _iter_instances(account: TwinAccount) -> Iterator[Rental]:
    for index in range(52):
        rng = account.random_for("instance", index)
        memory_mb, cents = rng.choice(PLANS[:4] if index % 6 else PLANS)
        start = account.first_month.start - timedelta(seconds=rng.randint(86_400, 86_400 * 200))
        if index >= 38:
            start = account.first_month.start + timedelta(seconds=rng.randint(0, 86_400 * 480))
        end = start + timedelta(seconds=rng.randint(86_400 * 220, 86_400 * 520)) if index % 5 == 2 else None
        label = f"{ROLES[index % len(ROLES)]}-{index // len(ROLES) + 1:02}"
        description = f"198.51.100.{index + 10} ({memory_mb} MB) [{label}]"
        yield Rental(COMPUTE_PRODUCT, description, cents, start, end)
        if index % 5 == 0:
            yield Rental("Automatic Backups", description, cents // 5, start, end)  # GUESS: the product's name


def _iter_services(account: TwinAccount) -> Iterator[Rental]:
    for product, template, names, prices in SERVICES:
        for name in names:
            rng = account.random_for(product, name)
            delay_s = rng.randint(0, 86_400 * 240) if name in {"eu", "archive", "before-upgrade", "inference"} else -1
            start = account.first_month.start + timedelta(seconds=delay_s)
            yield Rental(product, template.format(name), rng.choice(prices), start)


@lru_cache(maxsize=256)
def short_rentals(account: TwinAccount, month: Month) -> tuple[Rental, ...]:
    """Return the instances of a month that live for hours or days only."""
    rentals = []
    for index in range(account.random_for("passing", month).randint(9, 20)):
        rng = account.random_for("passing", month, index)
        memory_mb, cents = rng.choice(PLANS)
        start = month.start + timedelta(seconds=rng.randint(0, 86_400 * 27))
        end = start + timedelta(seconds=rng.choice((rng.randint(60, 7200), rng.randint(7200, 86_400 * 12))))
        description = (
            f"203.0.113.{rng.randint(1, 254)} ({memory_mb} MB) [job-{month.year % 100:02}{month.number:02}-{index:02}]"
        )
        rentals.append(Rental(COMPUTE_PRODUCT, description, cents, start, end))
    return tuple(rentals)


def overage_gigabytes(account: TwinAccount, month: Month, days: int) -> int:
    """Return the GB of traffic beyond the allowance in so many days of a month; in one month of three there are none."""
    rng = account.random_for("overage", month)
    if account.has_event(SPIKE, month):
        return rng.randint(20, 180) * days * SPIKE_FACTOR
    return 0 if rng.randint(1, 3) == 1 else rng.randint(20, 180) * days


def traffic_totals(account: TwinAccount, month: Month, days: int) -> tuple[int, int]:
    """Return the GB that came in and went out in so many days of a month, without the overage."""
    rng = account.random_for("traffic", month)
    return rng.randint(90, 200) * days, rng.randint(1_500, 2_000) * days
