"""The answering end: a request becomes an operation, its answer becomes a response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from billfold.model.errors import InvalidArgument
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import MEDIA_TYPES, Operation, OperationType, operation_shape


class Routes:
    """The operations of one API, ready to be found by a request; a fixed path goes before one with a field."""

    def __init__(self, operations: Iterable[OperationType]) -> None:
        self._operation_types = sorted(
            operations, key=lambda operation_type: (operation_type.path.count("{"), operation_type.path)
        )

    def match_request(self, request: Request) -> Operation[Any] | None:
        """Find the operation that a request asks, or None; raises ``InvalidArgument`` for a parameter that does not fit.

        Where two operations share a path, the Accept header decides; the first one answers where it names neither.
        """
        matches = [
            (operation_type, path_match.groupdict())
            for operation_type in self._operation_types
            if operation_type.method == request.method
            and (path_match := operation_shape(operation_type).pattern.fullmatch(request.path))
        ]
        if not matches:
            return None
        best_path = matches[0][0].path
        candidates = [
            (operation_type, path_values) for operation_type, path_values in matches if operation_type.path == best_path
        ]
        accept = request.headers.get("accept", "")
        operation_type, path_values = next(
            (candidate for candidate in candidates if choose_format(accept, operation_shape(candidate[0]).media_types)),
            candidates[0],
        )
        return _parse_operation(operation_type, path_values, request)


def _parse_operation(operation_type: OperationType, path_values: Mapping[str, str], request: Request) -> Operation[Any]:
    traits = operation_shape(operation_type)
    query = dict(request.query)
    arguments = {traits.path_fields[name]: unquote(text) for name, text in path_values.items()}
    arguments |= {wire_name: query[wire_name] for wire_name in traits.query_fields.values() if wire_name in query}
    if "format" in operation_type.__struct_fields__:
        arguments["format"] = choose_format(request.headers.get("accept", ""), traits.media_types) or next(
            iter(traits.media_types)
        )
    try:
        return msgspec.convert(arguments, operation_type, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidArgument(str(error)) from error


def choose_format(accept: str, media_types: Mapping[str, str]) -> str:
    """Return the offered format that an Accept header names first, or "" where it names none of them."""
    for part in accept.lower().split(","):
        for format_name, media_type in media_types.items():
            if part.partition(";")[0].strip() == media_type:
                return format_name
    return ""


def build_response(
    result: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = MEDIA_TYPES["json"],
) -> Response:
    """Turn an answer into the response that carries it; bytes go out as they are."""
    body = result if isinstance(result, bytes) else codec.encode_json(result)
    return Response(status, {"content-type": media_type, **(headers or {})}, body)
