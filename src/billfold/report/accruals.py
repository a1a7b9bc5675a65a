"""What a month owes that is not invoiced yet: estimates carried to the month's end, contracts, shortfalls, tax."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import median

from billfold.ledger.estimate_history import count_days
from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.estimate_terms import UNKNOWN_TERMS, EstimateTerms
from billfold.model.money import ZERO, exact_sum, find_minor_digits, format_amount, format_trimmed, round_fraction
from billfold.model.period import Month
from billfold.report.accrual_rows import AccrualMethod, AccrualRow
from billfold.report.accrual_units import AccrualUnit, CommittedPosition, OpenEstimate
from billfold.report.estimate_carrying import carry_lines, find_reach
from billfold.report.line_history import (
    InvoiceMonth,
    LineKind,
    Minimum,
    Proportion,
    derive_minimum,
    describe_rhythm,
    find_fixed_amount,
    find_proportion,
    is_expected,
)
from billfold.report.render import counted

RUN_RATE_MONTHS = 3
"""How many of the last invoices give the rate of what has no estimate: the middle one, so that one odd month does not count."""


def find_accruals(
    units: Iterable[AccrualUnit],
    month: Month,
    terms_by_provider: Mapping[str, EstimateTerms],
    commitments: Iterable[StatedCommitment] = (),
) -> list[AccrualRow]:
    """Return what of a month is not invoiced yet, by account, contract and method; what comes to nothing is left out.

    ``commitments`` are what the configuration states: a monthly minimum counts before one that earlier shortfalls tell of.
    """
    minimums = {
        (commitment.account, commitment.unit): commitment
        for commitment in commitments
        if commitment.kind is CommitmentKind.MINIMUM_SPEND
        and commitment.is_monthly
        and commitment.period.start < month.end
        and month.start < commitment.period.end
    }
    rows = list[AccrualRow]()
    for unit in units:
        terms = terms_by_provider.get(unit.provider, UNKNOWN_TERMS)
        stated_minimum = minimums.get((unit.account, unit.currency))
        rows += [row for row in _AccruedUnit(unit, month, terms, stated_minimum).list_rows() if row.amount]
    return rows


Wanted = Callable[[LineKind], bool]


def _is_used(kind: LineKind) -> bool:
    return kind.category == "Usage"


def _is_bought(kind: LineKind) -> bool:
    return kind.category == "Purchase" and not kind.is_shortfall


def _is_untaxed(kind: LineKind) -> bool:
    return kind.category != "Tax"


def _any_of(*conditions: Wanted) -> Wanted:
    return lambda kind: any(condition(kind) for condition in conditions)


_BASES: Mapping[str, Wanted] = {
    "usage and purchases": _any_of(_is_used, _is_bought),
    "all before tax": _is_untaxed,
    "usage, purchases and shortfall": lambda kind: kind.category in {"Usage", "Purchase"},
    "purchases": _is_bought,
    "usage": _is_used,
}
"""What a tax or a discount may be a rate of, the likeliest first."""
_BASES_WITH_TAX: Mapping[str, Wanted] = {
    "usage, purchases and tax": lambda kind: kind.category == "Tax" or _is_used(kind) or _is_bought(kind),
    "all other lines": lambda _: True,
}
_DEFAULT_BASE = "all before tax"


class _AccruedUnit:
    """The accruals of one unit while they are made: each is for lines, which later ones are a rate of."""

    def __init__(
        self, unit: AccrualUnit, month: Month, terms: EstimateTerms, stated_minimum: StatedCommitment | None
    ) -> None:
        self._unit, self._month, self._terms, self._stated_minimum = unit, month, terms, stated_minimum
        self._digits = find_minor_digits(unit.currency)
        self._cent = Fraction(1, 10**self._digits)
        self._amounts, self._rows = dict[LineKind, Fraction](), list[AccrualRow]()

    def list_rows(self) -> list[AccrualRow]:
        """Return the accruals, in the order in which they are made."""
        has_estimate = [self._add_estimate(estimate) for estimate in self._unit.estimates]
        if not any(has_estimate) and not self._unit.is_invoiced:
            self._add_usage()
            self._add_run_rate()
        for position in self._unit.positions:
            self._add_position(position)
        if not self._unit.is_invoiced:
            self._add_fees()
            self._add_shortfall()
        self._add_rates()
        return self._rows

    def _add(self, method: AccrualMethod, parts: Mapping[LineKind, Fraction], text: str) -> None:
        """Add an accrual of some parts, in the smallest units of its currency; parts are rounded as well, and sum to it."""
        rounded = {kind: round_fraction(amount, self._digits) for kind, amount in parts.items()}
        self._add_exact(method, rounded, text)

    def _add_exact(self, method: AccrualMethod, parts: Mapping[LineKind, Decimal], text: str) -> None:
        for kind, amount in parts.items():
            self._amounts[kind] = self._amounts.get(kind, Fraction(0)) + Fraction(amount)
        amount = Decimal(format_amount(exact_sum(parts.values())))
        unit = self._unit
        place = unit.provider, unit.account, unit.contract, unit.currency
        row = AccrualRow(*place, str(method), amount, text, self._month, self._month.end.date(), tuple(parts.items()))
        self._rows.append(row)

    def _add_estimate(self, estimate: OpenEstimate) -> bool:
        """Accrue an estimate and the rest of its month; False where it holds no day yet, so that it says nothing."""
        bill, lines = estimate.bill, estimate.lines
        reach = find_reach(estimate.period, lines, estimate.asked_at)
        if reach.end <= estimate.period.start:
            return False
        parts = dict[LineKind, Decimal]()
        for line in lines:
            kind = LineKind(line.category, line.service, line.description)
            parts[kind] = exact_sum((parts.get(kind, ZERO), line.cost))
        days, all_days = reach.days, (estimate.period.end - estimate.period.start).days
        of_contract = f"{self._unit.contract}: " if self._unit.contract else ""
        text = f"{of_contract}{days} of {counted(all_days, 'day')}, the vendor's {bill.state}"
        method = AccrualMethod.ESTIMATE if bill.state == "estimate" else AccrualMethod.DRAFT
        self._add_exact(method, parts, text)
        added = carry_lines(lines, reach, self._terms, self._unit.currency, self._unit.price_steps)
        if added:
            self._add_rest(added, all_days - days)
        return True

    def _add_rest(self, amounts: Mapping[str, Fraction], days: int) -> None:
        """Accrue what the days left add to the usage of each service."""
        text = f"{counted(days, 'more day')} at the rate of those before"
        self._add(AccrualMethod.CARRIED_FORWARD, _name_usage(amounts), text)

    def _add_usage(self) -> None:
        """Accrue usage that the vendor measured and no estimate tells of, and the rest of its month."""
        usage = self._unit.usage
        if usage is None:
            return
        days, all_days = usage.reach.days, count_days(self._month)
        text = f"{days} of {counted(all_days, 'day')}, measured by the vendor, at the prices of {usage.priced_by}"
        self._add(AccrualMethod.USAGE, _name_usage(usage.price_so_far()), text)
        self._add_rest(usage.price_rest(), all_days - days)

    def _add_run_rate(self) -> None:
        """Accrue usage that no estimate tells of: of each service as much a day as the middle one of the last invoices had."""
        history = self._unit.history[-RUN_RATE_MONTHS:]
        if not history:
            return
        measured = self._unit.usage.services if self._unit.usage else ()
        line_kinds = {
            kind for entry in history for kind in entry.amounts if _is_used(kind) and kind.service not in measured
        }
        parts = {
            kind: median(Fraction(entry.amounts.get(kind, ZERO)) / count_days(entry.month) for entry in history)
            * count_days(self._month)
            for kind in sorted(line_kinds)
        }
        reason = (
            f"the vendor's estimate is in {self._unit.other_currency}, the invoices are not"
            if self._unit.other_currency
            else "there is no estimate"
        )
        span = f"{history[0].month} to {history[-1].month}" if len(history) > 1 else str(history[0].month)
        self._add(AccrualMethod.RUN_RATE, parts, f"the usual usage by the day, {span}: {reason}")

    def _add_position(self, position: CommittedPosition) -> None:
        term, price = position
        if price is None or not term.quantity:
            return
        name = term.description.partition(":")[0] or term.commitment_id
        price_text = format_amount(round_fraction(price, 6))
        text = f"{format_trimmed(term.quantity)} {term.unit} x {price_text}: {name}"
        kind = LineKind("Purchase", name, term.commitment_id)
        self._add(AccrualMethod.CONTRACT, {kind: price * Fraction(term.quantity)}, text)

    def _add_fees(self) -> None:
        """Accrue what is bought each month and the estimate does not have."""
        last_kinds = self._unit.history[-1].recurring_kinds if self._unit.history else frozenset[LineKind]()
        fees = {
            kind: Fraction(self._unit.history[-1].amounts[kind])
            for kind in sorted(last_kinds)
            if _is_bought(kind) and self._is_missing(kind)
        }
        if fees:
            names = ", ".join(kind.description or kind.service for kind in fees)
            self._add(AccrualMethod.RUN_RATE, fees, f"monthly fees as in {self._unit.history[-1].month}: {names}")

    def _is_missing(self, kind: LineKind) -> bool:
        """Tell whether a kind of line is to come, and neither an estimate nor a contract has it."""
        return (
            kind not in self._amounts
            and not any(kind in entry.contract_kinds for entry in self._unit.history)
            and is_expected(kind, self._unit.history, self._month)
        )

    def _add_shortfall(self) -> None:
        line_kinds = {kind for entry in self._unit.history for kind in entry.amounts if kind.is_shortfall}
        minimums = {kind: derive_minimum(kind, self._unit.history, self._cent) for kind in sorted(line_kinds)}
        if self._stated_minimum:
            kind = min(line_kinds, default=LineKind("Purchase", self._stated_minimum.service, "Commit Shortfall"))
            minimums = {kind: _read_minimum(self._stated_minimum)}
        for kind, minimum in minimums.items():
            if minimum is None or kind in self._amounts:
                continue
            covered = sum((amount for other, amount in self._amounts.items() if minimum.is_covered(other)), Fraction(0))
            text = f"to the minimum of {format_amount(round_fraction(minimum.amount, self._digits))}, by {minimum.text}"
            self._add(AccrualMethod.SHORTFALL, {kind: max(minimum.amount - covered, Fraction(0))}, text)

    def _add_rates(self) -> None:
        """Accrue discounts, credits and taxes: rates of what is accrued, by what the last invoices had."""
        line_kinds = {
            kind
            for entry in self._unit.history
            for kind in entry.amounts
            if (kind.is_reduction or kind.category == "Tax") and self._is_missing(kind)
        }
        proportions = {kind: self._find_rate(kind) for kind in sorted(line_kinds)}
        late_kinds = [kind for kind, rate in proportions.items() if rate and rate.base_name in _BASES_WITH_TAX]
        early_kinds = [kind for kind in proportions if kind.is_reduction and kind not in late_kinds]
        taxes = [kind for kind in proportions if not kind.is_reduction]
        for kind in (*early_kinds, *taxes, *late_kinds):
            self._add_rate(kind, proportions[kind])

    def _find_rate(self, kind: LineKind) -> Proportion | None:
        bases = {**_BASES, **_BASES_WITH_TAX} if kind.is_reduction else _BASES
        if kind.is_reduction and find_fixed_amount(kind, self._unit.history) is not None:
            return None
        return find_proportion(kind, self._unit.history, bases, self._cent)

    def _add_rate(self, kind: LineKind, proportion: Proportion | None) -> None:
        history = self._unit.history
        method = AccrualMethod.TAX if kind.category == "Tax" else AccrualMethod.RUN_RATE
        rhythm = describe_rhythm(kind, history)
        if proportion is None and kind.is_reduction and (fixed := find_fixed_amount(kind, history)) is not None:
            if not self._unit.is_invoiced:
                self._add_exact(method, {kind: fixed}, f"{kind.description}, {rhythm}")
            return
        proportion = proportion or _find_last_rate(kind, history)
        if proportion is None:
            return
        base = sum((amount for other, amount in self._amounts.items() if proportion.is_in_base(other)), Fraction(0))
        percent = format_trimmed(round_fraction(proportion.rate * 100, 3))
        text = f"{percent} % of {proportion.base_name}, {rhythm}: {kind.description or kind.service}"
        self._add(method, {kind: proportion.rate * base}, text)


def _name_usage(amounts: Mapping[str, Fraction]) -> dict[LineKind, Fraction]:
    return {LineKind("Usage", service, ""): amount for service, amount in amounts.items()}


def _read_minimum(commitment: StatedCommitment) -> Minimum:
    """Return a minimum that the configuration states: of a service, or of all that is used and bought."""
    service = commitment.service.casefold()
    is_covered = _any_of(_is_used, _is_bought)
    return Minimum(
        Fraction(commitment.amount),
        lambda kind: is_covered(kind) and service in {"", kind.service.casefold()},
        f"[[commitments]] {commitment.commitment_id} of the configuration",
    )


def _find_last_rate(kind: LineKind, history: Sequence[InvoiceMonth]) -> Proportion | None:
    """Return what a kind of line was of all else before tax, the last time it came."""
    entry = next((entry for entry in reversed(history) if kind in entry.amounts), None)
    is_in_base = _BASES[_DEFAULT_BASE]
    base = Fraction(entry.sum_kinds(lambda other: other != kind and is_in_base(other))) if entry else Fraction(0)
    return Proportion(Fraction(entry.amounts[kind]) / base, _DEFAULT_BASE, is_in_base) if entry and base > 0 else None
