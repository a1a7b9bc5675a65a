"""An invoice on paper: a small, honest PDF with the issuer, the facts, the lines and the total, made with typst."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from billfold.model.extras import name_missing_extras

_PAGE = """
#let paper = json(bytes(sys.inputs.at("paper")))
#set document(title: paper.title, author: paper.issuer)
#set page(paper: "a4", margin: 20mm, footer: context [
  #set text(size: 8pt, fill: gray)
  #paper.title #h(1fr) page #counter(page).display("1 of 1", both: true)])
#set text(size: 9pt)
#text(size: 9pt, fill: gray)[#paper.issuer]
#v(2mm)
#text(size: 18pt, weight: "bold")[#paper.title]
#v(4mm)
#table(columns: (auto, 1fr), stroke: none, inset: (x: 0pt, y: 2pt), column-gutter: 6mm,
  ..paper.facts.map(((name, value)) => (text(fill: gray)[#name], [#value])).flatten())
#v(6mm)
#table(columns: paper.columns.enumerate().map(((i, _)) => if i == 0 { 1fr } else { auto }),
  align: (column, _) => if column == 0 { left } else { right }, stroke: none, inset: (x: 3pt, y: 3pt),
  table.header(..paper.columns.map(name => text(weight: "bold")[#name])), table.hline(stroke: 0.5pt),
  ..paper.lines.flatten().map(cell => [#cell]), table.hline(stroke: 0.5pt))
#align(right, text(size: 12pt, weight: "bold")[Total #paper.total])
"""


class InvoicePaper(NamedTuple):
    """What stands on an invoice; cells are text, money with all its digits."""

    issuer: str
    title: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    total: str
    created_at: datetime


@lru_cache(maxsize=256)
def render_pdf(paper: InvoicePaper) -> bytes:
    """Set an invoice as a PDF; the same paper gives the same bytes."""
    with name_missing_extras():
        import typst

    template_data = paper._asdict() | {"created_at": paper.created_at.isoformat()}
    return typst.compile(
        _PAGE.encode(),
        sys_inputs={"paper": json.dumps(template_data)},
        format="pdf",
        timestamp=int(paper.created_at.timestamp()),
    )


def make_paper(
    issuer: str,
    title: str,
    facts: Mapping[str, str],
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
    total: str,
    created_at: datetime,
) -> InvoicePaper:
    """Put a paper together from ordinary mappings and lists."""
    return InvoicePaper(
        issuer, title, tuple(facts.items()), tuple(columns), tuple(map(tuple, lines)), total, created_at
    )
