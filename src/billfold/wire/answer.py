"""The answering end: a request becomes an operation, its answer becomes a response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from billfold.model.errors import Misasked
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import FORMATS, Kind, Operation, shape


class Routes:
    """The operations of one API, ready to be found by a request; a fixed path goes before one with a field."""

    def __init__(self, operations: Iterable[Kind]) -> None:
        self._kinds = sorted(operations, key=lambda kind: (kind.path.count("{"), kind.path))

    def match(self, request: Request) -> Operation[Any] | None:
        """Find the operation that a request asks, or None; raises ``Misasked`` for a parameter that does not fit.

        Where two operations share a path, the Accept header decides; the first one answers where it names neither.
        """
        at_path = [
            (kind, found.groupdict())
            for kind in self._kinds
            if kind.method == request.method and (found := shape(kind).pattern.fullmatch(request.path))
        ]
        if not at_path:
            return None
        fewest = at_path[0][0].path
        same = [(kind, said) for kind, said in at_path if kind.path == fewest]
        accept = request.headers.get("accept", "")
        kind, said = next((pair for pair in same if accepted(accept, shape(pair[0]).accepts)), same[0])
        return _heard(kind, said, request)


def _heard(kind: Kind, in_path: Mapping[str, str], request: Request) -> Operation[Any]:
    known = shape(kind)
    query = dict(request.query)
    said = {known.path_fields[name]: unquote(text) for name, text in in_path.items()}
    said |= {wire: query[wire] for wire in known.query_fields.values() if wire in query}
    if "format" in kind.__struct_fields__:
        said["format"] = accepted(request.headers.get("accept", ""), known.accepts) or next(iter(known.accepts))
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Misasked(str(error)) from error


def accepted(accept: str, offers: Mapping[str, str]) -> str:
    """Return the offered format that an Accept header names first, or "" where it names none of them."""
    for part in accept.lower().split(","):
        for word, media in offers.items():
            if part.partition(";")[0].strip() == media:
                return word
    return ""


def respond(
    result: object, *, status: int = 200, headers: Mapping[str, str] | None = None, media: str = FORMATS["json"]
) -> Response:
    """Turn an answer into the response that carries it; bytes go out as they are."""
    body = result if isinstance(result, bytes) else codec.encode(result)
    return Response(status, {"content-type": media, **(headers or {})}, body)
