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
from billfold.model.pricing import set_costs
from billfold.providers.restatements import restate_bill
from billfold.providers.twin_api import TwinAccount

ISSUER_NAME = "Cockroach Labs"
COST_QUANTUM = Decimal("1E-6")  # GUESS: how finely lines are rounded
CLOUD_NAMES = {"GCP": "Google Cloud", "AWS": "Amazon Web Services", "AZURE": "Microsoft Azure"}
REGIONS_BY_CLOUD = {
    "GCP": ("us-central1", "us-west1", "europe-west3"),
    "AWS": ("us-east-1", "eu-west-1", "ap-southeast-1"),
    "AZURE": ("eastus2", "northeurope"),
}
CLUSTER_NAMES = (
    "orders",
    "ledger",
    "web",
    "sessions",
    "search",
    "inventory",
    "identity",
    "events",
    "pricing",
    "quotes",
)
PREPAID_CREDITS = {"credits": Decimal(600_000), "credits-exhausted": Decimal(100_000)}
"""Credits that organizations bought before their first month, by the type of their account; those of the second run out in months."""
SPIKE, CREDITS_BOUGHT, COST_CENTERS = "spike", "credits-bought", "cost-centers"
"""Events: a month has three times the requests and the storage; half as many credits as at the start are bought anew; two
thirds of the clusters are labeled with one of a few cost centers, whenever it is."""
COMPANY_COST_CENTERS = ("4100", "4200", "4300")
FOLDER_NAMES = ("root", "root", "payments", "platform")


class UsageMeter(NamedTuple):
    """What is measured on a cluster: quantity a day, its unit, its price per unit."""

    description: str
    daily_quantity: Decimal
    unit: str
    unit_price: Decimal


class PlayedCluster(NamedTuple):
    """A cluster of the story."""

    id: str
    name: str
    plan: str
    cloud: str
    regions: tuple[str, ...]
    folder: str
    labels: dict[str, str]
    meters: tuple[UsageMeter, ...]
    storage_gib: int
    created_at: datetime


@lru_cache(maxsize=64)
def list_clusters(account: TwinAccount) -> tuple[PlayedCluster, ...]:
    """Return the organization's clusters, by name, as its invoices list them."""
    unsorted_clusters = [_invent_cluster(account, index) for index in range(14)]
    return tuple(sorted(unsorted_clusters, key=lambda cluster: cluster.name))


def currency_of(account: TwinAccount) -> str:
    """Return what an organization pays with."""
    return "CRDB_CLOUD_CREDITS" if find_credits(account) else "USD"


@lru_cache(maxsize=64)
def find_credits(account: TwinAccount) -> Decimal:
    """Return the credits that an organization bought before its first month; 0 for one that is billed in USD."""
    kind, _, number = account.account_type.rpartition("-")
    return (
        Decimal(number) if kind == "credits" and number.isdecimal() else PREPAID_CREDITS.get(account.account_type, ZERO)
    )


def make_uuid(account: TwinAccount, *topic: object) -> str:
    """Return an id that depends on the account and what it is about."""
    return str(UUID(int=account.random_for("id", *topic).getrandbits(128), version=4))


def make_folder_id(account: TwinAccount, folder: str) -> str:
    """Return the id of a folder; the root is called ``root``."""
    return folder if folder == "root" else make_uuid(account, "folder", folder)


def _invent_cluster(account: TwinAccount, index: int) -> PlayedCluster:
    rng = account.random_for("cluster", index)
    plan = ("BASIC", "STANDARD", "ADVANCED")[min(index % 4, 2)]
    cloud = rng.choice(sorted(CLOUD_NAMES))
    environment = ("prod", "staging")[index // len(CLUSTER_NAMES)]
    regions = tuple(rng.sample(REGIONS_BY_CLOUD[cloud], 2 if plan == "ADVANCED" and index % 8 == 3 else 1))
    folder, cost_center = rng.choice(FOLDER_NAMES), str(rng.randint(1000, 1999)) if index % 3 else ""
    size, storage_gib = rng.randint(1, 9), rng.randint(20, 900)
    if cost_center and account.find_event(COST_CENTERS):
        cost_center = COMPANY_COST_CENTERS[index // 3 % len(COMPANY_COST_CENTERS)]
    return PlayedCluster(
        id=make_uuid(account, "cluster", index),
        name=f"{CLUSTER_NAMES[index % len(CLUSTER_NAMES)]}-{environment}",
        plan=plan,
        cloud=cloud,
        regions=regions,
        folder=folder,
        labels={"env": environment, "cost_center": cost_center} if cost_center else {},
        meters=_list_meters(plan, size, storage_gib),
        storage_gib=storage_gib,
        created_at=account.first_month.start + timedelta(microseconds=rng.randrange(1, 86_400_000_000)),
    )


def _list_meters(plan: str, size: int, storage_gib: int) -> tuple[UsageMeter, ...]:
    free_meters = tuple(
        UsageMeter(
            f"Data transfer: {direction}", Decimal(storage_gib * share) / 4, "GiB", ZERO
        )  # GUESS: free on Advanced, too
        for share, direction in enumerate(("same-region", "cross-region", "public internet"), 1)
    )
    if plan == "BASIC":
        requests = UsageMeter("Request Units", Decimal(size * 2_604_167), "Request Units", Decimal("2E-7"))
        return requests, UsageMeter("Storage", Decimal(storage_gib * 24), "GiB-Hours", Decimal("0.000684932"))
    if plan == "STANDARD":
        compute = UsageMeter("Compute", Decimal(size * 2 * 24), "vCPU-Hours", Decimal("0.1"))
        return (
            compute,
            UsageMeter("Storage", Decimal(storage_gib * 24), "GiB-Hours", Decimal("0.000684932")),
            *free_meters,
        )
    nodes = UsageMeter("8 vCPU, 32 GiB RAM", Decimal(3 * 24), "Hours", Decimal("1.062"))
    # GUESS: the price of a backup, and the names of all lines and adjustments
    backup = UsageMeter("Backup storage", Decimal(storage_gib * 12), "GiB-Hours", Decimal("0.0001096"))
    return (
        nodes,
        UsageMeter("Storage", Decimal(storage_gib * 72), "GiB-Hours", Decimal("0.0010338")),
        backup,
        *free_meters,
    )


def list_bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the organization's true bills at a time: finals since its first month, and the running month's draft."""
    for month in account.first_month.iter_until(Month.of(now)):
        # GUESS: drafts move, and are finalized, at midnight
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        yield restate_bill(account, make_bill(account, month, min(midnight, month.end)))


@lru_cache(maxsize=512)
def _make_rows(account: TwinAccount, month: Month, until: datetime) -> tuple[CostAndUsage, ...]:
    days = Decimal((until - month.start) // timedelta(days=1))
    usage_rows = [
        _make_usage_row(account, cluster, meter, days, month)
        for cluster in list_clusters(account)
        for meter in cluster.meters
    ]
    extra_fields = (("Basic Free Credit", Decimal(-15), "Credit"), ("Premium Support", Decimal(250), "Purchase"))
    return (*usage_rows, *(_make_extra_row(account, month, *extra) for extra in extra_fields)) if days else ()


def make_bill(account: TwinAccount, month: Month, until: datetime) -> Bill:
    """Return the true bill of a month as it stands at a midnight."""
    rows = _make_rows(account, month, until)
    is_final = until >= month.end
    return Bill(
        state=State.ISSUED if is_final else State.DRAFT,
        invoice_id=make_uuid(account, "invoice", month),  # GUESS: a draft keeps its id when it is finalized
        period=month.period,
        currency=currency_of(account),
        total=exact_sum(row.PricingCurrencyEffectiveCost or ZERO for row in rows),
        line_count=len(rows),
        charges=[Charges.of(rows)],
        issuer=ISSUER_NAME,
        issued_on=month.end if is_final else None,
    )


def _make_common_row(account: TwinAccount, month: Month) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountId=make_uuid(account, "organization"),
        BillingAccountName=f"{account.name}{account.seed_suffix} inc",
        BillingCurrency="USD",
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        ChargePeriodStart=month.start,
        ChargePeriodEnd=month.end,
        InvoiceId=make_uuid(account, "invoice", month),
        InvoiceIssuerName=ISSUER_NAME,
        PricingCurrency=currency_of(account),
        ServiceProviderName=ISSUER_NAME,
    )


def _make_usage_row(
    account: TwinAccount, cluster: PlayedCluster, meter: UsageMeter, days: Decimal, month: Month
) -> CostAndUsage:
    usage_factor = Decimal(account.random_for("swing", cluster.id, meter.description, month).randint(80, 120)) / 100
    is_steady = meter.unit in {"Hours", "vCPU-Hours"}
    if account.has_event(SPIKE, month):
        usage_factor *= 3
    quantity = (
        meter.daily_quantity * days
        if is_steady
        else (meter.daily_quantity * days * usage_factor).quantize(Decimal("0.1"))
    )
    amount = (quantity * meter.unit_price).quantize(COST_QUANTUM).normalize() + 0
    return _with_cost(_make_common_row(account, month), amount)._replace(
        ChargeCategory="Usage",
        ChargeDescription=meter.description,
        HostProviderName=CLOUD_NAMES[cluster.cloud],
        ConsumedQuantity=quantity,
        PricingQuantity=quantity,
        PricingUnit=meter.unit,
        RegionId=cluster.regions[0] if len(cluster.regions) == 1 else None,
        ResourceId=cluster.id,
        ResourceName=cluster.name,
        ServiceName=f"CockroachDB {cluster.plan.capitalize()}",
        SubAccountId=make_folder_id(account, cluster.folder) if cluster.folder != "root" else None,
        SubAccountName=cluster.folder if cluster.folder != "root" else None,
        SubAccountType="Folder" if cluster.folder != "root" else None,
        Tags=json.dumps(cluster.labels, sort_keys=True) if cluster.labels else None,
        x_UnitPrice=meter.unit_price,
    )


def _make_extra_row(account: TwinAccount, month: Month, name: str, amount: Decimal, category: str) -> CostAndUsage:
    return _with_cost(_make_common_row(account, month), amount)._replace(
        ChargeCategory=category,
        ChargeDescription=name,
        HostProviderName=ISSUER_NAME,
        ServiceName="Support" if category == "Purchase" else "CockroachDB Cloud",
    )


def _with_cost(common: CostAndUsage, amount: Decimal) -> CostAndUsage:
    billed_cost = ZERO if common.PricingCurrency != "USD" else amount
    return set_costs(common, billed_cost)._replace(PricingCurrencyEffectiveCost=amount)
