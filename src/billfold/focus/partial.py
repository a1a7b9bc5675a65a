"""An export of some months into a directory of more: it replaces their partitions, and keeps those of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from billfold.focus.metadata import ExportedFile
from billfold.focus.replacement import Manifest
from billfold.ledger.focus_views import Selection
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month

PARTITION_PREFIX = "period="


class PartialExport(NamedTuple):
    """What a directory holds when some of its months are written anew: the selection of all of it, and the files that stay."""

    selection: Selection
    kept_files: tuple[ExportedFile, ...]


def plan_partial(manifest: Manifest | None, selection: Selection, format_name: str) -> PartialExport | None:
    """Return what stays of an earlier export by periods, None where it is not of more months than this one, or of other accounts.

    Months must follow on one another: a directory with a hole would seem whole.
    """
    if manifest is None or manifest.selection is None or "Since" in manifest.selection:
        return None
    filters, earlier = selection.filters, _read_filter(manifest.selection)
    if earlier is None or (earlier.provider, earlier.account) != (filters.provider, filters.account):
        return None
    partitions = [file for file in manifest.files if _find_month(file)]
    kept_files = tuple(
        file._replace(is_kept=True)
        for file in partitions
        if (month := _find_month(file)) and not filters.includes_month(month)
    )
    has_one_format = partitions and all(file.path.endswith(f".{format_name}") for file in manifest.files)
    if not kept_files or not has_one_format or _has_hole(filters, earlier):
        return None
    return PartialExport(selection._replace(filters=_join_months(filters, earlier)), kept_files)


def _read_filter(fields: Mapping[str, object]) -> LedgerFilter | None:
    texts = {name: None if (value := fields.get(name)) is None else str(value) for name in fields}
    try:
        first_month, last_month = (Month.parse(text) if (text := texts.get(name)) else None for name in ("From", "To"))
    except ValueError:
        return None
    return LedgerFilter(texts.get("Provider"), texts.get("Account"), first_month, last_month)


def _find_month(file: ExportedFile) -> Month | None:
    """Return the month of a partition's file; None of a dataset that is not divided."""
    folder = PurePosixPath(file.path).parent.name
    try:
        return Month.parse(folder.removeprefix(PARTITION_PREFIX)) if folder.startswith(PARTITION_PREFIX) else None
    except ValueError:
        return None


def _has_hole(filters: LedgerFilter, earlier: LedgerFilter) -> bool:
    return any(
        before.last_month is not None
        and after.first_month is not None
        and before.last_month.add_months(1) < after.first_month
        for before, after in ((filters, earlier), (earlier, filters))
    )


def _join_months(filters: LedgerFilter, earlier: LedgerFilter) -> LedgerFilter:
    first_months, last_months = (
        [getattr(each, name) for each in (filters, earlier)] for name in ("first_month", "last_month")
    )
    return filters._replace(
        first_month=None if None in first_months else min(first_months),
        last_month=None if None in last_months else max(last_months),
    )


def require_same_columns(directory: Path, manifest: Manifest, columns: Mapping[str, Sequence[str]]) -> None:
    """Raise ``InvalidArgument`` where the partitions that stay have other columns than those that are written."""
    for dataset, names in columns.items():
        if sorted(manifest.columns.get(dataset, names)) != sorted(names):
            raise InvalidArgument(
                f"{directory} holds an export whose {dataset} has other columns than this one (another version, currency or "
                "option): write all months anew, or say --replace to keep these alone"
            )
