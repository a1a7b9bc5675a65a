"""The three commands: export, check and sql."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from billfold.cli.main import cli
from billfold.collect.workspace import Workspace
from billfold.model.errors import InvalidArgument
from tests import stage as stages


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ledger")
    books = Workspace(directory)
    stages.collected(stages.twin(months=3), books, "cockroach")
    books.close()
    (directory / "billfold.toml").write_text("", encoding="utf-8")  # nobody's but this one
    return directory


def run(ledger: Path, *arguments: str) -> Result:
    config = str(ledger / "billfold.toml")
    return CliRunner().invoke(cli, ["--ledger", str(ledger), "--config", config, *arguments], catch_exceptions=False)


def query_ledger(ledger: Path, query: str) -> Any:
    return json.loads(run(ledger, "sql", query, "--format", "json").stdout)


def test_what_is_exported_passes_the_check(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(ledger, "export", "focus", str(out), "--format", "csv")
    assert result.exit_code == 0
    assert "CostAndUsage" in result.stdout
    assert {path.name for path in out.iterdir()} == {
        *("cost_and_usage.csv", "invoice_detail.csv", "billing_period.csv", "contract_commitment.csv", "metadata.json"),
    }
    checked = run(ledger, "check", "focus", str(out))
    assert (checked.exit_code, checked.stdout) == (0, "Everything is as FOCUS has it.\n")


def test_what_is_wrong_is_told_and_ends_with_1(ledger: Path, tmp_path: Path) -> None:
    run(ledger, "export", "focus", str(tmp_path), "--format", "csv", "--provider", "cockroach")
    file = tmp_path / "billing_period.csv"
    file.write_text(file.read_text().replace("Closed", "Shut"))
    checked = run(ledger, "check", "focus", str(tmp_path), "--format", "json")
    assert checked.exit_code == 1
    assert [row["column"] for row in json.loads(checked.stdout)] == ["BillingPeriodStatus"]
    assert "is none of Open, Closed" in run(ledger, "check", "focus", str(tmp_path)).stdout


def test_a_rate_comes_from_the_configuration(ledger: Path, tmp_path: Path) -> None:
    config = ledger / "billfold.toml"
    config.write_text('[rates]\nCRDB_CLOUD_CREDITS = "0.80"\n')
    assert run(ledger, "export", "focus", str(tmp_path)).exit_code == 0
    metadata = json.loads((tmp_path / "metadata.json").read_text())
    assert metadata["x_VirtualCurrencyRates"] == {"CRDB_CLOUD_CREDITS": "0.80"}
    (there,) = query_ledger(
        ledger, "SELECT sum(EffectiveCost) > 0 AS rated FROM CostAndUsage WHERE x_VirtualCurrency IS NOT NULL"
    )
    assert there["rated"], "SQL sees what is exported"
    config.write_text("[rates]\nCRDB_CLOUD_CREDITS = 0.8\n")
    with pytest.raises(Exception, match="write a rate as text"):
        run(ledger, "export", "focus", str(tmp_path))
    config.write_text("")


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (("total", "total"), ["total", "total_2"]),
        (("a", "a", "a_2", "a"), ["a", "a_3", "a_2", "a_4"]),
        (("Total", "total"), ["Total", "total"]),
    ],
)
def test_no_column_takes_the_place_of_its_namesake(names: tuple[str, ...], columns: list[str], ledger: Path) -> None:
    """No column of an answer takes the place of another of its name."""
    joined = ", ".join(f"(SELECT {number} AS {name}) t{number}" for number, name in enumerate(names))
    query = f"SELECT {', '.join(f't{number}.*' for number in range(len(names)))} FROM {joined}"
    assert list(query_ledger(ledger, query)[0].items()) == list(zip(columns, range(len(names)), strict=True))
    values = [str(number) for number in range(len(names))]
    table = run(ledger, "sql", query).stdout.splitlines()
    lines = run(ledger, "sql", query, "--format", "csv").stdout.splitlines()
    assert [line.split() for line in table] == [line.split(",") for line in lines] == [columns, values]


@pytest.mark.parametrize("query", ["SELECT 'infinity'::timestamp", "SELECT '\udcff'", "SELECT 'infinity'::date"])
@pytest.mark.parametrize("output_format", ["table", "json", "csv"])
def test_an_unwritable_answer_is_told_in_a_sentence(query: str, output_format: str, ledger: Path) -> None:
    """An answer or a query that cannot be written is told in a sentence."""
    with pytest.raises(InvalidArgument, match=r"cannot be written|is not UTF-8"):
        run(ledger, "sql", query, "--format", output_format)


def test_sql_sees_datasets_tables_and_records_and_keeps_digits(ledger: Path) -> None:
    (total,) = query_ledger(ledger, "SELECT sum(BilledCost) AS total FROM CostAndUsage")
    assert isinstance(total["total"], str)
    assert "." in total["total"]
    counted = query_ledger(ledger, "SELECT operation, count(*) AS n FROM records GROUP BY ALL ORDER BY ALL")
    assert {"operation": "list_invoices", "n": 2} in counted
    archived = query_ledger(
        ledger, "SELECT DISTINCT body->>'$.invoices[0].invoice_id' AS id FROM records WHERE operation = 'list_invoices'"
    )
    booked = query_ledger(ledger, "SELECT DISTINCT invoice_id AS id FROM bills")
    assert {row["id"] for row in archived} <= {row["id"] for row in booked}
    assert len(query_ledger(ledger, "FROM BillingPeriod")) == 4
    assert run(ledger, "sql", "SELECT 1 AS a", "--format", "csv").stdout == "a\n1\n"
