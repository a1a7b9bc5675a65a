"""What went wrong, as an answer: a sentence with its status, as problem+json or as a page."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from billfold.model.errors import BillfoldError, InvalidArgument, MissingExtra

log = logging.getLogger("billfold.serve")


UNSTATED = {404: "there is nothing under this address", 405: "nothing is done here: ask with GET"}
"""What is told where nobody says more."""


class Problem(NamedTuple):
    """A status and a sentence that says what to do."""

    status: int
    detail: str
    headers: Mapping[str, str] = {}

    @property
    def title(self) -> str:
        """What the status is called."""
        return HTTPStatus(self.status).phrase


def describe_problem(error: Exception) -> Problem:
    """Return what is told of an error; of one that nobody foresaw only that there was one: the log has the rest."""
    if isinstance(error, HTTPException):
        is_stated = error.detail != HTTPStatus(error.status_code).phrase
        detail = error.detail if is_stated else UNSTATED.get(error.status_code, error.detail)
        return Problem(error.status_code, detail, error.headers or {})
    if isinstance(error, InvalidArgument):
        return Problem(400, str(error))
    if isinstance(error, MissingExtra):
        return Problem(501, str(error))
    if isinstance(error, BillfoldError | OSError):
        return Problem(503, str(error))
    log.error("something is wrong that billfold did not foresee", exc_info=error)
    return Problem(500, "something is wrong that billfold did not foresee; its log has more")


def write_problem(request: Request, problem: Problem) -> Response:
    """Write a problem as JSON (RFC 9457)."""
    fields = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
    text = json.dumps(fields | {"instance": request.url.path}, ensure_ascii=False)
    return Response(text, problem.status, media_type="application/problem+json")
