"""How one column is written: typed in Parquet, as FOCUS formats in CSV, texts that people read guarded against formulas."""

from __future__ import annotations

from billfold.report.render import DANGEROUS

GUARDED_SUFFIXES = ("Description", "Name", "SkuMeter", "PaymentTerms")
"""Columns whose cells a CSV guards: a spreadsheet would run a text that begins like a formula."""


def is_guarded(column: str) -> bool:
    """Tell whether a column's texts are guarded in CSV: descriptions and names, never ids, JSON, numbers."""
    return column.endswith(GUARDED_SUFFIXES)


def build_cell(format_name: str, source: str, column_type: str, column: str) -> str:
    """Return the SQL that writes a column of the views as a cell of a ``parquet`` or ``csv`` file."""
    value = f'"{source}"'
    if format_name == "parquet":
        return f"{value}::TIMESTAMPTZ" if column_type == "TIMESTAMP" else value
    if column_type.startswith("DECIMAL"):
        return f"regexp_replace({value}::VARCHAR, '[.]?0+$', '')"  # every decimal here has a point
    if column_type == "VARCHAR" and is_guarded(column):
        signs = ", ".join(str(ord(sign)) for sign in DANGEROUS)
        return f"CASE WHEN ascii({value}) IN ({signs}) THEN '''' || {value} ELSE {value} END"
    return value
