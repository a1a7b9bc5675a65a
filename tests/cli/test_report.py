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
    clear(synced.run("--ledger", "ledger", "report", "--by", "team"), 2, "rules of [allocation]")
    clear(synced.run("--ledger", "ledger", "report", "--by", "color"), 2, "a report is by vendor")


def test_another_currency_stands_beside_or_its_rate_is_missed(synced: Terminal) -> None:
    """The sum stays in its own currency; a month without a stated rate is named, and the exit code is 1."""
    config = synced.home / "rates.toml"
    rate = '[[reporting.rates]]\nname = "ECB"\nmonth = "2026-10"\nfrom = "USD"\nrate = "0.5"\n'
    config.write_text(f'{synced.config.read_text()}\n[reporting]\ncurrency = "EUR"\n{rate}')
    options = ("--ledger", "ledger", "--config", "rates.toml", "report", "--by", "vendor")
    result = synced.run(*options, "--in", "--from", "2026-10", "--to", "2026-10")
    clear(result, 0, "Issued invoices in EUR")
    assert "ECB" in result.out
    clear(synced.run(*options, "--in", "EUR"), 1, "there is no rate from USD to EUR for 2026-08, 2026-09, 2026-11")
    [row] = synced.rows(*options, "--in", "EUR", "--from", "2026-10", "--to", "2026-10")
    assert abs(Decimal(row["converted"]) * 2 - Decimal(row["cost"])) <= Decimal("0.01")
    assert (row["currency"], row["converted_currency"], row["rate_date"]) == ("USD", "EUR", "2026-10")
    clear(synced.run("--ledger", "ledger", "report", "--in"), 2, "configure currency")


def test_a_rate_of_money_among_virtual_ones_is_refused(synced: Terminal) -> None:
    (synced.home / "euro.toml").write_text('[rates]\nEUR = "1.08"\n')
    clear(synced.run("--ledger", "ledger", "--config", "euro.toml", "report"), 2, "EUR is no virtual currency")


def test_days_sum_to_their_months(synced: Terminal) -> None:
    """All days are there, and sum to what the report has by month and state."""
    options = ("--ledger", "ledger", "report", "--months", "3", "--by")
    sums, parts = defaultdict[tuple[str, str], Decimal](Decimal), defaultdict[tuple[str, str], Decimal](Decimal)
    for row in synced.rows(*options, "vendor"):
        sums[row["month"], row["state"]] += Decimal(row["cost"])
    for row in synced.rows(*options, "vendor,day"):
        parts[row["month"], row["state"]] += Decimal(row["cost"])
    assert parts == sums
    clear(synced.run(*options, "service,day"), 2, "not by service")
