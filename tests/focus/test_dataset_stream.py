"""The FOCUS datasets of the API: the same bytes as an export's files, and the same rows as Arrow."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tests.cli.terminal import Terminal
from tests.live import collect_ledger
from tests.serve.reader import Reader, open_reader

NAMES = ("cost-and-usage", "contract-commitment")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("streamed")
    collect_ledger(directory)
    return directory


def test_it_streams_what_an_export_writes(home: Path) -> None:
    """CSV and Parquet are an export's files byte by byte; Arrow and NDJSON have as many rows, Arrow's decimals exact."""
    for suffix in ("csv", "parquet"):
        result = Terminal(home).run("--ledger", "ledger", "export", "focus", suffix, "--format", suffix)
        assert result.code == 0, result
    with open_reader(home) as reader:
        for name in NAMES:
            _compare(reader, home, name)


def _compare(reader: Reader, home: Path, name: str) -> None:
    stem = name.replace("-", "_")
    for suffix in ("csv", "parquet"):
        assert reader.get(f"/api/v1/{name}.{suffix}").body == (home / suffix / f"{stem}.{suffix}").read_bytes(), name
    page = reader.get(f"/api/v1/{name}.arrow")
    assert page.headers["content-type"] == "application/vnd.apache.arrow.stream"
    table = pa.ipc.open_stream(page.body).read_all()
    lines = reader.get(f"/api/v1/{name}").text.splitlines()
    assert table.num_rows == len(lines)
    if name == "cost-and-usage":
        assert pa.types.is_decimal(table.schema.field("BilledCost").type)
        assert set(json.loads(lines[0])) == set(table.schema.names)
