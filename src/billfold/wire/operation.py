"""One thing that can be asked of an API, declared once and read from both ends.

An operation is a frozen struct. A field named in ``path`` travels in the path, ``format`` travels in the Accept header,
every other field travels in the query unless it is None. Fields that the vendor spells differently are renamed by the
struct (``rename="camel"``, or a mapping).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, get_args, get_origin
from urllib.parse import quote

import msgspec

from billfold.model.errors import Misasked, Unreadable
from billfold.model.period import stamp
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.waiting import Waiting

R = TypeVar("R")
FORMATS = {"json": "application/json", "csv": "text/csv", "pdf": "application/pdf"}


class Operation(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A question with its path, its fields and the type of its answer.

    ``tells`` names fields of which an answer has at least one, where the vendor marks each of them optional: one with none
    is no answer to this question. ``columns`` are those that a CSV of it must have.
    """

    called: ClassVar[str] = ""
    method: ClassVar[str] = "GET"
    path: ClassVar[str] = ""
    reply: ClassVar[Any] = None
    unwrap: ClassVar[str] = ""
    tells: ClassVar[tuple[str, ...]] = ()
    headers: ClassVar[Mapping[str, str]] = {}
    waiting: ClassVar[Waiting | None] = None
    permissions: ClassVar[tuple[str, ...]] = ()
    errors: ClassVar[tuple[int, ...]] = (400, 401, 403, 404, 429, 500, 503)
    preview: ClassVar[bool] = False
    seed: ClassVar[bool] = False
    docs: ClassVar[str] = ""
    media: ClassVar[str] = "application/json"
    columns: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in cls.__dict__.get("__orig_bases__", ()):
            args = get_args(base)
            if args and not isinstance(args[0], TypeVar) and cls.reply is None:
                cls.reply = args[0]

    def result(self, reply: Any) -> R:
        """Return what the caller wants out of the decoded body; raises ``Unreadable`` where it is not there."""
        found = getattr(reply, self.unwrap) if self.unwrap else reply
        if found is None or found is codec.UNSET:
            raise Unreadable(f"the answer has no {self.unwrap!r}")
        if self.tells and all(codec.given(getattr(found, name), None) is None for name in self.tells):
            raise Unreadable(f"the answer has none of {', '.join(self.tells)}")
        return found  # type: ignore[no-any-return]


Kind = type[Operation[Any]]


class Shape(NamedTuple):
    """What is worked out once for each operation class."""

    name: str
    path_fields: Mapping[str, str]
    query_fields: Mapping[str, str]
    pattern: re.Pattern[str]
    accepts: Mapping[str, str]


@cache
def shape(kind: type[Operation[Any]]) -> Shape:
    """Work out an operation's method name, which field travels where, and the pattern of its paths."""
    names = re.findall(r"\{(\w+)\}", kind.path)
    fields = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    parts = re.split(r"\{(\w+)\}", kind.path)
    pattern = "".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(parts))
    return Shape(
        name=kind.called or re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(),
        path_fields={name: fields[name] for name in names},
        query_fields={name: wire for name, wire in fields.items() if name not in names and name != "format"},
        pattern=re.compile(pattern),
        accepts={word: FORMATS[word] for word in _formats(kind)} or {"json": kind.media},
    )


def _formats(kind: type[Operation[Any]]) -> tuple[str, ...]:
    for field in msgspec.structs.fields(kind):
        if field.name == "format":
            return tuple(get_args(field.type)) if get_origin(field.type) is not None else ()
    return ()


def name_of(kind: type[Operation[Any]] | Operation[Any]) -> str:
    """Return the operation's method name, as in ``get_invoice_items``."""
    return shape(kind if isinstance(kind, type) else type(kind)).name


def question(op: Operation[Any]) -> str:
    """Write an operation's fields down, as an archive keeps them."""
    return codec.encode(op).decode()


def written(value: object) -> str:
    """Write one argument as it travels in a path or a query; datetimes in UTC with a Z, and three digits where these do."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Misasked(f"{value} has no time zone; give an aware datetime")
        text = stamp(value)
        return f"{text.removesuffix('000Z')}Z" if value.microsecond and text.endswith("000Z") else text
    return value.isoformat() if isinstance(value, date) else str(value)


def request(op: Operation[Any]) -> Request:
    """Turn an operation into the request that asks it, not yet signed; raises ``Misasked`` for what cannot travel."""
    known = shape(type(op))
    in_path = {name: _segment(name, _text(name, getattr(op, name))) for name in known.path_fields}
    query = tuple(
        (wire, _text(name, value))
        for name, wire in known.query_fields.items()
        if (value := getattr(op, name)) is not None
    )
    accept = known.accepts.get(getattr(op, "format", "json"), op.media)
    return Request(op.method, op.path.format(**in_path), query, {"accept": accept, **op.headers})


def _text(name: str, value: object) -> str:
    if value is None:
        raise Misasked(f"{name} must not be None")
    try:
        text = written(value)
        text.encode()
    except (UnicodeEncodeError, OverflowError):
        raise Misasked(f"{name}: {value!r} cannot be asked") from None
    return text


def _segment(name: str, text: str) -> str:
    if text in {"", ".", ".."}:
        raise Misasked(f"{name} must not be {text!r}")
    return quote(text, safe="")


def read(op: Operation[R], response: Response) -> R:
    """Turn a good response into the operation's answer; raises ``Unreadable``."""
    if getattr(op, "format", "json") != "json" or op.reply is bytes:
        return op.result(response.body)
    if response.media_type in {"text/html", "application/pdf", "text/csv"}:
        raise Unreadable(f"expected JSON, got {response.media_type}", status=response.status)
    return op.result(codec.decode(response.body, op.reply))
