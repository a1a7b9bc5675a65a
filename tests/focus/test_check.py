"""Law 11's other half: every defect planted in a clean export is found, by our own checks or by the independent ones."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from billfold.focus import check
from billfold.focus.export import ExportSpec, export_focus
from billfold.ledger import store
from billfold.ledger.focus_views import Selection
from billfold.model.errors import InvalidArgument
from tests.focus import sample, toolkit
from tests.focus.defects import DEFECTS, Defect, read, write


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clean")
    with store.open_ledger(sample.booked(home / "ledger", sample.everything())) as db:
        export_focus(db, ExportSpec(home / "out", "csv"), Selection(), datetime(2026, 11, 15, tzinfo=UTC))
    (home / "out" / "metadata.json").unlink()
    return home / "out"


def test_the_sample_is_clean_for_both(clean: Path) -> None:
    assert check.check_directory(clean) == []
    assert toolkit.findings(clean) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect_case: defect_case.name)
def test_our_own_checks_find_it(defect: Defect, clean: Path, tmp_path: Path) -> None:
    shutil.copytree(clean, tmp_path / "spoiled")
    path = tmp_path / "spoiled" / f"{defect.dataset}.csv"
    rows = read(path)
    defect.plant(rows)
    write(path, rows) if rows else path.unlink()
    assert check.check_directory(tmp_path / "spoiled")


def test_there_are_as_many_of_them_as_the_document_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "focus.md").read_text(encoding="utf-8")
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)
    assert f"plants {len(DEFECTS)} single defects" in text


@pytest.mark.parametrize(
    "text",
    [
        '{"Schema": 5}',
        '{"Schema": [5]}',
        '{"x_Files": 5}',
        '{"x_Files": [{}]}',
        '{"x_Files": [5]}',
        '{"x_Files": [{"Dataset": [1], "Rows": 1}]}',
        '{"x_Files": [{"Dataset": "CostAndUsage", "Rows": 1e999}]}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:40],
)
def test_metadata_of_another_shape_is_a_finding(text: str, clean: Path, tmp_path: Path) -> None:
    shutil.copytree(clean, tmp_path / "strange")
    (tmp_path / "strange" / "metadata.json").write_text(text)
    assert [finding.rule for finding in check.check_directory(tmp_path / "strange")] == ["metadata"]


def test_a_csv_without_its_header_is_checked_as_what_it_says(clean: Path, tmp_path: Path) -> None:
    shutil.copytree(clean, tmp_path / "headless")
    file = tmp_path / "headless" / "cost_and_usage.csv"
    file.write_text(file.read_text().partition("\n")[2])
    assert {"column-missing", "column-unknown"} <= {
        finding.rule for finding in check.check_directory(tmp_path / "headless")
    }


def test_amounts_that_cannot_be_added_are_a_finding(clean: Path, tmp_path: Path) -> None:
    shutil.copytree(clean, tmp_path / "large")
    file = tmp_path / "large" / "cost_and_usage.csv"
    rows = read(file)
    for row in rows:
        row["BilledCost"] = "12345678901234567890"
    write(file, rows)
    assert any("too large to be added" in finding.message for finding in check.check_directory(tmp_path / "large"))


def test_a_damaged_file_is_said_to_be_one(clean: Path, tmp_path: Path) -> None:
    source, file = clean / "cost_and_usage.csv", tmp_path / "cost_and_usage.parquet"
    duckdb.sql(f"COPY (FROM read_csv('{source}', all_varchar = true)) TO '{file}'")
    content = bytearray(file.read_bytes())
    content[200:2000] = b"\xff" * 1800
    file.write_bytes(content)
    with pytest.raises(InvalidArgument, match="cannot be read"):
        check.check_directory(tmp_path)
