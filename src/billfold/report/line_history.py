"""What an account's invoices had beside usage, month by month: in which months it comes, and how its amount comes about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from billfold.ledger.accrual_basis import BilledLine
from billfold.model.money import exact_sum
from billfold.model.period import Month

SHORTFALL_PATTERN = re.compile(r"shortfall|\bminimum\b|true-?\s?up", re.IGNORECASE)
MIN_OCCURRENCES = 3
"""How many times something must have come, equally far apart, to be expected in that rhythm."""
COMPARED_OCCURRENCES = 3
"""How many of the last amounts must come about in one way for that to be believed."""
RATE_STEPS_PER_UNIT = 20_000
"""A rate that one amount alone speaks for is a multiple of 0.005 %: it is agreed on, not a coincidence."""


class LineKind(NamedTuple):
    """What a line of an invoice is, by its category, service and words."""

    category: str
    service: str
    description: str

    @property
    def is_shortfall(self) -> bool:
        """Whether it is what was missing to an agreed minimum."""
        return self.category == "Purchase" and bool(SHORTFALL_PATTERN.search(self.description or self.service))

    @property
    def is_reduction(self) -> bool:
        """Whether it is a discount or a credit."""
        return self.category in {"Credit", "Adjustment"}


class InvoiceMonth(NamedTuple):
    """What the invoices of a month had of each kind."""

    month: Month
    amounts: Mapping[LineKind, Decimal]
    contract_kinds: frozenset[LineKind] = frozenset()
    """Kinds that were bought under a contract's commitments."""
    recurring_kinds: frozenset[LineKind] = frozenset()

    def sum_kinds(self, is_wanted: Callable[[LineKind], bool]) -> Decimal:
        """Add the amounts of some kinds."""
        return exact_sum(amount for kind, amount in self.amounts.items() if is_wanted(kind))


def build_invoice_month(month: Month, lines: Iterable[BilledLine]) -> InvoiceMonth:
    """Gather the lines of a month's invoices by kind."""
    amounts, contract_kinds, recurring_kinds = dict[LineKind, Decimal](), set[LineKind](), set[LineKind]()
    for line in lines:
        kind = LineKind(line.category, line.service, line.description)
        amounts[kind] = exact_sum((amounts[kind], line.cost)) if kind in amounts else line.cost
        if line.is_contract:
            contract_kinds.add(kind)
        if line.frequency == "Recurring":
            recurring_kinds.add(kind)
    return InvoiceMonth(month, amounts, frozenset(contract_kinds), frozenset(recurring_kinds))


def is_expected(kind: LineKind, history: Sequence[InvoiceMonth], month: Month) -> bool:
    """Tell whether a kind of line is to come in a month, by when it came before.

    What came every so many months comes so many months after the last time. What has no such rhythm comes if the last invoice had
    it and, unless it is a tax, the one before too. ``history`` is in the order of time.
    """
    came_in = [entry.month for entry in history if kind in entry.amounts]
    if not came_in:
        return False
    gaps = [count_months(first, second) for first, second in pairwise(came_in)]
    if len(came_in) >= MIN_OCCURRENCES and len(set(gaps)) == 1 and gaps[0] > 1:
        return count_months(came_in[-1], month) % gaps[0] == 0
    last_months = [entry.month for entry in history]
    wanted_months = last_months[-1:] if kind.category == "Tax" else last_months[-2:]
    return set(wanted_months) <= set(came_in)


def describe_rhythm(kind: LineKind, history: Sequence[InvoiceMonth]) -> str:
    """Say how often a kind of line comes."""
    came_in = [entry.month for entry in history if kind in entry.amounts]
    gaps = {count_months(first, second) for first, second in pairwise(came_in)}
    gap = gaps.pop() if len(gaps) == 1 else 1
    return f"every {gap} months, last in {came_in[-1]}" if gap > 1 else f"as in {came_in[-1]}"


def count_months(first: Month, second: Month) -> int:
    """Return how many months lie between two, from the first to the second."""
    return (second.year - first.year) * 12 + second.number - first.number


class Proportion(NamedTuple):
    """A rate of some kinds of lines, by which an amount comes about; ``base_name`` says of which."""

    rate: Fraction
    base_name: str
    is_in_base: Callable[[LineKind], bool]


def find_proportion(
    kind: LineKind, history: Sequence[InvoiceMonth], bases: Mapping[str, Callable[[LineKind], bool]], cent: Fraction
) -> Proportion | None:
    """Return the rate that gives the last amounts of a kind, to a cent, on the first of some bases for which one does.

    One amount alone must have a rate of full steps, as agreed ones are. None where no rate gives them all.
    """
    entries = [entry for entry in history if entry.amounts.get(kind)][-COMPARED_OCCURRENCES:]
    for base_name, is_in_base in bases.items():
        spans = [_find_rate_span(entry, kind, is_in_base, cent) for entry in entries]
        known_spans = [span for span in spans if span]
        if not known_spans or len(known_spans) < len(spans):
            continue
        low, high = max(span[0] for span in known_spans), min(span[1] for span in known_spans)
        if low <= high and (rate := _choose_rate(low, high, needs_step=len(entries) == 1)) is not None:
            return Proportion(rate, base_name, is_in_base)
    return None


def _find_rate_span(
    entry: InvoiceMonth, kind: LineKind, is_in_base: Callable[[LineKind], bool], cent: Fraction
) -> tuple[Fraction, Fraction] | None:
    base = Fraction(entry.sum_kinds(lambda other: other != kind and is_in_base(other)))
    if base <= 0:
        return None
    amount = Fraction(entry.amounts[kind])
    return (amount - cent) / base, (amount + cent) / base


def _choose_rate(low: Fraction, high: Fraction, *, needs_step: bool) -> Fraction | None:
    """Return the roundest rate of a span."""
    for steps in (100, 1000, 10_000, RATE_STEPS_PER_UNIT):
        rate = Fraction(round((low + high) / 2 * steps), steps)
        if low <= rate <= high and rate:
            return rate
    return None if needs_step else (low + high) / 2


def find_fixed_amount(kind: LineKind, history: Sequence[InvoiceMonth]) -> Decimal | None:
    """Return what a kind of line always came to lately; None where it varies."""
    amounts = [entry.amounts[kind] for entry in history if kind in entry.amounts][-COMPARED_OCCURRENCES:]
    return amounts[-1] if amounts and len(set(amounts)) == 1 else None


class Minimum(NamedTuple):
    """An agreed minimum of some kinds of lines in a month, and by what it is known."""

    amount: Fraction
    is_covered: Callable[[LineKind], bool]
    text: str


def derive_minimum(kind: LineKind, history: Sequence[InvoiceMonth], cent: Fraction) -> Minimum | None:
    """Return the minimum that the last shortfalls of a kind tell of: what was missing and what was used are the same sum each time.

    The usage that counts is that of the shortfall's own service, all usage, or all that is bought and used; the first for which the
    sums agree, else the first.
    """
    entries = [entry for entry in history if entry.amounts.get(kind)][-COMPARED_OCCURRENCES:]
    minimums = list[Minimum]()
    for name, is_covered in {
        f"{kind.service} usage": lambda other: other.category == "Usage" and other.service == kind.service,
        "usage": lambda other: other.category == "Usage",
        "usage and purchases": lambda other: other.category in {"Usage", "Purchase"} and not other.is_shortfall,
    }.items():
        sums = [Fraction(entry.amounts[kind]) + Fraction(entry.sum_kinds(is_covered)) for entry in entries]
        if sums:
            text = f"{kind.description} of {entries[-1].month} with the {name} then"
            minimums.append(Minimum(sums[-1], is_covered, text))
            if len(sums) > 1 and max(sums) - min(sums) <= 2 * cent:
                return minimums[-1]
    return minimums[0] if minimums else None
