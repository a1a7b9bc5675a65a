"""The FOCUS datasets as a workbook: numbers as numbers, and as text beside where a cell would lose digits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from billfold.ledger.dataset_rows import DatasetColumn, find_long_columns, iter_dataset_rows, list_dataset_columns
from billfold.ledger.focus_views import FocusViews
from billfold.model.errors import InvalidArgument
from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD
from billfold.model.plain_text import make_printable

if TYPE_CHECKING:
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

    draft = path.with_name(f".{path.name}.draft")
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with xlsxwriter.Workbook(str(draft), options) as workbook, views.open_writing():
            workbook.set_properties({"title": "billfold", "created": CREATED_AT})
            heading = workbook.add_format({"bold": True, "bottom": 1})
            counts = {}
            for dataset, name in SHEETS.items():
                sheet = workbook.add_worksheet(name)
                sheet.freeze_panes(1, 0)
                counts[name] = _write_sheet(sheet, views, dataset, heading)
        draft.replace(path)
    except (OSError, XlsxFileError) as error:
        raise InvalidArgument(f"{path} cannot be written: {error}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return counts


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
