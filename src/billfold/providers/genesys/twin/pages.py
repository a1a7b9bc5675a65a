"""Pages of the twin: cursors that nobody can read, and links that keep the question's filters."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from billfold.providers.genesys.api import Cursored
from billfold.providers.genesys.twin.errors import invalid
from billfold.providers.twin_api import AccessDenied, ApiFault
from billfold.wire.message import Request

START = "start"
"""What a cursor says that stands before the first item."""
DEFAULT = 25
"""GUESS: the platform's habit on its other lists; the documents name no default."""


class Links(NamedTuple):
    """The three links of a page; None where there is no such page."""

    this: str
    next: str | None
    previous: str | None


def page(found: Sequence[Any], op: Cursored[Any, Any], request: Request, most: int) -> tuple[Sequence[Any], Links]:
    """Cut one page out of a list; raises ``AccessDenied`` for a page size or a cursor that cannot be."""
    size = op.page_size if op.page_size is not None else min(DEFAULT, most)
    if not 1 <= size <= most:
        raise AccessDenied(
            ApiFault.BAD_REQUEST,
            invalid(size, "pageSize", f"1 to {most}"),  # GUESS: the words
        )
    start = _start(found, op, size)
    end = min(start + size, len(found))
    if op.before is not None:
        end = _place(found, op.before)
    last = found[end - 1].id if end else START
    links = Links(
        _link(request, None),
        _link(request, ("after", last)) if end < len(found) else None,
        _link(request, ("before", found[start].id)) if start else None,
    )
    return found[start:end], links


def _start(found: Sequence[Any], op: Cursored[Any, Any], size: int) -> int:
    if op.before is not None and op.after is not None:
        raise AccessDenied(ApiFault.BAD_REQUEST)  # GUESS: which of the two would win is not documented
    if op.after is not None:
        return _place(found, op.after) + 1
    return max(_place(found, op.before) - size, 0) if op.before is not None else 0


def _place(found: Sequence[Any], cursor: str) -> int:
    try:
        wanted = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        wanted = ""
    if wanted == START:
        return -1
    for place, entity in enumerate(found):
        if entity.id == wanted:
            return place
    raise AccessDenied(ApiFault.BAD_REQUEST)  # GUESS: how the vendor answers a cursor that it did not give


def _link(request: Request, cursor: tuple[str, object] | None) -> str:
    kept = [(key, value) for key, value in request.query if cursor is None or key not in {"before", "after"}]
    if cursor:
        kept.append((cursor[0], base64.b64encode(str(cursor[1]).encode()).decode()))
    return request.path + (f"?{urlencode(kept, quote_via=quote)}" if kept else "")
