"""Anybody's SELECT over the ledger: read-only, so many rows, so long, so many at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from starlette.exceptions import HTTPException

from billfold.focus.reader import Ledger
from billfold.ledger.column_meanings import TABLE_MEANINGS
from billfold.ledger.focus_views import Selection
from billfold.ledger.reader import SqlRow
from billfold.ledger.saved_queries import list_saved_queries
from billfold.model.errors import InvalidArgument
from billfold.report import render
from billfold.serve.questions import Question
from billfold.serve.screen_rows import TableRow
from billfold.tasks.configured import load_payment_terms, load_virtual_rates

MAX_SCREEN_ROWS, MAX_DATA_ROWS = 200, 10_000
TIME_LIMIT = 10
"""Seconds that a query may take."""
MAX_QUERIES, MAX_WAIT_S = 1, 2.0
"""Queries at a time, and seconds that the next one waits: each holds one of the few open ledgers."""
EXAMPLE_SQL = "SELECT month, service, currency, sum(cost) AS cost FROM costs WHERE state = 'issued' GROUP BY ALL ORDER BY ALL DESC"
_free = threading.BoundedSemaphore(MAX_QUERIES)


class SqlAnswer(NamedTuple):
    """The names of the columns, the first rows, and whether there are more."""

    columns: list[str]
    rows: list[SqlRow]
    is_cut: bool


def answer_sql(question: Question, sql: str, most: int) -> SqlAnswer:
    """Answer one SELECT with its first rows; raises ``InvalidArgument``, and ``HTTPException`` where too many ask."""
    with _hold_place(), Ledger(question.view.workspace.directory, _build_selection(question)) as ledger:
        columns, rows = ledger.rows(sql, TIME_LIMIT)
        first_rows = list(islice(rows, most + 1))
        return SqlAnswer(columns, first_rows[:most], len(first_rows) > most)


def write_parquet(question: Question, sql: str, most: int) -> bytes:
    """Answer one SELECT with its first rows as a Parquet file; raises as ``answer_sql`` does."""
    with _hold_place(), Ledger(question.view.workspace.directory, _build_selection(question)) as ledger:
        return ledger.write_parquet(sql, most, TIME_LIMIT)


@contextmanager
def _hold_place() -> Iterator[None]:
    if not _free.acquire(timeout=MAX_WAIT_S):
        raise HTTPException(503, "another query is being answered: ask again in a moment")
    try:
        yield
    finally:
        _free.release()


def _build_selection(question: Question) -> Selection:
    path = question.view.config_path
    return Selection(question.filters, False, load_virtual_rates(path), load_payment_terms(path))


def list_tables(_: Question) -> list[TableRow]:
    """Return the tables that can be asked, with what they hold."""
    return [TableRow(name, meaning) for name, meaning in TABLE_MEANINGS.items()]


def show_query(question: Question) -> Mapping[str, object]:
    """Show the first rows of a query's answer; what cannot be asked is told beside it."""
    sql = question.values.get("sql", "").strip()
    saved_queries = list_saved_queries(question.view.workspace.directory)
    shown: dict[str, object] = {
        "sql": sql,
        "error": "",
        "columns": [],
        "tables": list_tables(question),
        "most": MAX_DATA_ROWS,
    }
    shown |= {
        "example": EXAMPLE_SQL,
        "saved_queries": saved_queries,
        "name": next((row.name for row in saved_queries if row.sql == sql), ""),
    }
    if not sql:
        return shown
    try:
        answer = answer_sql(question, sql, MAX_SCREEN_ROWS)
    except InvalidArgument as error:
        return shown | {"error": str(error)}
    cells = [{name: render.word(cell) for name, cell in row.items()} for row in answer.rows]
    numbers = {
        name for name in answer.columns if any(not isinstance(row[name], str | None | bool) for row in answer.rows)
    }
    return shown | {"columns": answer.columns, "rows": cells, "is_cut": answer.is_cut, "numbers": numbers}
