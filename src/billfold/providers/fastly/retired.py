"""Billing v2, retired by Fastly: saved invoices and estimates, as JSON or as CSV, become bills like those of v3.

A v2 bill shows its money three times (``total``, ``regions``, ``line_items``): the lines count; where there are none, the
regions' price steps; where there are none either, the sums in ``total``. What is counted is never counted again.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

import msgspec

from billfold.model.bill import Bill, DetailIds, State
from billfold.model.errors import Unreadable
from billfold.model.money import EXACT, ZERO, exact_sum
from billfold.model.period import Month, Period
from billfold.providers.fastly.envelope import Envelope, Source, bill, period, unfinished, when
from billfold.providers.fastly.lines import ONE, Item, details, line, number, text
from billfold.providers.fastly.records import (
    BillingBandwidthTiers,
    BillingEstimateLinesLineItems,
    BillingEstimateResponse,
    BillingRegions,
    BillingResponse,
    BillingResponseLineItem,
    BillingStatus,
    BillingTotal,
)
from billfold.providers.fastly.services import DELIVERY, KEYS, family, is_shortfall, region_of, service, slug, unit
from billfold.providers.provider import Answer
from billfold.wire.codec import Maybe, Record, given

Bill2 = BillingResponse | BillingEstimateResponse
STATES = {
    "Pending": State.DRAFT,  # GUESS: Pending means not sent yet
    "Outstanding": State.ISSUED,
    "Paid": State.ISSUED,
    "MTD": State.ESTIMATE,
    "": State.ISSUED,
}
"""How far a bill with each status has come; real invoices may have none."""
MEASURES = {"bandwidth": "Bandwidth", "percentile": "Percentile Bandwidth", "requests": "Requests"}


def invoice(found: Bill2, source: Source, *, estimate: bool = False) -> Bill:
    """Make the bill of a v2 invoice or estimate; amounts are US dollars."""
    span, wrong = _span(found, source)
    running = not wrong and unfinished(span, source.answer)
    state, key, problems = _standing(found, running=running, estimate=estimate)
    sums = given(found.total, BillingTotal())
    cost = number(sums.cost)
    problems += wrong + ([] if cost is not None or source.answer.op.reply is bytes else ["the bill has no total"])
    items = list(_items(found, source.path, problems))
    items += _beside(sums, items, cost, source.path)
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


def _items(found: Bill2, path: str, problems: list[str]) -> Iterator[Item]:
    """Yield what is billed: by lines, else by regions and extras, else by the sums."""
    entries = _entries(found)
    regions = given(found.regions, {})
    for index, entry in enumerate(entries):
        if number(entry.amount) is None:
            problems.append(f"line {index + 1} has no amount")
        where = f"{path}.line_items[{index}]"
        yield _invoiced(entry, regions, where) if isinstance(entry, BillingResponseLineItem) else _running(entry, where)
    if entries or not isinstance(found.total, BillingTotal):
        return
    traffic = list(_tiers(regions, path))
    yield from traffic or _traffic(found.total, path)
    yield from _extras(found.total, path)


def _entries(found: Bill2) -> Sequence[BillingResponseLineItem | BillingEstimateLinesLineItems]:
    return given(found.line_items, [])


def _item(product: str, usage: str, amount: Decimal, path: str, **more: Any) -> Item:
    group = more.pop("group", None) or family(product)
    made = {
        "service": service(group),
        "description": product,
        "region": region_of(product),
        "unit": unit(usage, group),
        "units": None,
        "rate": None,
        "coupon": "",
        "sku": slug("v2", product or "other"),
        "details": details(("Api", "v2")),
        **more,
    }
    return Item(product=product, usage=usage, amount=amount, path=path, **made)


def _no(value: Maybe[Decimal]) -> str:
    """Write one of the biller's numbers as an id: 1001 and 1001.0 are the same."""
    found = number(value)
    return "" if found is None else format(found.normalize(), "f")


def _invoiced(entry: BillingResponseLineItem, regions: dict[str, BillingRegions], path: str) -> Item:
    product, usage = text(entry.service_name) or text(entry.plan_name), text(entry.usage_type_cd)
    sku, units = _no(entry.service_no), number(entry.units)
    tier = "/".join(filter(None, (_no(entry.rate_schedule_no), _no(entry.rate_schedule_tier_no))))
    rate = number(entry.rate_per_unit)
    region = region_of(usage) or region_of(product)
    return _item(
        product,
        usage,
        number(entry.amount) or ZERO,
        path,
        description=text(entry.description) or product,
        region=region,
        units=units,
        rate=rate,
        coupon=text(entry.credit_coupon_code),
        details=details(
            ("Api", "v2"),
            ("PlanNo", _no(entry.plan_no)),
            ("PlanName", text(entry.plan_name)),
            ("ClientServiceId", text(entry.client_service_id)),
            ("LineNumber", str(given(entry.line_number, ""))),
            ("CreditCouponCode", text(entry.credit_coupon_code)),
        ),
        native=text(entry.id) or None,
        list_price=_list_price(regions, region, entry),
        **({"sku": sku} if sku else {}),
        **({"sku_price": f"{sku}:{tier}@{rate}"} if sku and tier else {}),
    )


def _running(entry: BillingEstimateLinesLineItems, path: str) -> Item:
    words, sku = text(entry.description), _no(entry.service_no)
    used = "usage" in text(entry.service_type).lower() or words.lower().endswith(("bandwidth", "requests"))
    product = words.partition(" (")[0]
    return _item(
        product,
        product if used else "",
        number(entry.amount) or ZERO,
        path,
        description=words,
        units=number(entry.units),
        rate=number(entry.per_unit_cost),
        details=details(
            ("Api", "v2"),
            ("PlanNo", _no(entry.plan_no)),
            ("ClientPlanId", text(entry.client_plan_id)),
            ("ClientServiceId", text(entry.client_service_id)),
            ("ServiceType", text(entry.service_type)),
        ),
        **({"sku": sku} if sku else {}),
    )


def _list_price(
    regions: dict[str, BillingRegions], region: str | None, entry: BillingResponseLineItem
) -> Decimal | None:
    """Find the price before the discount, in the step of the line's region and kind that has its quantity and rate."""
    kinds = [name for name in ("bandwidth", "requests") if name in text(entry.usage_type_cd).lower()]
    wanted = number(entry.units), number(entry.rate_per_unit)
    for key, one in regions.items():
        for tier in (tier for name in kinds for tier in _steps(one, name)) if KEYS.get(key) == region else ():
            if None not in wanted and wanted == (number(tier.units), number(tier.discounted_price)):
                return number(tier.price)
    return None


def _steps(region: BillingRegions, name: str) -> list[BillingBandwidthTiers]:
    kind = getattr(region, name)
    return given(kind.tiers, []) if isinstance(kind, Record) else []  # type: ignore[attr-defined]


def _tiers(regions: dict[str, BillingRegions], path: str) -> Iterator[Item]:
    for key, region in regions.items():
        for name, measure in MEASURES.items():
            for index, tier in enumerate(_steps(region, name)):
                product = f"{KEYS.get(key, key)} {measure}"
                step = text(tier.name)
                yield _item(
                    product,
                    product,
                    number(tier.total) or ZERO,
                    f"{path}.regions.{key}.{name}.tiers[{index}]",
                    group=DELIVERY,
                    description=f"{product} ({step})" if step else product,
                    region=KEYS.get(key, key),
                    units=number(tier.units),
                    rate=number(tier.discounted_price) or number(tier.price),
                    list_price=number(tier.price),
                )


def _traffic(sums: BillingTotal, path: str) -> Iterator[Item]:
    said = (
        ("Bandwidth", "bandwidth_cost", sums.bandwidth),
        ("Percentile Bandwidth", "percentile_cost", sums.percentile),
        ("Requests", "requests_cost", sums.requests),
    )
    for measure, field, counted in said:
        if amount := number(getattr(sums, field)):
            # NOTE: requests are counted one by one in the total, and priced by 10,000.
            each = "Requests" if measure == "Requests" else "GB"
            yield _item(measure, measure, amount, f"{path}.total.{field}", units=number(counted), unit=each)


def _extras(sums: BillingTotal, path: str) -> Iterator[Item]:
    for index, extra in enumerate(given(sums.extras, [])):
        name = text(extra.name)
        for field in ("recurring", "setup"):
            if amount := number(getattr(extra, field)):
                where = f"{path}.total.extras[{index}].{field}"
                yield _item(name, "", amount, where, description=f"{name} ({field})", units=ONE, rate=amount)


def _beside(sums: BillingTotal, items: list[Item], cost: Decimal | None, path: str) -> list[Item]:
    """Return the shortfall and the discount that only ``total`` states, as far as they bring the lines to the total."""
    if cost is None:
        return []
    offered = []
    shortfall, discount = number(sums.commit_shortfall), number(sums.discount_amount)
    if shortfall and not any(is_shortfall(item.description, item.product) for item in items):
        where = f"{path}.total.commit_shortfall"
        short = _item(DELIVERY, "", shortfall, where, description="Commit Shortfall", units=ONE, rate=shortfall)
        offered.append(short._replace(sku="v2/commit-shortfall", synthetic=True))
    if discount:
        where = f"{path}.total.discount_amount"
        offered.append(_item(DELIVERY, "", -discount, where, description="Discount", synthetic=True))
    missing = EXACT.subtract(cost, exact_sum(item.amount for item in items))
    choices = [list(chosen) for many in range(len(offered) + 1) for chosen in combinations(offered, many)]
    return min(choices, key=lambda chosen: abs(EXACT.subtract(missing, exact_sum(item.amount for item in chosen))))


def tables(answer: Answer) -> Iterator[tuple[BillingResponse, str]]:
    """Read the invoice in a CSV file; a PDF holds nothing that can be booked."""
    if answer.response.media_type == "application/pdf" or answer.response.body.startswith(b"%PDF"):
        return
    words = answer.response.body.decode("utf-8-sig", "replace")
    rows = list(csv.DictReader(io.StringIO(words, newline="")))
    if not rows or "amount" not in rows[0]:
        raise Unreadable("the CSV has no lines with an amount")
    # GUESS: the columns of the CSV are the JSON keys, those of the invoice repeated in every row.
    known = {key: rows[0].get(key) or None for key in ("customer_id", "invoice_id", "start_time", "end_time")}
    known |= {key: known[key] or _argument(answer, key) for key in ("customer_id", "invoice_id")}
    found = {
        **{key: value for key, value in known.items() if value},
        "status": {"status": rows[0].get("status") or None},
        "total": {"cost": rows[0].get("cost") or None},
        "line_items": [{key: value for key, value in row.items() if key and value} for row in rows],
    }
    try:
        yield msgspec.convert(found, BillingResponse, strict=False), "$"
    except (msgspec.ValidationError, ArithmeticError) as error:
        raise Unreadable(f"the CSV does not hold an invoice: {error}") from error


def _argument(answer: Answer, name: str) -> str | None:
    said = str(getattr(answer.op, name, ""))
    return said if said != "unknown" else None
