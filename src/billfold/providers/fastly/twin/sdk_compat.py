"""The story's entries in the words of billing v2, in the dialect that the SDK which asks can read.

No single body suits all SDKs: up to 5.6 they want text ids, no ``aria_invoice_id`` and nothing in ``regions``; from 5.7 on a
number for an id; only from 5.9 on may a line have null values. Whoever is not fastly-py hears the newest.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month, stamp
from billfold.providers.fastly.records import (
    BillingBandwidth,
    BillingBandwidthTiers,
    BillingEstimateLinesLineItems,
    BillingEstimateResponse,
    BillingRegions,
    BillingResponse,
    BillingResponseLineItem,
    BillingStatus,
    BillingTotal,
    BillingTotalExtras,
)
from billfold.providers.fastly.twin import scenario
from billfold.providers.fastly.twin.catalog import MEASURED, PACKAGES
from billfold.providers.fastly.twin.records_v3 import RAW, last_day, total
from billfold.providers.fastly.twin.scenario import Entry
from billfold.providers.twin_api import Account
from billfold.wire.codec import UNSET

PLAN_NO, PLAN_CODE, PLAN_NAME, TERMS = 10234, "cdn_metered", "Full-Site Delivery", "Net15"
NO_LINES = "v2-no-lines"
"""A kind of account whose v2 bills have no lines, as a real one did."""
REGIONS = {
    "North America": "usa",
    "Europe": "europe",
    "Asia": "asia",
    "Australia": "anzac",
    "India": "asia_india",
    "South Korea": "asia_southkorea",
    "South America": "southamerica_std",
    "Africa": "africa_std",
}
NUMBERS = {
    name: n
    for n, name in enumerate(dict.fromkeys([*(one.name for one in MEASURED), *(one.name for one in PACKAGES)]), 1)
}


class Dialect(NamedTuple):
    """What an SDK can read: ids as text with no regions, and whether a line's fields may be null.

    ``timed`` tells that it writes v3's two dates with a time.
    """

    text_ids: bool = False
    nulls: bool = True
    timed: bool = False


@lru_cache(maxsize=256)
def dialect(agent: str) -> Dialect:
    """Find the dialect for a ``User-Agent``."""
    said = re.match(r"fastly-py/(\d+)\.(\d+)", agent)
    version = (int(said[1]), int(said[2])) if said else (99, 0)
    return Dialect(text_ids=version < (5, 7), nulls=version >= (5, 9), timed=version < (5, 4))


@lru_cache(maxsize=1024)
def invoice(account: Account, month: Month, until: datetime, status: str, spoken: Dialect) -> BillingResponse:
    """Return a month's invoice; the running month has no id yet, and says MTD."""
    entries = scenario.entries(account, month, until)
    number = scenario.invoice_id(account, month)
    posted = status != "MTD"
    return BillingResponse(
        customer_id=scenario.customer(account),
        invoice_id=UNSET if not posted else number if spoken.text_ids else int(number),
        start_time=stamp(month.start),
        end_time=last_day(month),
        vendor_state="up",
        status=BillingStatus(status=status, sent_at=stamp(month.end) if posted else None),
        total=_total(account, entries),
        regions={} if spoken.text_ids else _regions(entries),
        line_items=_lines(entries, number, stamp(until), spoken) if account.kind != NO_LINES else [],
    )


def estimate(account: Account, month: Month, until: datetime, spoken: Dialect) -> BillingEstimateResponse:
    """Return the month-to-date estimate."""
    entries = scenario.entries(account, month, until)
    return BillingEstimateResponse(
        customer_id=scenario.customer(account),
        invoice_id=scenario.estimate_id(account, month),
        start_time=stamp(month.start),
        end_time=last_day(month),
        vendor_state="up",
        status=BillingStatus(status="MTD", sent_at=None),
        total=_total(account, entries),
        regions={} if spoken.text_ids else _regions(entries),
        line_items=[_estimated(entry) for entry in entries] if account.kind != NO_LINES else [],
    )


def _total(account: Account, entries: Sequence[Entry]) -> BillingTotal:
    traffic = [entry for entry in entries if entry.traffic]
    bandwidth = [entry for entry in traffic if entry.usage == "Bandwidth"]
    requests = [entry for entry in traffic if entry.usage == "Requests"]
    short, off = _named(entries, "Commit Shortfall"), -_named(entries, "Discount 5%")
    extras = _extras([e for e in entries if not e.traffic and e.name not in {"Commit Shortfall", "Discount 5%"}])
    incurred = total(traffic)
    beside = total(entries) - incurred - short + off
    return BillingTotal(
        bandwidth=_counted(bandwidth),
        bandwidth_cost=total(bandwidth),
        bandwidth_units="GB",
        cost=total(entries),
        cost_before_discount=incurred + beside,
        discount=Decimal("0.05") if off else ZERO,  # GUESS: a rate of discount is a fraction
        discount_amount=off,
        extras=extras,
        extras_cost=beside,
        incurred_cost=incurred,
        overage=max(incurred - scenario.minimum(account), ZERO),
        plan_code=PLAN_CODE,
        plan_minimum=scenario.minimum(account),
        plan_name=PLAN_NAME,
        requests=_counted(requests, RAW["Requests"]),
        requests_cost=total(requests),
        terms=TERMS,
        commit_shortfall=short,
        percentile=ZERO,
        percentile_cost=ZERO,
    )


def _counted(entries: Sequence[Entry], each: int = 1) -> Decimal:
    """Add up units; those of so many counted things come out as a whole number."""
    units = exact_sum([entry.units for entry in entries])
    return units if each == 1 else scenario.rounded(units * each, Decimal(1))


def _named(entries: Sequence[Entry], name: str) -> Decimal:
    return total(entry for entry in entries if entry.name == name)


def _extras(entries: Sequence[Entry]) -> list[BillingTotalExtras]:
    """Return what is beside traffic, by name."""
    # GUESS: usage that is not delivery, and tax, are extras.
    names = dict.fromkeys(entry.name for entry in entries)
    made = []
    for name in names:
        mine = [entry for entry in entries if entry.name == name]
        setup = total(entry for entry in mine if entry.description.endswith("(setup)"))
        recurring = total(mine) - setup
        made.append(BillingTotalExtras(name=name, recurring=recurring or UNSET, setup=setup or UNSET))
    return made


def _regions(entries: Sequence[Entry]) -> dict[str, BillingRegions]:
    made = {}
    for name, key in REGIONS.items():
        mine = [entry for entry in entries if entry.region == name and entry.traffic]
        if mine:
            made[key] = BillingRegions(
                cost=total(mine), bandwidth=_steps(mine, "Bandwidth", 1), requests=_steps(mine, "Requests", 10_000)
            )
    return made


def _steps(entries: Sequence[Entry], usage: str, counted: int) -> BillingBandwidth:
    mine = [entry for entry in entries if entry.usage == usage]
    tiers = [
        BillingBandwidthTiers(
            name=entry.step, units=entry.units, price=entry.rate, discounted_price=entry.rate, total=entry.amount
        )
        for entry in mine
    ]
    return BillingBandwidth(total=_counted(mine, counted), tiers=tiers)


def _lines(entries: Sequence[Entry], invoice_id: str, at: str, spoken: Dialect) -> list[BillingResponseLineItem]:
    seen: Counter[str] = Counter()
    made = []
    for number, entry in enumerate(entries, 1):
        seen[entry.description] += 1
        about = f"{invoice_id}/{entry.description}/{seen[entry.description]}"
        key = hashlib.sha256(about.encode()).hexdigest()[:22]
        made.append(_line(entry, number, key, invoice_id, at, spoken))
    return made


def _line(entry: Entry, number: int, key: str, invoice_id: str, at: str, spoken: Dialect) -> BillingResponseLineItem:
    used = entry.category == "Usage"
    no = Decimal(NUMBERS.get(entry.name, 0))
    return BillingResponseLineItem(
        id=key,
        aria_invoice_id=UNSET if spoken.text_ids else invoice_id,
        line_number=number,
        description=entry.description,
        service_no=1000 + no,
        service_name=entry.name,
        units=entry.units,
        rate_per_unit=None if spoken.nulls and entry.category == "Credit" else entry.rate,
        amount=entry.amount,
        rate_schedule_no=no if used else None,
        rate_schedule_tier_no=Decimal(entry.tier) if used else None,
        usage_type_no=5000 + no if used else None,
        usage_type_cd=entry.name if used else None,
        plan_no=Decimal(PLAN_NO),
        plan_name=entry.line,
        client_service_id=_client_id(entry.name),
        credit_coupon_code=entry.coupon or None,
        created_at=at,
        updated_at=at,
        deleted_at=None,
    )


def _estimated(entry: Entry) -> BillingEstimateLinesLineItems:
    return BillingEstimateLinesLineItems(
        plan_no=Decimal(PLAN_NO),
        description=entry.description,
        units=entry.units,
        per_unit_cost=entry.rate,
        service_no=1000 + Decimal(NUMBERS.get(entry.name, 0)),
        service_type=entry.frequency,  # GUESS: the words of service_type
        amount=entry.amount,
        client_service_id=_client_id(entry.name),
        client_plan_id=PLAN_CODE,
    )


def _client_id(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")
