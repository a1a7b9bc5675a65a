"""What is odd in an invoiced month: services that cost far more or less than they did in the months before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import ZERO, exact_sum, format_amount
from billfold.model.period import Month
from billfold.report.costs import CostRow
from billfold.report.track_record import find_middle

USUAL_MONTHS = 6
"""How many invoiced months before say what is usual."""
MIN_USUAL_MONTHS = 3


class Thresholds(NamedTuple):
    """How far a cost must lie from what is usual: by an amount of its currency and by a share of the usual, both."""

    amount: Decimal
    share: Decimal


class Anomaly(NamedTuple):
    """A service of an account that is odd in a month; ``share`` is the impact over the usual, None where nothing was usual."""

    provider: str
    account: str
    service: str
    month: Month
    currency: str
    cost: Decimal
    usual: Decimal
    impact: Decimal
    share: Decimal | None


def find_anomalies(rows: Iterable[CostRow], month: Month, thresholds: Thresholds) -> list[Anomaly]:
    """Return what is odd in an issued month, the largest impact first; ``rows`` are issued ones by provider, account and service.

    Usual is the median of the account's last invoiced months before, at least three; a service that was in none of them cost 0.
    """
    by_account = defaultdict[tuple[str, ...], dict[str, dict[Month, Decimal]]](lambda: defaultdict(dict))
    for row in rows:
        provider, account, service = row.values
        by_account[provider, account, row.currency][service][row.month] = row.cost
    anomalies = [
        anomaly
        for (provider, account, currency), services in by_account.items()
        for anomaly in _find_odd_services((provider, account), currency, services, month)
        if _is_odd(anomaly, thresholds)
    ]
    return sorted(anomalies, key=lambda anomaly: (anomaly.currency, -abs(anomaly.impact), anomaly[:3]))


def _find_odd_services(
    place: tuple[str, str], currency: str, services: Mapping[str, Mapping[Month, Decimal]], month: Month
) -> Iterable[Anomaly]:
    billed_months = sorted({billed for costs in services.values() for billed in costs})
    usual_months = [billed for billed in billed_months if billed < month][-USUAL_MONTHS:]
    if month not in billed_months or len(usual_months) < MIN_USUAL_MONTHS:
        return
    for service, costs in services.items():
        usual = find_middle(sorted(costs.get(billed, ZERO) for billed in usual_months))
        cost = costs.get(month, ZERO)
        impact = exact_sum((cost, -usual))
        share = impact / usual if usual else None
        yield Anomaly(*place, service, month, currency, cost, usual, impact, share)


def _is_odd(anomaly: Anomaly, thresholds: Thresholds) -> bool:
    is_large = abs(anomaly.impact) >= thresholds.amount
    return is_large and (anomaly.share is None or abs(anomaly.share) >= thresholds.share)


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
