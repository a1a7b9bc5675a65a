"""The answering end: a request becomes an operation, its answer becomes a response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import NoneType
from typing import Any, Union, get_args
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

    def find_operation(self, request: Request) -> OperationType | None:
        """Return the operation whose method and path a request has, whatever its parameters are.

        Where two operations share a path, the Accept header decides; the first one answers where it names neither.
        """
        matches = [
            operation_type
            for operation_type in self._operation_types
            if operation_type.method == request.method
            and operation_shape(operation_type).pattern.fullmatch(request.path)
        ]
        if len(matches) < 2:
            return matches[0] if matches else None
        candidates = [operation_type for operation_type in matches if operation_type.path == matches[0].path]
        accept = request.headers.get("accept", "")
        return next(
            (candidate for candidate in candidates if choose_format(accept, operation_shape(candidate).media_types)),
            candidates[0],
        )

    def list_methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that operations of a path have; none where no operation has it."""
        return tuple(
            sorted(
                {
                    operation_type.method
                    for operation_type in self._operation_types
                    if operation_shape(operation_type).pattern.fullmatch(path)
                }
            )
        )

    def match_request(self, request: Request) -> Operation[Any] | None:
        """Find the operation that a request asks, or None; raises ``InvalidArgument`` for a parameter that does not fit."""
        operation_type = self.find_operation(request)
        return parse_operation(operation_type, request) if operation_type else None


def parse_operation(operation_type: OperationType, request: Request) -> Operation[Any]:
    """Read an operation out of a request that has its method and path; raises ``InvalidArgument``."""
    traits = operation_shape(operation_type)
    query, path_match = dict(request.query), traits.pattern.fullmatch(request.path)
    path_values = path_match.groupdict() if path_match else {}
    texts = {traits.path_fields[name]: unquote(text) for name, text in path_values.items()}
    texts |= {wire_name: query[wire_name] for wire_name in traits.query_fields.values() if wire_name in query}
    arguments = {wire_name: _read_argument(operation_type, wire_name, text) for wire_name, text in texts.items()}
    if "format" in operation_type.__struct_fields__:
        arguments["format"] = choose_format(request.headers.get("accept", ""), traits.media_types) or next(
            iter(traits.media_types)
        )
    try:
        return msgspec.convert(arguments, operation_type)
    except msgspec.ValidationError as error:
        raise InvalidArgument(str(error)) from error


@cache
def _argument_types(operation_type: OperationType) -> Mapping[str, Any]:
    """Return the types of an operation's fields by their names on the wire, without None: what is absent is not sent."""
    return {
        field.encode_name: Union[tuple(option for option in get_args(field.type) if option is not NoneType)]  # noqa: UP007
        if NoneType in get_args(field.type)
        else field.type
        for field in msgspec.structs.fields(operation_type)
    }


def _read_argument(operation_type: OperationType, wire_name: str, text: str) -> object:
    """Read one parameter as a server does: the word ``null`` is no absence, ``2.0`` no integer, a number no time."""
    argument_type = _argument_types(operation_type)[wire_name]
    is_number = argument_type in {int, bool}  # which are written as text
    if argument_type is int and not text.removeprefix("-").isdecimal():
        text = ""
    try:
        return msgspec.convert(text, argument_type, strict=not is_number)
    except msgspec.ValidationError as error:
        raise InvalidArgument(f"{error} - at `$.{wire_name}`") from error


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
