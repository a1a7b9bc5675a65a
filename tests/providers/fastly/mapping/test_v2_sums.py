"""Whether the sums of a v2 bill are what they are documented to be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api_v2 import GetInvoice
from tests.findings import list_wrong
from tests.providers.fastly.kit import V2_REQUEST, make_v2_invoice, read_bills
from tests.providers.kit import SavedAnswers


@pytest.mark.parametrize(
    ("sums", "contradiction"),
    [
        ({}, None),
        ({"incurred_cost": Decimal("2298.89")}, None),
        ({"incurred_cost": 2300}, "incurred_cost is 2300, and bandwidth_cost + requests_cost is 2298.88"),
        ({"bandwidth_cost": 1, "percentile_cost": 2}, None),
        ({"extras_cost": 1}, "extras_cost is 1, and the sum of the extras is 875.0"),
        ({"extras": None, "extras_cost": 875}, None),
        ({"cost_before_discount": 77}, "cost_before_discount is 77, and incurred_cost + extras_cost is 3173.88"),
        ({"overage": 0}, "overage is 0, and incurred_cost - plan_minimum is 2248.88"),
        ({"plan_minimum": 3000, "overage": 0}, None),
        ({"plan_minimum": 3000, "overage": 5}, "overage is 5, and incurred_cost - plan_minimum is 0"),
        ({"plan_minimum": 3000, "overage": 0, "commit_shortfall": 1}, None),
    ],
)
def test_contradicted_sum_is_reported(sums: dict[str, Any], contradiction: str | None) -> None:
    """A v2 sum that is not what it is documented to be is reported, and the bill is not parked."""
    body = make_v2_invoice()
    body["total"] |= sums
    answers = SavedAnswers((V2_REQUEST, body), (GetInvoice(year=2024, month=4), body))
    findings = list_wrong(PROVIDER.check_answers(answers))
    assert not findings if contradiction is None else f"4183280: {contradiction}" in findings
    assert len(findings) == len(set(findings))
    assert list_wrong(read_bills(V2_REQUEST, body)[0].findings) == ()


@pytest.mark.parametrize(("shortfall", "is_reported"), [(Decimal("41.30"), False), (Decimal("40.00"), True)])
def test_shortfall_fills_up_to_minimum(shortfall: Decimal, is_reported: bool) -> None:
    """The documented shortfall is what is missing from the minimum."""
    total = {
        "bandwidth_cost": Decimal("1.20"), "requests_cost": Decimal("7.50"), "incurred_cost": Decimal("8.70"),
        "plan_minimum": 50, "commit_shortfall": shortfall, "overage": 0, "cost": 50,
    }  # fmt: skip
    findings = list_wrong(PROVIDER.check_answers(SavedAnswers((V2_REQUEST, make_v2_invoice(total=total)))))
    finding = "4183280: commit_shortfall is 40.00, and plan_minimum - incurred_cost is 41.30"
    assert findings == ((finding,) if is_reported else ())
    running_period = {"start_time": "2026-11-01T00:00:00Z", "end_time": "2026-11-30T00:00:00Z"}
    for fields in ({"status": {"status": "MTD"}}, {"status": {}, **running_period}):
        assert list(PROVIDER.check_answers(SavedAnswers((V2_REQUEST, make_v2_invoice(total=total, **fields))))) == []
