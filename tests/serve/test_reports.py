"""The FOCUS datasets of the API: the same bytes as an export's files, and the same rows as Arrow."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tests.cli.terminal import Terminal
from tests.serve.reader import Reader


@pytest.fixture(scope="module")
def exports(ledger: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with an export of each format."""
    home = tmp_path_factory.mktemp("exports")
    for suffix in ("csv", "parquet"):
        result = ledger.run("--ledger", "ledger", "export", "focus", str(home / suffix), "--format", suffix)
        assert result.code == 0, result
    return home


@pytest.mark.parametrize("name", ["cost-and-usage", "contract-commitment"])
def test_it_streams_what_an_export_writes(reader: Reader, exports: Path, name: str) -> None:
    """CSV and Parquet are an export's files byte by byte; Arrow and NDJSON have as many rows, Arrow's decimals exact."""
    for suffix in ("csv", "parquet"):
        path = exports / suffix / f"{name.replace('-', '_')}.{suffix}"
        assert reader.get(f"/api/v1/{name}.{suffix}").body == path.read_bytes()
    page = reader.get(f"/api/v1/{name}.arrow")
    assert page.headers["content-type"] == "application/vnd.apache.arrow.stream"
    table = pa.ipc.open_stream(page.body).read_all()
    lines = reader.get(f"/api/v1/{name}").text.splitlines()
    assert table.num_rows == len(lines)
    if name == "cost-and-usage":
        assert pa.types.is_decimal(table.schema.field("BilledCost").type)
        assert set(json.loads(lines[0])) == set(table.schema.names)
