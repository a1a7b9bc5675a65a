"""What is odd in an invoiced month: services that cost far more or less than they did in the months before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import dropwhile
from typing import NamedTuple

from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, ZERO, format_amount
from billfold.model.period import Month
from billfold.report.costs import CostRow
from billfold.report.render import counted
from billfold.report.track_record import find_middle

USUAL_MONTHS = 6
"""How many invoiced months before say what is usual."""
MIN_USUAL_MONTHS = 3


class Thresholds(NamedTuple):
    """How far a cost must lie from what is usual: by an amount of its currency and by a share of the usual, both."""

    amount: Decimal
    share: Decimal


class Anomaly(NamedTuple):
    """A service of an account that is odd in a month; ``share`` is the impact over the usual, None for what is new."""

    provider: str
    account: str
    service: str
    month: Month
    currency: str
    cost: Decimal
    usual: Decimal
    impact: Decimal
    share: Decimal | None


ADJUSTING_CATEGORIES = ("Tax", "Credit", "Adjustment")
"""Charge categories that follow from others, or come when somebody decides so."""


class ShortHistory(NamedTuple):
    """An account that was billed in a month and cannot be judged: it has too few invoiced months before."""

    provider: str
    account: str
    currency: str
    months: int


class AnomalySearch(NamedTuple):
    """What is odd in a month, in how many accounts that could be judged, and which could not."""

    anomalies: Sequence[Anomaly]
    judged: int
    unjudged: Sequence[ShortHistory]


_CostsByService = Mapping[str, Mapping[Month, Decimal]]


def find_anomalies(rows: Iterable[CostRow], month: Month, thresholds: Thresholds) -> AnomalySearch:
    """Return what is odd in an issued month, the largest impact first; ``rows`` are issued, by provider, account, service and more.

    Usual is the median of the account's last invoiced months before, at least three; a service that was in none of them cost 0.
    What was billed in some of these months only is held against the last time it came, as a discount of each quarter is.
    """
    by_account = defaultdict[tuple[str, ...], dict[str, dict[Month, Decimal]]](lambda: defaultdict(dict))
    for row in rows:
        provider, account, service = row.values[:3]
        costs = by_account[provider, account, row.currency][service]
        costs[row.month] = EXACT_CONTEXT.add(costs.get(row.month, ZERO), row.cost)
    anomalies, judged, unjudged = list[Anomaly](), 0, list[ShortHistory]()
    for (provider, account, currency), services in sorted(by_account.items()):
        billed_months = sorted({billed for costs in services.values() for billed in costs})
        usual_months = [billed for billed in billed_months if billed < month][-USUAL_MONTHS:]
        if month not in billed_months:
            continue
        if len(usual_months) < MIN_USUAL_MONTHS:
            unjudged.append(ShortHistory(provider, account, currency, len(usual_months)))
            continue
        judged += 1
        anomalies += _find_odd_services((provider, account), currency, services, (*usual_months, month), thresholds)
    anomalies.sort(key=lambda anomaly: (anomaly.currency, -abs(anomaly.impact), anomaly[:3]))
    return AnomalySearch(anomalies, judged, unjudged)


def _find_odd_services(
    place: tuple[str, str],
    currency: str,
    services: _CostsByService,
    months: Sequence[Month],
    thresholds: Thresholds,
) -> Iterator[Anomaly]:
    *usual_months, month = months
    for service, costs in services.items():
        cost = costs.get(month, ZERO)
        usual = _find_usual([costs.get(billed, ZERO) for billed in usual_months], cost)
        impact = EXACT_CONTEXT.subtract(cost, usual)
        share = impact / abs(usual) if usual else None
        is_large = abs(impact) >= thresholds.amount
        if impact and is_large and (share is None or abs(share) >= thresholds.share):
            yield Anomaly(*place, service, month, currency, cost, usual, impact, share)


def _find_usual(past_costs: Sequence[Decimal], cost: Decimal) -> Decimal:
    """Return what a service usually costs: the median, or of what comes and goes the last that it cost."""
    billed_costs = [past for past in past_costs if past]
    if cost and len(billed_costs) < len(past_costs):
        return billed_costs[-1] if billed_costs else ZERO
    if ZERO in dropwhile(lambda past: not past, past_costs):
        return cost  # it paused before
    return find_middle(sorted(past_costs))


def describe_history(history: ShortHistory, month: Month) -> str:
    """Say why an account cannot be judged."""
    before = f"only {counted(history.months, 'invoiced month')}" if history.months else "no invoiced month"
    place = f"{history.provider} {history.account}, {history.currency}"
    return f"not judged: {place}: {before} before {month}, {MIN_USUAL_MONTHS} are needed"


def list_anomaly_findings(anomalies: Iterable[Anomaly]) -> list[AccountFinding]:
    """Return a finding for each anomaly."""
    return [
        AccountFinding(
            anomaly.provider,
            anomaly.account,
            str(anomaly.month),
            make_finding(FindingCode.COST_ANOMALY, _describe(anomaly), anomaly.service, impact=anomaly.impact),
        )
        for anomaly in anomalies
    ]


def _describe(anomaly: Anomaly) -> str:
    share = "" if anomaly.share is None else f", {anomaly.share * 100:+.0f} %"
    change = f"{'+' if anomaly.impact > 0 else ''}{format_amount(anomaly.impact)}"
    usual = f"{format_amount(anomaly.usual)} was usual" if anomaly.usual else "nothing was usual"
    return f"cost {format_amount(anomaly.cost)} {anomaly.currency}, and {usual} ({change}{share})"
