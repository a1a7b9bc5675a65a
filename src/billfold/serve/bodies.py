"""What a request sends: a form or JSON, of few bytes, read before its answer is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from billfold.model.errors import InvalidArgument

MAX_BODY_BYTES = 64 << 10
FORM_TYPE, JSON_TYPE = "application/x-www-form-urlencoded", "application/json"
MAX_FIELDS = 200


async def store_body(request: Request) -> None:
    """Read what a request sends, for ``read_form`` and ``read_json``; raises ``HTTPException`` for too much of it."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(413, f"a request has at most {MAX_BODY_BYTES} bytes")
    except ClientDisconnect as error:
        raise HTTPException(400, "the request did not come to its end") from error
    request.state.body = request._body = body  # noqa: SLF001 - what reads it by the library's way finds it, too


def read_body(request: Request) -> bytes:
    """Return what a request sent."""
    body: bytes = request.state.body
    return body


def read_media_type(request: Request) -> str:
    """Return what a request says that it sends."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; none where something else was sent. Raises ``InvalidArgument`` for what is no text."""
    return dict(read_form_pairs(request))


def read_form_pairs(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a form in order, a name as often as it stands there; raises ``InvalidArgument``."""
    if read_media_type(request) != FORM_TYPE:
        return []
    try:
        text = read_body(request).decode()
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise InvalidArgument("the form cannot be read: load its page again") from error


def read_json(request: Request) -> Mapping[str, object]:
    """Return the object that a request sent; raises ``InvalidArgument`` for anything else, and ``HTTPException``."""
    if read_media_type(request) != JSON_TYPE:
        raise HTTPException(415, "send it as application/json")
    try:
        value = json.loads(read_body(request).decode() or "{}")
    except (ValueError, RecursionError) as error:
        raise InvalidArgument("the body is no JSON") from error
    if not isinstance(value, dict):
        raise InvalidArgument('send an object, as {"reason": "..."}')
    return value


def read_text(values: Mapping[str, object], name: str, *, most: int = 1000, default: str | None = None) -> str:
    """Return a text of a body; raises ``InvalidArgument`` where it is missing (without a default), empty, too long or no text."""
    value = values.get(name, default)
    if not isinstance(value, str) or (default is None and not value.strip()) or len(value) > most:
        raise InvalidArgument(f"{name} is a text of 1 to {most} characters: send it")
    if not value.replace("\n", " ").replace("\r", " ").isprintable():
        raise InvalidArgument(f"{name} holds a character that cannot be printed")
    return value.strip()


def read_texts(values: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Return a list of texts of a body, none where it is not there; raises ``InvalidArgument``."""
    items = values.get(name, [])
    if not isinstance(items, list) or len(items) > MAX_FIELDS:
        raise InvalidArgument(f"{name} is a list of at most {MAX_FIELDS} texts")
    return tuple(read_text({name: item}, name, most=200) for item in items)


def check_fields(values: Mapping[str, object], *names: str) -> None:
    """Raise ``InvalidArgument`` for a field that is not one of these: what is misspelled must not go unseen."""
    for name in values:
        if name not in names:
            raise InvalidArgument(f"{name[:40]!r} is not known here; there are {', '.join(names)}")
