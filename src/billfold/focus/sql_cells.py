"""How one column is written: typed in Parquet; in CSV as FOCUS formats, and a text so that nothing runs or obeys it."""

from __future__ import annotations

from billfold.model.csv_text import build_guard_sql


def build_cell(format_name: str, source: str, column_type: str) -> str:
    """Return the SQL that writes a column of the views as a cell of a ``parquet`` or ``csv`` file."""
    value = f'"{source}"'
    if format_name == "parquet":
        return f"{value}::TIMESTAMPTZ" if column_type == "TIMESTAMP" else value
    if column_type.startswith("DECIMAL"):
        return f"regexp_replace({value}::VARCHAR, '[.]?0+$', '')"  # every decimal here has a point
    return build_guard_sql(value) if column_type == "VARCHAR" else value
