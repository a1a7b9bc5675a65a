"""Billing v2, retired by Fastly: saved invoices and estimates become bills like those of v3 (``v2_csv.py`` reads its CSV).

A v2 bill shows its money three times (``total``, ``regions``, ``line_items``): the lines count; where there are none, the
regions' price steps; where there are none either, the sums in ``total``. What is counted is never counted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any, NamedTuple

from billfold.model.bill import Bill, DetailIds, State
from billfold.model.money import EXACT, ZERO, exact_sum
from billfold.model.period import Month, Period
from billfold.providers.fastly.mapping.bill_header import Envelope, Source, bill, period, unfinished, when
from billfold.providers.fastly.mapping.lines import ONE, Item, details, line, number, text
from billfold.providers.fastly.mapping.price_tiers import MEASURES, Regions, matching, steps
from billfold.providers.fastly.mapping.services import (
    DELIVERY,
    KEYS,
    family,
    is_shortfall,
    old_service,
    region_of,
    slug,
    unit,
)
from billfold.providers.fastly.records import (
    BillingEstimateLinesLineItems,
    BillingEstimateResponse,
    BillingResponse,
    BillingResponseLineItem,
    BillingStatus,
    BillingTotal,
)
from billfold.providers.provider import Answer
from billfold.wire.codec import Maybe, given

Bill2 = BillingResponse | BillingEstimateResponse
STATES = {
    "Pending": State.DRAFT,  # GUESS: Pending means not sent yet
    "Outstanding": State.ISSUED,
    "Paid": State.ISSUED,
    "MTD": State.ESTIMATE,
    "": State.ISSUED,
}
"""How far a bill with each status has come; real invoices may have none."""


class Told(NamedTuple):
    """What a v2 bill says once for all its lines: native fields, price steps by region, the unit of its bandwidth."""

    about: tuple[tuple[str, str], ...]
    regions: Regions
    bandwidth: str


def invoice(found: Bill2, source: Source, *, estimate: bool = False) -> Bill:
    """Make the bill of a v2 invoice or estimate; amounts are US dollars."""
    span, wrong = _span(found, source)
    running = not wrong and unfinished(span, source.answer)
    state, key, problems = _standing(found, running=running, estimate=estimate)
    sums = given(found.total, BillingTotal())
    cost = number(sums.cost)
    problems += wrong + ([] if cost is not None or source.answer.op.reply is bytes else ["the bill has no total"])
    told = _told(found, sums)
    items = list(_items(found, told, source.path, problems))
    items += _beside(sums, told, items, cost, source.path)
    natives = Counter(item.native for item in items)
    ids = DetailIds(key) if key else None
    made = [line(item, ids, unique=natives[item.native] == 1) for item in items]
    sent = text(given(found.status, BillingStatus()).sent_at)
    return bill(
        Envelope(
            state,
            key,
            text(found.customer_id),
            span,
            "USD",
            cost,
            f"{source.path}.total.cost",
            when(sent),
            tuple(problems),
            text(sums.terms) or None,
        ),
        made,
        source,
        len(_entries(found)),
    )


def _told(found: Bill2, sums: BillingTotal) -> Told:
    about = (
        ("Api", "v2"),
        ("PlanCode", text(sums.plan_code)),
    )
    return Told(about, given(found.regions, {}), text(sums.bandwidth_units) or "GB")


def _standing(found: Bill2, *, running: bool, estimate: bool) -> tuple[State, str | None, list[str]]:
    """Return how far the bill has come, under which id, and what is wrong with either.

    What is billed of a running month is a draft; without an id it is the month to date.
    """
    word, key = text(given(found.status, BillingStatus()).status), str(given(found.invoice_id, ""))
    state = State.ESTIMATE if estimate else STATES.get(word, State.ISSUED)
    problems = [] if estimate or word in STATES else [f"status {word!r} is not known: counted as issued"]
    if running and state is State.ISSUED:
        state = State.DRAFT if key else State.ESTIMATE
    if state is State.ESTIMATE:
        return state, None, problems
    return state, key or "unknown", problems + ([] if key else ["the invoice has no id"])


def _span(found: Bill2, source: Source) -> tuple[Period, list[str]]:
    span, problems = period(text(found.start_time), text(found.end_time), source.answer.fetched_at)
    if problems and (asked := _asked(source.answer)):
        return asked.period, []
    return (span if problems else span._replace(start=Month.of(span.start).start)), problems


def _asked(answer: Answer) -> Month | None:
    """Return the month that was asked for, where the question named one and the answer does not."""
    try:
        return Month.parse(f"{getattr(answer.op, 'year', '')}-{getattr(answer.op, 'month', ''):0>2}")
    except ValueError:
        return None


def _items(found: Bill2, told: Told, path: str, problems: list[str]) -> Iterator[Item]:
    """Yield what is billed: by lines, else by regions and extras, else by the sums."""
    entries = _entries(found)
    for index, entry in enumerate(entries):
        if number(entry.amount) is None:
            problems.append(f"line {index + 1} has no amount")
        where = f"{path}.line_items[{index}]"
        yield (
            _invoiced(entry, told, where)
            if isinstance(entry, BillingResponseLineItem)
            else _running(entry, told, where)
        )
    if entries or not isinstance(found.total, BillingTotal):
        return
    traffic = list(_tiers(told, path))
    yield from traffic or _traffic(found.total, told, path)
    yield from _extras(found.total, told, path)


def _entries(found: Bill2) -> Sequence[BillingResponseLineItem | BillingEstimateLinesLineItems]:
    return given(found.line_items, [])


def _item(told: Told, product: str, usage: str, amount: Decimal, path: str, **more: Any) -> Item:
    group, plan = more.pop("group", None) or family(product), more.pop("plan", "")
    made = {
        "service": old_service(group, plan),
        "description": product,
        "region": region_of(product),
        "unit": unit(usage, group, told.bandwidth),
        "units": None,
        "rate": None,
        "coupon": "",
        "sku": slug("v2", product or "other"),
        "details": details(*told.about),
        **more,
    }
    return Item(product=product, usage=usage, amount=amount, path=path, **made)


def _no(value: Maybe[Decimal]) -> str:
    """Write one of the biller's numbers as an id: 1001 and 1001.0 are the same."""
    found = number(value)
    return "" if found is None else format(found.normalize(), "f")


def _invoiced(entry: BillingResponseLineItem, told: Told, path: str) -> Item:
    """Make the item of an invoice's line; one that the biller deleted is on the bill all the same, and says so."""
    product, usage = text(entry.service_name) or text(entry.plan_name), text(entry.usage_type_cd)
    sku, units = _no(entry.service_no), number(entry.units)
    tier = "/".join(filter(None, (_no(entry.rate_schedule_no), _no(entry.rate_schedule_tier_no))))
    rate, region = number(entry.rate_per_unit), region_of(usage) or region_of(product)
    if step := matching(told.regions, region, usage, units, rate):
        rate = rate if rate is not None else number(step.discounted_price)
    return _item(
        told,
        product,
        usage,
        number(entry.amount) or ZERO,
        path,
        plan=text(entry.plan_name),
        description=text(entry.description) or product,
        region=region,
        units=units,
        rate=rate,
        coupon=text(entry.credit_coupon_code),
        details=details(
            *told.about,
            ("PlanNo", _no(entry.plan_no)),
            ("PlanName", text(entry.plan_name)),
            ("ClientServiceId", text(entry.client_service_id)),
            ("AriaInvoiceId", str(given(entry.aria_invoice_id, ""))),
            ("LineNumber", str(given(entry.line_number, ""))),
            ("CreditCouponCode", text(entry.credit_coupon_code)),
            ("DeletedAt", text(entry.deleted_at)),
        ),
        native=text(entry.id) or None,
        list_price=number(step.price) if step else None,
        **({"sku": sku} if sku else {}),
        **({"sku_price": f"{sku}:{tier}@{rate}"} if sku and tier else {}),
    )


def _running(entry: BillingEstimateLinesLineItems, told: Told, path: str) -> Item:
    words, sku = text(entry.description), _no(entry.service_no)
    # GUESS: service_type says Usage-Based, Recurring or One-Time; what is measured ends in Bandwidth or Requests.
    kind = text(entry.service_type).lower()
    used = "usage" in kind or words.lower().endswith(("bandwidth", "requests"))
    product = words.partition(" (")[0]
    return _item(
        told,
        product,
        product if used else "",
        number(entry.amount) or ZERO,
        path,
        description=words,
        units=number(entry.units),
        rate=number(entry.per_unit_cost),
        once="one-time" in kind,
        details=details(
            *told.about,
            ("PlanNo", _no(entry.plan_no)),
            ("ClientPlanId", text(entry.client_plan_id)),
            ("ClientServiceId", text(entry.client_service_id)),
            ("ServiceType", text(entry.service_type)),
        ),
        **({"sku": sku} if sku else {}),
    )


def _tiers(told: Told, path: str) -> Iterator[Item]:
    for key, region in told.regions.items():
        for name, measure in MEASURES.items():
            for index, tier in enumerate(steps(region, name)):
                paid = number(tier.discounted_price)
                product = f"{KEYS.get(key, key)} {measure}"
                step = text(tier.name)
                yield _item(
                    told,
                    product,
                    product,
                    number(tier.total) or ZERO,
                    f"{path}.regions.{key}.{name}.tiers[{index}]",
                    group=DELIVERY,
                    description=f"{product} ({step})" if step else product,
                    region=KEYS.get(key, key),
                    units=number(tier.units),
                    rate=paid if paid is not None else number(tier.price),
                    list_price=number(tier.price),
                )


def _traffic(sums: BillingTotal, told: Told, path: str) -> Iterator[Item]:
    said = (
        ("Bandwidth", "bandwidth_cost", sums.bandwidth),
        ("Percentile Bandwidth", "percentile_cost", sums.percentile),
        ("Requests", "requests_cost", sums.requests),
    )
    for measure, field, counted in said:
        if amount := number(getattr(sums, field)):
            # NOTE: requests are counted one by one in the total, and priced by 10,000.
            each = "Requests" if measure == "Requests" else told.bandwidth
            yield _item(told, measure, measure, amount, f"{path}.total.{field}", units=number(counted), unit=each)


def _extras(sums: BillingTotal, told: Told, path: str) -> Iterator[Item]:
    for index, extra in enumerate(given(sums.extras, [])):
        name = text(extra.name)
        for field in ("recurring", "setup"):
            if amount := number(getattr(extra, field)):
                where = f"{path}.total.extras[{index}].{field}"
                yield _item(told, name, "", amount, where, description=f"{name} ({field})", units=ONE, rate=amount)


def _beside(sums: BillingTotal, told: Told, items: list[Item], cost: Decimal | None, path: str) -> list[Item]:
    """Return the shortfall and the discount that only ``total`` states, as far as they bring the lines to the total."""
    if cost is None:
        return []
    offered = []
    shortfall, discount = number(sums.commit_shortfall), number(sums.discount_amount)
    if shortfall and not any(is_shortfall(item.description, item.product) for item in items):
        where = f"{path}.total.commit_shortfall"
        short = _item(told, DELIVERY, "", shortfall, where, description="Commit Shortfall", units=ONE, rate=shortfall)
        offered.append(short._replace(sku="v2/commit-shortfall", synthetic=True))
    if discount:
        where = f"{path}.total.discount_amount"
        offered.append(_item(told, DELIVERY, "", -discount, where, description="Discount", synthetic=True))
    missing = EXACT.subtract(cost, exact_sum(item.amount for item in items))
    choices = [list(chosen) for many in range(len(offered) + 1) for chosen in combinations(offered, many)]
    return min(choices, key=lambda chosen: abs(EXACT.subtract(missing, exact_sum(item.amount for item in chosen))))
