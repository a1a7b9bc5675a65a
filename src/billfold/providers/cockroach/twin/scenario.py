"""An invented CockroachDB Cloud organization: the true charges of any month, as a function of seed and time.

Prices are those of the vendor's cost pages as of 2024-10-01 (8 vCPU node hour 1.062, vCPU-hour 0.10, storage 0.0010338
per GiB-hour); cluster names, sizes and line descriptions are invented.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.providers.restatements import restate_bill
from billfold.providers.twin_api import TwinAccount

ISSUER = "Cockroach Labs"
CENT_OF_A_CENT = Decimal("1E-6")  # GUESS: how finely lines are rounded
CLOUDS = {"GCP": "Google Cloud", "AWS": "Amazon Web Services", "AZURE": "Microsoft Azure"}
REGIONS = {
    "GCP": ("us-central1", "us-west1", "europe-west3"),
    "AWS": ("us-east-1", "eu-west-1", "ap-southeast-1"),
    "AZURE": ("eastus2", "northeurope"),
}
NAMES = ("orders", "ledger", "web", "sessions", "search", "inventory", "identity", "events", "pricing", "quotes")
FOLDERS = ("root", "root", "payments", "platform")


class Meter(NamedTuple):
    """What is measured on a cluster: quantity a day, its unit, its price per unit."""

    description: str
    a_day: Decimal
    unit: str
    price: Decimal


class Cluster(NamedTuple):
    """A cluster of the story."""

    id: str
    name: str
    plan: str
    cloud: str
    regions: tuple[str, ...]
    folder: str
    labels: dict[str, str]
    meters: tuple[Meter, ...]
    gib: int
    born: datetime


@lru_cache(maxsize=64)
def clusters(account: TwinAccount) -> tuple[Cluster, ...]:
    """Return the organization's clusters, by name, as its invoices list them."""
    made = [_cluster(account, index) for index in range(14)]
    return tuple(sorted(made, key=lambda cluster: cluster.name))


def uuid(account: TwinAccount, *about: object) -> str:
    """Return an id that depends on the account and what it is about."""
    return str(UUID(int=account.random_for("id", *about).getrandbits(128), version=4))


def folder_id(account: TwinAccount, folder: str) -> str:
    """Return the id of a folder; the root is called ``root``."""
    return folder if folder == "root" else uuid(account, "folder", folder)


def _cluster(account: TwinAccount, index: int) -> Cluster:
    dice = account.random_for("cluster", index)
    plan = ("BASIC", "STANDARD", "ADVANCED")[min(index % 4, 2)]
    cloud = dice.choice(sorted(CLOUDS))
    stage = ("prod", "staging")[index // len(NAMES)]
    regions = tuple(dice.sample(REGIONS[cloud], 2 if plan == "ADVANCED" and index % 8 == 3 else 1))
    folder, cost_center = dice.choice(FOLDERS), dice.randint(1000, 1999) if index % 3 else 0
    size, gib = dice.randint(1, 9), dice.randint(20, 900)
    return Cluster(
        id=uuid(account, "cluster", index),
        name=f"{NAMES[index % len(NAMES)]}-{stage}",
        plan=plan,
        cloud=cloud,
        regions=regions,
        folder=folder,
        labels={"env": stage, "cost_center": str(cost_center)} if cost_center else {},
        meters=_meters(plan, size, gib),
        gib=gib,
        born=account.first_month.start + timedelta(microseconds=dice.randrange(1, 86_400_000_000)),
    )


def _meters(plan: str, size: int, gib: int) -> tuple[Meter, ...]:
    free = tuple(
        Meter(f"Data transfer: {way}", Decimal(gib * share) / 4, "GiB", ZERO)  # GUESS: free on Advanced, too
        for share, way in enumerate(("same-region", "cross-region", "public internet"), 1)
    )
    if plan == "BASIC":
        requests = Meter("Request Units", Decimal(size * 2_604_167), "Request Units", Decimal("2E-7"))
        return requests, Meter("Storage", Decimal(gib * 24), "GiB-Hours", Decimal("0.000684932"))
    if plan == "STANDARD":
        compute = Meter("Compute", Decimal(size * 2 * 24), "vCPU-Hours", Decimal("0.1"))
        return compute, Meter("Storage", Decimal(gib * 24), "GiB-Hours", Decimal("0.000684932")), *free
    nodes = Meter("8 vCPU, 32 GiB RAM", Decimal(3 * 24), "Hours", Decimal("1.062"))
    # GUESS: the price of a backup, and the names of all lines and adjustments
    backup = Meter("Backup storage", Decimal(gib * 12), "GiB-Hours", Decimal("0.0001096"))
    return nodes, Meter("Storage", Decimal(gib * 72), "GiB-Hours", Decimal("0.0010338")), backup, *free


def bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the organization's true bills at a time: finals since its first month, and the running month's draft."""
    for month in account.first_month.iter_until(Month.of(now)):
        # GUESS: drafts move, and are finalized, at midnight
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        yield restate_bill(account, bill(account, month, min(midnight, month.end)))


@lru_cache(maxsize=512)
def _rows(account: TwinAccount, month: Month, until: datetime) -> tuple[CostAndUsage, ...]:
    days = Decimal((until - month.start) // timedelta(days=1))
    lines = [_usage(account, cluster, meter, days, month) for cluster in clusters(account) for meter in cluster.meters]
    extras = (("Basic Free Credit", Decimal(-15), "Credit"), ("Premium Support", Decimal(250), "Purchase"))
    return (*lines, *(_extra(account, month, *extra) for extra in extras)) if days else ()


def bill(account: TwinAccount, month: Month, until: datetime) -> Bill:
    """Return the true bill of a month as it stands at a midnight."""
    rows = _rows(account, month, until)
    final = until >= month.end
    currency = "CRDB_CLOUD_CREDITS" if account.account_type == "credits" else "USD"
    return Bill(
        state=State.ISSUED if final else State.DRAFT,
        invoice_id=uuid(account, "invoice", month),  # GUESS: a draft keeps its id when it is finalized
        period=month.period,
        currency=currency,
        total=exact_sum(row.PricingCurrencyEffectiveCost or ZERO for row in rows),
        line_count=len(rows),
        charges=[Charges.of(rows)],
        issuer=ISSUER,
        issued_on=month.end if final else None,
    )


def _common(account: TwinAccount, month: Month) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountId=uuid(account, "organization"),
        BillingAccountName=f"{account.name} inc",
        BillingCurrency="USD",
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        ChargePeriodStart=month.start,
        ChargePeriodEnd=month.end,
        InvoiceId=uuid(account, "invoice", month),
        InvoiceIssuerName=ISSUER,
        PricingCurrency="CRDB_CLOUD_CREDITS" if account.account_type == "credits" else "USD",
        ServiceProviderName=ISSUER,
    )


def _usage(account: TwinAccount, cluster: Cluster, meter: Meter, days: Decimal, month: Month) -> CostAndUsage:
    swing = Decimal(account.random_for("swing", cluster.id, meter.description, month).randint(80, 120)) / 100
    steady = meter.unit in {"Hours", "vCPU-Hours"}
    quantity = meter.a_day * days if steady else (meter.a_day * days * swing).quantize(Decimal("0.1"))
    amount = (quantity * meter.price).quantize(CENT_OF_A_CENT).normalize() + 0
    return _cost(_common(account, month), amount)._replace(
        ChargeCategory="Usage",
        ChargeDescription=meter.description,
        HostProviderName=CLOUDS[cluster.cloud],
        ConsumedQuantity=quantity,
        PricingQuantity=quantity,
        PricingUnit=meter.unit,
        RegionId=cluster.regions[0] if len(cluster.regions) == 1 else None,
        ResourceId=cluster.id,
        ResourceName=cluster.name,
        ServiceName=f"CockroachDB {cluster.plan.capitalize()}",
        SubAccountId=folder_id(account, cluster.folder) if cluster.folder != "root" else None,
        SubAccountName=cluster.folder if cluster.folder != "root" else None,
        SubAccountType="Folder" if cluster.folder != "root" else None,
        Tags=json.dumps(cluster.labels, sort_keys=True) if cluster.labels else None,
        x_ListedUnitPrice=meter.price,
    )


def _extra(account: TwinAccount, month: Month, name: str, amount: Decimal, category: str) -> CostAndUsage:
    return _cost(_common(account, month), amount)._replace(
        ChargeCategory=category, ChargeDescription=name, HostProviderName=ISSUER, ServiceName="CockroachDB Cloud"
    )


def _cost(common: CostAndUsage, amount: Decimal) -> CostAndUsage:
    paid = ZERO if common.PricingCurrency != "USD" else amount
    return common._replace(
        BilledCost=paid, EffectiveCost=paid, ListCost=paid, ContractedCost=paid, PricingCurrencyEffectiveCost=amount
    )
