"""The statement as Markdown: tables for a wiki or a message, without the charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billfold.report.statement import Section, Statement, show_cell


def write_markdown(statement: Statement) -> str:
    """Write a statement as Markdown; the same statement gives the same text."""
    return "\n".join(_iter_lines(statement)) + "\n"


def _iter_lines(statement: Statement) -> Iterator[str]:
    yield f"# {_escape(statement.title)}"
    yield from ("", _escape(statement.company)) if statement.company else ()
    yield from ("", f"**{_escape(statement.verdict)}**", "")
    for name, value in statement.facts:
        yield f"- {_escape(name)}: {_escape(value)}"
    for section in statement.sections:
        yield from _iter_section(section)


def _iter_section(section: Section) -> Iterator[str]:
    yield from ("", f"## {_escape(section.title)}", "")
    yield from (_escape(section.summary), "") if section.summary else ()
    if section.rows:
        yield _join(section.columns)
        yield _join(["---:" if section.is_number(index) else "---" for index in range(len(section.columns))])
        for row in section.rows:
            cells = [_escape(show_cell(cell)) for cell in row.cells]
            yield _join([f"**{cell}**" if cell and row.is_total else cell for cell in cells])
    yield from ("", _escape(section.note)) if section.note else ()


def _join(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    """Let no text become markup or break a table."""
    for character in "\\`*_{}[]<>|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
