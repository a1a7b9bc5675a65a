"""A partner's overview of a customer is read product by product, at the customer's prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billfold.model.usage import UserType
from billfold.providers.genesys import PROVIDER
from billfold.providers.genesys.api import GetBillingTrusteebillingoverviewTrustorOrgId
from tests.providers.genesys.kit import read_sample
from tests.providers.kit import SavedAnswers

REQUEST = GetBillingTrusteebillingoverviewTrustorOrgId(trustor_org_id="o1", billing_period_index=1)


def read_overview(**fields: Any) -> list[tuple[str, Decimal, Decimal | None]]:
    """Read an overview of September 2026; its quantities and what they come to, by SKU."""
    body = {"billingPeriodStartDate": "2026-09-01T00:00:00Z", "billingPeriodEndDate": "2026-09-30T23:59:59Z"} | fields
    return [(usage.sku, usage.quantity, usage.amount) for usage in PROVIDER.read_usages(SavedAnswers((REQUEST, body)))]


def test_a_product_comes_to_prepaid_and_overage() -> None:
    """80 seats at 195 and 58 beyond them at 245; of the resource what is beyond the free part."""
    (first, *others) = PROVIDER.read_usages(SavedAnswers((REQUEST, read_sample("trusteebillingoverview.full"))))
    assert first.amount == 80 * 195 + 58 * 245
    assert (first.user_type, first.user_name, first.currency) == (UserType.SUB_ACCOUNT, "Test Org Name", "USD")
    assert (str(first.period.start.date()), str(first.period.end.date())) == ("2026-09-01", "2026-10-01")
    resource = next(usage for usage in others if usage.sku == "GC-170-NV-APIRES")
    assert (resource.quantity, resource.amount) == (Decimal(505992), (505992 - 182000) * Decimal("0.0001"))


def test_what_cannot_be_reckoned_with_counts_as_nothing() -> None:
    rows = [{"partNumber": "a", "usageQuantity": "5", "overagePrice": "NaN"}, {"usageQuantity": "1"}, {"name": "b"}]
    assert read_overview(usages=rows) == [("a", Decimal(5), Decimal(0)), ("b", Decimal(0), Decimal(0))]


def test_an_overview_without_its_period_is_left_out() -> None:
    assert read_overview(billingPeriodStartDate="soon", usages=[{"partNumber": "a"}]) == []
