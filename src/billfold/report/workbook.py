"""The FOCUS datasets as a workbook: numbers as numbers, and as text beside where a cell would lose digits."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from billfold.ledger.dataset_rows import DatasetColumn, find_long_columns, iter_dataset_rows, list_dataset_columns
from billfold.ledger.focus_views import FocusViews
from billfold.model.errors import InvalidArgument, build_write_error
from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD
from billfold.model.plain_text import make_printable
from billfold.report.own_files import WORKBOOK_TITLE, require_own

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

CREATED_AT = datetime(1980, 1, 1)  # noqa: DTZ001 - the same ledger gives the same file; the format has no zones
SHEETS = {COST: "Charges", INVOICE: "Invoice lines", PERIOD: "Billing periods", COMMITMENT: "Commitments"}
MAX_SHEET_ROWS = 1_048_575
MAX_CELL_CHARACTERS = 32_767
EXACT_SUFFIX = " (exact)"


def export_workbook(views: FocusViews, path: Path) -> dict[str, int]:
    """Write the datasets into a workbook, a sheet each; returns the rows by sheet.

    Raises ``InvalidArgument`` where a sheet would have more rows than there can be, or the file cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxFileError

    require_own(path)
    draft = path.with_name(f".{path.name}.draft")
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(prefix=".billfold-", dir=path.parent) as directory,
            _DraftStream(_DraftFile(draft, "w")) as file,
            xlsxwriter.Workbook(file, {**options, "tmpdir": directory}) as workbook,
            views.open_writing(),
        ):
            workbook.set_properties({"title": WORKBOOK_TITLE, "created": CREATED_AT})
            heading = workbook.add_format({"bold": True, "bottom": 1})
            counts = {}
            for dataset, name in SHEETS.items():
                sheet = workbook.add_worksheet(name)
                sheet.freeze_panes(1, 0)
                counts[name] = _write_sheet(sheet, views, dataset, heading)
        draft.replace(path)
    except (OSError, XlsxFileError) as error:
        raise build_write_error(path, _find_cause(error)) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return counts


class _DraftFile(io.FileIO):
    """A file that takes no more once something could not be written: who closes it late must not say so again."""

    has_failed = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write what there is room for; raises ``OSError`` the first time that there is none."""
        if self.has_failed:
            return len(memoryview(data))
        try:
            return super().write(data)
        except OSError:
            self.has_failed = True
            raise


class _DraftStream(io.BufferedWriter):
    """A draft, buffered; a zip that was left open ends itself late, and may do so in silence."""

    def seek(self, target: int, whence: int = 0, /) -> int:
        return target if self.closed else super().seek(target, whence)

    def tell(self) -> int:
        return 0 if self.closed else super().tell()

    def write(self, buffer: ReadableBuffer, /) -> int:
        return len(memoryview(buffer)) if self.closed else super().write(buffer)

    def flush(self) -> None:
        if not self.closed:
            super().flush()


def _find_cause(error: Exception) -> Exception:
    """Return what the system said, where the library wraps it."""
    inner = error.args[0] if error.args else None
    return inner if isinstance(inner, OSError) else error


def _write_sheet(sheet: Worksheet, views: FocusViews, dataset: str, heading: Format) -> int:
    columns, long_columns = list_dataset_columns(views, dataset), find_long_columns(views, dataset)
    names = [
        name
        for column in columns
        for name in (column.name, *([column.name + EXACT_SUFFIX] if column.name in long_columns else []))
    ]
    for index, name in enumerate(names):
        sheet.write_string(0, index, name, heading)
    count = 0
    for count, row in enumerate(iter_dataset_rows(views, dataset), 1):
        if count > MAX_SHEET_ROWS:
            raise InvalidArgument(
                f"a sheet has at most {MAX_SHEET_ROWS} rows: narrow the export with --from, --to or --account"
            )
        _write_row(sheet, count, columns, row, long_columns)
    return count


def _write_row(
    sheet: Worksheet,
    number: int,
    columns: Sequence[DatasetColumn],
    row: tuple[object, ...],
    long_columns: frozenset[str],
) -> None:
    """Write a row; a number goes to its cell by its digits, which the cell holds as far as it can."""
    index = 0
    for column, value in zip(columns, row, strict=True):
        if value is None:
            pass
        elif column.is_decimal:
            sheet.write_number(number, index, Decimal(str(value)))
        elif column.sql_type.startswith("TIMESTAMP"):
            sheet.write_datetime(number, index, datetime.fromisoformat(str(value)).replace(tzinfo=None))
        elif isinstance(value, bool):
            sheet.write_boolean(number, index, value)
        elif isinstance(value, int):
            sheet.write_number(number, index, value)
        else:
            sheet.write_string(number, index, make_printable(str(value))[:MAX_CELL_CHARACTERS])
        index += 1
        if column.name in long_columns:
            if value is not None:
                sheet.write_string(number, index, str(value))
            index += 1
