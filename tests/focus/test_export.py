"""Law 11: the export of the demo world, of a world per provider and of fault worlds passes all checks, to the cent."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from billfold.collect.workspace import Workspace
from billfold.focus import check, versions
from billfold.focus.export import ExportSpec, export_focus
from billfold.ledger import query
from billfold.ledger.focus_views import Selection
from billfold.model.bill import merge_estimate_parts
from billfold.model.money import exact_sum
from billfold.providers import provider
from tests import stage as stages
from tests.focus import toolkit

FAULTS = (
    "line-ids-changing",
    "total-off-by-a-cent",
    "total-off-by-a-lot",
    "number-as-string",
    "number-tiny",
    "number-negative-zero",
    "new-enum",
    "identical-lines",
    "two-currencies",
    "draft-finalized",
    "invoice-vanishing",
    "short-page",
    "number-25-digits",
    "negative-wallet",
    "contract-without-periods",
    "restated-changed",
)


def world(directory: Path, only: str | None = None) -> Workspace:
    host, books = stages.twin(), Workspace(directory)
    stages.collected(host, books, only)
    return books


def written(
    books: Workspace, directory: Path, file_format: str = "csv", part: Selection | None = None, **order: object
) -> Path:
    with books.open_ledger() as db:
        export_focus(db, ExportSpec(directory, file_format, **order), part or Selection(), stages.AT)  # type: ignore[arg-type]
    return directory


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    books = world(tmp_path_factory.mktemp("ledger"))
    yield books
    books.close()


@pytest.fixture(scope="module")
def out(collected: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(collected, tmp_path_factory.mktemp("out"))


def test_the_demo_world_passes_the_independent_checks(out: Path) -> None:
    assert toolkit.findings(out, Decimal(0)) == []


def test_the_demo_world_passes_our_own_checks(out: Path) -> None:
    assert check.check_directory(out) == []


@pytest.mark.parametrize("name", provider.provider_names())
def test_a_world_per_provider_passes_all_checks(name: str, collected: Workspace, tmp_path: Path) -> None:
    directory = written(collected, tmp_path, part=Selection(query.LedgerFilter(provider=name)))
    assert check.check_directory(directory) == []
    assert toolkit.findings(directory, Decimal(0)) == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["cockroach", "genesys"])
def test_what_can_be_exported_of_a_bad_day_passes_all_checks(name: str, fault: str, tmp_path: Path) -> None:
    host, books = stages.twin(months=3), Workspace(tmp_path / "ledger")
    host.faults.append(stages.fault(name, fault, times=3))
    stages.collected(host, books, name)
    host.clock.advance(timedelta(days=20))
    stages.collected(host, books, name)
    directory = written(books, tmp_path / "out")
    books.close()
    assert check.check_directory(directory) == []
    assert [
        sentence for sentence in toolkit.findings(directory, Decimal(0)) if not sentence.startswith("FDT-BUNDLE")
    ] == []


def rows(directory: Path, stem: str) -> list[dict[str, str]]:
    with (directory / f"{stem}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_law_8_every_invoice_adds_up_in_the_files_exactly(collected: Workspace, out: Path) -> None:
    summed: dict[tuple[str, ...], list[Decimal]] = defaultdict(list)
    billed: dict[tuple[str, ...], list[Decimal]] = defaultdict(list)
    for row in rows(out, "cost_and_usage"):
        key = row["x_AccountName"], row["InvoiceId"], row["BillingPeriodStart"][:10]
        currency, spent = row["x_VirtualCurrency"], row["x_VirtualCurrencyEffectiveCost"]
        summed[*key, currency or row["BillingCurrency"]].append(Decimal(spent if currency else row["BilledCost"]))
    for row in rows(out, "invoice_detail"):
        spent = row["x_VirtualCurrencyCost"] if row["x_VirtualCurrency"] else row["BilledCost"]
        billed[row["InvoiceId"], row["x_VirtualCurrency"] or row["BillingCurrency"]].append(Decimal(spent))
    with collected.open_ledger() as db:
        bills = merge_estimate_parts(query.list_invoices(db, query.LedgerFilter()))
    assert len(bills) > 60
    for bill in bills:
        bill_key = bill.account, bill.invoice_id or "", bill.period_start[:10], bill.currency
        total = Decimal(str(bill.total))
        assert exact_sum(summed.get(bill_key, [])) == total, bill_key
        if bill.invoice_id:
            assert exact_sum(billed.get((bill.invoice_id, bill.currency), [])) == total, bill_key


def test_every_billing_account_has_a_name(out: Path) -> None:
    assert all(row["BillingAccountName"] for row in rows(out, "cost_and_usage"))


def test_estimates_are_on_no_invoice_and_drafts_on_an_open_one(out: Path) -> None:
    status = {row["InvoiceId"]: row["InvoiceIssueStatus"] for row in rows(out, "invoice_detail")}
    periods = {
        (r["InvoiceIssuerName"], r["BillingPeriodStart"]): r["BillingPeriodStatus"] for r in rows(out, "billing_period")
    }
    for row in rows(out, "cost_and_usage"):
        period = periods[row["InvoiceIssuerName"], row["BillingPeriodStart"]]
        expected = {"estimate": None, "draft": "Open", "issued": "Issued"}[row["x_State"]]
        assert status.get(row["InvoiceId"]) == expected
        assert row["x_State"] == "issued" or period == "Open"
    assert set(periods.values()) == {"Open", "Closed"}


def test_columns_are_all_there_in_order_and_ours_come_last(out: Path) -> None:
    for dataset in versions.load_version().datasets.values():
        header = (out / f"{dataset.file}.csv").read_text("utf-8").partition("\n")[0].split(",")
        standard_columns = [name for name in header if not name.startswith("x_")]
        assert standard_columns == sorted(dataset.columns)
        assert header == standard_columns + sorted(set(header) - set(standard_columns))


def test_parquet_is_typed_and_says_the_same_as_csv(collected: Workspace, out: Path, tmp_path: Path) -> None:
    directory = written(collected, tmp_path, "parquet")
    assert check.check_directory(directory) == []
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        column_types = {
            name: kind
            for name, kind, *_ in db.execute(f"DESCRIBE FROM '{directory}/cost_and_usage.parquet'").fetchall()
        }
        typed = db.execute(
            f"SELECT sum(BilledCost), sum(PricingQuantity), count(*) FROM '{directory}/cost_and_usage.parquet'"
        ).fetchall()[0]
    assert column_types["BilledCost"] == "DECIMAL(26,12)"
    assert column_types["ListUnitPrice"] == "DECIMAL(28,18)"
    assert column_types["ChargePeriodStart"] == "TIMESTAMP WITH TIME ZONE"
    assert not {"DOUBLE", "FLOAT"} & set(column_types.values())
    csv_rows = rows(out, "cost_and_usage")
    assert typed[0] == exact_sum(Decimal(row["BilledCost"]) for row in csv_rows)
    assert typed[1] == exact_sum(Decimal(row["PricingQuantity"] or 0) for row in csv_rows)
    assert typed[2] == len(csv_rows)


def test_by_period_has_the_same_rows_in_a_folder_each(collected: Workspace, out: Path, tmp_path: Path) -> None:
    directory = written(collected, tmp_path, by_period=True)
    assert check.check_directory(directory) == []
    assert toolkit.findings(directory, Decimal(0)) == []
    parts = sorted((directory / "cost_and_usage").iterdir())
    assert len(parts) == 13
    lines = sum(len(rows(part, "cost_and_usage")) for part in parts)
    assert lines == len(rows(out, "cost_and_usage"))


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_older_versions_are_views_of_the_same_rows(
    version: str, collected: Workspace, out: Path, tmp_path: Path
) -> None:
    from focus_data_toolkit.schema.registry import version_columns

    directory = written(collected, tmp_path, version=version)
    assert check.check_directory(directory) == []
    header = set(rows(directory, "cost_and_usage")[0])
    assert {name for name in header if not name.startswith("x_")} == set(version_columns("Cost and Usage", version))
    assert (directory / "contract_commitment.csv").exists() == (version == "1.3")
    assert not (directory / "invoice_detail.csv").exists()
    costs = [row["BilledCost"] for row in rows(directory, "cost_and_usage")]
    assert costs == [row["BilledCost"] for row in rows(out, "cost_and_usage")]
    assert rows(directory, "cost_and_usage")[0]["ProviderName"]


def test_a_rate_of_credits_is_stated_and_none_is_invented(collected: Workspace, out: Path, tmp_path: Path) -> None:
    rate = Decimal("0.95")
    directory = written(collected, tmp_path, part=Selection(rates={"CRDB_CLOUD_CREDITS": rate}))
    assert check.check_directory(directory) == []
    assert toolkit.findings(directory, Decimal(0)) == []
    assert json.loads((directory / "metadata.json").read_text())["x_VirtualCurrencyRates"] == {
        "CRDB_CLOUD_CREDITS": "0.95"
    }
    assert json.loads((out / "metadata.json").read_text())["x_VirtualCurrencyRates"] == {}
    pairs = zip(rows(directory, "cost_and_usage"), rows(out, "cost_and_usage"), strict=True)
    used = 0
    for rated, plain in pairs:
        if rated["x_VirtualCurrency"] and rated["ChargeCategory"] == "Usage":
            spent = Decimal(plain["x_VirtualCurrencyEffectiveCost"])
            assert Decimal(rated["EffectiveCost"]) == spent * rate
            assert Decimal(rated["BilledCost"]) == Decimal(plain["EffectiveCost"]) == 0
            used += 1
    assert used > 500


def test_metadata_tells_what_is_recent_and_complete(out: Path) -> None:
    """Metadata tells recency, completeness and what was left out."""
    metadata = json.loads((out / "metadata.json").read_text())
    assert metadata["DataGenerator"]["DataGenerator"].startswith("billfold ")
    assert {instance["FocusDatasetId"] for instance in metadata["DatasetInstance"]} == set(
        versions.load_version().datasets
    )
    charges = next(schema for schema in metadata["Schema"] if schema["DatasetInstanceId"] == "billfold-cost_and_usage")
    cost = next(column for column in charges["ColumnDefinition"] if column["ColumnName"] == "BilledCost")
    assert (cost["NumericPrecision"], cost["NumberScale"], charges["FocusVersion"]) == (26, 12, "1.4")
    sectors = metadata["Recency"][0]["TimeSectors"]
    assert [sector["TimeSectorComplete"] for sector in sectors if sector["TimeSectorStart"].startswith("2026-11")] == [
        False
    ]
    assert len(sectors) == 13
    assert metadata["x_LeftOut"] == []
