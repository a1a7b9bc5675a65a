"""What a form of a page sends: read to the end, up to a limit."""

from __future__ import annotations

from urllib.parse import parse_qsl

from anyio import from_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 64 << 10
MAX_FIELDS = 100


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; of a field that stands there twice the last. Raises ``HTTPException`` for what is none."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise HTTPException(415, f"send a form: {FORM_TYPE}")
    body = from_thread.run(_read_body, request)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise HTTPException(400, f"the form is no UTF-8 text of at most {MAX_FIELDS} fields") from error


async def _read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise HTTPException(413, f"a form has at most {MAX_FORM_BYTES} bytes")
    return body
