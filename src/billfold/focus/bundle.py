"""A directory of FOCUS files, anybody's: which of them are which dataset."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from billfold.focus.versions import FocusDataset, FocusVersion
from billfold.ledger.file_tables import FileTables, TableSource, open_tables
from billfold.model.errors import InvalidArgument


def find_files(directory: Path, dataset: FocusDataset) -> list[Path]:
    """Return a dataset's files: one of its name, or those of its partition."""
    dataset_files = [
        path
        for format_name in ("parquet", "csv")
        for path in (
            *directory.glob(f"{dataset.file}.{format_name}"),
            *sorted(directory.glob(f"{dataset.file}/**/*.{format_name}")),
        )
    ]
    suffixes = {path.suffix for path in dataset_files}
    if len(suffixes) > 1:
        raise InvalidArgument(f"{directory} has {dataset.file} as CSV and as Parquet; leave one of them")
    return dataset_files


def open_bundle(
    directory: Path, version: FocusVersion, *, is_guarded: bool = False
) -> AbstractContextManager[FileTables]:
    """Open a directory of FOCUS files as tables named as the datasets; raises ``InvalidArgument`` where there are none.

    ``is_guarded`` says that the texts of its CSV have our guard against formulas: they are read without it.
    """
    sources = [
        TableSource(
            dataset.name, dataset_files, _list_decimals(dataset), is_guarded and dataset_files[0].suffix == ".csv"
        )
        for dataset in version.datasets.values()
        if (dataset_files := find_files(directory, dataset))
    ]
    if not sources:
        raise InvalidArgument(f"there are no FOCUS files in {directory}")
    return open_tables(directory, sources)


def _list_decimals(dataset: FocusDataset) -> list[str]:
    return [name for name, column in dataset.columns.items() if column.type == "Decimal"]
