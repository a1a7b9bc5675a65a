"""Charges as files in the folders and forms that FinOps products take: a month at a time, each month whole.

Vantage takes CSV of at most 10,000 rows and 2 MB, with five charge categories. FinOps hubs and Cloudability take Parquet in folders
by month, and read a month when its manifest is there: it is written last.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from billfold.focus import versions
from billfold.focus.replacement import open_draft
from billfold.focus.sql_cells import build_cell
from billfold.ledger.catalog import BillRow
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.ledger.store import OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.focus import COST
from billfold.model.period import Month

LAYOUT_VERSION = "1.2"
"""The FOCUS version whose columns the products take, or the nearest to it."""
VANTAGE_CATEGORY_SQL = """CASE ChargeCategory WHEN 'Purchase' THEN 'Usage'
                               WHEN 'Adjustment' THEN CASE WHEN BilledCost < 0 THEN 'Credit' ELSE 'Usage' END
                               ELSE ChargeCategory END"""
"""Vantage knows no purchases and no adjustments."""
MAX_VANTAGE_ROWS, MAX_VANTAGE_BYTES = 10_000, 2_000_000


class LayoutExport(NamedTuple):
    """What was written: the files by their paths in the directory, how many charges, and the parked bills that were left out."""

    paths: list[str]
    rows: int
    left_out: list[BillRow]


class _Target(NamedTuple):
    """What a layout writes of: the datasets, a folder for drafts, the directory, the vendor's name, and the time."""

    views: FocusViews
    draft: Path
    directory: Path
    vendor: str
    exported_at: datetime


def export_layout(
    ledger: OpenLedger, layout: str, directory: Path, selection: Selection, exported_at: datetime
) -> LayoutExport:
    """Write the charges of the wanted months as a product takes them; an earlier export of the same months is replaced.

    Raises ``InvalidArgument`` where the directory cannot be written.
    """
    views, paths, rows = FocusViews(ledger, selection), list[str](), 0
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with open_draft(directory) as draft, views.open_writing():
            target = _Target(views, draft, directory, selection.filters.provider or "billfold", exported_at)
            for month in views.list_months():
                month_paths, month_rows = LAYOUTS[layout](target, month)
                paths += month_paths
                rows += month_rows
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise InvalidArgument(f"{directory} cannot be written: {reason}") from error
    return LayoutExport(paths, rows, views.left_out)


def _write_vantage(target: _Target, month: Month) -> tuple[list[str], int]:
    """Write a month's charges as CSV files small enough to be posted one by one."""
    path = target.draft / "costs.csv"
    rows = target.views.write_file(
        path, COST, _build_cells(target.views, "csv") | {"ChargeCategory": VANTAGE_CATEGORY_SQL}, month
    )
    folder = target.directory / "vantage"
    folder.mkdir(exist_ok=True)
    names = [f"costs-{month}-{number:04}.csv" for number, _ in enumerate(_write_chunks(path, target.draft), 1)]
    for stale_path in folder.glob(f"costs-{month}-[0-9][0-9][0-9][0-9].csv"):
        stale_path.unlink()
    for number, name in enumerate(names, 1):
        (target.draft / f"chunk-{number}").replace(folder / name)
    return [f"vantage/{name}" for name in names], rows


def _write_chunks(path: Path, folder: Path) -> Iterator[Path]:
    """Divide a CSV file into files that each begin with its headings; every row stays as it is."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        heading, lines, size, number = _render_row(next(reader)), list[bytes](), 0, 0
        for row in reader:
            line = _render_row(row)
            if lines and (len(lines) == MAX_VANTAGE_ROWS or len(heading) + size + len(line) > MAX_VANTAGE_BYTES):
                number += 1
                yield _write_chunk(folder / f"chunk-{number}", heading, lines)
                lines, size = [], 0
            lines.append(line)
            size += len(line)
        yield _write_chunk(folder / f"chunk-{number + 1}", heading, lines)


def _render_row(row: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode()


def _write_chunk(path: Path, heading: bytes, lines: list[bytes]) -> Path:
    path.write_bytes(heading + b"".join(lines))
    return path


def _write_hubs(target: _Target, month: Month) -> tuple[list[str], int]:
    """Write a month's charges under ``ingestion/``, and the manifest that starts their reading."""
    folder = f"ingestion/{target.vendor}/{month.year:04}{month.number:02}/focuscost"
    path, draft_path = f"{folder}/costs.parquet", target.draft / "costs.parquet"
    rows = target.views.write_file(draft_path, COST, _build_cells(target.views, "parquet"), month)
    _place(draft_path, target.directory / path)
    # GUESS: the newest hubs look for the file's name only; what stands in it is for people.
    manifest = {"dataset": "FocusCost", "version": LAYOUT_VERSION, "blobs": [{"blobName": path, "dataRowCount": rows}]}
    return [path, _write_manifest(target, f"{folder}/manifest.json", manifest)], rows


def _write_cloudability(target: _Target, month: Month) -> tuple[list[str], int]:
    """Write the whole of a month into a folder of its own time, as it is to date, and its manifest."""
    period = f"{month.start:%Y%m%d}-{month.end:%Y%m%d}"
    epoch = int(target.exported_at.timestamp())
    folder = f"{target.vendor}/{period}/{epoch}"
    path, draft_path, packed_path = f"{folder}/costs.parquet", target.draft / "costs.parquet", target.draft / "packed"
    rows = target.views.write_file(draft_path, COST, _build_cells(target.views, "parquet"), month)
    _pack_again(draft_path, packed_path)
    _place(packed_path, target.directory / path)
    manifest = {
        "compression": "GZIP",
        "content_type": "Parquet",
        "report_id": f"billfold-{target.vendor}-{period}-{epoch}",
        "root_dir": target.directory.resolve().name,
        "all_report_keys": [path],
    }
    return [path, _write_manifest(target, f"{folder}/billfold-Manifest.json", manifest)], rows


def _pack_again(path: Path, packed_path: Path) -> None:
    with (
        pq.ParquetFile(path) as source,
        pq.ParquetWriter(packed_path, source.schema_arrow, compression="gzip") as packed_file,
    ):
        for batch in source.iter_batches():
            packed_file.write_batch(batch)


def _write_manifest(target: _Target, path: str, manifest: Mapping[str, object]) -> str:
    draft_path = target.draft / "manifest"
    draft_path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    _place(draft_path, target.directory / path)
    return path


def _place(draft_path: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft_path.replace(path)


def _build_cells(views: FocusViews, format_name: str) -> dict[str, str]:
    """Say which columns are written, and how: those of the version, none of our own."""
    column_types = views.read_column_types(COST)
    columns = versions.load_version(LAYOUT_VERSION).datasets[COST].columns
    return {
        name: build_cell(format_name, column.source, column_types[column.source])
        for name, column in columns.items()
        if not name.startswith("x_")
    }


LAYOUTS: dict[str, Callable[[_Target, Month], tuple[list[str], int]]] = {
    "vantage": _write_vantage,
    "finops-hubs": _write_hubs,
    "cloudability": _write_cloudability,
}
"""What writes a month's charges, by the name of the product."""
