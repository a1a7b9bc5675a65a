"""The usage reports and overviews of Genesys Cloud's twin."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billfold.twin.host import TwinHost
from tests.providers.genesys.twin.kit import TwinClient, first_account


def fetch_report(host: TwinHost, start: str, end: str) -> dict[str, Any]:
    """Return the use between two days by a report, by name."""
    client, query = TwinClient(host), {"startDate": f"{start}T00:00:00Z", "endDate": f"{end}T00:00:00Z"}
    client.get("/reports/billableusage", **query)
    host.clock.advance(timedelta(seconds=2))
    return {usage["name"]: usage for usage in client.get("/reports/billableusage", **query)[1]["usages"]}


def test_report_is_prepared_then_stays(host: TwinHost) -> None:
    """A report is prepared first and then stays for the day."""
    client, query = TwinClient(host), {"startDate": "2026-11-01T00:00:00Z", "endDate": "2026-11-15T00:00:00Z"}
    assert client.get("/reports/billableusage", **query)[1] | {"selfUri": ""} == {
        "startDate": "2026-11-01T00:00:00Z", "endDate": "2026-11-15T00:00:00Z", "status": "InProgress", "usages": [], "selfUri": "",
    }  # fmt: skip
    host.clock.advance(timedelta(seconds=2))
    usage_report = client.get("/reports/billableusage", **query)[1]
    assert usage_report["status"] == "Complete"
    seats = usage_report["usages"][0]
    assert seats["totalUsage"] == str(len(seats["resources"]))
    assert client.get("/reports/billableusage", **query)[1]["status"] == "Complete"


def test_report_covers_requested_days(host: TwinHost) -> None:
    """A report covers the days that were requested, and none in the future."""
    minutes = "Genesys Cloud BYOC Cloud"
    whole_span, first_part, second_part = (
        Decimal(fetch_report(host, *days)[minutes]["totalUsage"])
        for days in (("2026-10-01", "2026-11-03"), ("2026-10-01", "2026-10-15"), ("2026-10-15", "2026-11-03"))
    )
    assert whole_span == first_part + second_part > first_part > 0
    assert fetch_report(host, "2026-12-01", "2027-01-01") == {}
    until_now, beyond_now = (
        fetch_report(host, "2026-11-14", "2026-11-15"),
        fetch_report(host, "2026-11-14", "2026-12-15"),
    )
    assert beyond_now == until_now
    assert max(resource["date"] for usage in beyond_now.values() for resource in usage["resources"]) < "2026-11-15"


def test_overview_counts_periods_back(host: TwinHost) -> None:
    """An overview counts periods back and ends before the first."""
    client, account = TwinClient(host), first_account(host)
    path = f"/trusteebillingoverview/{account.public_facts['trustor_org_ids'][0]}"
    assert client.get(path)[1]["rampPeriodEndDate"] == "2026-01-31T23:59:59.999Z"
    assert {row["unitOfMeasureType"] for row in client.get(path)[1]["usages"] if "SMS" in row["name"]} == {"message"}
    running, previous, oldest = (client.get(path, billingPeriodIndex=index)[1] for index in ("0", "1", "12"))
    assert running["billingPeriodStartDate"] == "2026-11-01T00:00:00Z"
    assert previous["billingPeriodEndDate"] == "2026-10-31T23:59:59Z"
    assert oldest["billingPeriodStartDate"] == "2025-11-01T00:00:00Z"
    assert client.get(path, billingPeriodIndex="13")[0].status == 404
    assert client.get(path)[1] == running
    pairs = Counter(row["partNumber"] for row in running["usages"])
    assert set(pairs.values()) == {1, 2}
    assert all(isinstance(row["usageQuantity"], str) for row in running["usages"])
    assert not [row for row in running["usages"] if "Voice United" in row["name"] or "BYOC" in row["name"]]
