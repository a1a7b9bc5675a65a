"""Each product's layout has every charge once, exactly, in files as large as it takes."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from billfold.focus import layouts
from billfold.focus.layouts import export_layout
from billfold.ledger import store
from billfold.ledger.focus_views import Selection
from billfold.ledger.query import LedgerFilter, iter_charges
from billfold.model.errors import InvalidArgument
from tests.focus import sample


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.booked(tmp_path_factory.mktemp("ledger"), sample.everything())


def write(ledger: Path, layout: str, directory: Path) -> layouts.LayoutExport:
    with store.open_ledger(ledger) as db:
        return export_layout(db, layout, directory, Selection(LedgerFilter(provider="sample")), sample.NOW)


def list_costs(ledger: Path) -> list[Decimal]:
    with store.open_ledger(ledger) as db:
        return sorted(charge.BilledCost or Decimal(0) for charge in iter_charges(db, LedgerFilter()))


def test_vantage_takes_five_categories_in_small_files(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts, "MAX_VANTAGE_ROWS", 3)
    (tmp_path / "vantage").mkdir()
    stale = tmp_path / "vantage" / "costs-2026-10-0099.csv"
    stale.touch()
    result = write(ledger, "vantage", tmp_path)
    files = [list(csv.DictReader(io.StringIO((tmp_path / path).read_text(), newline=""))) for path in result.paths]
    rows = [row for file in files for row in file]
    assert sorted(Decimal(row["BilledCost"]) for row in rows) == list_costs(ledger)
    assert {row["ChargeCategory"] for row in rows} <= {"Credit", "Refund", "Discount", "Tax", "Usage"}
    assert max(map(len, files)) == 3
    assert (result.rows, stale.exists()) == (len(rows), False)
    assert not [name for name in rows[0] if name.startswith("x_")]
    before = {path: (tmp_path / path).read_bytes() for path in result.paths}
    assert write(ledger, "vantage", tmp_path).paths == result.paths
    assert {path: (tmp_path / path).read_bytes() for path in result.paths} == before


def test_a_vantage_file_is_no_larger_than_it_may_be(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts, "MAX_VANTAGE_BYTES", 4000)
    paths = write(ledger, "vantage", tmp_path).paths
    assert len(paths) > 3
    assert all((tmp_path / path).stat().st_size <= 4000 for path in paths)


@pytest.mark.parametrize("layout", ["finops-hubs", "cloudability"])
def test_a_month_is_a_folder_with_a_manifest(ledger: Path, tmp_path: Path, layout: str) -> None:
    result = write(ledger, layout, tmp_path)
    parquet = [path for path in result.paths if path.endswith(".parquet")]
    manifests = [json.loads((tmp_path / path).read_text()) for path in result.paths if path.endswith("anifest.json")]
    costs = [row["BilledCost"] for path in parquet for row in pq.read_table(tmp_path / path).to_pylist()]
    assert sorted(costs) == list_costs(ledger)
    named = [name for manifest in manifests for name in manifest.get("all_report_keys", [])]
    named += [blob["blobName"] for manifest in manifests for blob in manifest.get("blobs", [])]
    assert named == parquet
    folders = {path.split("/")[1 if layout == "cloudability" else 2] for path in parquet}
    assert {"20261001-20261101"} & folders if layout == "cloudability" else {"202610"} & folders
    if layout == "cloudability":
        metadata = pq.read_metadata(tmp_path / parquet[0])
        assert metadata.row_group(0).column(0).compression == "GZIP"


def test_a_directory_that_cannot_be_written_is_named(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidArgument, match="cannot be written"):
        write(ledger, "vantage", tmp_path / "file" / "out")
