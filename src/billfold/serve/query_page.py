"""The routes of the query: its answer as a file, and queries that are saved, run again and deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from billfold.ledger.saved_queries import delete_query, save_query
from billfold.report import render
from billfold.serve.bodies import read_form
from billfold.serve.gate import read_identity
from billfold.serve.questions import Question, build_question
from billfold.serve.sql_page import MAX_DATA_ROWS, answer_sql, write_parquet
from billfold.serve.views import ViewPool
from billfold.serve.writing import CSV_TYPE, JSON_TYPE

PARQUET_TYPE = "application/vnd.apache.parquet"


class QueryRoutes:
    """Answers queries with files, and keeps queries."""

    def __init__(self, pool: ViewPool) -> None:
        self._pool = pool

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/query/saved", self.change_saved, methods=["POST"]),
            Route("/query.{suffix}", self.answer_query),
        ]

    def answer_query(self, request: Request) -> Response:
        """Answer a query as JSON, CSV or Parquet; raises ``HTTPException`` for another suffix."""
        values, suffix = dict(request.query_params), request.path_params["suffix"]
        if suffix not in {"json", "csv", "parquet"}:
            raise HTTPException(404, f"a query is not written as {suffix[:20]}")
        with self._pool.borrow_view(read_identity(request).accounts) as view:
            return _write_answer(build_question(view, values), values.get("sql", ""), suffix)

    def change_saved(self, request: Request) -> Response:
        """Save or delete a query, and lead back to the screen; raises ``InvalidArgument``, and ``LedgerError``."""
        fields = read_form(request)
        name, sql = fields.get("name", "").strip(), fields.get("sql", "")
        self._pool.require_ledger()
        if fields.get("do") == "delete":
            delete_query(self._pool.directory, name)
        else:
            save_query(self._pool.directory, name, sql, datetime.now(UTC))
        shown = {"sql": sql, "as_of": fields.get("as_of", "")}
        query = urlencode({key: value for key, value in shown.items() if value})
        return RedirectResponse(f"/query?{query}" if query else "/query", 303)


def _write_answer(question: Question, sql: str, suffix: str) -> Response:
    if suffix == "parquet":
        return Response(write_parquet(question, sql, MAX_DATA_ROWS), media_type=PARQUET_TYPE)
    answer = answer_sql(question, sql, MAX_DATA_ROWS)
    if suffix == "json":
        return Response("".join(render.json_lines(answer.rows, str)), media_type=JSON_TYPE)
    return Response("".join(render.csv_lines(answer.rows, answer.columns)), media_type=CSV_TYPE)
