"""The REST API: every resource as JSON or CSV, page by page, and charges as a stream."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from billfold.model.errors import InvalidArgument
from billfold.serve.answers import AnswerCache
from billfold.serve.openapi import ROOT, build_document, list_parameters
from billfold.serve.questions import Question, build_question, read_count
from billfold.serve.resources import RESOURCES_BY_NAME, Resource
from billfold.serve.schema import list_columns
from billfold.serve.views import ViewPool
from billfold.serve.writing import (
    CSV_TYPE,
    JSON_TYPE,
    NDJSON_TYPE,
    join_chunks,
    read_cells,
    write_csv,
    write_json,
    write_lines,
)

DEFAULT_LIMIT, MAX_LIMIT = 1_000, 10_000
MAX_CSV_ROWS = 1_000_000
MAX_STREAMS = 4
"""Streams at a time: each has a ledger of its own open."""
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,9})", re.ASCII)
_PATH = re.compile(r"([a-z]+)(?:/([^/]+?))?(?:\.(json|csv|ndjson))?")


class RestApi:
    """Answers what is asked under ``/api/v1``."""

    def __init__(self, pool: ViewPool, cache: AnswerCache) -> None:
        self._pool, self._cache = pool, cache
        self._streams = threading.BoundedSemaphore(MAX_STREAMS)

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route(f"{ROOT}/openapi.json", self.answer_document),
            Route(f"{ROOT}/{{path:path}}", self.answer_resource),
        ]

    def answer_document(self, _: Request) -> Response:
        """Answer with the OpenAPI document."""
        return Response(json.dumps(build_document(), indent=1), media_type=JSON_TYPE)

    def answer_resource(self, request: Request) -> Response:
        """Answer a question; raises ``HTTPException`` for what there is not, and ``InvalidArgument``."""
        resource, month, suffix = find_resource(request.path_params["path"])
        values = read_values(request, resource)
        if resource.is_streamed:
            return self._stream(resource, values, suffix)
        if resource.is_live:
            return self._build_answer(request, resource, values, month, suffix)
        return self._cache.answer(request, lambda: self._build_answer(request, resource, values, month, suffix))

    def _build_answer(
        self, request: Request, resource: Resource, values: Mapping[str, str], month: str, suffix: str
    ) -> Response:
        limit = read_count(
            values,
            "limit",
            MAX_CSV_ROWS if suffix == "csv" else DEFAULT_LIMIT,
            MAX_CSV_ROWS if suffix == "csv" else MAX_LIMIT,
        )
        seq, offset = read_cursor(values.get("cursor", ""))
        with self._pool.borrow_view() as view:
            last_seq = view.workspace.archive.read_last_seq()
            question = build_question(view, values, month, seq)
            answer = resource.read(question)
        if resource.is_single:
            return Response(write_json(answer) + "\n", media_type=JSON_TYPE)
        rows = list(answer)  # type: ignore[call-overload]
        page = rows[offset : offset + limit]
        headers = {}
        if offset + limit < len(rows):
            used_seq = min(question.filters.seq, last_seq)
            query = urlencode({**values, "cursor": f"{used_seq}-{offset + limit}"})
            headers["link"] = f'<{request.url.path}?{query}>; rel="next"'
        if suffix == "csv":
            columns = list(read_cells(page[0])) if page and resource.has_keys else list_columns(resource.row_type)
            return Response("".join(write_csv(page, columns)), headers=headers, media_type=CSV_TYPE)
        return Response(write_json(page), headers=headers, media_type=JSON_TYPE)

    def _stream(self, resource: Resource, values: Mapping[str, str], suffix: str) -> Response:
        with self._pool.borrow_view() as view:  # what cannot be asked is refused before anything is sent
            build_question(view, values)
        if not self._streams.acquire(blocking=False):
            raise HTTPException(503, f"{MAX_STREAMS} streams are open already: ask again when one has ended")
        chunks = self._iter_chunks(resource, values, suffix)
        media_type = CSV_TYPE if suffix == "csv" else NDJSON_TYPE
        return StreamingResponse(chunks, media_type=media_type, headers={"cache-control": "no-store"})

    def _iter_chunks(self, resource: Resource, values: Mapping[str, str], suffix: str) -> Iterator[bytes]:
        """Yield an answer piece by piece, from a ledger of its own: who reads slowly keeps nobody waiting."""
        try:
            with self._pool.open_own_view() as view:
                rows = _read_rows(resource, build_question(view, values))
                lines = write_csv(rows, list_columns(resource.row_type)) if suffix == "csv" else write_lines(rows)
                yield from join_chunks(lines)
        finally:
            self._streams.release()


def _read_rows(resource: Resource, question: Question) -> Iterator[object]:
    return islice(resource.read(question), None)  # type: ignore[call-overload, no-any-return]


def find_resource(path: str) -> tuple[Resource, str, str]:
    """Return the resource of a path, its month and its suffix; raises ``HTTPException`` where there is none."""
    match = _PATH.fullmatch(path)
    resource = RESOURCES_BY_NAME.get(match[1]) if match else None
    if match is None or resource is None or bool(match[2]) != resource.has_month:
        names = ", ".join(f"{name}/MONTH" if row.has_month else name for name, row in RESOURCES_BY_NAME.items())
        raise HTTPException(404, f"there is no {ROOT}/{path[:80]}; there are {names}")
    suffix = match[3] or ("ndjson" if resource.is_streamed else "json")
    if suffix not in (
        {"csv", "ndjson"} if resource.is_streamed else {"json"} if resource.is_single else {"json", "csv"}
    ):
        raise HTTPException(404, f"{resource.name} is not written as {suffix}")
    return resource, match[2] or "", suffix


def read_values(request: Request, resource: Resource) -> dict[str, str]:
    """Return the words of a query; raises ``InvalidArgument`` for one that the resource does not know, or that stands there twice."""
    names = list_parameters(resource)
    pairs = request.query_params.multi_items()
    for name, _ in pairs:
        if name not in names:
            raise InvalidArgument(f"{resource.name} is not asked with {name[:40]!r}; there are {', '.join(names)}")
    if len(dict(pairs)) < len(pairs):
        raise InvalidArgument("name each word of the query once")
    return dict(pairs)


def read_cursor(text: str) -> tuple[int | None, int]:
    """Return the archive number and the offset of a cursor; raises ``InvalidArgument`` for what is none."""
    if not text:
        return None, 0
    match = _CURSOR.fullmatch(text)
    if not match:
        raise InvalidArgument(f"{text[:40]!r} is no cursor: take it from the Link header of the page before")
    return int(match[1]), int(match[2])
