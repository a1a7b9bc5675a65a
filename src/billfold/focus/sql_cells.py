"""How one column is written: typed in Parquet, as FOCUS formats in CSV, texts that people read guarded against formulas."""

from __future__ import annotations

from billfold.report.render import DANGEROUS

STAMP = "%Y-%m-%dT%H:%M:%SZ"
READ_BY_PEOPLE = ("Description", "Name", "SkuMeter", "PaymentTerms")
"""Columns whose cells a CSV guards: a spreadsheet would run a text that begins like a formula."""


def guarded(column: str) -> bool:
    """Tell whether a column's texts are guarded in CSV: descriptions and names, never ids, JSON, numbers."""
    return column.endswith(READ_BY_PEOPLE)


def cell(form: str, source: str, kind: str, column: str) -> str:
    """Return the SQL that writes a column of the views as a cell of a ``parquet`` or ``csv`` file."""
    value = f'"{source}"'
    if form == "parquet":
        return f"{value}::TIMESTAMPTZ" if kind == "TIMESTAMP" else value
    if kind.startswith("DECIMAL"):
        return f"regexp_replace({value}::VARCHAR, '[.]?0+$', '')"  # every decimal here has a point
    if kind == "VARCHAR" and guarded(column):
        signs = ", ".join(str(ord(sign)) for sign in DANGEROUS)
        return f"CASE WHEN ascii({value}) IN ({signs}) THEN '''' || {value} ELSE {value} END"
    return value


def options(form: str) -> str:
    """Return the options of DuckDB's COPY for a form of file."""
    if form == "csv":
        return f"FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '', TIMESTAMPFORMAT '{STAMP}'"
    return (
        "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20000, "
        "DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false"
    )
