"""The statement as one HTML page that needs nothing else: its style and charts are in it, and no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from billfold.report.statement import Section, Statement, StatementRow, show_cell

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 "Libertinus Serif", Georgia, serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.9rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; }
.verdict { padding: .6rem .9rem; border-left: .35rem solid #009e73; background: #009e731a; margin: 1rem 0; }
.verdict.open { border-color: #d55e00; background: #d55e001a; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 1rem 0; } dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; padding: .2rem .5rem; vertical-align: top; overflow-wrap: break-word; }
thead th { border-bottom: 1px solid; } tr.total td { border-top: 1px solid; font-weight: bold; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { box-sizing: border-box; max-width: 100%; height: auto; background: #fff; padding: .4rem; border-radius: .3rem; } .note { opacity: .75; font-size: .85rem; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } section { break-inside: avoid-page; } }
"""


def write_html(statement: Statement) -> str:
    """Write a statement as a page; the same statement gives the same text."""
    return "".join(_iter_parts(statement))


def _iter_parts(statement: Statement) -> Iterator[str]:
    title = escape(f"{statement.title}{f', {statement.company}' if statement.company else ''}")
    yield f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE}</style></head>\n<body><header>{escape(statement.company)}<h1>{escape(statement.title)}</h1>"
    css_class = "verdict" if statement.is_whole else "verdict open"
    yield f'<p class="{css_class}">{escape(statement.verdict)}</p></header>\n<dl>'
    for name, value in statement.facts:
        yield f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
    yield "</dl>\n"
    for section in statement.sections:
        yield from _iter_section(section)
    yield "</body></html>\n"


def _iter_section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{escape(section.title)}</h2>"
    yield from section.charts
    if section.summary:
        yield f"<p>{escape(section.summary)}</p>"
    if section.rows:
        classes = [' class="number"' if section.is_number(index) else "" for index in range(len(section.columns))]
        heads = (
            f'<th{css_class} scope="col">{escape(name)}</th>'
            for css_class, name in zip(classes, section.columns, strict=True)
        )
        yield f'<div class="wide"><table><thead><tr>{"".join(heads)}</tr></thead>\n<tbody>'
        yield from (_format_row(classes, row) for row in section.rows)
        yield "</tbody></table></div>"
    if section.note:
        yield f'<p class="note">{escape(section.note)}</p>'
    yield "</section>\n"


def _format_row(classes: Sequence[str], row: StatementRow) -> str:
    cells = (
        f"<td{cell_class}>{escape(show_cell(cell))}</td>" for cell_class, cell in zip(classes, row.cells, strict=True)
    )
    css_class = ' class="total"' if row.is_total else ""
    return f"<tr{css_class}>{''.join(cells)}</tr>\n"
