"""A FOCUS dataset piece by piece, as it is sent: as the files of an export, as an Arrow stream, or row by row."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from billfold.focus.export import build_cells
from billfold.focus.versions import NEWEST, load_version
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.ledger.reader import iter_rows, read_cells
from billfold.ledger.store import OpenLedger

STREAM_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
"""The forms that a dataset is sent in, beside rows, with their media types."""
BYTES_PER_PIECE = 256 * 1024


def iter_dataset(db: OpenLedger, selection: Selection, dataset: str, format_name: str) -> Iterator[bytes]:
    """Yield a dataset in a format of ``STREAM_TYPES``; CSV and Parquet are what an export's files are."""
    views = FocusViews(db, selection)
    if format_name == "arrow":
        yield from _iter_arrow(_read(views, dataset))
        return
    cells = build_cells(views, load_version(NEWEST).datasets[dataset], format_name)
    with TemporaryDirectory(prefix="billfold-") as directory, views.open_writing():
        path = Path(directory, f"dataset.{format_name}")
        views.write_file(path, dataset, cells)
        with path.open("rb") as file:
            while piece := file.read(BYTES_PER_PIECE):
                yield piece


def iter_dataset_rows(db: OpenLedger, selection: Selection, dataset: str) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a dataset: decimals exact, times aware."""
    reader = _read(FocusViews(db, selection), dataset)
    yield from iter_rows(reader, reader.schema.names)


def _read(views: FocusViews, dataset: str) -> pa.RecordBatchReader:
    cells = build_cells(views, load_version(NEWEST).datasets[dataset], "parquet")
    return read_cells(views, dataset, cells)


def _iter_arrow(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    """Yield an IPC stream: the schema, the batches, and its end."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
            yield _take(sink)
    yield _take(sink)


def _take(sink: io.BytesIO) -> bytes:
    content = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return content
