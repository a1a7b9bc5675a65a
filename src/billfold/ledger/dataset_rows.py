"""The rows of the FOCUS datasets as plain values, for files and databases of other kinds: nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from billfold.ledger.focus_views import FocusViews
from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD

TABLE_NAMES = {
    COST: "cost_and_usage",
    INVOICE: "invoice_detail",
    PERIOD: "billing_period",
    COMMITMENT: "contract_commitment",
}
"""What a dataset's table is called."""
MAX_DOUBLE_DIGITS = 15
"""Digits that a binary number of 64 bits holds whatever they are."""
ROWS_PER_FETCH = 5000


class DatasetColumn(NamedTuple):
    """A column of a dataset: its name, and its SQL type in the ledger."""

    name: str
    sql_type: str

    @property
    def is_decimal(self) -> bool:
        """Whether it holds amounts, prices or quantities."""
        return self.sql_type.startswith("DECIMAL")


def list_dataset_columns(views: FocusViews, dataset: str) -> list[DatasetColumn]:
    """Return the columns of a dataset: FOCUS's own, then ours."""
    columns = (DatasetColumn(*column) for column in views.read_column_types(dataset).items())
    return sorted(columns, key=lambda column: (column.name.startswith("x_"), column.name))


def iter_dataset_rows(views: FocusViews, dataset: str) -> Iterator[tuple[object, ...]]:
    """Yield the rows of a dataset: decimals and times as text, all digits and no zeros that say nothing, times with a Z."""
    columns = list_dataset_columns(views, dataset)
    select_list = ", ".join(f'{_build_text_sql(column)} AS "{column.name}"' for column in columns)
    result = views.ledger.execute(f'SELECT {select_list} FROM "{dataset}"')
    while batch := result.fetchmany(ROWS_PER_FETCH):
        yield from batch


def _build_text_sql(column: DatasetColumn) -> str:
    if column.is_decimal:
        return f"""regexp_replace("{column.name}"::VARCHAR, '[.]?0+$', '')"""
    if column.sql_type.startswith("TIMESTAMP"):
        return f"""strftime("{column.name}", '%Y-%m-%dT%H:%M:%SZ')"""
    return f'"{column.name}"'


def find_long_columns(views: FocusViews, dataset: str) -> frozenset[str]:
    """Return the columns in which some number has more digits than a binary one holds."""
    decimals = [column.name for column in list_dataset_columns(views, dataset) if column.is_decimal]
    if not decimals:
        return frozenset()
    tests = ", ".join(
        f"""bool_or(length(regexp_replace(ltrim(replace(regexp_replace("{name}"::VARCHAR, '0+$', ''), '.', ''), '-0'), '^0+', ''))
            > {MAX_DOUBLE_DIGITS})"""
        for name in decimals
    )
    flags = views.ledger.execute(f'SELECT {tests} FROM "{dataset}"').fetchall()[0]
    return frozenset(name for name, is_long in zip(decimals, flags, strict=True) if is_long)
