"""The statement as a workbook: a sheet for each section; each amount as a number, and as text with all its digits beside it."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING

from billfold.model.extras import name_missing_extras
from billfold.model.money import format_trimmed
from billfold.report.statement import Amount, Section, Statement

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

CREATED_AT = datetime(1980, 1, 1)  # noqa: DTZ001 - a file of the same statement has the same bytes; the format has no zones
MAX_NAME_CHARS, MAX_WIDTH, AMOUNT_WIDTH = 31, 44, 16
EXACT_SUFFIX = " (exact)"


def write_xlsx(statement: Statement) -> bytes:
    """Write a statement as a workbook; raises ``MissingExtra`` where xlsxwriter is not installed.

    A cell of a workbook is a binary number and loses digits: the column beside holds the amount as text.
    """
    with name_missing_extras():
        import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        workbook.set_properties({"title": statement.title, "company": statement.company, "created": CREATED_AT})
        styles = _Styles(workbook)
        _write_cover(workbook.add_worksheet("Cover"), statement, styles)
        for section in statement.sections:
            if section.rows:
                _write_section(workbook.add_worksheet(section.title[:MAX_NAME_CHARS]), section, styles)
    return buffer.getvalue()


class _Styles:
    """The formats of a workbook's cells."""

    def __init__(self, workbook: Workbook) -> None:
        self.title = workbook.add_format({"bold": True, "font_size": 18})
        self.head = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.text, self.total_text = workbook.add_format({}), workbook.add_format({"bold": True, "top": 1})
        self.wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        self.number = workbook.add_format({"num_format": "#,##0.00"})
        self.total_number = workbook.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
        self.exact = workbook.add_format({"align": "right", "font_color": "#777777"})

    def choose_text(self, *, is_total: bool) -> Format:
        return self.total_text if is_total else self.text

    def choose_number(self, *, is_total: bool) -> Format:
        return self.total_number if is_total else self.number


def _write_cover(sheet: Worksheet, statement: Statement, styles: _Styles) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, statement.title, styles.title)
    lines = [("Company", statement.company), ("Verdict", statement.verdict), *statement.facts]
    lines += [(section.title, section.summary) for section in statement.sections if section.summary]
    for number, (name, value) in enumerate(lines, 2):
        sheet.write_string(number, 0, name, styles.wrapped)
        sheet.write_string(number, 1, value, styles.wrapped)


def _write_section(sheet: Worksheet, section: Section, styles: _Styles) -> None:
    starts, columns = list[int](), list[str]()
    for index, name in enumerate(section.columns):
        starts.append(len(columns))
        columns += [name, name + EXACT_SUFFIX] if section.is_number(index) else [name]
    for place, name in enumerate(columns):
        sheet.write_string(0, place, name, styles.head)
        sheet.set_column(place, place, _choose_width(section, starts, place))
    for number, row in enumerate(section.rows, 1):
        for start, cell in zip(starts, row.cells, strict=True):
            if isinstance(cell, Amount):
                sheet.write_number(number, start, cell.rounded, styles.choose_number(is_total=row.is_total))
                sheet.write_string(number, start + 1, format_trimmed(cell.value), styles.exact)
            else:
                sheet.write_string(number, start, cell, styles.choose_text(is_total=row.is_total))
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if section.note:
        sheet.write_string(len(section.rows) + 2, 0, section.note)


def _choose_width(section: Section, starts: list[int], place: int) -> int:
    if place not in starts or section.is_number(starts.index(place)):
        return AMOUNT_WIDTH
    index = starts.index(place)
    texts = [section.columns[index], *(str(row.cells[index]) for row in section.rows)]
    return min(max(map(len, texts)) + 2, MAX_WIDTH)
