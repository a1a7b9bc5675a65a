"""Write the ledger as FOCUS files: the whole of a directory's export is replaced, or nothing is.

Rows go from the ledger to the files in DuckDB, a row group at a time: memory does not grow with them, and no amount
passes a float. Files are written aside and then moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from billfold.focus import metadata, versions
from billfold.focus.metadata import ExportedFile
from billfold.focus.partial import plan_partial, require_same_columns
from billfold.focus.replacement import (
    FORMATS,
    open_draft,
    read_manifest,
    replace_files,
    require_as_wide,
    require_changes_apart,
)
from billfold.focus.sql_cells import build_cell
from billfold.focus.versions import FocusDataset
from billfold.ledger.catalog import BillRow
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.focus import COST, INVOICE
from billfold.model.period import format_instant

PARTITIONED_DATASETS = (COST, INVOICE)
"""Datasets that a partition by billing period divides; the others are small."""


class ExportSpec(NamedTuple):
    """What is to be written: where, as ``parquet`` or ``csv``, in which FOCUS version, one file or one a billing period.

    ``may_narrow`` says that it may take the place of an export of more than it, ``since`` from when on bills changed, where only
    those are wanted.
    """

    directory: Path
    format: str = "parquet"
    version: str = versions.NEWEST
    by_period: bool = False
    may_narrow: bool = False
    since: str = ""


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
    version = versions.load_version(export_spec.version)
    facts = metadata.ExportFacts(export_spec.format, version, exported_at, export_spec.since)
    try:
        export_spec.directory.mkdir(parents=True, exist_ok=True)
        files, left_out = _write_files(ledger, export_spec, selection, facts)
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise InvalidArgument(f"{export_spec.directory} cannot be written: {reason}") from error
    counts = {name: sum(file.rows for file in files if file.dataset == name) for name in version.datasets}
    return ExportResult(counts, files, left_out)


def _write_files(
    ledger: OpenLedger, export_spec: ExportSpec, selection: Selection, facts: metadata.ExportFacts
) -> tuple[list[ExportedFile], list[BillRow]]:
    directory, filters = export_spec.directory, selection.filters
    manifest = read_manifest(directory / metadata.METADATA_NAME)
    require_changes_apart(directory, manifest, export_spec.since)
    may_keep = export_spec.by_period and not (export_spec.may_narrow or export_spec.since)
    partial = plan_partial(manifest, selection, export_spec.format) if may_keep else None
    if not export_spec.may_narrow and not partial:
        require_as_wide(directory, manifest, filters)
    views = FocusViews(ledger, partial.selection if partial else selection)
    if partial and manifest:
        require_same_columns(directory, manifest, _list_columns(views, export_spec, facts))
    kept_files = partial.kept_files if partial else ()
    with open_draft(directory) as draft, views.open_writing():
        files = [
            file._replace(written_at=format_instant(facts.exported_at))
            for dataset in facts.version.datasets.values()
            for file in _write_dataset(views, dataset, export_spec, draft, filters)
        ]
        text = metadata.render_metadata(views, facts, [*files, *kept_files])
        (draft / metadata.METADATA_NAME).write_text(text, encoding="utf-8")
        replace_files(directory, draft, [file.path for file in files], {file.path for file in kept_files})
    return files, [bill for bill in views.left_out if filters.includes_month(bill.month)]


def _list_columns(views: FocusViews, export_spec: ExportSpec, facts: metadata.ExportFacts) -> dict[str, list[str]]:
    datasets = [dataset for name, dataset in facts.version.datasets.items() if name in PARTITIONED_DATASETS]
    return {f"billfold-{dataset.file}": list(build_cells(views, dataset, export_spec.format)) for dataset in datasets}


def _write_dataset(
    views: FocusViews, dataset: FocusDataset, export_spec: ExportSpec, draft: Path, filters: LedgerFilter
) -> Iterator[ExportedFile]:
    cells, file_name = build_cells(views, dataset, export_spec.format), f"{dataset.file}.{export_spec.format}"
    is_partitioned = export_spec.by_period and dataset.name in PARTITIONED_DATASETS
    months = [month for month in views.list_months() if filters.includes_month(month)]
    for month in months if is_partitioned else [None]:
        name = f"{dataset.file}/period={month}/{file_name}" if month else file_name
        row_count = views.write_file(draft / name, dataset.name, cells, month)
        yield ExportedFile(dataset.name, name, row_count, (draft / name).stat().st_size)


def build_cells(views: FocusViews, dataset: FocusDataset, format_name: str) -> dict[str, str]:
    """Say which columns are written, and how: those of the version, then our own."""
    column_types = views.read_column_types(dataset.name)
    sources = {name: column.source for name, column in dataset.columns.items()}
    sources |= {name: name for name in column_types if name.startswith("x_")}
    return {
        name: build_cell(format_name, sources[name], column_types[sources[name]])
        for name in sorted(sources, key=lambda name: (name.startswith("x_"), name))
    }
