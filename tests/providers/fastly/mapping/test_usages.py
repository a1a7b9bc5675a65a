"""Usage by service is read by the name of what is billed for it; what cannot be used is left out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.model.period import Month
from billfold.model.usage import MeasuredUsage, UserType
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api import GetServiceLevelUsage
from tests.providers.kit import SavedAnswers

JULY = GetServiceLevelUsage(
    product_id="cdn_usage", usage_type_name="North America Bandwidth", start_month="2026-07", end_month="2026-07"
)
SERVICES = [
    {"service_id": "s1", "service_name": "www", "usage_units": Decimal("1.25")},
    {"service_id": "s2", "usage_units": 3},
    {"service_id": "s3", "service_name": "idle", "usage_units": 0},
    {"usage_units": 7},
]
WWW = MeasuredUsage(
    Month(2026, 7).period, "north-america-bandwidth", UserType.RESOURCE, "s1", "www", "GB", Decimal("1.25")
)


@pytest.mark.parametrize("is_list", [False, True])
def test_usage_is_read_by_service(is_list: bool) -> None:
    """The documented record and the list that some clients see; no service without a name or use."""
    data = {"unit": "GB", "details": SERVICES}
    answers = SavedAnswers((JULY, {"data": [data] if is_list else data}))
    unnamed = WWW._replace(user_id="s2", user_name="s2", quantity=Decimal(3))
    assert list(PROVIDER.read_usages(answers)) == [WWW, unnamed]


@pytest.mark.parametrize("months", [(None, None), ("2026-06", "2026-07"), ("7/2026", "7/2026")])
def test_usage_of_no_single_month_is_left_out(months: tuple[str | None, str | None]) -> None:
    question = GetServiceLevelUsage(product_id="p", usage_type_name="u", start_month=months[0], end_month=months[1])
    answers = SavedAnswers((question, {"data": {"details": SERVICES}}))
    assert list(PROVIDER.read_usages(answers)) == []
