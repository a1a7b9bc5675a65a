"""The statement as a PDF, set by typst with the fonts that it brings: the same statement gives the same bytes."""

from __future__ import annotations

import json
import re

from billfold.model.extras import name_missing_extras
from billfold.report.statement import Section, Statement, StatementRow, show_cell

MAX_WHOLE_CHARS, MAX_SHARE = 14, 30
MAX_WHOLE_ROWS = 16
"""Rows of a section that stays on one page."""
LONG_WORD, PIECE, BREAK = re.compile(r"\S{13,}"), re.compile(r"[^\W_]{1,10}[\W_]*|[\W_]+"), "\u200b"
_PAGE = """
#let paper = json(bytes(sys.inputs.at("paper")))
#set document(title: paper.title, author: paper.company, date: none)
#set page(paper: "a4", margin: (x: 16mm, y: 18mm), footer: context [
  #set text(size: 8pt, fill: luma(110))
  #paper.title #h(1fr) #paper.head #h(1fr) #counter(page).display("1 of 1", both: true)])
#set text(size: 9pt, font: "Libertinus Serif", number-width: "tabular")
#show heading.where(level: 1): set text(size: 20pt)
#show heading.where(level: 2): it => block(above: 8mm, below: 3mm, sticky: true, text(size: 13pt, it.body))
#let color = if paper.is_whole { rgb("#009e73") } else { rgb("#d55e00") }
#if paper.company != "" { text(fill: luma(90), paper.company) }
#heading(level: 1, paper.title)
#block(width: 100%, inset: 8pt, stroke: (left: 3pt + color), fill: color.lighten(88%), paper.verdict)
#grid(columns: (auto, 1fr), column-gutter: 6mm, row-gutter: 4pt,
  ..paper.facts.map(((name, value)) => (text(fill: luma(90), name), value)).flatten())
#for section in paper.sections [#block(width: 100%, above: 7mm, breakable: section.is_breakable)[
  #heading(level: 2, section.title)
  #for chart in section.charts { block(above: 2mm, image(bytes(chart), format: "svg", width: 100%)) }
  #if section.summary != "" { par(section.summary) }
  #if section.rows.len() > 0 {
    set text(size: 8pt)
    table(
      columns: section.widths.map(width => if width == 0 { auto } else { width * 1fr }),
      stroke: none, inset: (x: 3pt, y: 2.5pt), fill: none,
      align: (column, _) => if section.numbers.at(column) { right } else { left },
      table.header(..section.columns.map(name => strong(name)), table.hline(stroke: 0.6pt)),
      ..section.rows.map(row => {
        if row.is_total {
          let rest = row.cells.slice(row.span).map(cell => strong(cell))
          (table.hline(stroke: 0.4pt), table.cell(colspan: row.span, strong(row.cells.first())), ..rest)
        } else { row.cells.map(cell => [#cell]) }
      }).flatten(),
    )
  }
  #if section.note != "" { text(size: 8pt, fill: luma(90), section.note) }
]]
"""


def write_pdf(statement: Statement, head: str) -> bytes:
    """Set a statement as a PDF; raises ``MissingExtra`` where typst is not installed. ``head`` stands at the foot of each page."""
    with name_missing_extras():
        import typst

    paper = {
        **statement._asdict(),
        "month": str(statement.month),
        "title": statement.title,
        "head": head,
        "sections": [_build_section(section) for section in statement.sections],
    }
    return typst.compile(
        _PAGE.encode(),
        sys_inputs={"paper": json.dumps(paper)},
        format="pdf",
        ignore_system_fonts=True,
    )


def _build_section(section: Section) -> dict[str, object]:
    indexes = range(len(section.columns))
    return {
        **section._asdict(),
        "numbers": [section.is_number(index) for index in indexes],
        "widths": _choose_widths(section),
        "is_breakable": len(section.rows) > MAX_WHOLE_ROWS,
        "rows": [
            {
                "cells": [_let_break(show_cell(cell)) for cell in row.cells],
                "is_total": row.is_total,
                "span": _count_leading(row),
            }
            for row in section.rows
        ],
    }


def _count_leading(row: StatementRow) -> int:
    """Return how many columns the label of a total may take: those after it are empty."""
    return next((index for index, cell in enumerate(row.cells) if index and cell), len(row.cells))


def _choose_widths(section: Section) -> list[int]:
    """Return the columns' shares: where none needs any, the first takes what is left, so that every table is as wide as the page."""
    widths = [_choose_width(section, index) for index in range(len(section.columns))]
    return widths if any(widths) or not widths else [1, *widths[1:]]


def _choose_width(section: Section, index: int) -> int:
    """Return a column's share of what is left of the page; 0 where it takes what it needs: money, dates and short words."""
    longest = max(len(show_cell(row.cells[index])) for row in section.rows if not row.is_total) if section.rows else 0
    return 0 if longest <= MAX_WHOLE_CHARS or section.is_number(index) else min(longest, MAX_SHARE)


def _let_break(text: str) -> str:
    """Let long words break: an id is longer than its column."""
    return LONG_WORD.sub(lambda match: BREAK.join(PIECE.findall(match[0])), text)
