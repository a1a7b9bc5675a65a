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

import duckdb

from billfold.focus import metadata, versions, views
from billfold.focus.metadata import ExportedFile
from billfold.focus.sql_cells import build_cell, copy_options
from billfold.focus.versions import COST, INVOICE, FocusDataset
from billfold.ledger.batch import to_naive_utc
from billfold.ledger.catalog import BillRow
from billfold.ledger.store import MEMORY_LIMIT, OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month

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
    """What was written: rows by dataset, and the parked bills that were left out."""

    rows: dict[str, int]
    left_out: list[BillRow]


def export_focus(
    db: OpenLedger, export_spec: ExportSpec, selection: views.Selection, exported_at: datetime
) -> ExportResult:
    """Write the wanted part of an open ledger in the place of an earlier export; raises ``InvalidArgument`` where it cannot."""
    if export_spec.format not in FORMATS:
        raise InvalidArgument(f"{export_spec.format} is no form of file; known are {', '.join(FORMATS)}")
    version, left_out = versions.load_version(export_spec.version), views.create_views(db, selection)
    try:
        files = _write_files(
            db, export_spec, metadata.ExportFacts(export_spec.format, version, selection, exported_at, left_out)
        )
    except (OSError, duckdb.IOException) as error:
        reason = str(error).splitlines()[0]
        raise InvalidArgument(f"{export_spec.directory} cannot be written: {reason}") from error
    counts = {name: sum(file.rows for file in files if file.dataset == name) for name in version.datasets}
    return ExportResult(counts, left_out)


def _write_files(db: OpenLedger, export_spec: ExportSpec, facts: metadata.ExportFacts) -> list[ExportedFile]:
    export_spec.directory.mkdir(parents=True, exist_ok=True)
    with _open_draft(export_spec.directory) as draft, _limit_memory(db):
        files = [
            file
            for dataset in facts.version.datasets.values()
            for file in _write_dataset(db, dataset, export_spec, draft)
        ]
        (draft / metadata.METADATA_NAME).write_text(metadata.render_metadata(db, facts, files), encoding="utf-8")
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


@contextmanager
def _limit_memory(db: OpenLedger) -> Iterator[None]:
    """Let the rows keep their order and take little memory, whatever their number."""
    db.execute("SET threads = 1; SET memory_limit = '200MB'; SET preserve_insertion_order = true; SET TimeZone = 'UTC'")
    try:
        yield
    finally:
        db.execute(f"RESET threads; SET memory_limit = '{MEMORY_LIMIT}'; SET preserve_insertion_order = false")


def _write_dataset(
    db: OpenLedger, dataset: FocusDataset, export_spec: ExportSpec, draft: Path
) -> Iterator[ExportedFile]:
    query = _build_select(db, dataset, export_spec)
    if not export_spec.by_period or dataset.name not in PARTITIONED_DATASETS:
        yield _copy_rows(db, query, dataset, export_spec, draft, f"{dataset.file}.{export_spec.format}")
        return
    months = db.execute(
        "SELECT DISTINCT date_trunc('month', period_start)::TIMESTAMP FROM picked ORDER BY 1"
    ).fetchall()
    for (start,) in months:
        month = Month.of(start.date())
        first_start, last_end = map(to_naive_utc, month.period)
        where = f"WHERE BillingPeriodStart >= '{first_start}' AND BillingPeriodStart < '{last_end}'"
        path = f"{dataset.file}/period={month}/{dataset.file}.{export_spec.format}"
        yield _copy_rows(db, f"{query} {where}", dataset, export_spec, draft, path)


def _build_select(db: OpenLedger, dataset: FocusDataset, export_spec: ExportSpec) -> str:
    """Say which columns are written, and how: those of the version, then our own."""
    column_rows = db.execute(f'DESCRIBE "{dataset.name}"').fetchall()
    column_types = {name: column_type for name, column_type, *_ in column_rows}
    sources = {name: column.source for name, column in dataset.columns.items()}
    sources |= {name: name for name in column_types if name.startswith("x_")}
    ordered_names = sorted(sources, key=lambda name: (name.startswith("x_"), name))
    cells = (
        f'{build_cell(export_spec.format, sources[name], column_types[sources[name]], name)} AS "{name}"'
        for name in ordered_names
    )
    return f'SELECT {", ".join(cells)} FROM "{dataset.name}"'


def _copy_rows(
    db: OpenLedger, query: str, dataset: FocusDataset, export_spec: ExportSpec, draft: Path, name: str
) -> ExportedFile:
    path = draft / name
    path.parent.mkdir(parents=True, exist_ok=True)
    quoted_path = str(path).replace("'", "''")
    count = db.execute(f"COPY ({query}) TO '{quoted_path}' ({copy_options(export_spec.format)})").fetchone()
    return ExportedFile(dataset.name, name, int(count[0]) if count else 0, path.stat().st_size)


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
