"""Write the ledger as FOCUS files: the whole of a directory's export is replaced, or nothing is.

Rows go from the ledger to the files in DuckDB, a row group at a time: memory does not grow with them, and no amount
passes a float. Files are written aside and then moved, and the old ones are moved back where that fails. Who is killed
between two moves leaves a directory without ``metadata.json``, which goes first and comes last: no finished export.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from billfold.focus import metadata, versions
from billfold.focus.metadata import ExportedFile
from billfold.focus.sql_cells import build_cell
from billfold.focus.versions import FocusDataset
from billfold.ledger.catalog import BillRow
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.ledger.store import OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.focus import COST, INVOICE

FORMATS = ("parquet", "csv")
PARTITIONED_DATASETS = (COST, INVOICE)
"""Datasets that a partition by billing period divides; the others are small."""
_DRAFT_DIRECTORY, _BACKUP_DIRECTORY = ".focus-draft", "before"


class ExportSpec(NamedTuple):
    """What is to be written: where, as ``parquet`` or ``csv``, in which FOCUS version, one file or one a billing period."""

    directory: Path
    format: str = "parquet"
    version: str = versions.NEWEST
    by_period: bool = False


class ExportResult(NamedTuple):
    """What was written: rows by dataset, the files, and the parked bills that were left out."""

    rows: dict[str, int]
    files: list[ExportedFile]
    left_out: list[BillRow]


def export_focus(
    ledger: OpenLedger, export_spec: ExportSpec, selection: Selection, exported_at: datetime
) -> ExportResult:
    """Write the wanted part of an open ledger in the place of an earlier export; raises ``InvalidArgument`` where it cannot."""
    if export_spec.format not in FORMATS:
        raise InvalidArgument(f"{export_spec.format} is no form of file; known are {', '.join(FORMATS)}")
    version, views = versions.load_version(export_spec.version), FocusViews(ledger, selection)
    try:
        files = _write_files(views, export_spec, metadata.ExportFacts(export_spec.format, version, exported_at))
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise InvalidArgument(f"{export_spec.directory} cannot be written: {reason}") from error
    counts = {name: sum(file.rows for file in files if file.dataset == name) for name in version.datasets}
    return ExportResult(counts, files, views.left_out)


def _write_files(views: FocusViews, export_spec: ExportSpec, facts: metadata.ExportFacts) -> list[ExportedFile]:
    export_spec.directory.mkdir(parents=True, exist_ok=True)
    with _open_draft(export_spec.directory) as draft, views.open_writing():
        files = [
            file
            for dataset in facts.version.datasets.values()
            for file in _write_dataset(views, dataset, export_spec, draft)
        ]
        (draft / metadata.METADATA_NAME).write_text(metadata.render_metadata(views, facts, files), encoding="utf-8")
        _replace_files(export_spec.directory, draft)
    return files


@contextmanager
def _open_draft(directory: Path) -> Iterator[Path]:
    draft = directory / _DRAFT_DIRECTORY
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_dataset(
    views: FocusViews, dataset: FocusDataset, export_spec: ExportSpec, draft: Path
) -> Iterator[ExportedFile]:
    cells, file_name = _build_cells(views, dataset, export_spec.format), f"{dataset.file}.{export_spec.format}"
    is_partitioned = export_spec.by_period and dataset.name in PARTITIONED_DATASETS
    for month in views.list_months() if is_partitioned else [None]:
        name = f"{dataset.file}/period={month}/{file_name}" if month else file_name
        row_count = views.write_file(draft / name, dataset.name, cells, month)
        yield ExportedFile(dataset.name, name, row_count, (draft / name).stat().st_size)


def _build_cells(views: FocusViews, dataset: FocusDataset, format_name: str) -> dict[str, str]:
    """Say which columns are written, and how: those of the version, then our own."""
    column_types = views.read_column_types(dataset.name)
    sources = {name: column.source for name, column in dataset.columns.items()}
    sources |= {name: name for name in column_types if name.startswith("x_")}
    return {
        name: build_cell(format_name, sources[name], column_types[sources[name]])
        for name in sorted(sources, key=lambda name: (name.startswith("x_"), name))
    }


def _replace_files(directory: Path, draft: Path) -> None:
    """Put the new files in the places of the old, all or none."""
    new_names = sorted((path.name for path in draft.iterdir()), key=lambda name: name == metadata.METADATA_NAME)
    file_stems = [dataset.file for dataset in versions.load_version().datasets.values()]
    old_names = [
        metadata.METADATA_NAME,
        *(name for stem in file_stems for name in (stem, *(f"{stem}.{format_name}" for format_name in FORMATS))),
    ]
    backup_directory = draft / _BACKUP_DIRECTORY
    backup_directory.mkdir()
    moves = [(directory / name, backup_directory / name) for name in old_names if (directory / name).exists()]
    moves += [(draft / name, directory / name) for name in new_names]
    finished_moves: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.replace(target)
            finished_moves.append((source, target))
    except BaseException:
        for source, target in reversed(finished_moves):
            target.replace(source)
        raise
