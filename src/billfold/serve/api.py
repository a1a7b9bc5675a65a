"""The REST API: every resource as JSON or CSV, page by page, and charges as a stream."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from billfold.model.errors import InvalidArgument
from billfold.model.identity import AccountPatterns
from billfold.serve import sources
from billfold.serve.answers import AnswerCache
from billfold.serve.gate import note_account, read_identity
from billfold.serve.openapi import ROOT, build_document, list_parameters, list_suffixes
from billfold.serve.questions import FILTER_NAMES, Question, build_question, read_count
from billfold.serve.resource import Resource
from billfold.serve.resources import RESOURCES_BY_NAME
from billfold.serve.schema import list_columns
from billfold.serve.views import ViewPool
from billfold.serve.writing import (
    CSV_TYPE,
    JSON_TYPE,
    NDJSON_TYPE,
    OCTETS_TYPE,
    PARQUET_TYPE,
    join_chunks,
    read_cells,
    write_csv,
    write_json,
    write_lines,
    write_rows_file,
)

DEFAULT_LIMIT, MAX_LIMIT = 1_000, 10_000
MAX_FILE_ROWS = 1_000_000
MAX_STREAMS = 4
"""Streams at a time: each has a ledger of its own open."""
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,9})", re.ASCII)
_PATH = re.compile(r"([a-z-]+)(?:/([^/]+?))?(?:\.(json|csv|ndjson|arrow|parquet|pdf|html|md|xlsx))?")


class RestApi:
    """Answers what is asked under ``/api/v1``."""

    def __init__(self, pool: ViewPool, cache: AnswerCache) -> None:
        self._pool, self._cache = pool, cache
        self._streams = threading.BoundedSemaphore(MAX_STREAMS)

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route(f"{ROOT}/openapi.json", self.answer_description),
            Route(f"{ROOT}/documents/{{seq}}", self.answer_document),
            Route(f"{ROOT}/entries/{{seq}}", self.answer_entry),
            Route(f"{ROOT}/{{path:path}}", self.answer_resource),
        ]

    def answer_description(self, _: Request) -> Response:
        """Answer with the OpenAPI document."""
        return Response(json.dumps(build_document(), indent=1), media_type=JSON_TYPE)

    def answer_document(self, request: Request) -> Response:
        """Answer with an archived document as it came, to be saved."""
        with self._pool.borrow_view(read_identity(request).accounts) as view:
            question = build_question(view, read_words(request, FILTER_NAMES))
            entry = sources.read_answer(question, request.path_params["seq"])
            note_account(request, entry.provider, entry.account)
            return write_attachment(*sources.read_document(question, request.path_params["seq"]))

    def answer_entry(self, request: Request) -> Response:
        """Answer with the body of an archived answer as it came, to be saved."""
        with self._pool.borrow_view(read_identity(request).accounts) as view:
            question = build_question(view, read_words(request, FILTER_NAMES))
            entry = sources.read_answer(question, request.path_params["seq"])
            note_account(request, entry.provider, entry.account)
            body = view.workspace.archive.read_body(entry.body)
        return write_attachment(body, OCTETS_TYPE, f"answer-{entry.seq}")

    def answer_resource(self, request: Request) -> Response:
        """Answer a question; raises ``HTTPException`` for what there is not, and ``InvalidArgument``."""
        resource, month, suffix = find_resource(request.path_params["path"])
        values = read_words(request, list_parameters(resource))
        check_choices(resource, values)
        if resource.is_streamed:
            return self._stream(resource, values, suffix, read_identity(request).accounts)
        if resource.is_live:
            return self._build_answer(request, resource, values, month, suffix)
        return self._cache.answer(request, lambda: self._build_answer(request, resource, values, month, suffix))

    def _build_answer(
        self, request: Request, resource: Resource, values: Mapping[str, str], month: str, suffix: str
    ) -> Response:
        default_limit = DEFAULT_LIMIT if suffix == "json" else MAX_FILE_ROWS
        limit = read_count(values, "limit", 1, MAX_LIMIT) if values.get("limit") else default_limit
        seq, offset = read_cursor(values.get("cursor", ""))
        with self._pool.borrow_view(read_identity(request).accounts) as view:
            last_seq = view.workspace.archive.read_last_seq()
            question = build_question(view, values, month, seq)
            if resource.write and suffix in resource.file_types:
                name = f"{resource.name}-{question.the_month}.{suffix}"
                return write_attachment(resource.write(question, suffix), resource.file_types[suffix], name)
            answer = resource.read(question)
            if resource.is_single:
                return Response(write_json(answer) + "\n", media_type=JSON_TYPE)
            page = list(islice(answer, offset, offset + limit + 1))  # type: ignore[call-overload]
        headers = {}
        if len(page) > limit:
            used_seq = min(question.filters.seq, last_seq)
            query = urlencode({**values, "cursor": f"{used_seq}-{offset + limit}"})
            headers["link"] = f'<{request.url.path}?{query}>; rel="next"'
        return _write_page(resource, page[:limit], suffix, headers)

    def _stream(
        self, resource: Resource, values: Mapping[str, str], suffix: str, accounts: AccountPatterns
    ) -> Response:
        with self._pool.borrow_view(accounts) as view:  # what cannot be asked is refused before anything is sent
            build_question(view, values)
        if not self._streams.acquire(blocking=False):
            raise HTTPException(503, f"{MAX_STREAMS} streams are open already: ask again when one has ended")
        chunks = self._iter_chunks(resource, values, suffix, accounts)
        media_type = {"csv": CSV_TYPE, "ndjson": NDJSON_TYPE, **resource.file_types}[suffix]
        return StreamingResponse(chunks, media_type=media_type, headers={"cache-control": "no-store"})

    def _iter_chunks(
        self, resource: Resource, values: Mapping[str, str], suffix: str, accounts: AccountPatterns
    ) -> Iterator[bytes]:
        """Yield an answer piece by piece, from a ledger of its own: who reads slowly keeps nobody waiting."""
        try:
            with self._pool.open_own_view(accounts) as view:
                question = build_question(view, values)
                if resource.stream and suffix in resource.file_types:
                    yield from resource.stream(question, suffix)
                    return
                rows = _read_rows(resource, question)
                lines = write_csv(rows, list_columns(resource.row_type)) if suffix == "csv" else write_lines(rows)
                yield from join_chunks(lines)
        finally:
            self._streams.release()


def _read_rows(resource: Resource, question: Question) -> Iterator[object]:
    return islice(resource.read(question), None)  # type: ignore[call-overload, no-any-return]


def _write_page(resource: Resource, page: list[object], suffix: str, headers: Mapping[str, str]) -> Response:
    """Write rows in the form that a path's ending asks for."""
    if suffix == "json":
        return Response(write_json(page), headers=headers, media_type=JSON_TYPE)
    columns = list(read_cells(page[0])) if page and resource.has_keys else list_columns(resource.row_type)
    if suffix == "parquet":
        return Response(write_rows_file(page, columns), headers=headers, media_type=PARQUET_TYPE)
    return Response("".join(write_csv(page, columns)), headers=headers, media_type=CSV_TYPE)


def write_attachment(body: bytes, media_type: str, name: str) -> Response:
    """Return a file to be saved: a browser shows nothing of it, whatever is in it."""
    return Response(body, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})


def find_resource(path: str) -> tuple[Resource, str, str]:
    """Return the resource of a path, its month and its suffix; raises ``HTTPException`` where there is none."""
    match = _PATH.fullmatch(path)
    resource = RESOURCES_BY_NAME.get(match[1]) if match else None
    if match is None or resource is None or bool(match[2]) != resource.has_month:
        names = ", ".join(f"{name}/MONTH" if row.has_month else name for name, row in RESOURCES_BY_NAME.items())
        raise HTTPException(404, f"there is no {ROOT}/{path[:80]}; there are {names}")
    suffixes = list_suffixes(resource)
    suffix = match[3] or suffixes[0]
    if suffix not in suffixes:
        raise HTTPException(404, f"{resource.name} is not written as {suffix}; it is as {', '.join(suffixes)}")
    return resource, match[2] or "", suffix


def read_words(request: Request, names: Collection[str]) -> dict[str, str]:
    """Return the words of a query; raises ``InvalidArgument`` for one that is not among ``names``, or that stands there twice."""
    pairs = request.query_params.multi_items()
    for name, _ in pairs:
        if name not in names:
            raise InvalidArgument(f"this is not asked with {name[:40]!r}; there are {', '.join(names)}")
    if len(dict(pairs)) < len(pairs):
        raise InvalidArgument("name each word of the query once")
    return dict(pairs)


def check_choices(resource: Resource, values: Mapping[str, str]) -> None:
    """Raise ``InvalidArgument`` for a word that is none of those that it may be."""
    for name, _, _, choices in resource.parameters:
        text = values.get(name)
        if choices and text and text not in choices:
            raise InvalidArgument(f"{name} is {' or '.join(choices)}, or left out; not {text[:40]!r}")


def read_cursor(text: str) -> tuple[int | None, int]:
    """Return the archive number and the offset of a cursor; raises ``InvalidArgument`` for what is none."""
    if not text:
        return None, 0
    match = _CURSOR.fullmatch(text)
    if not match:
        raise InvalidArgument(f"{text[:40]!r} is no cursor: take it from the Link header of the page before")
    return int(match[1]), int(match[2])
