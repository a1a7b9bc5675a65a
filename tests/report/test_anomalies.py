"""Odd is what is far off the usual by its amount and by its share, both; what is new has no share."""

from __future__ import annotations

from decimal import Decimal

from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month
from billfold.report.anomalies import (
    ShortHistory,
    Thresholds,
    describe_history,
    find_anomalies,
    list_anomaly_findings,
)
from billfold.report.costs import CostRow

OCTOBER = Month(2026, 10)
LIMITS = Thresholds(Decimal(50), Decimal("0.3"))


def list_rows(service: str, *costs: str, account: str = "a") -> list[CostRow]:
    """Return what a service cost in the months up to October."""
    months = [OCTOBER.add_months(-number) for number in range(len(costs) - 1, -1, -1)]
    return [
        CostRow(("v", account, service), month, "issued", "USD", Decimal(cost), 1)
        for month, cost in zip(months, costs, strict=True)
        if cost
    ]


ROWS = [
    *list_rows("large but usual", "1000", "1010", "990", "1200"),
    *list_rows("small", "10", "10", "10", "40"),
    *list_rows("up", "100", "300", "100", "160"),
    *list_rows("gone", "60", "60", "60", ""),
    *list_rows("new", "", "", "", "50"),
    *list_rows("each second month", "500", "", "500", ""),
    *list_rows("each third month", "-500", "", "", "-510"),
    *list_rows("came dearer", "500", "", "", "900"),
    *list_rows("young", "1", "1", "900", account="b"),
]


def test_odd_is_far_off_by_amount_and_by_share() -> None:
    anomalies, judged, unjudged = find_anomalies(ROWS, OCTOBER, LIMITS)
    assert (judged, unjudged) == (1, [ShortHistory("v", "b", "USD", 2)])
    assert describe_history(unjudged[0], OCTOBER).endswith("only 2 invoiced months before 2026-10, 3 are needed")
    assert [(anomaly.service, anomaly.impact, anomaly.share) for anomaly in anomalies] == [
        ("came dearer", Decimal(400), Decimal("0.8")),
        ("gone", Decimal(-60), Decimal(-1)),
        ("up", Decimal(60), Decimal("0.6")),
        ("new", Decimal(50), None),
    ]
    assert find_anomalies(ROWS, Month(2026, 11), LIMITS) == ([], 0, [])
    findings = [located.finding for located in list_anomaly_findings(anomalies)]
    assert {finding.code for finding in findings} == {FindingCode.COST_ANOMALY}
    assert [finding.text for finding in findings][2:] == [
        "cost 160.00 USD, and 100.00 was usual (+60.00, +60 %)",
        "cost 50.00 USD, and nothing was usual (+50.00)",
    ]
