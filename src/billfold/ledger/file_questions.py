"""Questions over several rows of the tables of files, as data: what to look for, and what to show of each that is found.

Columns are written as in ``FileTables``, conditions are SQL; ``t`` is the table, ``o`` the other one. Each question becomes a
query that returns one text for each thing that it finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Groups(NamedTuple):
    """Groups of a table's rows, alike in a key, of which ``having`` is true."""

    table: str
    key: Sequence[str]
    having: str
    shown: Sequence[str]
    condition: str = "true"

    @property
    def sql(self) -> str:
        """The query."""
        return (
            f'SELECT {_join_texts(self.shown)} FROM "{self.table}" t WHERE {self.condition} '
            f"GROUP BY {', '.join(self.key)} HAVING {self.having}"
        )


class Orphans(NamedTuple):
    """Rows of a table for which another has none: ``key`` has the other's column for each of the table's.

    With ``elements`` the rows are the objects in that JSON column's list of elements, and the key's columns are their fields.
    """

    table: str
    other: str
    key: Mapping[str, str]
    shown: Sequence[str]
    condition: str = "true"
    is_distinct: bool = False
    elements: str = ""

    @property
    def sql(self) -> str:
        """The query."""
        matches = " AND ".join(f"t.{column} = o.{other_column}" for column, other_column in self.key.items())
        has_same_names = all(column == other_column for column, other_column in self.key.items())
        join_sql = f"USING ({', '.join(self.key)})" if has_same_names else f"ON {matches}"
        return (
            f"SELECT {_write_distinct(self.is_distinct)} {_join_texts(self.shown)} FROM {self._rows_sql} t "
            f'ANTI JOIN "{self.other}" o {join_sql} WHERE {self.condition}'
        )

    @property
    def _rows_sql(self) -> str:
        if not self.elements:
            return f'"{self.table}"'
        fields = ", ".join(f"e->>'$.{name}' AS {name}" for name in self.key)
        elements = f"unnest(json_extract({self.elements}, '$.Elements[*]'))"
        return f'(SELECT {fields} FROM (SELECT {elements} AS e FROM "{self.table}" WHERE json_valid({self.elements})))'


class Pairs(NamedTuple):
    """Rows of two tables that are alike in a key and fulfil a condition together."""

    table: str
    other: str
    key: Sequence[str]
    condition: str
    shown: Sequence[str]
    is_distinct: bool = False

    @property
    def sql(self) -> str:
        """The query."""
        return (
            f'SELECT {_write_distinct(self.is_distinct)} {_join_texts(self.shown)} FROM "{self.table}" t '
            f'JOIN "{self.other}" o USING ({", ".join(self.key)}) WHERE {self.condition}'
        )


class Sums(NamedTuple):
    """What a column of a table comes to in the rows that fulfil a condition, and what such a sum is called."""

    table: str
    column: str
    condition: str
    label: str


class UnequalSums(NamedTuple):
    """Keys for which two sums in a currency are further apart than ``tolerance``; what only the second has is compared with 0.

    ``tolerance`` is SQL over the currency, and over the numbers of rows ``t.n`` and ``o.n`` behind the sums (null for none).
    """

    sums: Sums
    other_sums: Sums
    key: Sequence[str]
    currency: str
    tolerance: str

    @property
    def sql(self) -> str:
        """The query."""
        columns, (sums, other_sums) = ", ".join((*self.key, self.currency)), (self.sums, self.other_sums)
        sums_sql, other_sums_sql = (
            f'(SELECT {columns}, sum("{side.column}") AS amount, count(*) AS n FROM "{side.table}" WHERE {side.condition} GROUP BY ALL)'
            for side in (sums, other_sums)
        )
        shown = (*self.key, f"'{sums.label}'", "t.amount", f"'{other_sums.label}'", "o.amount")
        return (
            f"SELECT {_join_texts(shown)} FROM {other_sums_sql} o LEFT JOIN {sums_sql} t USING ({columns}) "
            f"WHERE abs(o.amount - coalesce(t.amount, 0)) > {self.tolerance}"
        )


Question = Groups | Orphans | Pairs | UnequalSums


def _join_texts(shown: Sequence[str]) -> str:
    return f"concat_ws(' ', {', '.join(shown)})"


def _write_distinct(is_distinct: bool) -> str:
    return "DISTINCT" if is_distinct else ""
