"""The report has tables of their own for what is issued and what may still change, by whatever keys."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest

from tests.cli.terminal import Terminal, clear


def test_a_report_has_months_totals_and_states_of_their_own(synced: Terminal) -> None:
    result = synced.run("--ledger", "ledger", "report")
    clear(result, 0, "Issued invoices, USD")
    assert "Drafts - may still change, USD" in result.out
    assert "2026-07" not in result.out


def test_json_without_keys_has_every_month_and_its_fields(synced: Terminal) -> None:
    """What programs read stays: all months, and the fields that there were before ``--by``."""
    rows = synced.rows("--ledger", "ledger", "report")
    assert set(rows[0]) == {"provider", "account", "service", "month", "state", "currency", "cost", "charges"}
    assert {row["month"] for row in rows} >= {"2026-01", "2026-10", "2026-11"}


@pytest.mark.parametrize("key", ["region", "charge-category", "tag:team"])
def test_rows_by_any_key_are_what_the_charges_sum_to(synced: Terminal, key: str) -> None:
    """A second computation, over the rows that SQL gives, comes to the same sums."""
    rows = synced.rows("--ledger", "ledger", "report", "--by", key, "--months", "2")
    column = {"region": "coalesce(RegionName, RegionId)", "charge-category": "ChargeCategory"}.get(
        key, "json_extract_string(Tags, '$.team')"
    )
    query = (
        f"SELECT coalesce({column}, '') AS name, strftime(BillingPeriodStart, '%Y-%m') AS month, x_State, BilledCost "
        "FROM CostAndUsage WHERE BillingPeriodStart >= '2026-09-01'"
    )
    sums = defaultdict[tuple[str, ...], Decimal](Decimal)
    for charge in synced.rows("--ledger", "ledger", "sql", query):
        sums[charge["name"], charge["month"], charge["x_State"]] += Decimal(charge["BilledCost"])
    name = key.replace("-", "_")
    assert {(row[name], row["month"], row["state"]): Decimal(row["cost"]) for row in rows} == sums


def test_changes_lead_from_month_to_month(synced: Terminal) -> None:
    rows = synced.rows("--ledger", "ledger", "report", "--by", "service", "--state", "issued", "--compare")
    totals = defaultdict[str, Decimal](Decimal)
    changes = defaultdict[str, Decimal](Decimal)
    for row in rows:
        totals[row["month"]] += Decimal(row["cost"])
        changes[row["month"]] += Decimal(row["change"] or 0)
    months = sorted(totals)
    assert len(months) > 5
    for before, month in pairwise(months):
        assert totals[month] == totals[before] + changes[month]


def test_what_a_report_is_not_by_is_refused(synced: Terminal) -> None:
    clear(synced.run("--ledger", "ledger", "report", "--by", "team"), 2, "rules of allocation")
    clear(synced.run("--ledger", "ledger", "report", "--by", "color"), 2, "a report is by vendor")
