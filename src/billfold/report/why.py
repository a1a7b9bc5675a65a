"""Why a month costs more or less than another: the movement of its issued invoices, split into kinds that sum to it exactly.

The rules, for charges of the same thing in both months (``ledger/movements.py`` pairs them):

- rate: what the month's quantity costs more at its rate than at the old one. Where the quantity stayed, all of it.
- calendar: hours and days of whole months, at the same use a day, and what a cap takes off.
- quantity: the rest. Where the vendor states no rate, it is cost / quantity, and what rounding can do counts as quantity.

Shares are reckoned as fractions and rounded once for each row; quantity takes what rounding leaves, so nothing is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from billfold.ledger.movements import IDS_PER_MOVEMENT, PRICED, Movement
from billfold.model.money import EXACT_CONTEXT, exact_sum, find_minor_digits
from billfold.model.period import Month

ROUNDING_PER_CHARGE = Fraction(1, 100)
"""How far a charge can be from its quantity at its rate by rounding: vendors round to the cent, some of them up."""
SOURCE_COLUMNS = ("charge_count", "charges", "invoices")
"""The cells of a part that lead to what is behind it."""
_ROUNDING_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Kind(StrEnum):
    """What a movement is due to, in the order in which it is told."""

    NEW = "new"
    GONE = "gone"
    RATE = "rate"
    QUANTITY = "quantity"
    CALENDAR = "calendar"
    CREDIT = "credit"
    DISCOUNT = "discount"
    TAX = "tax"
    SHORTFALL = "shortfall"
    RESTATEMENT = "restatement"
    OTHER = "other"


KIND_ORDER = tuple(Kind)
KINDS_BY_CLASS = {kind.value: kind for kind in Kind}
"""What of classes of charges is a kind itself; what the totals of invoices state beyond their charges is other."""


class MovementPart(NamedTuple):
    """A part of an account's movement: of one kind, and of one group where groups were asked for.

    ``charges`` are InvoiceDetailIds and ``invoices`` ids of what moved most in it, for `billfold explain`; ``charge_count`` is how
    many charges of both months it is of.
    """

    provider: str
    account: str
    currency: str
    group: str
    kind: Kind
    amount: Decimal
    charge_count: int
    charges: list[str]
    invoices: list[str]


def list_columns(by: str) -> list[str]:
    """Return the names of the cells that ``build_cells`` gives a part."""
    return ["provider", "account", "currency", *([] if by == "account" else [by]), "kind", "amount", *SOURCE_COLUMNS]


def build_cells(part: MovementPart, by: str) -> dict[str, object]:
    """Return a part for JSON; its group stands under the name that parts are told apart by."""
    cells: dict[str, object] = part._asdict() | {"kind": str(part.kind), by: part.group}
    return {name: part.account if name == "account" else cells[name] for name in list_columns(by)}


def explain_months(movements: Iterable[Movement], month: Month, against: Month) -> list[MovementPart]:
    """Split movements into kinds, by account, currency and group; of each, the parts sum to its movement exactly."""
    days = Fraction((month.end - month.start).days, (against.end - against.start).days)
    by_group: dict[tuple[str, str, str, str], list[Movement]] = defaultdict(list)
    for movement in movements:
        by_group[movement.provider, movement.account, movement.currency, movement.group].append(movement)
    return [part for key, members in sorted(by_group.items()) for part in _split_group(key, members, days)]


def _split_group(key: tuple[str, str, str, str], members: Sequence[Movement], days: Fraction) -> Iterator[MovementPart]:
    shares: dict[Kind, Fraction] = defaultdict(Fraction)
    sources: dict[Kind, list[tuple[Fraction, Movement]]] = defaultdict(list)
    for movement in members:
        for kind, share in split_movement(movement, days).items():
            if share:
                shares[kind] += share
                sources[kind].append((abs(share), movement))
    total = exact_sum(_subtract(movement.new_cost, movement.old_cost) for movement in members)
    for kind, amount in sorted(
        _round_shares(shares, total, _count_digits(members)).items(), key=lambda item: KIND_ORDER.index(item[0])
    ):
        if amount:
            largest = [movement for _, movement in sorted(sources[kind], key=lambda source: -source[0])]
            yield MovementPart(*key, kind, amount, sum(m.charges for m in largest), *_collect_ids(largest))


def _collect_ids(movements: Sequence[Movement]) -> tuple[list[str], list[str]]:
    charges = dict.fromkeys(charge for movement in movements for charge in movement.details)
    invoices = dict.fromkeys(invoice for movement in movements for invoice in movement.invoices)
    return list(charges)[:IDS_PER_MOVEMENT], list(invoices)[:IDS_PER_MOVEMENT]


def split_movement(movement: Movement, days: Fraction) -> dict[Kind, Fraction]:
    """Split what moved alike into kinds; ``days`` are those of the month by those of the month against."""
    difference = Fraction(movement.new_cost) - Fraction(movement.old_cost)
    if movement.movement_class != PRICED:
        return {KINDS_BY_CLASS.get(movement.movement_class, Kind.OTHER): difference}
    if not (movement.is_before and movement.is_after):
        return {Kind.NEW if movement.is_after else Kind.GONE: difference}
    return _split_price(movement, difference, days)


def _split_price(movement: Movement, difference: Fraction, days: Fraction) -> dict[Kind, Fraction]:
    is_timed = movement.is_timed and days != 1
    calendar = Fraction(movement.old_cost) * (days - 1)
    if movement.old_rate == movement.new_rate and movement.old_rate is not None:
        if is_timed and movement.is_steady:
            return {Kind.CALENDAR: difference}
        rate = Fraction(0)
    else:
        if movement.is_capped or (movement.is_equal and not is_timed):
            return {Kind.RATE: difference}
        if is_timed and movement.is_steady and not movement.is_partly_capped:
            return _drop_rounding(movement, {Kind.CALENDAR: calendar, Kind.RATE: difference - calendar})
        rate = _find_rate_effect(movement)
    shares = {Kind.RATE: rate}
    if is_timed and movement.is_steady:
        shares[Kind.CALENDAR] = difference - rate
    elif is_timed and not movement.is_partly_capped:
        shares |= {Kind.CALENDAR: calendar, Kind.QUANTITY: difference - rate - calendar}
    else:
        shares[Kind.QUANTITY] = difference - rate
    return _drop_rounding(movement, shares)


def _find_rate_effect(movement: Movement) -> Fraction:
    """Return what the month's cost has more than it would have had at the old rate."""
    old_cost, new_cost = Fraction(movement.old_cost), Fraction(movement.new_cost)
    if movement.old_rate is not None and movement.new_rate:
        return new_cost * (1 - Fraction(movement.old_rate) / Fraction(movement.new_rate))
    if movement.new_rate is not None and not new_cost:
        return -old_cost
    if not movement.old_quantity:
        return Fraction(0)
    return new_cost - old_cost * Fraction(movement.new_quantity) / Fraction(movement.old_quantity)


def _drop_rounding(movement: Movement, shares: dict[Kind, Fraction]) -> dict[Kind, Fraction]:
    """Count a rate that is only derived as unmoved where rounding can have moved it."""
    rate = shares[Kind.RATE]
    if movement.new_rate is not None or abs(rate) > ROUNDING_PER_CHARGE * movement.charges:
        return shares
    kind = Kind.QUANTITY if Kind.QUANTITY in shares else Kind.CALENDAR
    return shares | {Kind.RATE: Fraction(0), kind: shares[kind] + rate}


def _count_digits(members: Sequence[Movement]) -> int:
    """Return how many decimals movements have, cents at least: what is no share of a price has them all."""
    costs = [cost for movement in members for cost in (movement.old_cost, movement.new_cost) if cost]
    exponents = [int(cost.normalize(EXACT_CONTEXT).as_tuple().exponent) for cost in costs]
    return max((find_minor_digits(members[0].currency), *(-exponent for exponent in exponents)))


def _round_shares(shares: dict[Kind, Fraction], total: Decimal, digits: int) -> dict[Kind, Decimal]:
    """Round shares to so many decimals; what that leaves goes to quantity, else to another share of prices."""
    amounts = {kind: _round_share(share, digits) for kind, share in shares.items()}
    residual = _subtract(total, exact_sum(amounts.values()))
    if residual:
        kind = next((kind for kind in (Kind.QUANTITY, Kind.CALENDAR, Kind.RATE) if kind in amounts), Kind.OTHER)
        amounts[kind] = EXACT_CONTEXT.add(amounts.get(kind, Decimal(0)), residual)
    return amounts


def _round_share(share: Fraction, digits: int) -> Decimal:
    scaled = round(share * 10**digits)
    return Decimal(scaled).scaleb(-digits, _ROUNDING_CONTEXT)


def _subtract(amount: Decimal, other: Decimal) -> Decimal:
    return EXACT_CONTEXT.subtract(amount, other)
