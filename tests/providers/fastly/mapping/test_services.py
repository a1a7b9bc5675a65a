"""Fastly's services and their categories."""

from __future__ import annotations

import pytest

from billfold.providers.fastly.mapping import services
from tests.providers.fastly.kit import V2_REQUEST, make_v2_invoice, read_bills
from tests.providers.kit import list_rows


@pytest.mark.parametrize("group", ["Full-Site Delivery", "Compute", "KV Store", "Next-Gen WAF", "Widgets", ""])
def test_service_has_single_category(group: str) -> None:
    """A service has a single category, whatever its product line."""
    service = services.find_service(group, "Network Services")
    assert service.name == (group or "Fastly")
    if group != "Widgets":
        assert {services.find_service(group, line) for line in ("Security", "", "Else")} == {service}


@pytest.mark.parametrize(
    ("plan", "category"), [("Compute", "Compute"), ("Security", "Security"), ("Gold", "Networking"), ("", "Networking")]
)
def test_v2_service_has_category_of_plan(plan: str, category: str) -> None:
    """A v2 service has the category of its plan, or else networking."""
    body = make_v2_invoice()
    body["line_items"][5] |= {"service_name": "Widgets", "plan_name": plan}
    row = list_rows(read_bills(V2_REQUEST, body)[0])[5]
    assert (row.ServiceName, row.ServiceCategory) == ("Widgets", category)
