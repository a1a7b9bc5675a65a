"""One thing that can be asked of an API, declared once and read from both ends.

An operation is a frozen struct. A field named in ``path`` travels in the path, ``format`` travels in the Accept header,
every other field travels in the query unless it is None. Fields that the vendor spells differently are renamed by the
struct (``rename="camel"``, or a mapping).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, get_args, get_origin
from urllib.parse import quote

import msgspec

from billfold.model.errors import InvalidArgument, InvalidResponse
from billfold.model.period import format_instant
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.salvage import salvage_record
from billfold.wire.waiting import Waiting

R = TypeVar("R")
E = TypeVar("E")
MAX_SEGMENT_LENGTH = 2000
"""Characters of the longest value that is put into a path: servers refuse what is much longer, each in its own way."""
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv", "pdf": "application/pdf"}


class Operation(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A question with its path, its fields and the type of its answer.

    ``expected_fields`` names fields of which an answer has at least one, where the vendor marks each of them optional: one with none
    is no answer to this question. ``columns`` are those that a CSV of it must have. ``archived_order`` names all fields in the order
    that archives have them in, where it is not the struct's own: questions are compared as text.
    """

    name_override: ClassVar[str] = ""
    method: ClassVar[str] = "GET"
    path: ClassVar[str] = ""
    reply: ClassVar[Any] = None
    result_field: ClassVar[str] = ""
    expected_fields: ClassVar[tuple[str, ...]] = ()
    headers: ClassVar[Mapping[str, str]] = {}
    waiting: ClassVar[Waiting | None] = None
    permissions: ClassVar[tuple[str, ...]] = ()
    errors: ClassVar[tuple[int, ...]] = (400, 401, 403, 404, 429, 500, 503)
    preview: ClassVar[bool] = False
    seed: ClassVar[bool] = False
    docs: ClassVar[str] = ""
    media_type: ClassVar[str] = "application/json"
    columns: ClassVar[tuple[str, ...]] = ()
    archived_order: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in cls.__dict__.get("__orig_bases__", ()):
            args = get_args(base)
            if args and not isinstance(args[0], TypeVar) and cls.reply is None:
                cls.reply = args[0]

    def extract_result(self, reply: Any) -> R:
        """Return what the caller wants out of the decoded body; raises ``InvalidResponse`` where it is not there."""
        result = getattr(reply, self.result_field) if self.result_field else reply
        if result is None or result is codec.UNSET:
            raise InvalidResponse(f"the answer has no {self.result_field!r}")
        if self.expected_fields and all(
            codec.get_or(getattr(result, name), None) is None for name in self.expected_fields
        ):
            raise InvalidResponse(f"the answer has none of {', '.join(self.expected_fields)}")
        return result  # type: ignore[no-any-return]


class Enveloped(Operation[R], Generic[E, R], frozen=True, kw_only=True):
    """A question whose answer comes in an envelope: the reply ``E`` holds the result ``R`` in its field ``result_field``."""


OperationType = type[Operation[Any]]


class Shape(NamedTuple):
    """What is worked out once for each operation class."""

    name: str
    path_fields: Mapping[str, str]
    query_fields: Mapping[str, str]
    pattern: re.Pattern[str]
    media_types: Mapping[str, str]
    archived_fields: Mapping[str, str]


@cache
def operation_shape(operation_type: type[Operation[Any]]) -> Shape:
    """Work out an operation's method name, which field travels where, and the pattern of its paths."""
    path_names = re.findall(r"\{(\w+)\}", operation_type.path)
    fields = {field.name: field.encode_name for field in msgspec.structs.fields(operation_type)}
    path_parts = re.split(r"\{(\w+)\}", operation_type.path)
    pattern = "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(path_parts))
    return Shape(
        name=operation_type.name_override or re.sub(r"(?<!^)(?=[A-Z])", "_", operation_type.__name__).lower(),
        path_fields={name: fields[name] for name in path_names},
        query_fields={
            name: wire_name for name, wire_name in fields.items() if name not in path_names and name != "format"
        },
        pattern=re.compile(pattern),
        media_types={format_name: MEDIA_TYPES[format_name] for format_name in _read_formats(operation_type)}
        or {"json": operation_type.media_type},
        archived_fields={name: fields[name] for name in operation_type.archived_order},
    )


def _read_formats(operation_type: type[Operation[Any]]) -> tuple[str, ...]:
    for field in msgspec.structs.fields(operation_type):
        if field.name == "format":
            return tuple(get_args(field.type)) if get_origin(field.type) is not None else ()
    return ()


def operation_name(operation: type[Operation[Any]] | Operation[Any]) -> str:
    """Return the operation's method name, as in ``get_invoice_items``."""
    return operation_shape(operation if isinstance(operation, type) else type(operation)).name


def requested_format(op: Operation[Any]) -> str:
    """Return the format that an operation asks for: its field ``format``, or JSON where it has none."""
    return getattr(op, "format", "json")


def question_text(op: Operation[Any]) -> str:
    """Write an operation's fields down, as an archive keeps them."""
    fields = operation_shape(type(op)).archived_fields
    return codec.encode_json({wire: getattr(op, name) for name, wire in fields.items()} if fields else op).decode()


def format_argument(value: object) -> str:
    """Write one argument as it travels in a path or a query; datetimes in UTC with a Z, and three digits where these do."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidArgument(f"{value} has no time zone; give an aware datetime")
        text = format_instant(value)
        return f"{text.removesuffix('000Z')}Z" if value.microsecond and text.endswith("000Z") else text
    return value.isoformat() if isinstance(value, date) else str(value)


def build_request(op: Operation[Any]) -> Request:
    """Turn an operation into the request that asks it, not yet signed; raises ``InvalidArgument`` for what cannot travel."""
    traits = operation_shape(type(op))
    path_values = {name: _quote_segment(name, _encode_argument(name, getattr(op, name))) for name in traits.path_fields}
    query = tuple(
        (wire_name, _encode_argument(name, value))
        for name, wire_name in traits.query_fields.items()
        if (value := getattr(op, name)) is not None
    )
    accept = traits.media_types.get(requested_format(op), op.media_type)
    return Request(op.method, op.path.format(**path_values), query, {"accept": accept, **op.headers})


def _encode_argument(name: str, value: object) -> str:
    if value is None:
        raise InvalidArgument(f"{name} must not be None")
    try:
        text = format_argument(value)
        text.encode()
    except (UnicodeEncodeError, OverflowError):
        raise InvalidArgument(f"{name}: {value!r} cannot be asked") from None
    return text


def _quote_segment(name: str, text: str) -> str:
    if text in {"", ".", ".."}:
        raise InvalidArgument(f"{name} must not be {text!r}")
    if len(text) > MAX_SEGMENT_LENGTH:
        raise InvalidArgument(f"{name} has {len(text)} characters: no path is asked for with so many")
    return quote(text, safe="")


def read_response(op: Operation[R], response: Response) -> R:
    """Turn a good response into the operation's answer; raises ``InvalidResponse``."""
    return _read_response(op, response, codec.decode_record)


def salvage_response(op: Operation[R], response: Response) -> R:
    """Turn a good response into as much of the operation's answer as fits it; raises ``InvalidResponse`` where none does."""
    return _read_response(op, response, salvage_record)


def _read_response(op: Operation[R], response: Response, decode: Callable[[bytes, Any], Any]) -> R:
    if requested_format(op) != "json" or op.reply is bytes:
        return op.extract_result(response.body)
    if response.media_type in {"text/html", "application/pdf", "text/csv"}:
        raise InvalidResponse(f"expected JSON, got {response.media_type}", status=response.status)
    return op.extract_result(decode(response.body, op.reply))
